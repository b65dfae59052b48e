"""Meetings: begin, list, end, what was said, minutes, exports, search."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from vori_ray.errors import VoriError
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.live_sink import final_message
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.shapes import (
    EndedShape,
    HistoryShape,
    HitShape,
    Json,
    MeetingShape,
    MinutesShape,
    RemarkShape,
    Shape,
    TranscriptShape,
    TranscriptVersionShape,
    history_shape,
    hit_shape,
    meeting_shape,
    minutes_shape,
    remark_shape,
    ticket_shape,
)
from vori_ray.meetings.service import Export, MeetingService
from vori_ray.tickets.service import TicketService

TranscriptFormat = Literal["srt", "vtt", "csv", "json", "md"]
FileKind = Literal["srt", "vtt", "csv", "json", "md", "minutes", "ics", "tickets"]
GroupId = Annotated[int | None, Query(alias="groupId", description="One group; all of the caller's if not given.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
BeforeId = Annotated[int | None, Query(alias="beforeId", description="The last id of the page before.")]

_POLL_S = 0.1

logger = logging.getLogger("vori.gateway")
router = APIRouter(tags=["meetings"])


class NewMeeting(Shape):
    """A meeting to begin."""

    group_id: int
    title: str
    language: str = "auto"


class MeetingChanges(Shape):
    """What is to be changed of a meeting. `transcriptVersion` is the transcript that people are to read."""

    title: str | None = None
    language: str | None = None
    transcript_version: int | None = None


class Correction(Shape):
    """What was really said; empty brings the recognised words back."""

    text: Annotated[str, Query(max_length=20_000)]


class MinutesEdit(Shape):
    """A person's minutes. `version` is the one they were written over."""

    markdown: str
    version: int | None = None


@router.get("/api/meetings")
def list_meetings(
    ports: Ports,
    principal: SignedIn,
    group_id: GroupId = None,
    state: Literal["LIVE", "ENDED"] | None = None,
    limit: Limit = 50,
    before_id: BeforeId = None,
) -> list[MeetingShape]:
    """Meetings, newest first."""
    found = MeetingService(ports.database).list(
        principal.scope(group_id), state=state, limit=limit, before_id=before_id
    )
    return [meeting_shape(meeting) for meeting in found]


@router.post("/api/meetings", status_code=201)
def create_meeting(body: NewMeeting, ports: Ports, principal: SignedIn) -> MeetingShape:
    """Begin a meeting. Speak in it on `/ws/meetings/{meetingId}/audio`."""
    principal.require_member(body.group_id)
    service = MeetingService(ports.database)
    return meeting_shape(service.create(body.group_id, title=body.title, language=body.language))


@router.get("/api/meetings/{meeting_id}")
def read_meeting(meeting_id: int, ports: Ports, principal: SignedIn) -> MeetingShape:
    """One meeting."""
    return meeting_shape(MeetingService(ports.database).get(principal.group_ids, meeting_id))


@router.patch("/api/meetings/{meeting_id}")
def change_meeting(meeting_id: int, body: MeetingChanges, ports: Ports, principal: SignedIn) -> MeetingShape:
    """Change a meeting's title or language, or which transcript is read."""
    service = MeetingService(ports.database)
    return meeting_shape(service.edit(principal.group_ids, meeting_id, **body.model_dump(exclude_unset=True)))


@router.post("/api/meetings/{meeting_id}/end")
async def end_meeting(
    meeting_id: int, ports: Ports, principal: SignedIn, wait_s: Annotated[float, Query(ge=0, le=60)] = 15.0
) -> EndedShape:
    """End a meeting and give its tickets. Ending it again changes nothing.

    Waits up to `wait_s` for the whole meeting to be read; what is not done by then goes on by itself.
    """
    service = MeetingService(ports.database)
    ended = await asyncio.to_thread(service.end, principal.group_ids, meeting_id)
    if ended.is_first:
        await _nudge(ports, meeting_id)
    deadline = time.monotonic() + wait_s
    while ended.meeting.extraction_state != "DONE" and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_S)
        ended = await asyncio.to_thread(service.end, principal.group_ids, meeting_id)
    is_done = ended.meeting.extraction_state == "DONE"
    return EndedShape(
        message="Meeting ended." if is_done else "Meeting ended; its tickets and minutes are still being made.",
        meeting_id=meeting_id,
        extraction_state=ended.meeting.extraction_state,
        tickets=[ticket_shape(ticket) for ticket in ended.tickets],
    )


async def _nudge(ports: GatewayPorts, meeting_id: int) -> None:
    """Tell the keeper; it also looks by itself, so that its absence only costs time."""
    try:
        await ports.keeper.meeting_ended(meeting_id)
    except VoriError as exc:
        logger.warning("the keeper was not told of the end of meeting %s: %s", meeting_id, exc)


@router.post("/api/meetings/{meeting_id}/extract", status_code=202)
async def extract_again(meeting_id: int, ports: Ports, principal: SignedIn) -> MeetingShape:
    """Read an ended meeting as a whole once more; nothing is made twice."""
    service = MeetingService(ports.database)
    meeting = await asyncio.to_thread(service.extract_again, principal.group_ids, meeting_id)
    await _nudge(ports, meeting_id)
    return meeting_shape(meeting)


