"""The productivity score of a meeting: one definition, in one place, and its parts are always shown.

    score = weighted mean, in 0..1, of
        actionable_tickets   0.35  share of the meeting's tickets with an owner or a due date, or already started
        due_items_closed     0.30  share of earlier tickets, due in the two weeks before the meeting, that were done
        owned_blockers       0.15  share of the blockers raised that somebody owns
        decisions            0.20  decisions made, one per ten minutes being full marks

Parts with nothing to measure drop out, and the weights of the others are scaled to sum to one. With fewer than five
items (tickets, due items, blockers and decisions together) there is no score: "insufficient data". It speaks of
meetings, never of people. PURE: knows nothing of databases or streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MIN_ITEMS = 5
MINUTES_PER_DECISION = 10.0
WEIGHTS = {"actionable_tickets": 0.35, "due_items_closed": 0.30, "owned_blockers": 0.15, "decisions": 0.20}


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """What a meeting's score is made of: counts, and its length."""

    tickets: int = 0
    actionable_tickets: int = 0
    due_items: int = 0
    due_items_closed: int = 0
    blockers: int = 0
    owned_blockers: int = 0
    decisions: int = 0
    duration_min: float = 0.0

    @property
    def items(self) -> int:
        """How many things the score rests on."""
        return self.tickets + self.due_items + self.blockers + self.decisions


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: `value` = `have` / `of`, at most 1, with its weight after scaling."""

    name: str
    value: float
    weight: float
    have: float
    of: float


@dataclass(frozen=True, slots=True)
class Score:
    """A score in 0..1, or None when there is too little to go by, and what it was made of."""

    value: float | None
    parts: tuple[Part, ...]
    items: int


def score_meeting(facts: MeetingFacts) -> Score:
    """Score a meeting. The parts are there even when the value is not."""
    measured = list(_measured(facts))
    total = sum(WEIGHTS[name] for name, _, _ in measured)
    parts = tuple(
        Part(name, value=min(1.0, have / of), weight=WEIGHTS[name] / total, have=have, of=of)
        for name, have, of in measured
    )
    is_enough = facts.items >= MIN_ITEMS and parts
    value = sum(part.value * part.weight for part in parts) if is_enough else None
    return Score(value, parts, facts.items)


def _measured(facts: MeetingFacts) -> Iterator[tuple[str, float, float]]:
    """Name, numerator and denominator of each part that has something to measure."""
    if facts.tickets:
        yield "actionable_tickets", facts.actionable_tickets, facts.tickets
    if facts.due_items:
        yield "due_items_closed", facts.due_items_closed, facts.due_items
    if facts.blockers:
        yield "owned_blockers", facts.owned_blockers, facts.blockers
    if facts.duration_min > 0 or facts.decisions:
        yield "decisions", facts.decisions, max(1.0, facts.duration_min / MINUTES_PER_DECISION)
