"""Alembic migrations of VORI's tables; `vori_ray.storage.migrate` runs them."""
