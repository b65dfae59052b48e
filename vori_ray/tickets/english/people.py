"""Whom a clause addresses or names, by the names of the people in the meeting.

Pure. A name is known by any of its parts ("Tomasz" of "Tomasz Nowak"); titles alone name nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vori_ray.tickets.english.lexicon import PREPOSITIONS
from vori_ray.tickets.english.sentences import Clause, fold
from vori_ray.tickets.english.verbs import base_of

_TITLES = frozenset(
    "mr mrs ms miss dr prof professor sir madam chef captain superintendent president the van de von der".split()
)
_LEAD = (
    r"^(?:(?:and|but|okay|ok|so|oh|well|right|hi|hey|thanks|thank you|great|good|yes|no|now"
    r"|then|um|sure|fine|perfect|true|lovely|alright|morning)[ ,]+)*"
)


class People:
    """The people of a meeting, by the words that name them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_word: dict[str, str] = {}
        shared: set[str] = set()
        for name in dict.fromkeys(name for name in names if name):
            for word in re.findall(r"[^\W_]+(?:['-][^\W_]+)*", fold(name)):
                if word in _TITLES or len(word) < 2:
                    continue
                if self._by_word.get(word, name) != name:
                    shared.add(word)
                self._by_word[word] = name
        for word in shared:
            del self._by_word[word]
        self.words = frozenset(self._by_word)
        any_name = "|".join(sorted(map(re.escape, self.words), key=len, reverse=True)) or r"(?!)"
        self._first = re.compile(rf"{_LEAD}(?P<name>{any_name})\b(?!'s\b)(?P<comma>,)?(?P<rest>.*)$")
        self._last = re.compile(rf"(?P<before>\S+?)(?P<comma>,)? (?P<name>{any_name})$")
        self._anywhere = re.compile(rf"\b(?P<name>{any_name})\b(?!'s\b)")
        self.pattern = any_name

    def name_of(self, word: str) -> str | None:
        """The person whom a (lower-case) word names."""
        return self._by_word.get(word)

    def addressed(self, clause: Clause) -> str | None:
        """Whom the clause speaks to by name: at its beginning, or at its end."""
        first = self._first.match(clause.text)
        if (
            first
            and first["name"] != fold(clause.speaker or "")
            and not re.match(r" (?:and|or|is|was|has|said|had|will|'s)\b", first["rest"])
        ):
            return self._by_word[first["name"]]
        last = self._last.search(clause.text)
        if last and (
            last["comma"]
            or (
                last["before"] not in PREPOSITIONS
                and base_of(last["before"]) is None
                and last["before"] not in ("and", "or", "the")
            )
        ):
            return self._by_word[last["name"]]
        middle = re.search(rf", (?P<name>{self.pattern}),", clause.text)
        return self._by_word[middle["name"]] if middle else None

    def named(self, text: str) -> list[str]:
        """The people named in a text, in order."""
        return list(dict.fromkeys(self._by_word[match["name"]] for match in self._anywhere.finditer(text)))
