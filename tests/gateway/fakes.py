"""Stand-ins for what is behind Ray: stateful, in this process. The database behind them is the real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vori_ray.errors import BadAudioError, NotFoundError, ProtocolError, UnavailableError
from vori_ray.meetings.service import MeetingService
from vori_ray.messaging.feed import HubFeed
from vori_ray.speech.ports import SessionConfig, SettledSegment, Sink
from vori_ray.speech.windows import Word
from vori_ray.storage.database import Database
from vori_ray.storage.segment_writer import SegmentWriter

SECOND = 32_000
"""Bytes of one second of 16 kHz sound."""


class FakeStore:
    """The MeetingStore without its actor: the same writer, called in a thread."""

    def __init__(self, database: Database) -> None:
        self._writer = SegmentWriter(database)
        self.touches: list[tuple[int, bool]] = []
        self.is_away = False

    async def open_session(self, session: dict[str, Any]) -> dict[str, Any]:
        self._check()
        return await asyncio.to_thread(self._writer.open_session, session)

    async def save_segments(self, segments: Sequence[dict[str, Any]]) -> list[int]:
        self._check()
        (ids,) = await asyncio.to_thread(self._writer.save_segments, [segments])
        return ids

    async def end_utterance(self, session_id: str, utterance: int) -> None:
        self._check()
        await asyncio.to_thread(self._writer.end_utterance, session_id, utterance)

    async def save_draft(self, session_id: str, draft: dict[str, Any]) -> None:
        self._check()
        await asyncio.to_thread(self._writer.save_draft, session_id, draft)

    async def close_session(self, session_id: str, duration_s: float) -> None:
        await asyncio.to_thread(self._writer.close_session, session_id, duration_s)

    async def touch(self, meeting_id: int, *, audio: bool, speech: bool) -> None:
        self.touches.append((meeting_id, speech))

    def _check(self) -> None:
        if self.is_away:
            raise UnavailableError("the store is away")


class FakeHub:
    """The EventHub without its actor: the real feed over the real outbox, polled."""

    def __init__(self, database: Database) -> None:
        self._events: list[dict[str, Any]] = []
        self._feed = HubFeed(database, self._events.extend, {})
        self.has_gap = False

    async def next(self, cursor: int, timeout_s: float) -> tuple[int, list[dict[str, Any]]]:
        """As `EventRing.next`: a cursor of 0 answers at once; a cursor is one more than the events before it."""
        if cursor <= 0:
            return 1, []
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            await asyncio.to_thread(self._feed.step)
            end = len(self._events) + 1
            if self.has_gap:
                self.has_gap = False
                return end, [{"type": "gap"}]
            if cursor < end:
                return end, self._events[cursor - 1 :]
            await asyncio.sleep(0.01)
        return cursor, []

    def tell(self, topic: str, group_id: int, **payload: Any) -> None:
        """An event that is not of the outbox."""
        self._events.append({"type": "event", "topic": topic, "seq": None, "group_id": group_id, "payload": payload})

    def skip(self) -> None:
        """Forget what is committed by now: listeners have to find it in the outbox."""
        self._feed.step()
        self._events.clear()


class FakeKeeper:
    """Finishes a meeting as soon as it is told of its end: minutes, and extraction DONE."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.told: list[int] = []

    async def meeting_ended(self, meeting_id: int) -> None:
        self.told.append(meeting_id)
        await asyncio.to_thread(self._finish, meeting_id)

    def _finish(self, meeting_id: int) -> None:
        MeetingService(self._database).make_minutes(meeting_id)
        with self._database.unit_of_work(None) as uow:
            uow.meetings.get_in(None, meeting_id).extraction_state = "DONE"


@dataclass
class FakeSpeech:
    """Hears one word in every second of sound, by two speakers in turn. Sound is durable as soon as it is fed."""

    sounds: dict[str, bytearray] = field(default_factory=dict)
    owners: dict[str, FakeStream] = field(default_factory=dict)
    configs: list[SessionConfig] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    is_away: bool = False

    def open(self, config: SessionConfig, sink: Sink) -> FakeStream:
        self.configs.append(config)
        return FakeStream(self, config, sink)

    async def check(self) -> None:
        if self.is_away:
            raise UnavailableError("no Transcriber answers")


class FakeStream:
    """One session of `FakeSpeech`."""

    def __init__(self, speech: FakeSpeech, config: SessionConfig, sink: Sink) -> None:
        self._speech = speech
        self._config = config
        self._sink = sink
        self._id = config.session_id
        self._words = 0

    async def start(self, *, resume: bool) -> float:
        if resume and self._id not in self._speech.sounds:
            raise NotFoundError(f"there is no sound of session {self._id}")
        sound = self._speech.sounds.setdefault(self._id, bytearray())
        self._speech.owners[self._id] = self
        self._words = len(sound) // SECOND
        return len(sound) / SECOND

    async def feed(self, data: bytes) -> None:
        if self._config.encoding == "container" and not data.startswith(b"fLaC"):
            raise BadAudioError("expected a container that FFmpeg can decode")
        if len(data) % 2 and self._config.encoding == "pcm_s16le":
            raise ProtocolError(f"expected whole samples of 2 bytes, came {len(data)} bytes", code="odd_bytes")
        sound = self._speech.sounds[self._id]
        sound += data
        await self._sink.send({"type": "ack", "until_s": len(sound) / SECOND})
        while (self._words + 1) * SECOND <= len(sound):
            await self._hear()

    async def _hear(self) -> None:
        number, self._words = self._words, self._words + 1
        word = Word(f"word{number}", number + 0.1, number + 0.9, 0.9)
        speaker = 1 + number % 2 if self._config.diarize else None
        segment = SettledSegment(self._id, number, 0, (word,), number + 0.1, number + 0.9, "en", True, speaker)
        await self._sink.send(
            {"type": "interim", "utterance": number, "text": "wo", "start_s": number + 0.1, "end_s": number + 0.5}
        )
        segment_id = await self._sink.save_segment(segment)
        await self._sink.send(
            {
                "type": "final",
                "utterance": number,
                "segment_id": segment_id,
                "text": segment.text,
                "start_s": segment.start_s,
                "end_s": segment.end_s,
                "language": "en",
                "words": [word.as_message()],
                "is_last": True,
                **({} if speaker is None else {"speaker_number": speaker}),
            }
        )

    async def finalize(self) -> None:
        await self._sink.send({"type": "warning", "code": "finalized", "message": "for the test"})

    async def stop(self) -> float:
        duration_s = len(self._speech.sounds[self._id]) / SECOND
        self._speech.over.append(self._id)
        await self._sink.send({"type": "stopped", "duration_s": duration_s, "segments": self._words})
        return duration_s

    async def disconnect(self) -> bool:
        is_owner = self._speech.owners.get(self._id) is self
        if is_owner:
            self._speech.over.append(self._id)
        return is_owner
