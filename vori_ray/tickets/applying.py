"""Applies an extraction to a meeting: checked, planned, reconciled with the board, written; in one transaction.

The order is fixed: validation.py drops what may not be believed, planning.py says what the rest means, reconcile.py
what of it is still to be done, and this file does it. Applying the same extraction again does nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from vori_ray.errors import NotFoundError
from vori_ray.storage.database import UnitOfWork
from vori_ray.storage.models import LlmUsage, Meeting, Remark, Suggestion, Ticket
from vori_ray.tickets.board import Reading, read_cards, read_past
from vori_ray.tickets.extraction import Extraction, SpokenSegment, Usage
from vori_ray.tickets.names import find_person
from vori_ray.tickets.planning import Evidence, Plan, plan
from vori_ray.tickets.reconcile import (
    AddRemark,
    ChangeCard,
    CreateCard,
    Effect,
    Effects,
    Suggest,
    WithdrawCard,
    reconcile,
)
from vori_ray.tickets.validation import validate
from vori_ray.tickets.writing import AUTOMATIC, TicketWriter, deleted_now, evidence_rows, row_id

WITHDRAWN = "WITHDRAWN"
RULES = "rules"


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What an extraction did: ids of tickets, counts of the rest, and why others did nothing."""

    created: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()
    suggested: int = 0
    remarks: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    covered_segments: int = 0
    total_segments: int = 0
    extractor: str = ""


def apply_extraction(uow: UnitOfWork, meeting: Meeting, reading: Reading, extraction: Extraction) -> ApplyReport:
    """Do what `extraction` says about `reading`. The meeting must be locked; events are sent last."""
    given = reading.given
    validated = validate(extraction, given, meeting_id=reading.meeting_id)
    planned = plan(validated.accepted, given.tickets, said_of=reading.said_of)
    _lock_concerned(uow, meeting, planned)
    tickets = uow.tickets.list_by_ids(meeting.group_id, [ticket.id for ticket in given.tickets])
    past_work = uow.tickets.history_of_meeting(meeting.group_id, reading.meeting_id)
    is_final = given.is_whole_meeting and _is_final(extraction, {entry.extractor for entry in past_work})
    effects = reconcile(
        planned,
        read_cards(uow, meeting, tickets={row_id(ticket.id): ticket for ticket in tickets}),
        read_past(uow, meeting, given=given),
        is_whole=given.is_whole_meeting,
        is_final=is_final,
    )
    carrier = Carrier(uow, meeting, extraction, {segment.id: segment for segment in given.segments})
    carrier.carry_out(effects)
    return carrier.report(effects, dropped=validated.dropped or {})


def _is_final(extraction: Extraction, earlier: Collection[str | None]) -> bool:
    """Whether this reading stands above the earlier ones: it left nothing out, and the rules overrule no model."""
    is_complete = extraction.covered_segments >= extraction.total_segments
    return is_complete and (extraction.extractor != RULES or set(earlier) <= {None, RULES})


def _lock_concerned(uow: UnitOfWork, meeting: Meeting, planned: Plan) -> None:
    """Keep people from editing, between reading and writing, the tickets that may be changed."""
    concerned = {change.ticket_id for change in planned.changes}
    concerned |= {update.ticket_id for update in planned.updates}
    concerned |= {entry.ticket_id for entry in uow.tickets.history_of_meeting(meeting.group_id, row_id(meeting.id))}
    for ticket_id in sorted(concerned):
        uow.tickets.lock(meeting.group_id, ticket_id)


def record_usage(uow: UnitOfWork, *, group_id: int, meeting_id: int, usage: Usage) -> None:
    """Keep what the extraction cost, if it asked a model at all."""
    if usage.model:
        uow.usage.add(
            LlmUsage(
                group_id=group_id,
                meeting_id=meeting_id,
                model=usage.model,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cache_read_tokens=usage.cache_read_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                cost_usd=usage.cost_usd,
            )
        )


def assignee_columns(uow: UnitOfWork, group_id: int, name: str | None) -> dict[str, Any]:
    """The columns of an owner's name: a member's id and full name where it can only be that member."""
    people = {row_id(user.id): user.name for _, user in uow.groups.members(group_id)}
    person_id = find_person(name, people)
    return {"assignee_id": person_id, "assignee": people[person_id] if person_id is not None else name}


