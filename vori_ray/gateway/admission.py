"""Which meeting and which session a client may speak in, read from the database before the first sound.

Blocking. Knows nothing of sockets.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from vori_ray.errors import ConflictError, NotFoundError
from vori_ray.gateway.auth import Principal
from vori_ray.gateway.protocol import Start
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import AudioSession, Meeting, utc_now

OPEN = "OPEN"
LIVE = "LIVE"


@dataclass(frozen=True, slots=True)
class Admission:
    """A session that may begin, or go on where it was."""

    session: AudioSession
    is_resumed: bool
    is_over: bool
    vocabulary: tuple[str, ...]


def find_meeting(database: Database, principal: Principal, meeting_id: int) -> Meeting:
    """The meeting, if it is the principal's to see. Raises NotFoundError."""
    with database.unit_of_work(principal.group_ids) as uow:
        return uow.meetings.get_in(principal.group_ids, meeting_id)


def admit_session(database: Database, principal: Principal, meeting: Meeting, start: Start) -> Admission:
    """Make a new session, or find the one that is resumed.

    Raises NotFoundError for a session that is not this principal's in this meeting, ConflictError where a meeting is
    over; a session that was cut off by the end of its meeting may still bring what it holds (`is_over`).
    """
    with database.unit_of_work([meeting.group_id]) as uow:
        current = uow.meetings.get(meeting.group_id, _id(meeting))
        group = uow.groups.get(meeting.group_id)
        is_over = current.state != LIVE
        if start.session_id is not None:
            session = _resumed(uow, principal, meeting, start.session_id)
        elif is_over:
            raise ConflictError(f"Meeting {meeting.id} is over; begin a new one.", code="meeting_ended")
        else:
            session = _begun(uow, principal, meeting, start)
    return Admission(session, start.session_id is not None, is_over, tuple(group.vocabulary))


def _resumed(uow: UnitOfWork, principal: Principal, meeting: Meeting, session_id: str) -> AudioSession:
    session = uow.sessions.find(meeting.group_id, session_id)
    if session is None or session.meeting_id != meeting.id or session.user_id != principal.user_id:
        raise NotFoundError(f"There is no session {session_id!r} of yours in meeting {meeting.id}.")
    return session


def _begun(uow: UnitOfWork, principal: Principal, meeting: Meeting, start: Start) -> AudioSession:
    earlier = uow.sessions.list_for_meeting(meeting.group_id, _id(meeting))
    return AudioSession(
        id=secrets.token_urlsafe(16),
        group_id=meeting.group_id,
        meeting_id=_id(meeting),
        speaker=start.speaker or principal.name,
        user_id=principal.user_id,
        language=meeting.language if start.language == "auto" else start.language,
        diarize=start.diarize,
        offset_s=offset_s(earlier),
        state=OPEN,
    )


def offset_s(earlier: list[AudioSession]) -> float:
    """Where a session that begins now stands in its meeting.

    A meeting's clock starts with its first sound. Later streams stand where the wall clock says, but never before the
    end of one that is over: a recording may have been played faster than it was spoken.
    """
    if not earlier:
        return 0.0
    first = min(earlier, key=lambda session: session.created_at)
    elapsed_s = (utc_now() - first.created_at).total_seconds() + first.offset_s
    ended_s = [session.offset_s + session.duration_s for session in earlier if session.state != OPEN]
    return round(max([elapsed_s, *ended_s]), 3)


def _id(meeting: Meeting) -> int:
    assert meeting.id is not None
    return meeting.id
