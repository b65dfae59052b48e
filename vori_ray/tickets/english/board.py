"""Which ticket of the board a clause speaks of.

Pure. A ticket is known by the telling words of its title: the rarer a word is among the titles and in the talk, the
more it
says. A misheard word ("post gress") counts in part.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from vori_ray.tickets.english.sentences import Clause, clean
from vori_ray.tickets.english.wording import EVERYDAY_STEMS, VERB_STEMS, telling
from vori_ray.tickets.extraction import OpenTicket
from vori_ray.tickets.matching import dice, pairs
from vori_ray.tickets.stems import english_words

VERB_WEIGHT = 0.35
COMMON_SHARE = 0.06  # share of the turns above which a word tells less
SAME_WORK, EXTRA_PENALTY = 0.4, 0.35


class Board:
    """The tickets of the board, by the words of their titles."""

    def __init__(self, tickets: Sequence[OpenTicket], clauses: Sequence[Clause]) -> None:
        self._tickets = {ticket.id: ticket for ticket in tickets}
        self._titles = {ticket.id: _title_weights(ticket.title) for ticket in tickets}
        self._nouns = {
            i: frozenset(w for w, weight in title.items() if weight > VERB_WEIGHT) for i, title in self._titles.items()
        }
        self._tickets_of: dict[str, list[int]] = {}
        for ticket_id, title in self._titles.items():
            for word in title:
                self._tickets_of.setdefault(word, []).append(ticket_id)
        self._by_letter: dict[str, list[str]] = {}
        for word in self._tickets_of:
            self._by_letter.setdefault(word[:1], []).append(word)
        self._alike: dict[str, dict[str, float]] = {}
        self._weigh(clauses)

    def _weigh(self, clauses: Sequence[Clause]) -> None:
        """Take weight from the words that many titles have or that the whole meeting is about."""
        spoken = Counter(word for turn in _turns(clauses) for word in turn)
        turns = max(1, len({clause.turn for clause in clauses}))
        for title in self._titles.values():
            for word in title:
                said = spoken.get(word, 0)
                commonness = 1.0 + 8.0 * max(0.0, said / turns - COMMON_SHARE) + 0.15 * math.log1p(said)
                title[word] /= len(self._tickets_of[word]) * commonness

    def _near(self, text: str) -> dict[str, float]:
        """The title words that `text` says -> how nearly (0..1). A word used as a verb names no thing."""
        near: dict[str, float] = {}
        for stems, only_verbs in ((_spoken(_without_verbs(text)), False), (_spoken(text), True)):
            for spoken in stems:
                for word, nearness in self._neighbours(spoken).items():
                    if not only_verbs or any(word not in self._nouns[i] for i in self._tickets_of[word]):
                        near[word] = max(near.get(word, 0.0), nearness)
        return near

    def _neighbours(self, spoken: str) -> dict[str, float]:
        """The title words that a spoken stem may be."""
        if spoken not in self._alike:
            alike = {word: _nearness(word, spoken) for word in self._by_letter.get(spoken[:1], ())}
            self._alike[spoken] = {word: nearness for word, nearness in alike.items() if nearness > 0}
        return self._alike[spoken]

    def coverage(self, text: str, ticket_id: int) -> tuple[float, frozenset[str]]:
        """Share (0..1) of a ticket's title that `text` says, and the telling words it says."""
        return self._coverage(self._near(text), ticket_id)

    def _coverage(self, near: Mapping[str, float], ticket_id: int) -> tuple[float, frozenset[str]]:
        title = self._titles[ticket_id]
        total = sum(title.values())
        share = sum(weight * near.get(word, 0.0) for word, weight in title.items()) / total if total else 0.0
        return share, frozenset(word for word in self._nouns[ticket_id] if word in near)

    def _named(self, near: Mapping[str, float]) -> Iterator[tuple[OpenTicket, float, frozenset[str]]]:
        """The tickets of which a telling word was said."""
        for ticket_id in sorted({i for word in near for i in self._tickets_of[word]}):
            share, hits = self._coverage(near, ticket_id)
            if hits:
                yield self._tickets[ticket_id], share, hits

    def same_work(self, work: str) -> OpenTicket | None:
        """The ticket that some work, said anew, already is."""
        words = set(telling(work))
        best: tuple[float, OpenTicket] | None = None
        for ticket, share, _ in self._named(self._near(work)):
            extra = len(words - set(telling(ticket.title.casefold()))) / max(1, len(words))
            score = share - EXTRA_PENALTY * extra
            if score >= SAME_WORK and (best is None or score > best[0]):
                best = (score, ticket)
        return best[1] if best else None


def _title_weights(title: str) -> dict[str, float]:
    """Weights of a title's words: its verb, everyday words and numbers say little, all its nouns say much."""
    words = list(english_words(clean(title)))
    return {word: VERB_WEIGHT if _says_little(word, is_first=place == 0) else 1.0 for place, word in enumerate(words)}


def _says_little(word: str, *, is_first: bool) -> bool:
    return word.isdigit() or word in EVERYDAY_STEMS or (is_first and word in VERB_STEMS)


def _turns(clauses: Sequence[Clause]) -> list[set[str]]:
    turns: dict[int, set[str]] = {}
    for clause in clauses:
        turns.setdefault(clause.turn, set()).update(english_words(clause.text))
    return list(turns.values())


def _without_verbs(text: str) -> str:
    """A clause without the words that follow a subject or an auxiliary: in "I've filed the report" nobody names
    files.
    """
    return re.sub(
        r"\b(i|we|they|he|she|you|to|not|have|has|had|i've|we've"
        r"|they've|i'll|we'll|i'd|can|could|will|would|should|must|let me) (?:just |also |already |only |all )*"
        r"([a-z]+(?:ed|e|t|d|n|k|l|p|r|s|y)?)\b"
        r"(?= (?:the|a|an|it|them|that|this|my|our|your|his|her|their|two|three|in|on|at|for|to|up|out|off|with)\b|$)",
        r"\1",
        text,
    )


def _spoken(text: str) -> frozenset[str]:
    """Stems of a clause, and of two words in a row written as one: a recogniser splits rare words."""
    words = english_words(text)
    return frozenset(words) | frozenset(a + b for a, b in pairwise(words))


def _nearness(word: str, spoken: str) -> float:
    """1 for the same stem, a part for one that sounds or begins alike, else 0; short words must be the same."""
    if word == spoken:
        return 1.0
    if min(len(word), len(spoken)) < 5:
        return 0.0
    if word[:6] == spoken[:6] and min(len(word), len(spoken)) >= 6:
        return 0.9
    alike = dice(pairs(word), pairs(spoken))
    return alike if alike >= 0.75 else 0.0
