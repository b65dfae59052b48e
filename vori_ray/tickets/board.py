"""The board and a meeting's past, read as plain values: what an extractor is given, and what reconciling needs.

Reads rows of one unit of work and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from vori_ray.storage.database import UnitOfWork
from vori_ray.storage.models import Meeting, Suggestion, Ticket, TicketHistory, utc_now
from vori_ray.storage.time_zones import zone_named
from vori_ray.storage.utterances import Utterance, join_utterances
from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, SpokenSegment, Status
from vori_ray.tickets.matching import plain_words
from vori_ray.tickets.reconcile import Card, Noted, Past, Refusal
from vori_ray.tickets.writing import AUTOMATIC, row_id

OVERLAP_S = 60.0
MAXIMUM_TICKETS = 50
SIMILAR_TICKETS = 15
_NAMED = 0.6
_REOPENABLE_DAYS = 60
_REOPENABLE_TICKETS = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be read of a meeting. `cursor` is the newest segment in it."""

    meeting_id: int
    group_id: int
    given: ExtractionInput
    said_of: Mapping[int, frozenset[int]]
    cursor: int


def spoken(utterance: Utterance) -> SpokenSegment:
    """An utterance as extractors see it, with a person's correction if there is one."""
    return SpokenSegment(
        id=utterance.id,
        text=utterance.text,
        speaker=utterance.speaker,
        start_s=utterance.start_s,
        end_s=utterance.end_s,
        language=utterance.language,
    )


def read_live(uow: UnitOfWork, meeting: Meeting) -> Reading | None:
    """The window of a running meeting: the utterances that ended since, and a minute before as context.

    None when none has ended. An utterance that goes on is left for later, and so is the cursor before its first piece.
    """
    meeting_id = row_id(meeting.id)
    new = uow.segments.list(meeting.group_id, meeting_id, after_id=meeting.live_cursor)
    if not new:
        return None
    since_s = max(0.0, min(segment.start_s for segment in new) - OVERLAP_S)
    window = join_utterances(uow.segments.list(meeting.group_id, meeting_id, since_s=since_s))
    cursor = _settled_until(window, newest=max(row_id(segment.id) for segment in new))
    complete = [one for one in window if one.is_over and one.is_whole]
    if not any(one.segment_ids[-1] > meeting.live_cursor for one in complete):
        return None
    tickets = list(_candidates(uow, meeting))
    said_of = {row_id(ticket.id): _said_in(ticket, meeting_id) for ticket in tickets}
    return Reading(
        meeting_id=meeting_id,
        group_id=meeting.group_id,
        given=_given(
            uow,
            meeting,
            complete,
            [_open(ticket, ticket.status) for ticket in tickets],
            is_whole=False,
            read_before=frozenset(one.id for one in complete if one.segment_ids[-1] <= meeting.live_cursor),
        ),
        said_of=said_of,
        cursor=cursor,
    )


def _settled_until(window: Sequence[Utterance], *, newest: int) -> int:
    """The newest segment before which everything has been said to its end."""
    return min((one.segment_ids[0] - 1 for one in window if not one.is_over), default=newest)


def read_whole(uow: UnitOfWork, meeting: Meeting, *, version: int | None = None) -> Reading:
    """The whole meeting, over the board as it would be without what live passes made of this meeting.

    `version` is one of its transcripts; the one that people read if not given.
    """
    meeting_id = row_id(meeting.id)
    segments = uow.segments.list(meeting.group_id, meeting_id, transcript_version=version or meeting.transcript_version)
    tickets = {row_id(ticket.id): ticket for ticket in _candidates(uow, meeting)}
    cards = {card.id: card for card in read_cards(uow, meeting, tickets=tickets)}
    before = [
        _open(ticket, cards[ticket_id].base_status)
        for ticket_id, ticket in tickets.items()
        if not cards[ticket_id].made_here
    ]
    return Reading(
        meeting_id=meeting_id,
        group_id=meeting.group_id,
        given=_given(uow, meeting, join_utterances(segments), before, is_whole=True),
        said_of={},
        cursor=max((row_id(segment.id) for segment in segments), default=meeting.live_cursor),
    )


