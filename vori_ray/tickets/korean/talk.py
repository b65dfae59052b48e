"""A meeting as it is heard: turns of clauses, who spoke them, and the board that they may speak of.

Pure. Holds what every listener looks at. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from vori_ray.tickets.extraction import ExtractionInput, Status
from vori_ray.tickets.korean.board import Board
from vori_ray.tickets.korean.said import Said, read
from vori_ray.tickets.korean.stems import telling

BACK = ((0, 1.0), (1, 0.85), (2, 0.7), (3, 0.5))  # turns ago, and how much of what was named then is still meant
OWN = 0.2  # the ticket's assignee speaks
ANSWERED = 0.12  # the ticket's assignee has just spoken


@dataclass(frozen=True)
class Talk:
    """`turns[i]` are the clauses of the i-th segment, which `speakers[i]` spoke."""

    turns: Sequence[Sequence[Said]]
    speakers: Sequence[str | None]
    segment_ids: Sequence[int]
    board: Board
    is_whole: bool = True

    @cached_property
    def statuses(self) -> dict[int, Status]:
        """The status of each ticket of the board."""
        return {ticket: each.status for ticket, each in self.board.tickets.items()}

    def stems(self, turn: int) -> tuple[str, ...]:
        """The telling words of a turn, in order."""
        return self._stems[turn]

    def coverage(self, turn: int, ticket: int) -> float:
        """Share (0..1) of a ticket's title that a turn names."""
        return self._coverage[turn][ticket]

    def meant(self, turn: int, ticket: int) -> float:
        """How much a turn is about a ticket: by its words, those of the turns before, and whose ticket it is."""
        named = max(keep * self.coverage(turn - ago, ticket) for ago, keep in BACK if turn >= ago)
        assignee = self.board.tickets[ticket].assignee
        if assignee is None:
            return named
        if assignee == self.speakers[turn]:
            return named + OWN
        return named + (ANSWERED if turn and assignee == self.speakers[turn - 1] else 0.0)

    def lead(self, turn: int, ticket: int) -> float:
        """How much more a turn is about this ticket than about the next best."""
        others = [self._meant[turn][other] for other in self.board.tickets if other != ticket]
        return self._meant[turn][ticket] - max(others, default=0.0)

    def named(self, turn: int) -> tuple[float, int | None]:
        """The ticket that a turn names best, and how much of it."""
        found = self._coverage[turn]
        return max(((share, ticket) for ticket, share in found.items()), default=(0.0, None))

    def is_called(self, turn: int) -> bool:
        """Whether the turn before names who speaks now."""
        return turn > 0 and any(m.name == self.speakers[turn] for s in self.turns[turn - 1] for m in s.clause.mentions)

    @cached_property
    def _stems(self) -> list[tuple[str, ...]]:
        return [tuple(stem for said in turn for stem in said.stems) for turn in self.turns]

    @cached_property
    def telling(self) -> list[frozenset[str]]:
        """The words of each turn that tell which work is meant."""
        return [frozenset(telling(found)) for found in self._stems]

    @cached_property
    def _coverage(self) -> list[dict[int, float]]:
        texts = [turn[0].clause.source if turn else "" for turn in self.turns]
        return [
            {ticket: self.board.coverage(self._stems[i], ticket, text=text) for ticket in self.board.tickets}
            for i, text in enumerate(texts)
        ]

    @cached_property
    def _meant(self) -> list[dict[int, float]]:
        return [{ticket: self.meant(i, ticket) for ticket in self.board.tickets} for i in range(len(self.turns))]


def listen(given: ExtractionInput) -> Talk:
    """Read the segments of a meeting, or of a window of it."""
    return Talk(
        turns=read(given),
        speakers=[segment.speaker for segment in given.segments],
        segment_ids=[segment.id for segment in given.segments],
        board=Board(given.tickets),
        is_whole=given.is_whole_meeting,
    )
