"""EventHub: one actor that hands every event to all Gateway replicas. Knows nothing of who may see what.

A reader calls `next` in a loop, each time with the cursor of the last answer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import ray

from vori_ray.messaging.actors import start_actor
from vori_ray.messaging.ring import Envelope, EventRing

NAME = "EventHub"


@ray.remote
class EventHub:
    """The live events of the last minutes, in memory only: what it forgets is in the outbox."""

    def __init__(self) -> None:
        self._ring = EventRing()

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Add events and wake all readers."""
        self._ring.publish(envelopes)

    async def next(self, cursor: int, timeout_s: float) -> tuple[int, list[Envelope]]:
        """See `EventRing.next`: the new cursor and the events after the old one."""
        return await self._ring.next(cursor, timeout_s)

    async def positions(self) -> dict[int, int]:
        """See `EventRing.positions`."""
        return self._ring.positions()

    async def pid(self) -> int:
        """This process."""
        return os.getpid()


def start_event_hub() -> Any:
    """The EventHub, started if need be."""
    return start_actor(EventHub, NAME, max_concurrency=1000)