def _given(
    uow: UnitOfWork,
    meeting: Meeting,
    utterances: Sequence[Utterance],
    tickets: list[OpenTicket],
    *,
    is_whole: bool,
    read_before: frozenset[int] = frozenset(),
) -> ExtractionInput:
    group = uow.groups.get(meeting.group_id)
    said = tuple(spoken(utterance) for utterance in utterances)
    names = [user.name for _, user in uow.groups.members(meeting.group_id)]
    names += [segment.speaker for segment in said if segment.speaker]
    names += [ticket.assignee for ticket in tickets if ticket.assignee]
    return ExtractionInput(
        segments=said,
        tickets=tuple(choose_tickets(tickets, said)),
        roster=tuple(dict.fromkeys(names)),
        vocabulary=tuple(group.vocabulary),
        meeting_date=meeting.started_at.astimezone(zone_named(group.time_zone)).date(),
        time_zone=group.time_zone,
        language=meeting.language if meeting.language != "auto" else group.language,
        is_whole_meeting=is_whole,
        read_before=read_before,
    )


def choose_tickets(tickets: Sequence[OpenTicket], said: Sequence[SpokenSegment]) -> list[OpenTicket]:
    """All tickets if they are few; else those whose title was named, and the ones most like what was said."""
    if len(tickets) <= MAXIMUM_TICKETS:
        return list(tickets)
    words = {word for segment in said for word in plain_words(segment.text)}
    shares = {ticket.id: _share(plain_words(ticket.title), words) for ticket in tickets}
    ranked = sorted(tickets, key=lambda ticket: -shares[ticket.id])
    chosen = {ticket.id for ticket in ranked[:SIMILAR_TICKETS]}
    chosen |= {ticket.id for ticket in tickets if shares[ticket.id] >= _NAMED}
    return [ticket for ticket in tickets if ticket.id in chosen]


def _share(title: Sequence[str], words: set[str]) -> float:
    return sum(word in words for word in title) / len(title) if title else 0.0


def _candidates(uow: UnitOfWork, meeting: Meeting) -> Sequence[Ticket]:
    """Open tickets of the group, and the finished ones that might be opened again."""
    recent = utc_now() - timedelta(days=_REOPENABLE_DAYS)
    done = uow.tickets.list([meeting.group_id], statuses=["DONE"], limit=_REOPENABLE_TICKETS)
    again = [ticket for ticket in done if ticket.updated_at >= recent]
    return sorted([*uow.tickets.list_open(meeting.group_id), *again], key=lambda ticket: row_id(ticket.id))


def _open(ticket: Ticket, status: str) -> OpenTicket:
    return OpenTicket(row_id(ticket.id), ticket.title, cast(Status, status), ticket.assignee, ticket.content)


def _said_in(ticket: Ticket, meeting_id: int) -> frozenset[int]:
    return frozenset(each["segment_id"] for each in ticket.evidence if each.get("meeting_id") == meeting_id)


def read_cards(uow: UnitOfWork, meeting: Meeting, *, tickets: Mapping[int, Ticket]) -> list[Card]:
    """These tickets and all that the meeting has touched, thrown away ones too, as cards."""
    meeting_id = row_id(meeting.id)
    history: dict[int, list[TicketHistory]] = {}
    for entry in uow.tickets.history_of_meeting(meeting.group_id, meeting_id):
        history.setdefault(entry.ticket_id, []).append(entry)
    rows = dict(tickets)
    for ticket_id in history.keys() - rows.keys():
        rows[ticket_id] = uow.tickets.get(meeting.group_id, ticket_id, include_deleted=True)
    return [_card(uow, meeting, ticket, history.get(row_id(ticket.id), [])) for ticket in rows.values()]


