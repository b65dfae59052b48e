"""A synthetic past: seeded conversations of made-up groups, written the way that real meetings are written."""