@router.get("/api/meetings/{meeting_id}/transcript", response_model=TranscriptShape)
def read_transcript(
    meeting_id: int,
    ports: Ports,
    principal: SignedIn,
    file_format: Annotated[TranscriptFormat | None, Query(alias="format", description="As a file.")] = None,
    version: Annotated[
        int | None, Query(ge=1, description="One of `/transcripts`; the current one if not given.")
    ] = None,
) -> TranscriptShape | Response:
    """What was said so far: segments as the streaming protocol sends them; with `format` as a file."""
    service = MeetingService(ports.database)
    if file_format is not None:
        return file_response(service.export(principal.group_ids, meeting_id, kind=file_format, version=version))
    segments = service.transcript(principal.group_ids, meeting_id, version=version)
    shown = version or service.get(principal.group_ids, meeting_id).transcript_version
    return TranscriptShape(
        meeting_id=meeting_id,
        version=shown,
        segments=[final_message(segment) for segment in segments],
        speakers=sorted({segment.speaker for segment in segments if segment.speaker}),
    )


@router.get("/api/meetings/{meeting_id}/transcripts")
def list_transcripts(meeting_id: int, ports: Ports, principal: SignedIn) -> list[TranscriptVersionShape]:
    """The versions of the transcript, oldest first. A `PATCH` of the meeting chooses the one that is read."""
    found = MeetingService(ports.database).transcripts(principal.group_ids, meeting_id)
    return [TranscriptVersionShape(**asdict(version)) for version in found]


@router.patch("/api/meetings/{meeting_id}/segments/{segment_id}")
def correct_segment(meeting_id: int, segment_id: int, body: Correction, ports: Ports, principal: SignedIn) -> Json:
    """Correct the words of a segment; the recognised ones are kept."""
    service = MeetingService(ports.database)
    return final_message(service.correct(principal.group_ids, meeting_id, segment_id, text=body.text))


@router.get("/api/meetings/{meeting_id}/export")
def export_meeting(
    meeting_id: int, ports: Ports, principal: SignedIn, file_format: Annotated[FileKind, Query(alias="format")]
) -> Response:
    """A meeting as a file: transcript, minutes, tickets (CSV) or due dates (ICS)."""
    return file_response(MeetingService(ports.database).export(principal.group_ids, meeting_id, kind=file_format))


@router.get("/api/meetings/{meeting_id}/minutes")
def read_minutes(
    meeting_id: int, ports: Ports, principal: SignedIn, version: Annotated[int | None, Query(ge=1)] = None
) -> MinutesShape:
    """The current minutes, or an earlier version of them."""
    return minutes_shape(MeetingService(ports.database).minutes(principal.group_ids, meeting_id, version=version))


@router.get("/api/meetings/{meeting_id}/minutes/versions")
def list_minutes(meeting_id: int, ports: Ports, principal: SignedIn) -> list[MinutesShape]:
    """All versions of the minutes, newest first."""
    found = MeetingService(ports.database).minutes_versions(principal.group_ids, meeting_id)
    return [minutes_shape(minutes) for minutes in found]


@router.put("/api/meetings/{meeting_id}/minutes")
def edit_minutes(meeting_id: int, body: MinutesEdit, ports: Ports, principal: SignedIn) -> MinutesShape:
    """Write a new version; refused with 409 when `version` is not the current one any more."""
    service = MeetingService(ports.database)
    made = service.edit_minutes(
        principal.group_ids, meeting_id, markdown=body.markdown, by=principal, expected_version=body.version
    )
    return minutes_shape(made)


@router.get("/api/meetings/{meeting_id}/minutes/preview")
def preview_minutes(
    meeting_id: int,
    ports: Ports,
    principal: SignedIn,
    template: Literal["general", "standup", "decisions"] = "general",
) -> Response:
    """The minutes as they would be made now by another template; nothing is kept."""
    text = MeetingService(ports.database).render_minutes(principal.group_ids, meeting_id, template=template)
    return Response(text, media_type="text/markdown")


@router.get("/api/meetings/{meeting_id}/status-changes")
def list_status_changes(meeting_id: int, ports: Ports, principal: SignedIn) -> list[HistoryShape]:
    """The status changes that were made by what was said in a meeting."""
    service = TicketService(ports.database)
    titles = {ticket.id: ticket.title for ticket in service.list_for_meeting(principal.group_ids, meeting_id)}
    changes = service.status_changes(principal.group_ids, meeting_id)
    return [history_shape(change, title=titles.get(change.ticket_id)) for change in changes]


@router.get("/api/meetings/{meeting_id}/remarks")
def list_remarks(meeting_id: int, ports: Ports, principal: SignedIn) -> list[RemarkShape]:
    """Blockers, decisions and questions that were voiced."""
    return [remark_shape(one) for one in TicketService(ports.database).remarks(principal.group_ids, meeting_id)]


@router.get("/api/search")
def search(
    ports: Ports,
    principal: SignedIn,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    group_id: GroupId = None,
    language: Literal["en", "ko"] | None = None,
    limit: Limit = 50,
) -> list[HitShape]:
    """Search transcripts and tickets, in English and Korean."""
    service = MeetingService(ports.database)
    return [hit_shape(hit) for hit in service.search(principal.scope(group_id), q, language=language, limit=limit)]


def file_response(export: Export) -> Response:
    """A file to download."""
    disposition = f'attachment; filename="{export.filename}"'
    return Response(export.content, media_type=export.media_type, headers={"Content-Disposition": disposition})
