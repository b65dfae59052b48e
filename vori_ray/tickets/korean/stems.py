"""Korean text -> the stems of its telling words, and how alike two words sound.

Knows nothing about tickets or speech acts. Misheard words ("캐쉬" for "캐시") are told by their letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from vori_ray.tickets.korean.lexicon import DEED_NOUNS, EMPTY_NOUNS
from vori_ray.tickets.korean.morphemes import Morpheme, clean, morphemes
from vori_ray.tickets.stems import english_words

_DIGITS = {name: number for number, name in enumerate("영일이삼사오육칠팔구")} | {"공": 0}
_PLACES = {"십": 10, "백": 100, "천": 1000}
_NUMERAL = re.compile(
    r"(?<![가-힣])(?:[일이삼사오육칠팔구]?[십백천][일이삼사오육칠팔구십백천]*|[공영일이삼사오육칠팔구]{3,})"
    r"(?=(?:호기|호선|호|화|번|층|차|회|과|반|편|권|주년|주|월|일|명|개|건|대|동|열|단|기)?(?![가-힣])|(?:호기|호|화|번|층|차)[가-힣])"
)
_NOUN_TAGS = frozenset({"NNG", "NNP", "SL", "SN", "NR", "XR", "SH"})
WEAK = 0.4
SOUNDS_ALIKE = 0.75
HOLDS = 0.6
HELD = 0.7


def with_digits(text: str) -> str:
    """Spoken Sino-Korean numbers as digits: "사십칠화" is "47화", "팔공이일" is "8021"."""
    return _NUMERAL.sub(lambda match: str(_value(match.group())), text)


def _value(numeral: str) -> str:
    """The digits of a numeral, said with its places ("사십칠") or digit by digit ("팔공이일")."""
    if not any(syllable in _PLACES for syllable in numeral):
        return "".join(str(_DIGITS[syllable]) for syllable in numeral)
    total, digit = 0, 0
    for syllable in numeral:
        if syllable in _PLACES:
            total, digit = total + (digit or 1) * _PLACES[syllable], 0
        else:
            digit = _DIGITS[syllable]
    return str(total + digit)


@lru_cache(maxsize=8192)
def stems(text: str) -> tuple[str, ...]:
    """The nouns and main verbs of `text` in order, lower case; particles, endings and empty nouns are left out."""
    source = with_digits(clean(text))
    found: list[str] = []
    for run in _noun_runs(morphemes(source)):
        if len(run) > 1 and all(len(part.form) == 1 and part.tag != "SN" for part in run):
            found.append(source[run[0].start : run[-1].end].casefold())  # an unknown word cut to syllables
            continue
        for part in run:
            if part.form not in EMPTY_NOUNS:
                found += english_words(part.form) if part.tag == "SL" else [part.form.casefold()]
    return tuple(dict.fromkeys(found))


def _noun_runs(parts: Iterable[Morpheme]) -> Iterator[list[Morpheme]]:
    """Nouns that stand together without a blank."""
    run: list[Morpheme] = []
    for part in parts:
        is_noun = part.tag in _NOUN_TAGS or (part.tag == "NNB" and len(part.form) > 1)
        if run and (not is_noun or part.start != run[-1].end):
            yield run
            run = []
        if is_noun:
            run.append(part)
    if run:
        yield run


def weight(stem: str) -> float:
    """How telling a stem is: less for the nouns of doing (작성, 확인) and for single syllables."""
    if stem in DEED_NOUNS:
        return WEAK
    if stem.isdigit():
        return WEAK
    return 0.6 if len(stem) == 1 and not stem.isascii() else 1.0


@lru_cache(maxsize=65536)
def nearness(a: str, b: str) -> float:
    """1 for the same word or one that sounds alike, a part where one holds the other (당번, 당번표), else 0."""
    if a == b:
        return 1.0
    short, long = sorted((a, b), key=len)
    if len(short) < 2 or a.isdigit() or b.isdigit() or a.isascii() != b.isascii():
        return 0.0
    if (long.startswith(short) or long.endswith(short)) and len(short) / len(long) >= HOLDS:
        return HELD
    if len(long) - len(short) > 1:
        return 0.0
    mine, other = _letters(a), _letters(b)
    likely = mine[0] == other[0] and 1 - _distance(mine, other) / max(len(mine), len(other)) >= SOUNDS_ALIKE
    return 1.0 if likely else 0.0


def alike(a: str, b: str) -> bool:
    """Whether two stems may be the same word."""
    return nearness(a, b) > 0.0


@lru_cache(maxsize=8192)
def _letters(word: str) -> str:
    return unicodedata.normalize("NFD", re.sub(r"\s", "", word))


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def shared(mine: Iterable[str], others: Iterable[str]) -> list[str]:
    """The stems of `mine` that are among `others`."""
    pool = list(others)
    return [stem for stem in mine if any(alike(stem, other) for other in pool)]


def overlap(mine: Iterable[str], others: Iterable[str]) -> float:
    """The weight of what `others` share with `mine`."""
    pool = list(others)
    return sum(weight(stem) * max((nearness(stem, other) for other in pool), default=0.0) for stem in mine)


def likeness(mine: Iterable[str], others: Iterable[str]) -> float:
    """Weighted Dice coefficient of two lists of stems, 0..1."""
    a, b = list(mine), list(others)
    total = sum(map(weight, a)) + sum(map(weight, b))
    return (overlap(a, b) + overlap(b, a)) / total if total else 0.0


def covered(name: Iterable[str], words: Sequence[str]) -> float:
    """How much (0..1) of a name some words say, by its stems."""
    said = [any(alike(stem, other) for other in words) for stem in name]
    return sum(said) / len(said) if said else 0.0


def telling(found: Iterable[str]) -> list[str]:
    """The stems that tell which work is meant."""
    return [stem for stem in found if stem not in DEED_NOUNS and (len(stem) > 1 or stem.isascii())]
