"""A meeting as it is heard: turns of clauses, who spoke them, and the board that they may speak of.

Pure. Holds what every listener looks at. Decides nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from vori_ray.tickets.about import About
from vori_ray.tickets.english.board import Board
from vori_ray.tickets.english.encoder import OWN, Encoders
from vori_ray.tickets.english.people import People
from vori_ray.tickets.english.sentences import Clause, split
from vori_ray.tickets.english.wording import telling
from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, Status
from vori_ray.tickets.stems import english_words

# "after the storage shelves" says when, and is no word about the shelves
WHEN = re.compile(
    r"\b(?:after|before|until|till|(?<!for )once) (?:the|my|our|your|this|that|these|those|all)"
    r"(?: (?!(?:i|we|they|he|she|you|it|is|are|was|were|gets?|has|have|so|and|but)\b)[\w'-]+){1,4}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Talk:
    """`turns[i]` are the clauses of the i-th segment, which `speakers[i]` spoke; a segment without words is empty."""

    turns: Sequence[Sequence[Clause]]
    speakers: Sequence[str | None]
    segment_ids: Sequence[int]
    people: People
    board: Board
    tickets: Mapping[int, OpenTicket]
    today: date
    is_whole: bool = True
    encoders: Encoders = OWN

    @cached_property
    def statuses(self) -> dict[int, Status]:
        """The status of each ticket of the board."""
        return {ticket: each.status for ticket, each in self.tickets.items()}

    def near(self, turn: int, *, before: int, after: int) -> range:
        """The turns around one, itself among them."""
        return range(max(0, turn - before), min(len(self.turns), turn + after + 1))

    def called(self, turn: int) -> set[str]:
        """Those whom a turn speaks to by name."""
        return {name for clause in self.turns[turn] if (name := self.people.addressed(clause))}

    def is_called(self, turn: int) -> bool:
        """Whether the turn before speaks to who speaks now."""
        return turn > 0 and self.speakers[turn] in self.called(turn - 1)

    @cached_property
    def telling(self) -> list[frozenset[str]]:
        """The words of each turn that tell which work is meant."""
        return [frozenset(word for clause in turn for word in telling(clause.text)) for turn in self.turns]

    @cached_property
    def stems(self) -> list[frozenset[str]]:
        """The stems of each turn."""
        return [frozenset(word for clause in turn for word in english_words(clause.text)) for turn in self.turns]

    @cached_property
    def turns_with(self) -> Counter[str]:
        """In how many turns each stem is said."""
        return Counter(word for words in self.stems for word in words)

    @cached_property
    def about(self) -> About:
        """How much each turn is about each ticket."""
        texts = [WHEN.sub(" ", " ".join(clause.text for clause in turn)) for turn in self.turns]
        shares = [{ticket: self.board.coverage(text, ticket)[0] for ticket in self.tickets} for text in texts]
        return About(shares, {ticket: each.assignee for ticket, each in self.tickets.items()}, self.speakers)


def listen(given: ExtractionInput, encoders: Encoders = OWN) -> Talk:
    """Read the segments of a meeting, or of a window of it."""
    clauses = split(given.segments)
    turns: list[list[Clause]] = [[] for _ in given.segments]
    for clause in clauses:
        turns[clause.turn].append(clause)
    speakers = [segment.speaker for segment in given.segments]
    return Talk(
        turns=turns,
        speakers=speakers,
        segment_ids=[segment.id for segment in given.segments],
        people=People([*given.roster, *(speaker for speaker in speakers if speaker)]),
        board=Board(given.tickets, clauses),
        tickets={ticket.id: ticket for ticket in given.tickets},
        today=given.meeting_date,
        is_whole=given.is_whole_meeting,
        encoders=encoders,
    )
