"""The door to PostgreSQL: connections, units of work, row-level security.

Knows nothing of what is stored. Blocking: call it in a thread from asynchronous code. One `Database` may serve many
threads; one `UnitOfWork` belongs to the thread that opened it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext

import psycopg2
import psycopg2.errors
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from vori_ray.errors import (
    BadInputError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
    VoriError,
)
from vori_ray.storage.repositories.documents import Comments, MinutesVersions
from vori_ray.storage.repositories.meetings import Meetings, Sessions
from vori_ray.storage.repositories.notices import Notifications, UsageLog, Webhooks
from vori_ray.storage.repositories.outbox import OutboxRows
from vori_ray.storage.repositories.people import Groups, Users
from vori_ray.storage.repositories.search import Search
from vori_ray.storage.repositories.segments import Segments
from vori_ray.storage.repositories.speakers import Speakers
from vori_ray.storage.repositories.suggestions import Remarks, Suggestions
from vori_ray.storage.repositories.tickets import Tickets
from vori_ray.storage.repositories.transcripts import Transcripts
from vori_ray.storage.row_security import ALL_GROUPS, APP_ROLE, GROUPS_SETTING

_ROLE_QUERY = text(
    "SELECT rolsuper OR rolbypassrls AS bypasses, "
    "EXISTS (SELECT 1 FROM pg_roles app WHERE app.rolname = :role AND pg_has_role(app.oid, "
    "CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)) AS may_switch "
    "FROM pg_roles WHERE rolname = current_user"
)

# What the driver raises, what VORI raises instead, and how the message begins. The first that fits counts.
_CAUSES: tuple[tuple[type[Exception], type[VoriError], str], ...] = (
    (psycopg2.errors.UniqueViolation, ConflictError, "This is there already:"),
    (psycopg2.errors.ForeignKeyViolation, NotFoundError, "This refers to something that is not there:"),
    (psycopg2.errors.InsufficientPrivilege, ForbiddenError, "The database does not allow this:"),
    (psycopg2.errors.UndefinedTable, UnavailableError, "The database is not migrated; run `vori migrate`:"),
    (psycopg2.IntegrityError, BadInputError, "The database refused this:"),
    (psycopg2.DataError, BadInputError, "The database cannot store this value:"),
)


def normal_url(url: str) -> URL:
    """The address with the driver that VORI uses; any `postgresql://` or `postgres://` form is taken."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise BadInputError(f"Expected a postgresql:// address for the database, got {scheme!r}.")
    return make_url(f"postgresql+psycopg2://{rest}")


class UnitOfWork:
    """One transaction with its repositories. Rows stay usable after its end."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.groups = Groups(session)
        self.users = Users(session)
        self.meetings = Meetings(session)
        self.sessions = Sessions(session)
        self.segments = Segments(session)
        self.speakers = Speakers(session)
        self.transcripts = Transcripts(session)
        self.tickets = Tickets(session)
        self.suggestions = Suggestions(session)
        self.remarks = Remarks(session)
        self.minutes = MinutesVersions(session)
        self.comments = Comments(session)
        self.notifications = Notifications(session)
        self.webhooks = Webhooks(session)
        self.usage = UsageLog(session)
        self.outbox = OutboxRows(session)
        self.search = Search(session)


class Database:
    """A pool of connections to one migrated PostgreSQL database."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 5,
        statement_timeout_s: float = 30.0,
        connect_timeout_s: float = 5.0,
    ) -> None:
        """Nothing is opened before the first unit of work. `url`: any `postgresql://` address."""
        self.url = url
        options = f"-c statement_timeout={int(statement_timeout_s * 1000)} -c timezone=UTC"
        self._engine: Engine = create_engine(
            normal_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=connect_timeout_s,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(1, int(connect_timeout_s)),
                "options": options,
                "application_name": "vori",
            },
        )
        self._role: str | None = None
        self._thread = threading.local()

    @contextmanager
    def unit_of_work(self, group_ids: Collection[int] | None) -> Iterator[UnitOfWork]:
        """A transaction that sees these groups only; None is the system, which sees all.

        Commits on a clean exit, rolls back on an exception. Raises UnavailableError when the database is away,
        ConflictError for a row that is there already, and what the repositories raise.
        """
        scope = ALL_GROUPS if group_ids is None else ",".join(str(int(group_id)) for group_id in group_ids)
        around: Session | None = getattr(self._thread, "session", None)
        with nullcontext(around) if around else Session(self._engine, expire_on_commit=False) as session:
            with _clear_errors():
                self._enter(session, scope)
                yield UnitOfWork(session)
                if around is None:
                    session.commit()
                else:  # the next unit of work reads rows anew, as it would otherwise
                    session.flush()
                    session.expunge_all()

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """Make one transaction of all units of work of this thread: nobody sees any of it before the end.

        Each keeps its own scope. An exception that leaves the block undoes all of it.
        """
        with Session(self._engine) as session, _clear_errors():
            self._thread.session = session
            try:
                yield
                session.commit()
            finally:
                self._thread.session = None

    def _enter(self, session: Session, scope: str) -> None:
        """Scope the transaction: both settings are local to it, so nothing is left on a pooled connection."""
        if self._role is None:
            self._role = _role_to_take(session)
        session.execute(
            text("SELECT set_config(:setting, :scope, true), set_config('role', :role, true)"),
            {"setting": GROUPS_SETTING, "scope": scope, "role": self._role},
        )

    def check(self) -> None:
        """Raises UnavailableError unless the database answers and is migrated."""
        with self.unit_of_work(None) as uow:
            uow.session.execute(text("SELECT 1 FROM groups LIMIT 1"))

    def close(self) -> None:
        """Close the idle connections; the database can be used again."""
        self._engine.dispose()


def _role_to_take(session: Session) -> str:
    """The role for units of work: superusers pass by row-level security, so they must step down to `vori_app`."""
    bypasses, may_switch = session.execute(_ROLE_QUERY, {"role": APP_ROLE}).one()
    if may_switch:
        return APP_ROLE
    if bypasses:
        raise UnavailableError(f"The database has no role {APP_ROLE}: it is not migrated. Run `vori migrate`.")
    return "none"


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn the driver's errors into those of errors.py."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as exc:
        raise UnavailableError(f"The database did not answer: {_reason(exc)}") from exc
    except DBAPIError as exc:
        for cause, error, message in _CAUSES:
            if isinstance(exc.orig, cause):
                raise error(f"{message} {_reason(exc)}") from exc
        raise
    except ValueError as exc:
        if "NUL" not in str(exc):  # psycopg2 has no error of its own for this
            raise
        raise BadInputError("The database cannot store text with NUL characters.") from exc


def _reason(exc: Exception) -> str:
    """The driver's own words in one line, without the statement and its values."""
    return " ".join(str(getattr(exc, "orig", None) or exc).split())
