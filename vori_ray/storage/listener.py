"""Waits for PostgreSQL to say that events were committed (LISTEN). Knows nothing of the events.

A notification may be missed while the connection is away: callers also look by themselves from time to time.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import Any

import psycopg2

from vori_ray.errors import UnavailableError
from vori_ray.storage.database import normal_url
from vori_ray.storage.repositories.outbox import CHANNEL


class OutboxListener:
    """One connection that listens; it is made, and made again after a loss, when it is needed."""

    def __init__(self, url: str, *, connect_timeout_s: int = 5) -> None:
        self._dsn = normal_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connect_timeout_s = connect_timeout_s
        self._connection: Any = None

    def wait(self, timeout_s: float) -> set[int]:
        """Groups with new events, as soon as there are some; none after `timeout_s`. Raises UnavailableError."""
        try:
            connection = self._connected()
            select.select([connection], [], [], timeout_s)
            connection.poll()
        except (psycopg2.Error, OSError, ValueError) as exc:
            self.close()
            raise UnavailableError(f"The database did not answer: {exc}") from exc
        groups = {int(notice.payload) for notice in connection.notifies}
        connection.notifies.clear()
        return groups

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    def _connected(self) -> Any:
        if self._connection is None:
            connection = psycopg2.connect(
                self._dsn, connect_timeout=self._connect_timeout_s, application_name="vori-listener"
            )
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._connection = connection
        return self._connection
