"""Brings a database to the newest version of the tables. Knows nothing of settings or commands.

The migrations are part of the package; nobody needs an alembic.ini.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from vori_ray.errors import UnavailableError
from vori_ray.storage.database import normal_url

# Any number of processes may migrate at once: one does, the others wait and find it done.
_LOCK_KEY = 0x564F5249


def upgrade(url: str, *, revision: str = "head") -> None:
    """Migrate a database. Safe to call at every start. Raises UnavailableError when the database is away."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, *, revision: str) -> None:
    """Take migrations back, and with them the data that they hold. Raises UnavailableError."""
    _run(url, lambda config: command.downgrade(config, revision))


def current(url: str) -> str | None:
    """The revision that a database is at, or None before the first. Raises UnavailableError."""
    with _connected(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The revision that this version of VORI needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def is_compared(_thing: Any, name: str | None, kind: str, _is_reflected: bool, _other: Any) -> bool:
    """Whether Alembic's comparison of tables and models covers this; indexes on expressions are the migrations' own."""
    return not (kind == "index" and str(name).startswith("search_"))


def _run(url: str, work: Callable[[Config], None]) -> None:
    with _connected(url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
        connection.commit()
        config = _config()
        config.attributes["connection"] = connection
        work(config)
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK_KEY})
        connection.commit()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(normal_url(url), poolclass=NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as exc:
        raise UnavailableError(f"The database did not answer: {' '.join(str(exc.orig).split())}") from exc
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
