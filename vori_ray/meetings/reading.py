"""A meeting's rows as the plain values that minutes and exports are made of.

Reads rows of one unit of work and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from vori_ray.meetings.exports import TicketLine, TranscriptLine
from vori_ray.meetings.minutes import MinutesSource, NotedRemark, NotedTicket
from vori_ray.meetings.summary import summarise
from vori_ray.meetings.versions import transcript_of
from vori_ray.storage.database import UnitOfWork
from vori_ray.storage.models import Meeting, Segment, Ticket, TicketHistory
from vori_ray.storage.time_zones import zone_named
from vori_ray.storage.utterances import Utterance, join_utterances

_HANGUL = re.compile(r"[가-힣]")
_LETTER = re.compile(r"[A-Za-z가-힣]")


def transcript_line(utterance: Utterance) -> TranscriptLine:
    """An utterance as an export shows it."""
    return TranscriptLine(
        id=utterance.id,
        text=utterance.text,
        start_s=utterance.start_s,
        end_s=utterance.end_s,
        speaker=utterance.speaker,
        language=utterance.language,
        words=utterance.words,
    )


def ticket_line(ticket: Ticket) -> TicketLine:
    """A ticket as an export shows it."""
    return TicketLine(
        id=ticket.id or 0,
        title=ticket.title,
        status=ticket.status,
        updated_at=ticket.updated_at,
        assignee=ticket.assignee,
        due_date=ticket.due_date,
        priority=ticket.priority,
        content=ticket.content,
        labels=tuple(ticket.labels),
        meeting_id=ticket.meeting_id,
    )


def language_of(meeting: Meeting, segments: Sequence[Segment]) -> str:
    """The language of the minutes: the meeting's, or the script in which most of it was said."""
    if meeting.language in ("en", "ko"):
        return meeting.language
    text = " ".join(segment.corrected_text or segment.text for segment in segments)
    letters = len(_LETTER.findall(text))
    return "ko" if letters and len(_HANGUL.findall(text)) > letters / 3 else "en"


def minutes_source(uow: UnitOfWork, meeting: Meeting, *, summary: Sequence[str] = ()) -> MinutesSource:
    """What a meeting's minutes are made of. Without a `summary` the telling sentences are taken."""
    segments = transcript_of(uow, meeting)
    zone = zone_named(uow.groups.get(meeting.group_id).time_zone)
    speakers = dict.fromkeys(segment.speaker for segment in segments if segment.speaker)
    remarks = uow.remarks.list([meeting.group_id], meeting_id=meeting.id)
    return MinutesSource(
        title=meeting.title,
        started_at=meeting.started_at.astimezone(zone),
        ended_at=meeting.ended_at.astimezone(zone) if meeting.ended_at else None,
        language=language_of(meeting, segments),
        participants=tuple(speakers),
        summary=tuple(summary) or tuple(summarise([one.text for one in join_utterances(segments)])),
        tickets=_noted_tickets(uow, meeting),
        remarks=tuple(NotedRemark(each.kind, each.text, each.owner, **_place(each.evidence)) for each in remarks),
        extractor=meeting.extractor or "",
        covered_segments=meeting.covered_segments,
        total_segments=meeting.total_segments,
    )


def _noted_tickets(uow: UnitOfWork, meeting: Meeting) -> tuple[NotedTicket, ...]:
    """Tickets that came out of the meeting, and those that it moved from one status to another."""
    history: dict[int, list[TicketHistory]] = {}
    for entry in uow.tickets.history_of_meeting(meeting.group_id, meeting.id or 0):
        history.setdefault(entry.ticket_id, []).append(entry)
    noted = (
        _noted(ticket, history.get(ticket.id or 0, []), is_new=ticket.meeting_id == meeting.id)
        for ticket in uow.tickets.list_for_meeting(meeting.group_id, meeting.id or 0)
    )
    return tuple(ticket for ticket in noted if ticket is not None)


def _noted(ticket: Ticket, here: Sequence[TicketHistory], *, is_new: bool) -> NotedTicket | None:
    moves = [entry for entry in here if entry.old_status not in (None, entry.new_status)]
    old_status = moves[0].old_status if moves and not is_new else None
    if not is_new and (old_status is None or old_status == ticket.status):
        return None
    place = _place(ticket.evidence if is_new else moves[-1].evidence)
    return NotedTicket(
        title=ticket.title,
        status=ticket.status,
        old_status=old_status,
        owner=ticket.assignee,
        due_date=ticket.due_date,
        said_by=_speaker(ticket.evidence if is_new else moves[-1].evidence),
        **place,
    )


def _place(evidence: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where something was said: `at_s` and `quote` of the first evidence."""
    return {"at_s": evidence[0].get("start_s"), "quote": evidence[0].get("quote", "")} if evidence else {}


def _speaker(evidence: Sequence[Mapping[str, Any]]) -> str | None:
    return evidence[0].get("speaker") if evidence else None
