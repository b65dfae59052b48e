"""Tenant-scoped queries, one file a subject.

Every method takes the group before the identity. `get` raises `NotFoundError`, `find` may answer None, lists are
bounded. Rows are SQLModel objects: change their fields inside the unit of work and they are written at its end.
"""
