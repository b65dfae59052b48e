"""The last events, and waiting for the next: what the EventHub actor is made of. PURE apart from asyncio.

Knows nothing of sockets, groups' rights or Ray. One event loop owns a ring.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

Envelope = dict[str, Any]
GAP: Envelope = {"type": "gap"}
CAPACITY = 10_000
MAX_EVENTS = 1_000


class EventRing:
    """A bounded ring of envelopes with a cursor for each reader.

    Cursors start at the clock's microseconds, so that those of a ring that died lie before those of its successor.
    """

    def __init__(self, *, capacity: int = CAPACITY, start: int | None = None) -> None:
        self._events: deque[Envelope] = deque(maxlen=capacity)
        self._last = time.time_ns() // 1000 if start is None else start
        self._positions: dict[int, int] = {}
        self._news = asyncio.Event()

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Add events and wake everybody who waits. An outbox event that was published before is left out."""
        fresh = [envelope for envelope in envelopes if self._is_fresh(envelope)]
        self._events.extend(fresh)
        self._last += len(fresh)
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def next(self, cursor: int, timeout_s: float) -> tuple[int, list[Envelope]]:
        """Events after `cursor`, at most `MAX_EVENTS`; waits up to `timeout_s` for the first, then answers with none.

        A cursor of 0 answers at once with where the ring is now. When events between the cursor and the first one
        answered are gone, or the ring is not the one that gave the cursor, a `{"type": "gap"}` comes first: the
        reader must ask the outbox for what it missed.
        """
        if cursor <= 0:
            return self._last, []
        if cursor == self._last:
            await self._wait(timeout_s)
        return self._after(cursor)

    def positions(self) -> dict[int, int]:
        """The sequence number of each group's last event that was published here."""
        return dict(self._positions)

    def _after(self, cursor: int) -> tuple[int, list[Envelope]]:
        first = self._last - len(self._events)
        if first <= cursor <= self._last:
            events = list(islice(self._events, cursor - first, cursor - first + MAX_EVENTS))
            return cursor + len(events), events
        events = list(islice(self._events, MAX_EVENTS))
        return first + len(events), [GAP, *events]

    async def _wait(self, timeout_s: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return

    def _is_fresh(self, envelope: Envelope) -> bool:
        group_id, seq = envelope.get("group_id"), envelope.get("seq")
        if group_id is None or seq is None:
            return True
        if seq <= self._positions.get(group_id, 0):
            return False
        self._positions[group_id] = seq
        return True
