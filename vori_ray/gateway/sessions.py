"""The audio sessions of one replica: how many there may be, who owns their tasks, and how they are all moved away.

A session outlives its request: Ray Serve cancels a request as soon as its client has gone, and just then the rest of
what was said must be settled. So sessions run in tasks of their own, which this registry owns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from vori_ray.errors import OverloadedError

logger = logging.getLogger("vori.gateway")


class Connection(Protocol):
    """A session, as the registry sees it."""

    meeting_id: int
    session_id: str

    def end(self) -> None:
        """The meeting is over: settle everything, say so, close."""

    def move(self) -> None:
        """This replica stops: ask the client to come back, elsewhere."""


class LiveSessions:
    """All sessions of this replica."""

    def __init__(self, max_sessions: int) -> None:
        self._max_sessions = max_sessions
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_moving = False

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def session_ids(self) -> list[str]:
        """The stored sessions that are listened to here."""
        return [connection.session_id for connection in self._connections if connection.session_id]

    @contextmanager
    def place(self, connection: Connection) -> Iterator[None]:
        """Hold a place for one session. Raises OverloadedError when there is none, or when this replica stops."""
        if self.is_moving:
            raise OverloadedError("This replica is stopping; connect again.", code="moving")
        if len(self._connections) >= self._max_sessions:
            raise OverloadedError(
                f"All {self._max_sessions} audio sessions of this replica are taken; try again later."
            )
        self._connections.add(connection)
        try:
            yield
        finally:
            self._connections.discard(connection)

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a session to its end, also when the caller is cancelled."""
        await asyncio.shield(self.begin(work))

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a session that nobody waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("an audio session failed", exc_info=error)

    def end_meeting(self, meeting_id: int) -> None:
        """End the sessions of a meeting that is over."""
        for connection in [one for one in self._connections if one.meeting_id == meeting_id]:
            connection.end()

    def move_all(self) -> None:
        """Ask every client to come back, and take no new ones: another replica has them."""
        self.is_moving = True
        for connection in list(self._connections):
            connection.move()

    async def close(self) -> None:
        """Move all clients away and wait until their sessions are over."""
        self.move_all()
        if self._tasks:
            await asyncio.wait(self._tasks)
