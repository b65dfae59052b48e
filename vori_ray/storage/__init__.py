"""Tables, tenant-scoped queries and the store actor."""
