"""Alembic's environment: runs the migrations on the connection that `vori_ray.storage.migrate` hands over."""

from __future__ import annotations

import importlib
import pkgutil

from alembic import context
from sqlmodel import SQLModel

import vori_ray.storage

# Every module of tables: models, insight_models, ...
for _module in pkgutil.iter_modules(vori_ray.storage.__path__):
    if _module.name.endswith("models"):
        importlib.import_module(f"vori_ray.storage.{_module.name}")

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
