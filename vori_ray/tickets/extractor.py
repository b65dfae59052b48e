"""The Serve deployment that reads meetings: live while people speak, and once as a whole at their end.

Keeps at most one pass a meeting in flight in this replica; the work itself blocks, and runs in a thread. What a pass
does is running.py's; when one is due is the MeetingKeeper's.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from ray import serve

from vori_ray.storage.database import Database
from vori_ray.tickets.progress import ExtractionProgress
from vori_ray.tickets.running import PassRunner, choose_extractors
from vori_ray.tickets.service import TicketService

MinutesMaker = Callable[[Database, int, Sequence[str]], object]


class OnePerMeeting:
    """A lock for each meeting that somebody waits for, and none for the others."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._users: Counter[int] = Counter()

    def is_busy(self, meeting_id: int) -> bool:
        """Whether a pass over this meeting runs or waits."""
        return meeting_id in self._locks

    @asynccontextmanager
    async def turn(self, meeting_id: int) -> AsyncIterator[None]:
        """Wait for the meeting, and hold it."""
        lock = self._locks.setdefault(meeting_id, asyncio.Lock())
        self._users[meeting_id] += 1
        try:
            async with lock:
                yield
        finally:
            self._users[meeting_id] -= 1
            if not self._users[meeting_id]:
                del self._locks[meeting_id], self._users[meeting_id]


@serve.deployment(name="TicketExtractor", max_ongoing_requests=16, ray_actor_options={"num_cpus": 0.1})
class TicketExtractor:
    """Words become work: `extract_live` and `extract_meeting`, each once at a time a meeting."""

    def __init__(
        self,
        *,
        database_url: str,
        make_minutes: MinutesMaker,
        extractor: str = "auto",
        api_key: str | None = None,
        base_url: str | None = None,
        model: str = "",
        timeout_s: float = 60.0,
        budget_usd: float = 0.0,
    ) -> None:
        """`make_minutes(database, meeting_id, summary)` writes a meeting's minutes, before the pass counts as done."""
        self._database = Database(database_url, pool_size=4)
        choice = choose_extractors(
            extractor, api_key=api_key, base_url=base_url, model=model, timeout_s=timeout_s, budget_usd=budget_usd
        )
        self.serving = choice.claude.name if choice.claude else choice.rules.name
        self._runner = PassRunner(
            TicketService(self._database),
            ExtractionProgress(self._database),
            choice,
            make_minutes=lambda meeting_id, summary: make_minutes(self._database, meeting_id, summary),
        )
        self._turns = OnePerMeeting()

    async def extract_live(self, meeting_id: int) -> dict[str, Any] | None:
        """Read what is new in a running meeting. None when nothing is new, or a pass over it is in flight already."""
        if self._turns.is_busy(meeting_id):
            return None
        async with self._turns.turn(meeting_id):
            report = await asyncio.to_thread(self._runner.live, meeting_id)
        return asdict(report) if report else None

    async def extract_meeting(self, meeting_id: int) -> dict[str, Any]:
        """Read an ended meeting as a whole. `state` in the answer: DONE, PENDING (to be tried again), NOTHING (due)."""
        async with self._turns.turn(meeting_id):
            return asdict(await asyncio.to_thread(self._runner.whole, meeting_id))

    async def describe(self) -> dict[str, Any]:
        """`extractor`: which one serves; `pid`: of this process."""
        return {"extractor": self.serving, "pid": os.getpid()}
