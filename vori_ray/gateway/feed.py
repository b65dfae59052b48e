"""The events of all groups, as one replica sees them: one long poll on the EventHub, handed to many sockets.

An event is made into text once, however many listen. A listener that does not keep up is cut; it never holds up the
others, nor the poll. Knows nothing of sockets, and keeps nothing: who missed events finds them in the outbox.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vori_ray.gateway.metrics import Metrics
from vori_ray.gateway.ports import Event, EventSource

POLL_S = 20.0
RETRY_S = 0.5

logger = logging.getLogger("vori.gateway")


@dataclass(frozen=True, slots=True)
class Told:
    """One event, ready to be sent. `seq` is None for events that are not numbered (analytics)."""

    seq: int | None
    text: str


GAP = Told(None, "")
"""Stands where events may be missing: look into the outbox."""


class Subscription:
    """What one listener has still to take."""

    def __init__(self, limit: int) -> None:
        self._queue: asyncio.Queue[Told] = asyncio.Queue(limit)
        self.is_cut = asyncio.Event()

    def offer(self, told: Told) -> None:
        """Queue an event; a listener whose queue is full is cut."""
        try:
            self._queue.put_nowait(told)
        except asyncio.QueueFull:
            self.is_cut.set()

    async def next(self, timeout_s: float) -> Told | None:
        """The next event, or None when there was none for so long."""
        try:
            return await asyncio.wait_for(self._queue.get(), timeout_s)
        except TimeoutError:
            return None


class EventFeed:
    """Polls the hub and hands events on. `run` is the one background task."""

    def __init__(self, source: EventSource, metrics: Metrics, *, limit: int) -> None:
        self._source = source
        self._metrics = metrics
        self._limit = limit
        self._subscriptions: dict[int, set[Subscription]] = defaultdict(set)
        self._observers: list[Callable[[Event], None]] = []
        self.is_live = False

    @contextmanager
    def subscribe(self, group_id: int) -> Iterator[Subscription]:
        """Listen to a group."""
        subscription = Subscription(self._limit)
        self._subscriptions[group_id].add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions[group_id].discard(subscription)
            if not self._subscriptions[group_id]:
                del self._subscriptions[group_id]

    def observe(self, observer: Callable[[Event], None]) -> None:
        """Call `observer` with every event of every group. It must not block."""
        self._observers.append(observer)

    async def run(self) -> None:
        """Poll for ever. While the hub is away listeners wait; numbered events that they missed, they fetch."""
        cursor = 0
        while True:
            try:
                cursor, events = await self._source.next(cursor, POLL_S)
                self.is_live = True
            except Exception as exc:
                self.is_live = False
                logger.warning("the event hub does not answer: %r", exc)
                await asyncio.sleep(RETRY_S)
                continue
            for event in events:
                self._tell(event)

    def _tell(self, event: Event) -> None:
        if event["type"] == "gap":
            for subscriptions in self._subscriptions.values():
                for subscription in subscriptions:
                    subscription.offer(GAP)
            return
        listeners = self._subscriptions.get(event["group_id"], ())
        if listeners:
            told = Told(event.get("seq"), json.dumps(event, separators=(",", ":"), ensure_ascii=False))
            for subscription in tuple(listeners):
                subscription.offer(told)
            self._metrics.told(len(listeners))
        for observer in self._observers:
            observer(event)
