"""Migrations: they make exactly the tables of the models, and every tenant's table is protected."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlmodel import SQLModel

import vori_ray.storage
from vori_ray.errors import UnavailableError
from vori_ray.storage import migrate
from vori_ray.storage.database import Database, normal_url

pytestmark = pytest.mark.integration


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = create_engine(normal_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def load_models() -> None:
    for module in pkgutil.iter_modules(vori_ray.storage.__path__):
        if module.name.endswith("models"):
            importlib.import_module(f"vori_ray.storage.{module.name}")


def test_the_migrations_make_the_tables_of_the_models(connection: Connection) -> None:
    load_models()
    options = {"compare_type": True, "include_object": migrate.is_compared}
    context = MigrationContext.configure(connection, opts=options)
    assert compare_metadata(context, SQLModel.metadata) == []


def test_a_missing_column_would_be_noticed(connection: Connection) -> None:
    load_models()
    connection.execute(text("ALTER TABLE meetings DROP COLUMN title"))
    context = MigrationContext.configure(connection, opts={"include_object": migrate.is_compared})
    assert [change[0] for change in compare_metadata(context, SQLModel.metadata)] == ["add_column"]


def test_every_table_of_a_group_is_protected(connection: Connection) -> None:
    query = text(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AND EXISTS "
        "(SELECT 1 FROM pg_policies p WHERE p.tablename = c.relname) AS is_protected "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'group_id' "
        "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
    )
    tables = {row.relname: row.is_protected for row in connection.execute(query)}
    assert len(tables) >= 15
    assert [name for name, is_protected in tables.items() if not is_protected] == []


def test_migrating_again_changes_nothing(database_url: str) -> None:
    migrate.upgrade(database_url)
    assert migrate.current(database_url) == migrate.newest()


def test_the_migrations_go_down_and_up_again(database_url: str, connection: Connection) -> None:
    migrate.downgrade(database_url, revision="base")
    tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
    assert [name for (name,) in tables] == ["alembic_version"]
    connection.rollback()
    assert migrate.current(database_url) is None
    migrate.upgrade(database_url)
    assert migrate.current(database_url) == migrate.newest()


def test_a_database_that_is_away_is_said_clearly() -> None:
    away = "postgresql://nobody@127.0.0.1:9/none"
    for call in (migrate.upgrade, migrate.current, lambda url: Database(url).check()):
        with pytest.raises(UnavailableError, match="did not answer"):
            call(away)
