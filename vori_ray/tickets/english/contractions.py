"""Contractions that were written without their apostrophe: "dont", "ill write it". Pure.

Where the bare letters are a word of their own ("he is ill", "were", "its"), only what stands around can tell; the
doubtful ones are left as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vori_ray.tickets.english.verbs import VERBS

_NEGATED = r"(do|does|did|is|are|was|were|could|would|should|have|has|had|must|need|ca|wo)nt"
_CERTAIN = (
    (re.compile(rf"\b{_NEGATED}\b"), r"\1n't"),
    (re.compile(r"\bim\b"), "i'm"),
    (re.compile(r"\b(i|you|we|they)ve\b"), r"\1've"),
    (re.compile(r"\b(you|they)re\b"), r"\1're"),
    (re.compile(r"\b(you|they|it|that|there)ll\b"), r"\1'll"),
    (re.compile(r"\b(that|there|what|here|he|she)s\b"), r"\1's"),
)
_ILL = re.compile(r"(?:(?<=\s)|^)ill(?= ([a-z]+))")
_AFTER_WILL = VERBS | frozenset("be have just also then try see probably definitely not let get ask need look".split())
_FEELS = re.compile(
    r"(?:\b(?:am|is|are|was|were|be|been|being|feels?|felt|falls?|fell|looks?|looked|stays?)|'(?:m|s|re)) $"
)


@lru_cache(maxsize=16384)
def with_apostrophes(text: str) -> str:
    """Lower-case text with the apostrophes of its contractions; it keeps its words."""
    for pattern, whole in _CERTAIN:
        text = pattern.sub(whole, text)
    return _ILL.sub(_will, text)


def _will(match: re.Match[str]) -> str:
    is_will = match[1] in _AFTER_WILL and not _FEELS.search(match.string[: match.start()])
    return "i'll" if is_will else "ill"
