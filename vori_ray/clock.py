"""What time it is. One place, so that a synthetic history can be written as if it were then.

Only what is stored and told asks here; deadlines and latencies use the monotonic clock. Imports nothing of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_shown: ContextVar[datetime | None] = ContextVar("shown", default=None)


def now() -> datetime:
    """The time now, in UTC, or the time that `at` shows."""
    return _shown.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Show another time to everything that is called inside, in this thread or task only."""
    token = _shown.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _shown.reset(token)
