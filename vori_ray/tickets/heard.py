"""What is heard in a talk, in any language: how likely each turn does what, and the remarks and new work in it.

Pure. The languages fill these in and the learned models weigh them; here is what they share. Knows no language and
nothing about the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from vori_ray.tickets.extraction import Operation, Status
from vori_ray.tickets.linear import Linear, probability

NEVER = -9.0  # log odds of what cannot be

Kind = Literal["blocker", "decision"]
KINDS: tuple[Kind, ...] = ("blocker", "decision")
SAME_TURNS: Mapping[Kind, int] = {"blocker": 3, "decision": 1}  # turns that go on about the same one


@dataclass(frozen=True, slots=True)
class Turns:
    """How likely (log odds) each turn does what: a list for each class, in the order of the talk."""

    odds: Mapping[str, Sequence[float]]

    def of(self, name: str, turn: int) -> float:
        """The log odds that a turn is of a class; very low before the first and behind the last turn."""
        found = self.odds[name]
        return found[turn] if 0 <= turn < len(found) else NEVER


def weighed(models: Mapping[str, Linear], found: Sequence[Mapping[str, float] | None]) -> Turns:
    """How likely each turn does what, by its features; None is a turn without words, which does nothing."""
    return Turns(
        {
            name: [NEVER if features is None else model.measured(features) for features in found]
            for name, model in models.items()
        }
    )


@dataclass(frozen=True, slots=True)
class Sureness:
    """How surely (0..1) something must be said to count. Chosen on meetings that the models had not seen.

    A status that is said as surely as `status` is applied; from `maybe` on it is suggested.
    """

    work: float
    status: float
    maybe: float
    blocker: float
    decision: float

    def of(self, kind: Kind) -> float:
        """How surely a remark must be said."""
        return self.blocker if kind == "blocker" else self.decision


@dataclass(frozen=True, slots=True)
class Remark:
    """A blocker or a decision: a text that can be read alone, and the words that were said."""

    kind: Kind
    text: str
    quote: str
    turn: int

    def operation(self, *, segment_id: int) -> Operation:
        """As an operation."""
        return Operation(op="create", kind=self.kind, title=self.text, segment_ids=(segment_id,), quote=self.quote)


def surest_turns(turns: Turns, kind: Kind, *, at_least: float) -> list[int]:
    """The turns that make a remark as surely as `at_least` (0..1); of turns that go on about one the surest."""
    found: list[tuple[float, int]] = []
    last = -SAME_TURNS[kind] - 1
    for turn, odds in enumerate(turns.odds[kind]):
        likely = probability(odds)
        if likely < at_least:
            continue
        if found and turn - last <= SAME_TURNS[kind]:
            found[-1] = max(found[-1], (likely, turn), key=lambda each: each[0])
        else:
            found.append((likely, turn))
        last = turn
    return [turn for _, turn in found]


@dataclass(frozen=True, slots=True)
class Title:
    """A title, and how like the right one it may be expected to be (0..1): words that fit badly make a poor one."""

    text: str
    likeness: float


@dataclass(slots=True)
class Work:
    """A piece of work that a turn takes on. `due_text` are the words of its date.

    `likely` (0..1) says how surely it is work that the title names: a title of words that fit badly tells of none.
    """

    turn: int
    is_own: bool
    likely: float
    title: str
    owner: str | None
    due_text: str | None = None
    status: Status = "TODO"
    last_turn: int = 0
    evidence: list[int] = field(default_factory=list)
    called: str = ""  # how people call it, where that is not its title

    def join(self, again: Work) -> None:
        """Take the same work in: the surer turn says what and whose it is, the last word counts for date and state."""
        if again.likely > self.likely:
            self.title, self.likely, self.turn = again.title, again.likely, again.turn
            self.owner, self.is_own = again.owner or self.owner, again.is_own
        else:
            self.owner = self.owner or again.owner
        self.due_text = again.due_text or self.due_text
        self.status = again.status if self.status == "TODO" else self.status
        self.last_turn = again.last_turn
        self.evidence += [turn for turn in again.evidence if turn not in self.evidence]

    def is_of_another(self, other: Work) -> bool:
        """Whether two people each take on work of their own."""
        return self.is_own and other.is_own and None not in (self.owner, other.owner) and self.owner != other.owner

    def operation(self, *, segment_ids: Sequence[int], quote: str) -> Operation:
        """As an operation; `segment_ids` are those of all turns of the talk."""
        return Operation(
            op="create",
            title=self.title,
            owner=self.owner,
            due_text=self.due_text,
            status=self.status,
            segment_ids=tuple(sorted(segment_ids[turn] for turn in self.evidence)),
            quote=quote,
        )


def until(turns: Iterable[int], stop: set[int]) -> Iterator[int]:
    """The turns before the first that is in `stop`."""
    for turn in turns:
        if turn in stop:
            return
        yield turn
