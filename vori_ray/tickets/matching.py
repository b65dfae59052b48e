"""How much two descriptions of work resemble each other, and which ticket a spoken task means.

Pure. Works on words as they are written: stems, rarity among the tickets at hand, character pairs. Knows nothing about
speech acts. A language brings its own `words` function (text -> content stems).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vori_ray.tickets.stems import english_words

Words = Callable[[str], Sequence[str]]

_HANGUL = re.compile(r"[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket that a text resembles. `score` is 0..1, `margin` how far the next best ticket is behind."""

    ticket_id: int
    score: float
    margin: float


def plain_words(text: str) -> list[str]:
    """Stems of English words; a Korean word gives itself (the Korean rules bring a better splitter)."""
    return list(english_words(text))


def dice(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Dice coefficient of two weighted sets, 0..1."""
    total = sum(a.values()) + sum(b.values())
    return 2 * sum(min(weight, b[word]) for word, weight in a.items() if word in b) / total if total else 0.0


def pairs(text: str) -> Counter[str]:
    """Character pairs inside the words of `text`; Korean is taken without blanks."""
    text = unicodedata.normalize("NFKC", text).casefold()
    words = [re.sub(r"\W+", "", text)] if _HANGUL.search(text) else re.findall(r"[^\W_]+", text)
    return Counter(word[i : i + 2] for word in words for i in range(max(1, len(word) - 1)))


def likeness(a: str, b: str, *, words: Words = plain_words) -> float:
    """0..1: the larger of the Dice coefficients over content words and over character pairs of those words."""
    mine, other = list(words(a)), list(words(b))
    if not mine or not other:
        return 1.0 if a.strip() and a.strip().casefold() == b.strip().casefold() else 0.0
    by_word = dice(dict.fromkeys(mine, 1.0), dict.fromkeys(other, 1.0))
    return max(by_word, dice(pairs(" ".join(mine)), pairs(" ".join(other))))


class TicketIndex:
    """The titles of a list of tickets, with the rarity of their words, for asking which one a text means."""

    def __init__(self, titles: Iterable[tuple[int, str]], *, words: Words = plain_words) -> None:
        self._words = words
        self._titles = {ticket_id: tuple(dict.fromkeys(words(title))) for ticket_id, title in titles}
        self._count = Counter(word for stems in self._titles.values() for word in stems)

    def weight(self, word: str) -> float:
        """How telling a word is here: 1 for a word of one ticket, less the more tickets have it."""
        return 1.0 / (1.0 + math.log(max(1, self._count.get(word, 1))))

    def coverage(self, text: str, ticket_id: int) -> float:
        """Share (0..1) of the ticket's title that `text` names, by the weight of its words."""
        title = self._titles[ticket_id]
        total = sum(self.weight(word) for word in title)
        spoken = list(self._words(text))
        hit = sum(self.weight(word) * _nearest(word, spoken) for word in title)
        return hit / total if total else 0.0

    def match(self, text: str, *, at_least: float) -> Match | None:
        """The ticket that `text` names best, or None where none is covered by `at_least`."""
        scores = sorted(((self.coverage(text, i), -i) for i in self._titles), reverse=True)
        if not scores or scores[0][0] < at_least:
            return None
        runner_up = scores[1][0] if len(scores) > 1 else 0.0
        return Match(-scores[0][1], scores[0][0], scores[0][0] - runner_up)


def _nearest(word: str, spoken: Sequence[str]) -> float:
    """1 where the word was said, a part where a word that sounds alike was said (a misheard word), else 0."""
    if word in spoken:
        return 1.0
    if len(word) < 5:
        return 0.0
    best = max((dice(pairs(word), pairs(other)) for other in spoken if len(other) >= 4), default=0.0)
    return best if best >= 0.75 else 0.0
