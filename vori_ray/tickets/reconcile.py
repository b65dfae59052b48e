"""What a plan does to the board as it stands now: the effects that the service carries out.

Pure. A live pass adds to the board. The pass over the whole meeting is the truth about the meeting: what was made live
and is no longer in it (taken back, said twice) is withdrawn, what the live passes got half right is corrected. A
person's word stands above both: edited fields keep their value, what a person undid, deleted or rejected stays away.
Knows nothing of rows, history or events.

    planned ticket   a card made from this meeting?  -> change that card (or nothing, if a person threw it away)
                     unsure                          -> suggestion        else -> new card
    planned change   undone or rejected before       -> nothing
                     a person moved it since         -> nothing, or a suggestion if it was said after that
                     unsure                          -> suggestion        else -> change
    whole meeting    live card / change / suggestion / remark that the plan lacks -> withdrawn
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from vori_ray.tickets.extraction import Status
from vori_ray.tickets.matching import Words, likeness, plain_words
from vori_ray.tickets.planning import (
    SAME_WORK,
    Evidence,
    Plan,
    PlannedChange,
    PlannedRemark,
    PlannedTicket,
    PlannedUpdate,
)
from vori_ray.tickets.sameness import sameness
from vori_ray.tickets.transitions import is_legal

_SHARED_EVIDENCE = 0.5 * SAME_WORK
Changes = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Card:
    """A ticket as it stands. `base_status` is its status without what this meeting's automatic changes did to it.

    `made_here`: an automatic operation of this meeting created it. `is_touched`: a person has changed or deleted it.
    `said_in` are its evidence's segments of this meeting. `moved_by_hand_s` is when a person last set its status, in
    seconds since this meeting's start.
    """

    id: int
    title: str
    status: Status
    base_status: Status
    assignee: str | None = None
    due: date | None = None
    priority: str | None = None
    content: str = ""
    edited_fields: frozenset[str] = frozenset()
    is_deleted: bool = False
    made_here: bool = False
    is_touched: bool = False
    said_in: frozenset[int] = frozenset()
    moved_by_hand_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a person undid or rejected: a status of a ticket, or (`ticket_id` None) a new ticket of that title."""

    ticket_id: int | None
    title: str
    status: str | None
    said_in: frozenset[int]


