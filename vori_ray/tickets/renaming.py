"""A speaker of a meeting gets another name: their tickets, and all that quotes them, are given it too.

Works in one unit of work; sends its events last. The history keeps the names of its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from vori_ray.storage.database import UnitOfWork
from vori_ray.storage.models import Ticket
from vori_ray.storage.repositories.speakers import FIRST_NAME, Renaming
from vori_ray.tickets.applying import assignee_columns
from vori_ray.tickets.board import Reading
from vori_ray.tickets.extraction import Extraction
from vori_ray.tickets.writing import AUTOMATIC, Rows, TicketWriter, row_id

_BY_HAND = frozenset({"assignee", "assignee_id"})


def rename_owner(uow: UnitOfWork, renaming: Renaming, by: str) -> None:
    """Carry a speaker's new name into tickets, suggestions and remarks of the meeting. `by` renamed the speaker.

    An owner that a person has set stays.
    """
    group_id, meeting_id = renaming.group_id, renaming.meeting_id
    old, new = (assignee_columns(uow, group_id, name) for name in (renaming.old, renaming.new))
    writer = TicketWriter(uow, group_id, actor=AUTOMATIC, meeting_id=meeting_id)
    for each in uow.tickets.list_for_meeting(group_id, meeting_id):
        ticket = uow.tickets.lock(group_id, row_id(each.id))
        ticket.evidence = _renamed(ticket.evidence, renaming)
        if ticket.assignee == old["assignee"] and _is_theirs(ticket, renaming):
            reason = f"{renaming.old} is {renaming.new} ({by})"
            writer.change(ticket, new, action="renamed", evidence=ticket.evidence, reason=reason)
    _rename_in_suggestions(uow, renaming)
    for remark in uow.remarks.list([group_id], meeting_id=meeting_id):
        remark.evidence = _renamed(remark.evidence, renaming)
        remark.owner = remark.evidence[0]["speaker"] if remark.evidence else remark.owner
    writer.finish()


def as_named_now(uow: UnitOfWork, reading: Reading, extraction: Extraction) -> tuple[Reading, Extraction]:
    """What was read and what came of it, with the names of speakers who were renamed while it was read."""
    given = reading.given
    rows = uow.segments.list_by_ids(reading.group_id, [segment.id for segment in given.segments])
    now = {row_id(row.id): row.speaker for row in rows}
    segments = tuple(replace(segment, speaker=now.get(segment.id, segment.speaker)) for segment in given.segments)
    names: dict[str | None, str] = {
        old.speaker: new.speaker
        for old, new in zip(given.segments, segments, strict=True)
        if old.speaker is not None and new.speaker is not None and old.speaker != new.speaker
    }
    if not names:
        return reading, extraction
    operations = tuple(replace(each, owner=names.get(each.owner, each.owner)) for each in extraction.operations)
    given = replace(given, segments=segments, roster=(*given.roster, *names.values()))
    return replace(reading, given=given), replace(extraction, operations=operations)


def _is_theirs(ticket: Ticket, renaming: Renaming) -> bool:
    """Whether an owner of the speaker's old name is the speaker. Nobody else is called `Speaker 1`."""
    if _BY_HAND & set(ticket.edited_fields):
        return False
    is_quoted = any(each.get("segment_id") in renaming.segment_ids for each in ticket.evidence)
    return is_quoted or FIRST_NAME.fullmatch(renaming.old) is not None


def _rename_in_suggestions(uow: UnitOfWork, renaming: Renaming) -> None:
    for suggestion in uow.suggestions.list([renaming.group_id], meeting_id=renaming.meeting_id, limit=1000):
        suggestion.evidence = _renamed(suggestion.evidence, renaming)
        if suggestion.operation.get("assignee") == renaming.old:
            suggestion.operation = suggestion.operation | {"assignee": renaming.new}


def _renamed(evidence: Sequence[dict[str, Any]], renaming: Renaming) -> Rows:
    """Evidence with the speaker's new name in what they said."""
    return [
        each | {"speaker": renaming.new} if each.get("segment_id") in renaming.segment_ids else each
        for each in evidence
    ]
