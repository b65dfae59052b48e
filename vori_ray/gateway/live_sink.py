"""Where one session's words go: to its client, and to the store. Stream time comes in, meeting time goes out.

Knows nothing of the wire: what is said to the client is handed to a callable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from vori_ray.gateway.ports import TranscriptStore
from vori_ray.speech.ports import Draft, SettledSegment
from vori_ray.speech.windows import Word
from vori_ray.storage.database import Database
from vori_ray.storage.models import AudioSession, Segment

Say = Callable[[dict[str, Any]], None]

_SPEECH = frozenset({"speech_started", "interim", "final"})
_TIMES = ("start_s", "end_s", "at_s")

logger = logging.getLogger("vori.gateway")


class SessionSink:
    """The `Sink` of one session. `duration_s` is how much of its sound is known to be durable.

    Where a stream's speakers are told apart, each final carries the name that its speaker has by then.
    """

    def __init__(self, session: AudioSession, *, store: TranscriptStore, database: Database, say: Say) -> None:
        self._session = session
        self._store = store
        self._database = database
        self._say = say
        self.duration_s = session.duration_s
        self.has_new_speech = False
        self._names: dict[int, str] = {}

    async def send(self, message: dict[str, Any]) -> None:
        """Hand one message to the client."""
        kind = message["type"]
        if kind == "ack":
            self.duration_s = max(self.duration_s, message["until_s"])
        self.has_new_speech = self.has_new_speech or kind in _SPEECH
        self._say(self._in_meeting_time(message))

    def take_new_speech(self) -> bool:
        """Whether somebody has spoken since the last question."""
        spoken, self.has_new_speech = self.has_new_speech, False
        return spoken

    async def save_segment(self, segment: SettledSegment) -> int:
        """Store settled words; returns their id. Raises UnavailableError while the store is away."""
        session = self._session
        row = {
            "group_id": session.group_id,
            "meeting_id": session.meeting_id,
            "session_id": session.id,
            "utterance": segment.utterance,
            "part": segment.part,
            "speaker": session.speaker if segment.speaker is None else None,
            "speaker_number": segment.speaker,
            "text": segment.text,
            "start_s": self._shift(segment.start_s),
            "end_s": self._shift(segment.end_s),
            "language": segment.language,
            "words": [_shifted(word.as_message(), session.offset_s) for word in segment.words],
            "is_last": segment.is_last,
        }
        (segment_id,) = await self._store.save_segments([row])
        if segment.speaker is not None:
            self._names = await asyncio.to_thread(self._read_names)
        return segment_id

    async def end_utterance(self, utterance: int) -> None:
        """Note that an utterance is over. Raises UnavailableError while the store is away."""
        await self._store.end_utterance(self._session.id, utterance)

    async def save_draft(self, draft: Draft) -> None:
        """Store unfinished text; the next draft replaces one that could not be stored."""
        text = {
            "utterance": draft.utterance,
            "text": draft.text,
            "start_s": self._shift(draft.start_s),
            "end_s": self._shift(draft.end_s),
        }
        self.duration_s = max(self.duration_s, draft.duration_s)
        try:
            await self._store.save_draft(self._session.id, text | {"duration_s": draft.duration_s})
        except Exception as exc:
            logger.warning("the draft of session %s was not saved: %r", self._session.id, exc)

    async def load_saved(self, utterance: int) -> Sequence[SettledSegment]:
        """The pieces of an utterance that are stored already."""
        rows = await asyncio.to_thread(self._saved, utterance)
        return [_settled(row, self._session.offset_s) for row in rows]

    def _saved(self, utterance: int) -> Sequence[Segment]:
        session = self._session
        with self._database.unit_of_work([session.group_id]) as uow:
            return uow.segments.list_for_utterance(session.group_id, session.id, utterance)

    def _read_names(self) -> dict[int, str]:
        session = self._session
        with self._database.unit_of_work([session.group_id]) as uow:
            return {row.number: row.name for row in uow.speakers.list_for_session(session.group_id, session.id)}

    def _in_meeting_time(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["type"] == "final":
            number = message.get("speaker_number")
            speaker = self._session.speaker if number is None else self._names.get(number)
            message = message | {"speaker": speaker, "session_id": self._session.id}
        return _shifted(message, self._session.offset_s)

    def _shift(self, seconds: float) -> float:
        return round(seconds + self._session.offset_s, 3)


def final_message(row: Segment) -> dict[str, Any]:
    """A stored segment as the native protocol sends it."""
    return {
        "type": "final",
        "utterance": row.utterance,
        "segment_id": row.id,
        "text": row.corrected_text or row.text,
        "start_s": row.start_s,
        "end_s": row.end_s,
        "language": row.language,
        "words": row.words,
        "is_last": row.is_last,
        "speaker": row.speaker,
        **({} if row.speaker_number is None else {"speaker_number": row.speaker_number}),
        "session_id": row.session_id,
    }


def _shifted(message: dict[str, Any], by_s: float) -> dict[str, Any]:
    """A message or a word with all its times moved."""
    if not by_s:
        return message
    moved = message | {name: round(message[name] + by_s, 3) for name in _TIMES if name in message}
    if "words" in message:
        moved["words"] = [_shifted(word, by_s) for word in message["words"]]
    return moved


def _settled(row: Segment, offset_s: float) -> SettledSegment:
    words = tuple(Word.from_message(_shifted(word, -offset_s)) for word in row.words)
    return SettledSegment(
        session_id=row.session_id,
        utterance=row.utterance,
        part=row.part,
        words=words,
        start_s=round(row.start_s - offset_s, 3),
        end_s=round(row.end_s - offset_s, 3),
        language=row.language or "",
        is_last=row.is_last,
        speaker=row.speaker_number,
    )
