"""The keeper's logic with a clock of its own: ends, kicks, one pass a meeting, retries, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from vori_ray.meetings.keeping import Keeping, KeepingRules

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


class House:
    """A fake of everything around the keeper: meetings, the extractor, the clock."""

    def __init__(self, **rules: Any) -> None:
        self.time = START
        self.idle: list[int] = []
        self.live: list[int] = []
        self.pending: list[int] = []
        self.read: list[tuple[str, int]] = []
        self.answers: list[Any] = []
        self.gate: asyncio.Event | None = None
        self.in_flight = 0
        self.most_in_flight = 0
        self.asked: dict[str, float] = {}
        self.keeping = self.new_keeper(**rules)

    def new_keeper(self, **rules: Any) -> Keeping:
        return Keeping(
            self,
            read_live=lambda meeting_id: self._read("live", meeting_id),
            read_whole=lambda meeting_id: self._read("whole", meeting_id),
            now=lambda: self.time,
            rules=KeepingRules(**rules),
        )

    def end_idle(self, now: datetime, *, disconnect_end_s: float, silence_end_s: float) -> Sequence[int]:
        self.asked = {"disconnect": disconnect_end_s, "silence": silence_end_s}
        ended, self.idle = self.idle, []
        self.pending += ended
        return ended

    def list_unread(self) -> tuple[Sequence[int], Sequence[int]]:
        return list(self.live), list(self.pending)

    async def _read(self, kind: str, meeting_id: int) -> dict[str, str]:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.gate:
                await self.gate.wait()
            answer = self.answers.pop(0) if self.answers and kind == "whole" else "DONE"
            if isinstance(answer, Exception):
                raise answer
        finally:
            self.in_flight -= 1
            self.read.append((kind, meeting_id))
        if kind == "whole" and answer == "DONE" and meeting_id in self.pending:
            self.pending.remove(meeting_id)
        return {"state": answer}

    def later(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


async def test_a_settled_sentence_is_read_at_once() -> None:
    house = House()
    house.keeping.settled([5])
    await house.keeping.drain()
    assert house.read == [("live", 5)]


async def test_sentences_that_come_while_reading_are_read_once_afterwards() -> None:
    house = House()
    house.gate = asyncio.Event()
    for _ in range(4):
        house.keeping.settled([5])
        await asyncio.sleep(0)
    assert house.most_in_flight == 1
    house.gate.set()
    await house.keeping.drain()
    assert house.read == [("live", 5), ("live", 5)]


async def test_sentences_wait_for_company_but_not_for_ever() -> None:
    house = House(live_sentences=3)
    house.keeping.settled([5])
    house.keeping.settled([5])
    await house.keeping.look()
    await house.keeping.drain()
    assert house.read == []
    house.later(11)
    await house.keeping.look()
    await house.keeping.drain()
    assert house.read == [("live", 5)]


async def test_an_ended_meeting_is_read_as_a_whole_after_its_live_pass() -> None:
    house = House()
    house.gate = asyncio.Event()
    house.keeping.settled([5])
    await asyncio.sleep(0)
    house.pending = [5]
    house.keeping.ended(5)
    assert house.most_in_flight == 1
    house.gate.set()
    await house.keeping.drain()
    assert house.read == [("live", 5), ("whole", 5)]


async def test_idle_meetings_are_ended_and_read() -> None:
    house = House(disconnect_end_s=120.0, silence_end_s=900.0)
    house.idle = [7]
    await house.keeping.look()
    await house.keeping.drain()
    assert house.asked == {"disconnect": 120.0, "silence": 900.0}
    assert house.read == [("whole", 7)]


async def test_a_failed_pass_is_tried_again_later_each_time_and_never_given_up() -> None:
    house = House()
    house.pending = [7]
    house.answers = ["PENDING", RuntimeError("the replica died"), "PENDING"]
    tries = []
    for _ in range(60):
        before = len(house.read)
        await house.keeping.look()
        await house.keeping.drain()
        if len(house.read) > before:
            tries.append((house.time - START).total_seconds())
        house.later(1)
    assert tries == [0, 2, 6, 14]
    assert house.pending == []


async def test_after_a_restart_everything_is_found_again() -> None:
    house = House(live_sentences=5)
    house.live, house.pending = [1, 2], [7]
    keeper = house.new_keeper(live_sentences=5)
    await keeper.look()
    await keeper.drain()
    assert sorted(house.read) == [("live", 1), ("live", 2), ("whole", 7)]
    await keeper.look()
    await keeper.drain()
    assert len(house.read) == 3


async def test_only_so_many_whole_passes_at_once_and_live_ones_beside_them() -> None:
    house = House(maximum_whole=2)
    house.gate = asyncio.Event()
    house.pending = [1, 2, 3, 4]
    await house.keeping.look()
    await asyncio.sleep(0)
    assert house.in_flight == 2
    house.keeping.settled([9])
    await asyncio.sleep(0)
    assert house.in_flight == 3
    assert house.keeping.reading() == [1, 2, 9]
    house.gate.set()
    await house.keeping.drain()
    assert sorted(house.read) == [("live", 9), ("whole", 1), ("whole", 2), ("whole", 3), ("whole", 4)]


async def test_a_live_pass_that_fails_does_not_stop_the_keeper() -> None:
    house = House()

    async def fail(meeting_id: int) -> None:
        raise RuntimeError("no replica")

    keeper = Keeping(house, read_live=fail, read_whole=fail, now=lambda: house.time, rules=KeepingRules())
    keeper.settled([1])
    await keeper.drain()
    keeper.settled([1])
    await keeper.drain()
    assert keeper.reading() == []
