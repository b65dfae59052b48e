"""A meeting as it is heard: turns of clauses, who spoke them, and the board that they may speak of.

Pure. Holds what every listener looks at. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from vori_ray.tickets.about import About
from vori_ray.tickets.extraction import ExtractionInput, Status
from vori_ray.tickets.korean.board import Board
from vori_ray.tickets.korean.said import Said, read
from vori_ray.tickets.korean.stems import telling


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
    def about(self) -> About:
        """How much each turn is about each ticket."""
        tickets, texts = self.board.tickets, [turn[0].clause.source if turn else "" for turn in self.turns]
        shares = [
            {ticket: self.board.coverage(self._stems[i], ticket, text=text) for ticket in tickets}
            for i, text in enumerate(texts)
        ]
        return About(shares, {ticket: each.assignee for ticket, each in tickets.items()}, self.speakers)


def listen(given: ExtractionInput) -> Talk:
    """Read the segments of a meeting, or of a window of it."""
    return Talk(
        turns=read(given),
        speakers=[segment.speaker for segment in given.segments],
        segment_ids=[segment.id for segment in given.segments],
        board=Board(given.tickets),
        is_whole=given.is_whole_meeting,
    )
