"""The ring of events: every reader gets all of them in order, or is told of a gap."""

from __future__ import annotations

import asyncio
from typing import Any

from vori_ray.messaging.ring import GAP, MAX_EVENTS, EventRing


def event(seq: int | None, group_id: int | None = 1, **payload: Any) -> dict[str, Any]:
    return {"type": "event", "topic": "t", "seq": seq, "group_id": group_id, "payload": payload}


async def test_cursor_zero_tells_where_the_ring_is_now() -> None:
    ring = EventRing(start=100)
    ring.publish([event(1)])
    assert await ring.next(0, 60) == (101, [])


async def test_a_reader_gets_each_event_once_in_order() -> None:
    ring = EventRing(start=100)
    ring.publish([event(1), event(2)])
    assert await ring.next(100, 60) == (102, [event(1), event(2)])
    ring.publish([event(3)])
    assert await ring.next(102, 60) == (103, [event(3)])


async def test_readers_wait_for_the_next_event() -> None:
    ring = EventRing(start=100)
    readers = [asyncio.create_task(ring.next(100, 60)) for _ in range(3)]
    await asyncio.sleep(0)
    ring.publish([event(1)])
    assert await asyncio.gather(*readers) == [(101, [event(1)])] * 3


async def test_a_reader_is_answered_when_nothing_comes() -> None:
    ring = EventRing(start=100)
    assert await ring.next(100, 0.001) == (100, [])


async def test_a_slow_reader_is_told_of_the_gap() -> None:
    ring = EventRing(capacity=2, start=100)
    ring.publish([event(n) for n in range(1, 6)])
    assert await ring.next(100, 60) == (105, [GAP, event(4), event(5)])


async def test_cursors_of_a_ring_that_died_are_a_gap() -> None:
    dead, alive = EventRing(start=100), EventRing(start=200)
    dead.publish([event(1)])
    cursor, _ = await dead.next(100, 60)
    assert await alive.next(cursor, 60) == (200, [GAP])
    assert await alive.next(10_000, 60) == (200, [GAP])


async def test_rings_that_come_later_start_later() -> None:
    first, _ = await EventRing().next(0, 0)
    second, _ = await EventRing().next(0, 0)
    assert second > first > 1_600_000_000_000_000


async def test_an_answer_is_bounded() -> None:
    ring = EventRing(start=100)
    ring.publish([event(None) for _ in range(MAX_EVENTS + 1)])
    cursor, events = await ring.next(100, 60)
    assert (cursor, len(events)) == (100 + MAX_EVENTS, MAX_EVENTS)
    assert await ring.next(cursor, 60) == (cursor + 1, [event(None)])


async def test_an_outbox_event_is_published_once() -> None:
    ring = EventRing(start=100)
    ring.publish([event(1), event(2), event(1, group_id=2)])
    ring.publish([event(1), event(2), event(3)])
    assert await ring.next(100, 60) == (104, [event(1), event(2), event(1, group_id=2), event(3)])
    assert ring.positions() == {1: 3, 2: 1}
