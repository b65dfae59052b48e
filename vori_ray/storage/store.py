"""MeetingStore: the one actor through which speech is saved. Knows nothing of sockets or audio.

Segments of many meetings that come within a few milliseconds share one transaction. Blocking SQL runs in one
thread, so ids grow in the order of commits.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

import ray

from vori_ray.errors import UnavailableError
from vori_ray.messaging.actors import find_actor, start_actor
from vori_ray.storage.database import Database
from vori_ray.storage.group_commit import GroupCommit
from vori_ray.storage.models import utc_now
from vori_ray.storage.segment_writer import SegmentRows, SegmentWriter

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

NAME = "MeetingStore"
KEEPER = "MeetingKeeper"
KEEPER_EVERY_S = 5.0
TOUCH_EVERY_S = 1.0


@ray.remote
class MeetingStore:
    """Saves segments, drafts and sessions. Every method may be called again with the same effect."""

    def __init__(self, database_url: str) -> None:
        self._writer = SegmentWriter(Database(database_url, pool_size=2))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._segments: GroupCommit[SegmentRows, list[int]] = GroupCommit(
            self._writer.save_segments, rows_of=len, executor=self._thread
        )
        self._seen: dict[int, tuple[datetime | None, datetime | None]] = {}
        self._toucher: asyncio.Task[None] | None = None
        self._keeper: Any = None
        self._keeper_sought_at = -math.inf

    async def save_segments(self, rows: SegmentRows) -> list[int]:
        """Save settled words with their events; returns their ids, the same ones on a repeat.

        Raises BadInputError, NotFoundError, OverloadedError or, after 30 s without the database, UnavailableError.
        """
        ids = await self._segments.submit(rows)
        await self._tell_keeper(sorted({int(row["meeting_id"]) for row in rows}))
        return ids

    async def end_utterance(self, session_id: str, utterance: int) -> None:
        """Note that nothing follows an utterance's saved words, which can be read as a whole now."""
        meeting_id = await self._in_thread(lambda: self._writer.end_utterance(session_id, utterance))
        await self._tell_keeper([meeting_id])

    async def save_draft(self, session_id: str, draft: Mapping[str, Any]) -> None:
        """Keep a session's unfinished words; see `SegmentWriter.save_draft`."""
        await self._in_thread(lambda: self._writer.save_draft(session_id, draft))

    async def open_session(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Begin or take up a session; see `SegmentWriter.open_session`."""
        return await self._in_thread(lambda: self._writer.open_session(wanted))

    async def close_session(self, session_id: str, duration_s: float) -> None:
        """End a session."""
        await self._in_thread(lambda: self._writer.close_session(session_id, duration_s))

    async def touch(self, meeting_id: int, audio: bool = True, speech: bool = False) -> None:
        """A meeting's connection is alive (`audio`), and somebody speaks (`speech`). Written at most once a second."""
        now = utc_now()
        audio_at, speech_at = self._seen.get(meeting_id, (None, None))
        self._seen[meeting_id] = (now if audio else audio_at, now if speech else speech_at)
        if self._toucher is None or self._toucher.done():
            self._toucher = asyncio.create_task(self._write_touches())

    async def status(self) -> dict[str, Any]:
        """`waiting_rows`: segments that are not committed yet; `pid`: of this process."""
        return {"waiting_rows": self._segments.waiting_rows, "pid": os.getpid()}

    async def _write_touches(self) -> None:
        while self._seen:
            await asyncio.sleep(TOUCH_EVERY_S)
            seen, self._seen = self._seen, {}
            try:
                await self._in_thread(lambda seen=seen: self._writer.touch(seen))  # type: ignore[misc]
            except UnavailableError as exc:
                log.warning("Meetings' signs of life wait: %s", exc)
                self._seen = seen | self._seen

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _tell_keeper(self, meeting_ids: Sequence[int]) -> None:
        """Without waiting for an answer: the keeper also looks by itself. Its handle may go stale, so look again."""
        now = time.monotonic()
        if now - self._keeper_sought_at > KEEPER_EVERY_S:
            self._keeper_sought_at = now
            self._keeper = await asyncio.to_thread(find_actor, KEEPER)
        if self._keeper is not None:
            self._keeper.segments_settled.remote(meeting_ids)


def start_meeting_store(database_url: str) -> Any:
    """The MeetingStore, started if need be."""
    return start_actor(MeetingStore, NAME, database_url, max_concurrency=1000)
