"""Saves settled words, drafts and audio sessions, each with its outbox rows. Blocking; knows nothing of Ray.

All of it is idempotent: a call that was cut off can be made again and has one effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from vori_ray.errors import BadInputError, ConflictError, NotFoundError
from vori_ray.messaging.topics import TranscriptionCompleted
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import AudioSession, Segment, utc_now
from vori_ray.storage.repositories.segments import identity

SegmentRows = Sequence[Mapping[str, Any]]
"""The columns of `Segment`: group_id, meeting_id, session_id, utterance, part, text, start_s, end_s, ..."""


class SegmentWriter:
    """Writes what speech sessions say, for any group."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_segments(self, requests: Sequence[SegmentRows]) -> list[list[int]]:
        """Save the segments of several callers in one transaction; returns the ids, in order.

        A segment that is there already (same session, utterance, part and transcript version) keeps its first words
        and id and makes no second event. Raises BadInputError for a row that is no segment, NotFoundError for one
        whose session is not in its meeting and group, UnavailableError.
        """
        parsed = [[_segment(row) for row in rows] for rows in requests]
        segments = [segment for rows in parsed for segment in rows]
        with self._database.unit_of_work(None) as uow:
            _check_sessions(uow, segments)
            saved = uow.segments.save(segments)
            first = {identity(segment): segment for segment in reversed(segments)}
            news = [(saved[key][0], segment) for key, segment in reversed(first.items()) if saved[key][1]]
            uow.outbox.add_all([_completed(segment, segment_id) for segment_id, segment in news])
        return [[saved[identity(segment)][0] for segment in rows] for rows in parsed]

    def end_utterance(self, session_id: str, utterance: int) -> int:
        """Mark the newest saved piece of an utterance as its last; returns the meeting's id. Raises NotFoundError."""
        with self._database.unit_of_work(None) as uow:
            session = _session(uow, session_id)
            uow.segments.end_utterance(session.group_id, session_id, utterance)
            return session.meeting_id

    def save_draft(self, session_id: str, draft: Mapping[str, Any]) -> None:
        """Keep unfinished words; each draft replaces the one before. Words are told as a partial transcription.

        `draft`: utterance, text, start_s, end_s, in meeting time; `duration_s` of the sound so far.
        """
        with self._database.unit_of_work(None) as uow:
            session = _session(uow, session_id)
            session.draft = dict(draft)
            session.duration_s = max(session.duration_s, float(draft.get("duration_s", 0.0)))
            session.updated_at = utc_now()
            if draft.get("text"):
                uow.outbox.add(_partial(session, draft))

    def open_session(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a session, or take up one that was cut off; returns its row with the meeting's state.

        `wanted`: session_id, group_id, meeting_id and, if known, speaker, user_id, language, diarize, offset_s (else
        the meeting's age). Raises NotFoundError without the meeting, ConflictError for a new session in a meeting that
        has ended, or for an id that belongs to another meeting.
        """
        group_id, meeting_id = int(wanted["group_id"]), int(wanted["meeting_id"])
        with self._database.unit_of_work(None) as uow:
            meeting = uow.meetings.lock(group_id, meeting_id)
            session = uow.sessions.find_by_id(str(wanted["session_id"]))
            is_new = session is None
            if session is None:
                if meeting.state != "LIVE":
                    raise ConflictError(f"Meeting {meeting_id} has ended.", code="meeting_ended")
                session = _new_session(wanted, age_s=(utc_now() - meeting.started_at).total_seconds())
            elif (session.group_id, session.meeting_id) != (group_id, meeting_id):
                raise ConflictError(f"Session {session.id} does not belong to meeting {meeting_id}.")
            session.state, session.updated_at = "OPEN", utc_now()
            uow.sessions.save(session)
            uow.meetings.touch({meeting_id: (utc_now(), None)})
        return session.model_dump() | {"session_id": session.id, "meeting_state": meeting.state, "is_new": is_new}

    def close_session(self, session_id: str, duration_s: float) -> None:
        """End a session. Raises NotFoundError."""
        with self._database.unit_of_work(None) as uow:
            session = _session(uow, session_id)
            session.state, session.updated_at, session.draft = "CLOSED", utc_now(), {}
            session.duration_s = max(session.duration_s, duration_s)
            uow.sessions.save(session)
            uow.meetings.touch({session.meeting_id: (utc_now(), None)})

    def touch(self, seen: Mapping[int, tuple[datetime | None, datetime | None]]) -> None:
        """Note when meetings were last heard: meeting id -> (sound, speech)."""
        with self._database.unit_of_work(None) as uow:
            uow.meetings.touch(seen)


def _segment(row: Mapping[str, Any]) -> Segment:
    # PostgreSQL knows no NUL in text; nothing was said by it.
    clean = dict(row) | {"text": str(row.get("text", "")).replace("\x00", "")}
    try:
        return Segment.model_validate(clean)
    except ValidationError as exc:
        raise BadInputError(f"Expected the columns of a segment: {exc}") from exc


def _check_sessions(uow: UnitOfWork, segments: Sequence[Segment]) -> None:
    """Fill in who speaks; nothing may be written into a meeting that its session is not in."""
    sessions = {session.id: session for session in uow.sessions.list_by_ids({s.session_id for s in segments})}
    for segment in segments:
        session = sessions.get(segment.session_id)
        place = (segment.group_id, segment.meeting_id)
        if session is None or (session.group_id, session.meeting_id) != place:
            raise NotFoundError(
                f"There is no session {segment.session_id} in meeting {segment.meeting_id} of group {segment.group_id}."
            )
        if segment.speaker_number is None:
            segment.speaker = segment.speaker or session.speaker
    uow.speakers.fill_in(segments)


def _session(uow: UnitOfWork, session_id: str) -> AudioSession:
    session = uow.sessions.find_by_id(session_id)
    if session is None:
        raise NotFoundError(f"There is no session {session_id}.")
    return session


def _new_session(wanted: Mapping[str, Any], *, age_s: float) -> AudioSession:
    offset_s = wanted.get("offset_s")
    return AudioSession(
        id=str(wanted["session_id"]),
        group_id=int(wanted["group_id"]),
        meeting_id=int(wanted["meeting_id"]),
        speaker=wanted.get("speaker"),
        user_id=wanted.get("user_id"),
        language=wanted.get("language") or "auto",
        diarize=bool(wanted.get("diarize", False)),
        offset_s=max(0.0, age_s) if offset_s is None else float(offset_s),
    )


def _completed(segment: Segment, segment_id: int) -> TranscriptionCompleted:
    return TranscriptionCompleted(
        group_id=segment.group_id,
        groupId=segment.group_id,
        meetingId=segment.meeting_id,
        segmentId=segment_id,
        speaker=segment.speaker,
        transcript=segment.text,
        startS=segment.start_s,
        endS=segment.end_s,
        language=segment.language,
    )


def _partial(session: AudioSession, draft: Mapping[str, Any]) -> TranscriptionCompleted:
    return TranscriptionCompleted(
        group_id=session.group_id,
        groupId=session.group_id,
        meetingId=session.meeting_id,
        speaker=None if session.diarize else session.speaker,
        transcript=str(draft["text"]).replace("\x00", ""),
        isPartial=True,
        startS=float(draft.get("start_s", 0.0)),
        endS=float(draft.get("end_s", 0.0)),
        language=None,
    )