@dataclass(frozen=True, slots=True)
class Noted:
    """A suggestion or remark of this meeting that is there already."""

    id: int
    key: str
    kind: str
    text: str
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier passes and people have done: `keys` of all that has acted, segments that were `read_before`."""

    keys: Collection[str] = ()
    refusals: Sequence[Refusal] = ()
    pending: Sequence[Noted] = ()
    remarks: Sequence[Noted] = ()
    end_s: Mapping[int, float] = field(default_factory=dict)
    read_before: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class CreateCard:
    """Put a new ticket on the board."""

    planned: PlannedTicket


@dataclass(frozen=True, slots=True)
class ChangeCard:
    """Change fields of a ticket: name -> (old, new)."""

    ticket_id: int
    changes: Changes
    action: str
    evidence: Evidence | None = None
    key: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawCard:
    """Take a ticket off the board that the meeting does not hold after all."""

    ticket_id: int


@dataclass(frozen=True, slots=True)
class Suggest:
    """Ask a person."""

    key: str
    operation: dict[str, Any]
    evidence: Evidence
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True)
class AddRemark:
    """Keep a blocker, decision or question."""

    planned: PlannedRemark


Effect = CreateCard | ChangeCard | WithdrawCard | Suggest | AddRemark


@dataclass(slots=True)
class Effects:
    """What is to be done, in order, and what was left alone: reason -> count."""

    effects: list[Effect] = field(default_factory=list)
    settled_suggestions: list[int] = field(default_factory=list)
    dropped_remarks: list[int] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Board:
    """The working state of one reconciliation."""

    cards: dict[int, Card]
    past: Past
    words: Words
    out: Effects = field(default_factory=Effects)
    suggested: set[str] = field(default_factory=set)


def reconcile(
    plan: Plan,
    cards: Sequence[Card],
    past: Past,
    *,
    is_whole: bool,
    is_final: bool,
    words: Words = plain_words,
) -> Effects:
    """Effects of `plan` on `cards`.

    `is_final`: all of the meeting was read, and as well as the live passes read it, so that its wording replaces theirs
    and absence means something.
    """
    board = _Board({card.id: card for card in cards}, past, words)
    matches = _matches(board, plan.tickets, is_whole=is_whole)
    for planned in plan.tickets:
        _ticket(board, planned, matches.get(planned.key), is_final=is_final)
    for change in plan.changes:
        _change(board, change, is_final=is_final)
    for update in plan.updates:
        _update(board, update)
    kept = _remarks(board, plan.remarks)
    if is_final:
        _withdraw(board, plan, matched={card.id for card in matches.values()}, kept_remarks=kept)
    return board.out


def _matches(board: _Board, planned: Sequence[PlannedTicket], *, is_whole: bool) -> dict[str, Card]:
    """Which card of this meeting a planned ticket is: best pairs first, then (where the same sentence is worded anew:
    over the whole meeting, and of what was read before) those that alone share their evidence."""
    mine = [card for card in board.cards.values() if card.made_here]
    scored = sorted(
        ((_likeness(board, ticket, card), -card.id, ticket, card) for ticket in planned for card in mine),
        key=lambda row: row[:2],
        reverse=True,
    )
    found: dict[str, Card] = {}
    for score, _, ticket, card in scored:
        if score >= SAME_WORK and ticket.key not in found and card.id not in {each.id for each in found.values()}:
            found[ticket.key] = card
    loose = [card for card in mine if card not in found.values()]
    for ticket in planned:
        ids = set(ticket.evidence.segment_ids)
        partners = [card for card in loose if card.said_in & ids and (is_whole or ids <= set(board.past.read_before))]
        if ticket.key not in found and len(partners) == 1:
            found[ticket.key] = partners[0]
            loose.remove(partners[0])
    return found


def _likeness(board: _Board, planned: PlannedTicket, card: Card) -> float:
    shared = bool(card.said_in & set(planned.evidence.segment_ids))
    return sameness(planned.title, card.title, words=board.words) + (_SHARED_EVIDENCE if shared else 0.0)


def _ticket(board: _Board, planned: PlannedTicket, card: Card | None, *, is_final: bool) -> None:
    if card is not None:
        _renew(board, planned, card, is_final=is_final)
    elif planned.key in board.past.keys:
        board.out.skipped["repeated"] += 1
    elif _is_refused_ticket(board, planned):
        board.out.skipped["refused"] += 1
    elif planned.is_applied:
        board.out.effects.append(CreateCard(planned))
    else:
        _suggest(board, planned.key, ticket_operation(planned), planned.evidence)


def _is_refused_ticket(board: _Board, planned: PlannedTicket) -> bool:
    ids = set(planned.evidence.segment_ids)
    return any(
        refusal.ticket_id is None
        and refusal.said_in & ids
        and sameness(refusal.title, planned.title, words=board.words) + _SHARED_EVIDENCE >= SAME_WORK
        for refusal in board.past.refusals
    )


def _renew(board: _Board, planned: PlannedTicket, card: Card, *, is_final: bool) -> None:
    """The same work once more: the later reading wins, except over a person."""
    if card.is_deleted and card.is_touched:
        board.out.skipped["refused"] += 1
        return
    changes: Changes = {"deleted": (True, False)} if card.is_deleted else {}
    new = {"assignee": planned.assignee, "due_date": planned.due, "priority": planned.priority}
    old = {"assignee": card.assignee, "due_date": card.due, "priority": card.priority}
    if is_final:
        new |= {"title": planned.title, "content": planned.content}
        old |= {"title": card.title, "content": card.content}
    changes |= {
        name: (old[name], value)
        for name, value in new.items()
        if value and value != old[name] and name not in card.edited_fields and (is_final or not old[name])
    }
    is_free = card.moved_by_hand_s is None and planned.status != card.status
    if is_free and (is_final or is_legal(card.status, planned.status)):
        changes["status"] = (card.status, planned.status)
    if changes:
        action = "corrected" if is_final else "changed"
        board.out.effects.append(ChangeCard(card.id, changes, action, planned.evidence))
    else:
        board.out.skipped["repeated"] += 1


def _change(board: _Board, change: PlannedChange, *, is_final: bool) -> None:
    card = board.cards.get(change.ticket_id)
    if card is None or card.is_deleted:
        board.out.skipped["ticket_gone"] += 1
    elif card.status == change.new:
        board.out.skipped["no_change"] += 1
    elif _is_refused_change(board, change):
        board.out.skipped["refused"] += 1
    elif is_final and card.status != card.base_status:
        _correct(board, card, change)
    elif change.key in board.past.keys:
        board.out.skipped["repeated"] += 1
    else:
        _apply_change(board, card, change)


def _is_refused_change(board: _Board, change: PlannedChange) -> bool:
    ids = set(change.evidence.segment_ids)
    return any(
        refusal.ticket_id == change.ticket_id and refusal.status == change.new and refusal.said_in & ids
        for refusal in board.past.refusals
    )


def _correct(board: _Board, card: Card, change: PlannedChange) -> None:
    """A live pass moved the ticket elsewhere than the whole meeting does."""
    if change.is_applied:
        changes: Changes = {"status": (card.status, change.new)}
        board.out.effects.append(ChangeCard(card.id, changes, "corrected", change.evidence))


def _apply_change(board: _Board, card: Card, change: PlannedChange) -> None:
    said_s = max((board.past.end_s.get(i, 0.0) for i in change.evidence.segment_ids), default=0.0)
    by_hand_s = card.moved_by_hand_s
    if by_hand_s is not None and by_hand_s >= said_s:
        board.out.skipped["edited_by_hand"] += 1
    elif not is_legal(card.status, change.new, is_reopen=change.is_reopen):
        board.out.skipped["illegal_transition"] += 1
    elif not change.is_applied or (by_hand_s is not None and by_hand_s >= 0):
        operation = {"op": "status", "old_status": card.status, "status": change.new, "is_reopen": change.is_reopen}
        _suggest(board, change.key, operation, change.evidence, ticket_id=card.id)
    else:
        changes: Changes = {"status": (card.status, change.new)}
        action = "reopened" if change.is_reopen else "changed"
        _emit(board, ChangeCard(card.id, changes, action, change.evidence, change.key))


def _update(board: _Board, update: PlannedUpdate) -> None:
    """Fill what a ticket lacks; never over what is there."""
    card = board.cards.get(update.ticket_id)
    if card is None or card.is_deleted or update.key in board.past.keys:
        board.out.skipped["ticket_gone" if card is None or card.is_deleted else "repeated"] += 1
        return
    new = {"assignee": update.assignee, "due_date": update.due, "priority": update.priority, "content": update.content}
    old = {"assignee": card.assignee, "due_date": card.due, "priority": card.priority, "content": card.content}
    changes: Changes = {
        name: (old[name], value)
        for name, value in new.items()
        if value and not old[name] and name not in card.edited_fields
    }
    if changes:
        _emit(board, ChangeCard(card.id, changes, "changed", update.evidence, update.key))
    else:
        board.out.skipped["no_change"] += 1


def _emit(board: _Board, effect: ChangeCard) -> None:
    """What one operation does to one ticket is one effect: its key acts once."""
    for position, other in enumerate(board.out.effects):
        if isinstance(other, ChangeCard) and (other.key, other.ticket_id) == (effect.key, effect.ticket_id):
            board.out.effects[position] = replace(other, changes=other.changes | effect.changes)
            return
    board.out.effects.append(effect)


def _suggest(
    board: _Board, key: str, operation: dict[str, Any], evidence: Evidence, *, ticket_id: int | None = None
) -> None:
    board.suggested.add(key)
    if key in board.past.keys or any(noted.key == key for noted in board.past.pending):
        board.out.skipped["repeated"] += 1
    else:
        board.out.effects.append(Suggest(key, operation, evidence, ticket_id))


def ticket_operation(planned: PlannedTicket) -> dict[str, Any]:
    """A new ticket as a suggestion keeps it."""
    return {
        "op": "create",
        "title": planned.title,
        "content": planned.content,
        "status": planned.status,
        "assignee": planned.assignee,
        "due_date": planned.due.isoformat() if planned.due else None,
        "priority": planned.priority,
    }


def _remarks(board: _Board, planned: Sequence[PlannedRemark]) -> set[int]:
    """Add what is new; returns the remarks of earlier passes that were said again."""
    kept: set[int] = set()
    for remark in planned:
        same = [
            noted.id
            for noted in board.past.remarks
            if noted.kind == remark.kind
            and (noted.key == remark.key or likeness(noted.text, remark.text, words=board.words) >= SAME_WORK)
        ]
        if same:
            kept.update(same[:1])
        elif remark.key not in board.past.keys:
            board.out.effects.append(AddRemark(remark))
    return kept


def _withdraw(board: _Board, plan: Plan, *, matched: set[int], kept_remarks: set[int]) -> None:
    """What live passes saw and the whole meeting does not hold."""
    planned = {change.ticket_id for change in plan.changes if change.is_applied}
    for card in board.cards.values():
        if card.is_deleted or card.id in matched:
            continue
        if card.made_here:
            board.out.effects += [] if card.is_touched else [WithdrawCard(card.id)]
        elif card.status != card.base_status and card.id not in planned:
            changes: Changes = {"status": (card.status, card.base_status)}
            board.out.effects.append(ChangeCard(card.id, changes, "withdrawn"))
    board.out.settled_suggestions += [noted.id for noted in board.past.pending if noted.key not in board.suggested]
    board.out.dropped_remarks += [noted.id for noted in board.past.remarks if noted.id not in kept_remarks]
