"""What the accepted operations of a meeting do to the board: new tickets, status changes, updates, remarks.

Pure: the same planner serves live meetings and the evaluation. Knows nothing about the database. It merges what was
said twice, turns a "new" task that resembles a ticket of the board into an update of that ticket, lets the last word
count, and says which changes are applied at once and which wait as suggestions for a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from vori_ray.tickets.extraction import OpenTicket, Status
from vori_ray.tickets.matching import Words, likeness, plain_words
from vori_ray.tickets.sameness import sameness
from vori_ray.tickets.transitions import is_legal
from vori_ray.tickets.validation import Accepted, target_status

APPLY_CERTAINTY = 0.5
SAME_WORK = 0.6

RemarkKind = Literal["blocker", "decision", "question"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where something was said: segments, and words that stand in them."""

    segment_ids: tuple[int, ...]
    quote: str


@dataclass(frozen=True, slots=True)
class PlannedTicket:
    """A ticket to create, or (`is_applied` false) to suggest."""

    key: str
    title: str
    status: Status
    assignee: str | None
    due: date | None
    evidence: Evidence
    content: str = ""
    priority: str | None = None
    certainty: float = 1.0
    is_applied: bool = True


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A status change of a ticket of the board, the net of all that was said of it."""

    key: str
    ticket_id: int
    old: Status
    new: Status
    evidence: Evidence
    is_reopen: bool = False
    certainty: float = 1.0
    is_applied: bool = True


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """What a meeting adds to a ticket of the board besides its status; only what the ticket lacks is to be filled."""

    key: str
    ticket_id: int
    assignee: str | None
    due: date | None
    evidence: Evidence
    priority: str | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class PlannedRemark:
    """A blocker, a decision or an open question, for the minutes."""

    key: str
    kind: RemarkKind
    text: str
    evidence: Evidence
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a meeting does to the board."""

    tickets: tuple[PlannedTicket, ...] = ()
    changes: tuple[PlannedChange, ...] = ()
    updates: tuple[PlannedUpdate, ...] = ()
    remarks: tuple[PlannedRemark, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A plan in the making."""

    board: dict[int, OpenTicket]
    said_of: Mapping[int, Collection[int]]
    words: Words
    tickets: list[PlannedTicket] = field(default_factory=list)
    changes: dict[int, PlannedChange] = field(default_factory=dict)
    updates: list[PlannedUpdate] = field(default_factory=list)
    remarks: list[PlannedRemark] = field(default_factory=list)


def plan(
    accepted: Sequence[Accepted],
    tickets: Sequence[OpenTicket],
    *,
    said_of: Mapping[int, Collection[int]] | None = None,
    words: Words = plain_words,
) -> Plan:
    """Plan what `accepted` does to a board of `tickets`.

    `said_of` maps a ticket to the segments that it was made from, where that is known: a task heard again in those
    segments (the pass over the whole meeting) is that ticket, whatever its title has become.
    """
    draft = _Draft({ticket.id: ticket for ticket in tickets}, said_of or {}, words)
    for item in accepted:
        if item.operation.kind != "task":
            _add_remark(draft, item)
        elif item.operation.op == "create" and item.operation.ticket_ref is None:
            _add_ticket(draft, item)
        elif item.operation.ticket_ref is not None:
            _add_change(draft, item, item.operation.ticket_ref)
    changes = tuple(change for change in draft.changes.values() if change.old != change.new)
    return Plan(tuple(draft.tickets), changes, tuple(draft.updates), tuple(draft.remarks))


def _evidence(item: Accepted) -> Evidence:
    return Evidence(item.operation.segment_ids, item.operation.quote)


def _is_applied(item: Accepted) -> bool:
    return item.operation.is_explicit and item.operation.certainty >= APPLY_CERTAINTY


def _add_remark(draft: _Draft, item: Accepted) -> None:
    operation = item.operation
    if operation.kind == "task":
        return
    text = (operation.title or operation.content or operation.quote).strip()
    known = (remark for remark in draft.remarks if remark.kind == operation.kind)
    if not any(likeness(text, remark.text, words=draft.words) >= SAME_WORK for remark in known):
        draft.remarks.append(PlannedRemark(item.key, operation.kind, text, _evidence(item), operation.ticket_ref))


def _add_ticket(draft: _Draft, item: Accepted) -> None:
    """Create, unless the work is on the board or was planned a moment ago."""
    operation = item.operation
    known = _ticket_on_board(draft, item)
    if known is not None:
        _add_update(draft, item, known)
        return
    planned = PlannedTicket(
        item.key,
        operation.title,
        operation.status or "TODO",
        operation.owner,
        operation.due_date,
        _evidence(item),
        operation.content,
        operation.priority,
        operation.certainty,
        _is_applied(item),
    )
    for position, earlier in enumerate(draft.tickets):
        if sameness(earlier.title, planned.title, words=draft.words) >= SAME_WORK:
            draft.tickets[position] = _merged(earlier, planned)
            return
    draft.tickets.append(planned)


def _merged(earlier: PlannedTicket, later: PlannedTicket) -> PlannedTicket:
    """One ticket of the same work said twice: the first title, the last word on everything else."""
    order: dict[Status, int] = {"TODO": 0, "IN_PROGRESS": 1, "DONE": 2}
    ids = tuple(dict.fromkeys(earlier.evidence.segment_ids + later.evidence.segment_ids))
    return replace(
        earlier,
        status=max(earlier.status, later.status, key=lambda status: order[status]),
        assignee=later.assignee or earlier.assignee,
        due=later.due or earlier.due,
        evidence=Evidence(ids, earlier.evidence.quote),
        priority=later.priority or earlier.priority,
        certainty=max(earlier.certainty, later.certainty),
        is_applied=earlier.is_applied or later.is_applied,
    )


def _ticket_on_board(draft: _Draft, item: Accepted) -> int | None:
    """The ticket that a task said anew already is: made from the same words, or titled alike."""
    ids = set(item.operation.segment_ids)
    best: tuple[float, int] | None = None
    for ticket in draft.board.values():
        score = sameness(ticket.title, item.operation.title, words=draft.words)
        if ids & set(draft.said_of.get(ticket.id, ())):
            score += 0.5 * SAME_WORK
        if score >= SAME_WORK and (best is None or score > best[0]):
            best = (score, ticket.id)
    return best[1] if best else None


def _add_update(draft: _Draft, item: Accepted, ticket_id: int) -> None:
    """Fill what the ticket lacks; move it on where it was made from these very words and has gone on since."""
    operation = item.operation
    if operation.owner or operation.due_date or operation.priority:
        draft.updates.append(
            PlannedUpdate(
                item.key,
                ticket_id,
                operation.owner,
                operation.due_date,
                _evidence(item),
                operation.priority,
                operation.content,
            )
        )
    if set(operation.segment_ids) & set(draft.said_of.get(ticket_id, ())):
        _add_change(draft, item, ticket_id)


def _add_change(draft: _Draft, item: Accepted, ticket_id: int) -> None:
    """The net change of a ticket: from what the board says to the last thing that was said."""
    new = target_status(item.operation)
    old = draft.board[ticket_id].status
    earlier = draft.changes.get(ticket_id)
    is_reopen = item.operation.op == "reopen"
    if new is None or not is_legal(earlier.new if earlier else old, new, is_reopen=is_reopen):
        return
    if old == "DONE" and new == "DONE":
        del draft.changes[ticket_id]
        return
    draft.changes[ticket_id] = PlannedChange(
        item.key,
        ticket_id,
        old,
        new,
        _evidence(item),
        is_reopen and old == "DONE",
        item.operation.certainty,
        _is_applied(item) and (earlier is None or earlier.is_applied),
    )
