"""The offline extractor: reads a meeting by rules, without a model and without a network.

Picks the rules of the language that each segment is spoken in and joins what they read. Knows nothing about any
language itself, and nothing about what becomes of the operations: that is validation and planning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from vori_ray.tickets.english import EnglishRules
from vori_ray.tickets.extraction import Extraction, ExtractionInput, Operation, SpokenSegment
from vori_ray.tickets.korean.reader import KoreanRules

LOOKS_BACK = 2  # turns: the answer to a turn, and what is said to that, tell how the turn was meant
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


class LanguageRules(Protocol):
    """The rules of one language."""

    def read(self, given: ExtractionInput) -> list[Operation]:
        """Operations said in `given.segments`, in the order in which they were said.

        Must not raise for odd words. `due_text` carries the words of a date (code resolves them), `quote` words
        that stand in the segments of `segment_ids`. A whole meeting may be settled at its end; of a live window only
        what is plainly said counts.
        """
        ...


def language_of(segment: SpokenSegment) -> str:
    """`ko` where the words are written in Hangul, else `en`: the script tells more than the recogniser's guess."""
    return "ko" if _HANGUL.search(segment.text) else "en"


class RulesExtractor:
    """Joins the languages' rules to one `Extractor`."""

    name = "rules"

    def __init__(self, languages: Mapping[str, LanguageRules] | None = None) -> None:
        self._languages = dict(languages) if languages is not None else default_languages()

    def extract(self, given: ExtractionInput) -> Extraction:
        """Read each segment with the rules of its language; segments of a language without rules are not covered."""
        spoken: dict[str, list[SpokenSegment]] = {}
        for segment in given.segments:
            spoken.setdefault(language_of(segment), []).append(segment)
        operations: list[Operation] = []
        covered = 0
        for language, segments in spoken.items():
            if language in self._languages:
                covered += len(segments)
                operations += self._languages[language].read(replace(given, segments=tuple(segments)))
        return Extraction(
            operations=tuple(in_spoken_order(operations, given.segments)),
            covered_segments=covered,
            total_segments=len(given.segments),
            extractor=self.name,
            looks_back=LOOKS_BACK,
        )


def default_languages() -> dict[str, LanguageRules]:
    """The languages that the rules read."""
    return {"en": EnglishRules(), "ko": KoreanRules()}


def in_spoken_order(operations: Sequence[Operation], segments: Sequence[SpokenSegment]) -> list[Operation]:
    """Operations by the place of their last evidence, so that the last word counts across languages."""
    place = {segment.id: position for position, segment in enumerate(segments)}
    return sorted(operations, key=lambda operation: max((place.get(i, 0) for i in operation.segment_ids), default=0))
