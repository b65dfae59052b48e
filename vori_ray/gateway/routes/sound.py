"""What was heard, as sound: the seconds of a segment, or a whole stream. Deleting a meeting deletes its sound too."""

from __future__ import annotations

import struct
from typing import Annotated

from fastapi import APIRouter, Query, Response

from vori_ray.errors import NotFoundError
from vori_ray.gateway.auth import Principal
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.shapes import AudioSessionShape, audio_session_shape
from vori_ray.meetings.service import MeetingService
from vori_ray.speech.journal import durable_samples, read_samples, session_folder
from vori_ray.speech.windows import SAMPLE_RATE, Samples
from vori_ray.storage.models import AudioSession

MARGIN_S = 0.3
LONGEST_S = 600.0

router = APIRouter(tags=["sound"])


@router.get("/api/meetings/{meeting_id}/sessions")
def list_sessions(meeting_id: int, ports: Ports, principal: SignedIn) -> list[AudioSessionShape]:
    """The streams of sound of a meeting, in the order in which they began."""
    with ports.database.unit_of_work(principal.group_ids) as uow:
        meeting = uow.meetings.get_in(principal.group_ids, meeting_id)
        return [audio_session_shape(one) for one in uow.sessions.list_for_meeting(meeting.group_id, meeting_id)]


@router.get("/api/meetings/{meeting_id}/sessions/{session_id}/audio")
def session_audio(
    meeting_id: int,
    session_id: str,
    ports: Ports,
    principal: SignedIn,
    from_s: Annotated[float, Query(ge=0, le=1e6)] = 0.0,
    to_s: Annotated[float | None, Query(ge=0, le=1e6)] = None,
) -> Response:
    """Sound of one stream as WAV, at most ten minutes of it; seconds count from the stream's start."""
    session = _session(ports, principal, meeting_id, session_id)
    until_s = from_s + LONGEST_S if to_s is None else min(to_s, from_s + LONGEST_S)
    return _wav(ports, session, from_s, until_s)


@router.get("/api/meetings/{meeting_id}/segments/{segment_id}/audio")
def segment_audio(meeting_id: int, segment_id: int, ports: Ports, principal: SignedIn) -> Response:
    """The seconds in which a segment was said, as WAV."""
    with ports.database.unit_of_work(principal.group_ids) as uow:
        meeting = uow.meetings.get_in(principal.group_ids, meeting_id)
        segment = uow.segments.get(meeting.group_id, segment_id)
        session = uow.sessions.get(meeting.group_id, segment.session_id)
    if segment.meeting_id != meeting_id:
        raise NotFoundError(f"There is no segment {segment_id} in meeting {meeting_id}.")
    start_s, end_s = segment.start_s - session.offset_s, segment.end_s - session.offset_s
    return _wav(ports, session, start_s - MARGIN_S, min(end_s + MARGIN_S, start_s + LONGEST_S))


@router.delete("/api/meetings/{meeting_id}", status_code=204)
def delete_meeting(meeting_id: int, ports: Ports, principal: SignedIn) -> None:
    """Delete a meeting with its words, minutes, events and sound (ADMIN). Tickets stay, without what was said."""
    service = MeetingService(ports.database)
    principal.require_admin(service.get(principal.group_ids, meeting_id).group_id)
    for session_id in service.delete(principal.group_ids, meeting_id):
        session_folder(ports.journal_url, session_id).remove()


def _session(ports: GatewayPorts, principal: Principal, meeting_id: int, session_id: str) -> AudioSession:
    with ports.database.unit_of_work(principal.group_ids) as uow:
        meeting = uow.meetings.get_in(principal.group_ids, meeting_id)
        session = uow.sessions.find(meeting.group_id, session_id)
    if session is None or session.meeting_id != meeting_id:
        raise NotFoundError(f"There is no session {session_id[:40]!r} in meeting {meeting_id}.")
    return session


def _wav(ports: GatewayPorts, session: AudioSession, start_s: float, end_s: float) -> Response:
    """Stream time `start_s` to `end_s` as a file, as far as it is there. Raises NotFoundError where nothing is."""
    folder = session_folder(ports.journal_url, session.id)
    start = max(0, round(start_s * SAMPLE_RATE))
    end = min(round(end_s * SAMPLE_RATE), durable_samples(folder))
    if start >= end:
        raise NotFoundError(f"There is no sound of session {session.id} from {start_s:g} to {end_s:g} s.")
    headers = {"Content-Disposition": f'inline; filename="{session.id}.wav"'}
    return Response(wav(read_samples(folder, start, end)), media_type="audio/wav", headers=headers)


def wav(samples: Samples) -> bytes:
    """16 kHz mono samples as a WAV file."""
    data = samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body
