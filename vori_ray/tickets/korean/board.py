"""The tickets that are on the board already, as speech refers to them.

Pure. A ticket is told by the words of its title, in other forms, misheard, or in part. Knows nothing about what is
said of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from vori_ray.tickets.extraction import OpenTicket
from vori_ray.tickets.korean.stems import alike, nearness, stems, telling, weight

SAME_WORK = 0.6
EXTRA_WORD = 0.12  # what a telling word that the ticket has not takes from its likeness
PARTLY = 0.6  # how much a word counts that is heard only in its syllables
HEARD = 0.5


class Board:
    """The tickets of the group."""

    def __init__(self, tickets: Sequence[OpenTicket]) -> None:
        self.tickets = {ticket.id: ticket for ticket in tickets}
        self._stems = {ticket.id: stems(ticket.title) for ticket in tickets}
        self._count = Counter(stem for found in self._stems.values() for stem in set(found))
        self.words = frozenset(self._count)

    def _weight(self, stem: str) -> float:
        return weight(stem) / max(1, self._count[stem])

    def coverage(self, found: Sequence[str], ticket: int, *, text: str = "") -> float:
        """Share (0..1) of the ticket's title that `found` names; syllables of `text` count where a word is missing."""
        title = self._stems[ticket]
        total = sum(map(self._weight, title))
        heard = sum(self._weight(stem) * _heard(stem, found, text) for stem in title)
        return heard / total if total else 0.0

    def same_as(self, title: str) -> int | None:
        """The ticket that a title of new work already is."""
        found = stems(title)
        best = max(((self._likeness(found, i), i) for i in self.tickets), default=(0.0, -1))
        return best[1] if best[0] >= SAME_WORK else None

    def _likeness(self, found: Sequence[str], ticket: int) -> float:
        title = self._stems[ticket]
        if not telling(stem for stem in title if any(alike(stem, other) for other in found)):
            return 0.0
        extra = [stem for stem in telling(found) if not any(alike(stem, other) for other in title)]
        return self.coverage(found, ticket) - EXTRA_WORD * len(extra)


def _heard(stem: str, found: Sequence[str], text: str) -> float:
    near = max((nearness(stem, other) for other in found), default=0.0)
    if near or len(stem) < 2 or not text:
        return near
    pairs = _pairs(stem)
    partly = PARTLY * len(pairs & _pairs(text)) / len(pairs)
    return partly if partly >= HEARD * PARTLY else 0.0


@lru_cache(maxsize=8192)
def _pairs(text: str) -> frozenset[str]:
    letters = re.sub(r"[^가-힣a-z0-9]", "", text.casefold())
    return frozenset(letters[i : i + 2] for i in range(len(letters) - 1)) or frozenset({letters})