class Carrier:
    """Carries effects out and remembers what it did."""

    def __init__(
        self, uow: UnitOfWork, meeting: Meeting, extraction: Extraction, segments: Mapping[int, SpokenSegment]
    ) -> None:
        self._uow = uow
        self._meeting = meeting
        self._extraction = extraction
        self._segments = segments
        self._writer = TicketWriter(
            uow,
            meeting.group_id,
            actor=AUTOMATIC,
            meeting_id=meeting.id,
            extractor=extraction.extractor,
            model=extraction.usage.model,
        )
        self._created: list[int] = []
        self._changed: list[int] = []
        self._withdrawn: list[int] = []
        self._counts = {"suggested": 0, "remarks": 0}

    def carry_out(self, effects: Effects) -> None:
        """Do all effects, then send the events."""
        for effect in effects.effects:
            self._carry(effect)
        for suggestion_id in effects.settled_suggestions:
            self._uow.suggestions.decide(self._meeting.group_id, suggestion_id, state=WITHDRAWN, decided_by=AUTOMATIC)
        for remark_id in effects.dropped_remarks:
            self._uow.remarks.remove(self._meeting.group_id, remark_id)
        self._writer.finish()

    def report(self, effects: Effects, *, dropped: Mapping[str, int]) -> ApplyReport:
        """What was done."""
        return ApplyReport(
            created=tuple(self._created),
            changed=tuple(dict.fromkeys(self._changed)),
            withdrawn=tuple(self._withdrawn),
            suggested=self._counts["suggested"],
            remarks=self._counts["remarks"],
            dropped=dict(dropped),
            skipped=dict(effects.skipped),
            covered_segments=self._extraction.covered_segments,
            total_segments=self._extraction.total_segments,
            extractor=self._extraction.extractor,
        )

    def _carry(self, effect: Effect) -> None:
        match effect:
            case CreateCard():
                self._create(effect)
            case ChangeCard():
                self._change(effect)
            case WithdrawCard():
                self._withdraw(effect.ticket_id)
            case Suggest():
                self._suggest(effect)
            case AddRemark():
                self._remark(effect)

    def _evidence(self, evidence: Evidence | None) -> list[dict[str, Any]]:
        meeting_id = row_id(self._meeting.id)
        return evidence_rows(evidence, self._segments, meeting_id=meeting_id) if evidence else []

    def _create(self, effect: CreateCard) -> None:
        planned = effect.planned
        evidence = self._evidence(planned.evidence)
        ticket = Ticket(
            group_id=self._meeting.group_id,
            meeting_id=self._meeting.id,
            title=planned.title,
            content=planned.content,
            status=planned.status,
            priority=planned.priority,
            due_date=planned.due,
            evidence=evidence,
            source="speech",
            **assignee_columns(self._uow, self._meeting.group_id, planned.assignee),
        )
        created = self._writer.create(ticket, evidence=evidence, key=planned.key, reason=planned.evidence.quote)
        self._created.append(row_id(created.id))

    def _change(self, effect: ChangeCard) -> None:
        ticket = self._uow.tickets.lock(self._meeting.group_id, effect.ticket_id)
        values = {name: new for name, (_, new) in effect.changes.items() if name != "deleted"}
        if "deleted" in effect.changes:
            values["deleted_at"] = None
        if "assignee" in values:
            values |= assignee_columns(self._uow, self._meeting.group_id, values["assignee"])
        evidence = self._evidence(effect.evidence) or self._evidence_of_last_change(effect.ticket_id)
        if ticket.meeting_id == self._meeting.id and effect.evidence:
            values["evidence"] = _joined(ticket.evidence, evidence)
        reason = effect.reason or (effect.evidence.quote if effect.evidence else _NOT_IN_MEETING)
        self._writer.change(ticket, values, action=effect.action, evidence=evidence, key=effect.key, reason=reason)
        self._changed.append(effect.ticket_id)

    def _evidence_of_last_change(self, ticket_id: int) -> list[dict[str, Any]]:
        """A change that is taken back shows the words that had made it."""
        history = self._uow.tickets.history(self._meeting.group_id, ticket_id)
        said = [entry.evidence for entry in history if entry.meeting_id == self._meeting.id and entry.evidence]
        return list(said[-1]) if said else []

    def _withdraw(self, ticket_id: int) -> None:
        ticket = self._uow.tickets.lock(self._meeting.group_id, ticket_id)
        self._writer.change(ticket, deleted_now(), action="withdrawn", evidence=ticket.evidence, reason=_NOT_IN_MEETING)
        self._withdrawn.append(ticket_id)

    def _suggest(self, effect: Suggest) -> None:
        row = Suggestion(
            group_id=self._meeting.group_id,
            meeting_id=row_id(self._meeting.id),
            ticket_id=effect.ticket_id,
            operation=effect.operation,
            evidence=self._evidence(effect.evidence),
            operation_key=effect.key,
            extractor=self._extraction.extractor,
            model=self._extraction.usage.model or None,
        )
        self._counts["suggested"] += self._uow.suggestions.add(row) is not None

    def _remark(self, effect: AddRemark) -> None:
        planned = effect.planned
        evidence = self._evidence(planned.evidence)
        row = Remark(
            group_id=self._meeting.group_id,
            meeting_id=row_id(self._meeting.id),
            kind=planned.kind,
            text=planned.text,
            owner=evidence[0]["speaker"] if evidence else None,
            ticket_id=planned.ticket_id,
            evidence=evidence,
            operation_key=planned.key,
        )
        self._counts["remarks"] += self._uow.remarks.add(row) is not None


_NOT_IN_MEETING = "the whole meeting does not hold this after all"


def _joined(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Evidence of both, each segment once, the newer reading of it, in the order of time."""
    by_segment = {each["segment_id"]: each for each in [*old, *new]}
    return sorted(by_segment.values(), key=lambda each: (each["start_s"], each["segment_id"]))


def lock_meeting(uow: UnitOfWork, meeting_id: int) -> Meeting:
    """The meeting of whatever group, kept from change by others. Raises NotFoundError."""
    meeting = uow.meetings.find_in(None, meeting_id)
    if meeting is None:
        raise NotFoundError(f"There is no meeting {meeting_id}.")
    return uow.meetings.lock(meeting.group_id, meeting_id)