def _card(uow: UnitOfWork, meeting: Meeting, ticket: Ticket, here: Sequence[TicketHistory]) -> Card:
    ticket_id = row_id(ticket.id)
    made_here = any(entry.action == "created" and entry.extractor is not None for entry in here)
    is_concerned = bool(here) or "status" in ticket.edited_fields
    entries = uow.tickets.history(meeting.group_id, ticket_id) if is_concerned else []
    by_hand = [entry for entry in entries if entry.actor != AUTOMATIC]
    moved = [entry for entry in by_hand if entry.old_status is not None and entry.old_status != entry.new_status]
    moved_s = (moved[-1].changed_at - meeting.started_at).total_seconds() if moved else None
    return Card(
        id=ticket_id,
        title=ticket.title,
        status=cast(Status, ticket.status),
        base_status=cast(Status, _base_status(ticket, here, moved)),
        assignee=ticket.assignee,
        due=ticket.due_date,
        priority=ticket.priority,
        content=ticket.content,
        edited_fields=frozenset(ticket.edited_fields),
        is_deleted=ticket.deleted_at is not None,
        made_here=made_here,
        is_touched=bool(by_hand),
        said_in=_said_in(ticket, row_id(meeting.id)),
        moved_by_hand_s=moved_s,
    )


def _base_status(ticket: Ticket, here: Sequence[TicketHistory], moved: Sequence[TicketHistory]) -> str:
    """The status before this meeting's automatic changes, as far as no person has moved the ticket since."""
    last_by_hand = max((row_id(entry.id) for entry in moved), default=0)
    automatic = [
        entry
        for entry in here
        if entry.actor == AUTOMATIC
        and row_id(entry.id) > last_by_hand
        and entry.old_status not in (None, entry.new_status)
    ]
    return (automatic[0].old_status or ticket.status) if automatic else ticket.status


def read_past(uow: UnitOfWork, meeting: Meeting, *, given: ExtractionInput) -> Past:
    """What earlier passes and people have done in this meeting."""
    meeting_id = row_id(meeting.id)
    history = uow.tickets.history_of_meeting(meeting.group_id, meeting_id)
    suggestions = uow.suggestions.list([meeting.group_id], meeting_id=meeting_id, state=None, limit=1000)
    remarks = uow.remarks.list([meeting.group_id], meeting_id=meeting_id)
    keys = {entry.operation_key for entry in history if entry.operation_key}
    keys |= {suggestion.operation_key for suggestion in suggestions} | {remark.operation_key for remark in remarks}
    undone = {entry.undoes_id for entry in history}
    refusals = [_undone(entry) for entry in history if entry.id in undone and entry.old_status is not None]
    refusals += [_rejected(suggestion) for suggestion in suggestions if suggestion.state == "REJECTED"]
    return Past(
        keys=frozenset(keys),
        refusals=refusals,
        pending=[_pending(suggestion) for suggestion in suggestions if suggestion.state == "PENDING"],
        remarks=[Noted(row_id(each.id), each.operation_key, each.kind, each.text, each.ticket_id) for each in remarks],
        end_s={segment.id: segment.end_s for segment in given.segments},
        read_before=given.read_before,
    )


def _undone(entry: TicketHistory) -> Refusal:
    return Refusal(entry.ticket_id, "", entry.new_status, _segments(entry.evidence))


def _rejected(suggestion: Suggestion) -> Refusal:
    operation = suggestion.operation
    return Refusal(
        suggestion.ticket_id, operation.get("title", ""), operation.get("status"), _segments(suggestion.evidence)
    )


def _pending(suggestion: Suggestion) -> Noted:
    operation = suggestion.operation
    return Noted(
        row_id(suggestion.id),
        suggestion.operation_key,
        operation.get("op", ""),
        operation.get("title", ""),
        suggestion.ticket_id,
    )


def _segments(evidence: Sequence[Mapping[str, object]]) -> frozenset[int]:
    return frozenset(each["segment_id"] for each in evidence if isinstance(each.get("segment_id"), int))  # type: ignore[misc]
