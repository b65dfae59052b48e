"""How much each turn of a meeting is about each ticket of the board, in any language.

Pure. Made of how much of each title each turn names; every measure is computed once. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BACK = ((0, 1.0), (1, 0.85), (2, 0.7), (3, 0.5))  # turns ago, and how much of what was named then is still meant
OWN = 0.2  # the ticket's assignee speaks
ANSWERED = 0.12  # the ticket's assignee has just spoken
NAMED = 0.5  # share of a title that a turn has to say to name the ticket


class About:
    """`shares[turn][ticket]` is the share (0..1) of a ticket's title that a turn names."""

    def __init__(
        self,
        shares: Sequence[Mapping[int, float]],
        assignees: Mapping[int, str | None],
        speakers: Sequence[str | None],
    ) -> None:
        self._shares = shares
        self._assignees = assignees
        self._speakers = speakers
        self._meant = [{ticket: self._means(turn, ticket) for ticket in assignees} for turn in range(len(shares))]
        said = {ticket: [share[ticket] for share in shares] for ticket in assignees}
        self._most = {ticket: max(found, default=0.0) for ticket, found in said.items()}
        self._often = {ticket: sum(share >= NAMED for share in found) for ticket, found in said.items()}

    def named(self, turn: int, ticket: int) -> float:
        """Share (0..1) of a ticket's title that a turn names."""
        return self._shares[turn][ticket]

    def named_best(self, turn: int) -> tuple[float, int | None]:
        """How much of a title a turn names at most, and whose."""
        return max(((share, ticket) for ticket, share in self._shares[turn].items()), default=(0.0, None))

    def named_at_most(self, ticket: int) -> float:
        """Share (0..1) of a ticket's title that the turn which says most of it names."""
        return self._most[ticket]

    def times_named(self, ticket: int) -> int:
        """How many turns name a ticket."""
        return self._often[ticket]

    def meant(self, turn: int, ticket: int) -> float:
        """How much a turn is about a ticket: by its words, those of the turns before, and whose ticket it is."""
        return self._meant[turn][ticket]

    def lead(self, turn: int, ticket: int) -> float:
        """How much more a turn is about this ticket than about the next best."""
        others = (meant for other, meant in self._meant[turn].items() if other != ticket)
        return self._meant[turn][ticket] - max(others, default=0.0)

    def named_alone(self, turn: int, ticket: int) -> float:
        """How much more of this ticket's title a turn names than of any other's."""
        shares = self._shares[turn]
        return shares[ticket] - max((share for other, share in shares.items() if other != ticket), default=0.0)

    def _means(self, turn: int, ticket: int) -> float:
        named = max(keep * self.named(turn - ago, ticket) for ago, keep in BACK if turn >= ago)
        assignee = self._assignees[ticket]
        if assignee is None:
            return named
        if assignee == self._speakers[turn]:
            return named + OWN
        return named + (ANSWERED if turn and assignee == self._speakers[turn - 1] else 0.0)
