"""Takes care of meetings: ends those that nobody is in any more, has live ones read as they go, ended ones as a whole.

The logic of the MeetingKeeper, with the clock and the doors given: knows nothing of Ray or of how a meeting is read.
At most one pass a meeting is in flight. A pass that fails is tried again, later each time; after a crash everything
is found again in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

log = logging.getLogger(__name__)

_FIRST_RETRY_S = 2.0
_LONGEST_RETRY_S = 300.0
_LINGER_S = 10.0

Read = Callable[[int], Awaitable[Any]]


class Meetings(Protocol):
    """What the keeper needs of MeetingService. Blocking."""

    def end_idle(self, now: datetime, *, disconnect_end_s: float, silence_end_s: float) -> Sequence[int]:
        """End meetings that nobody is in any more; returns their ids."""
        ...

    def list_unread(self) -> tuple[Sequence[int], Sequence[int]]:
        """Ids of running meetings, and of ended ones that wait for their whole-meeting pass."""
        ...


@dataclass(frozen=True, slots=True)
class KeepingRules:
    """When meetings end and are read. `live_sentences`: settled sentences between two live passes."""

    disconnect_end_s: float = 120.0
    silence_end_s: float = 900.0
    live_sentences: int = 1
    maximum_live: int = 16
    maximum_whole: int = 4


class Keeping:
    """The state of one keeper. All methods run in one event loop."""

    def __init__(
        self,
        meetings: Meetings,
        *,
        read_live: Read,
        read_whole: Read,
        now: Callable[[], datetime],
        rules: KeepingRules,
    ) -> None:
        """`read_whole` answers with a dict whose `state` is DONE, PENDING or NOTHING; it may raise."""
        self._meetings = meetings
        self._read_live = read_live
        self._read_whole = read_whole
        self._now = now
        self._rules = rules
        self._settled: Counter[int] = Counter()
        self._last_settled: dict[int, datetime] = {}
        self._due: dict[int, datetime] = {}
        self._failures: Counter[int] = Counter()
        self._passes: dict[int, asyncio.Task[None]] = {}
        self._whole_passes: set[int] = set()
        self._is_fresh = True

    def settled(self, meeting_ids: Sequence[int]) -> None:
        """New sentences were saved in these meetings."""
        for meeting_id in meeting_ids:
            self._settled[meeting_id] += 1
            self._last_settled[meeting_id] = self._now()
        self.start_passes()

    def ended(self, meeting_id: int) -> None:
        """This meeting was ended just now."""
        self._forget_live(meeting_id)
        self._due.setdefault(meeting_id, self._now())
        self.start_passes()

    async def look(self) -> None:
        """Look at all meetings once: end idle ones, find those to be read, start the passes that are due."""
        rules = self._rules
        ended = await asyncio.to_thread(
            self._meetings.end_idle,
            self._now(),
            disconnect_end_s=rules.disconnect_end_s,
            silence_end_s=rules.silence_end_s,
        )
        for meeting_id in ended:
            self._forget_live(meeting_id)
        live, pending = await asyncio.to_thread(self._meetings.list_unread)
        for meeting_id in live if self._is_fresh else ():
            self._settled[meeting_id] += rules.live_sentences  # what was said while no keeper was there
        self._is_fresh = False
        self._due = {meeting_id: self._due.get(meeting_id, self._now()) for meeting_id in pending}
        self._failures = Counter({each: count for each, count in self._failures.items() if each in self._due})
        self.start_passes()

    def start_passes(self) -> None:
        """Start every pass whose time has come, as far as there is room."""
        for meeting_id in [each for each, at in self._due.items() if at <= self._now() and each not in self._passes]:
            if len(self._whole_passes) < self._rules.maximum_whole:
                self._whole_passes.add(meeting_id)
                self._start(meeting_id, self._whole(meeting_id))
        for meeting_id in [each for each in self._settled if self._is_ripe(each) and each not in self._passes]:
            if len(self._passes) - len(self._whole_passes) < self._rules.maximum_live:
                self._start(meeting_id, self._live(meeting_id))

    def reading(self) -> list[int]:
        """The meetings that are being read now."""
        return sorted(self._passes)

    async def drain(self) -> None:
        """Wait for the passes in flight."""
        while self._passes:
            await asyncio.wait(self._passes.values())
            await asyncio.sleep(0)

    def _is_ripe(self, meeting_id: int) -> bool:
        """Enough sentences, or some that have waited long enough for company."""
        if self._settled[meeting_id] >= self._rules.live_sentences:
            return True
        waited_s = (self._now() - self._last_settled.get(meeting_id, self._now())).total_seconds()
        return waited_s >= _LINGER_S

    def _start(self, meeting_id: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._passes[meeting_id] = task
        task.add_done_callback(lambda _: self._over(meeting_id))

    def _over(self, meeting_id: int) -> None:
        self._passes.pop(meeting_id, None)
        self._whole_passes.discard(meeting_id)
        self.start_passes()

    async def _live(self, meeting_id: int) -> None:
        self._forget_live(meeting_id)
        try:
            await self._read_live(meeting_id)
        except Exception:
            log.exception("live pass over meeting %s failed; its words are read again with the next ones", meeting_id)

    async def _whole(self, meeting_id: int) -> None:
        try:
            answer = await self._read_whole(meeting_id)
            is_done = answer["state"] != "PENDING"
        except Exception:
            log.exception("whole-meeting pass over meeting %s failed", meeting_id)
            is_done = False
        if is_done:
            self._due.pop(meeting_id, None)
            self._failures.pop(meeting_id, None)
            return
        self._failures[meeting_id] += 1
        wait_s = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2.0 ** (self._failures[meeting_id] - 1))
        self._due[meeting_id] = self._now() + timedelta(seconds=wait_s)

    def _forget_live(self, meeting_id: int) -> None:
        self._settled.pop(meeting_id, None)
        self._last_settled.pop(meeting_id, None)
