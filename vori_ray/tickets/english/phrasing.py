"""The chosen words of a title -> a title that reads well: whole noun phrases, the deed first, its subject before it.

Pure. "summary" of "I will send a short summary" becomes "Send a short summary". Does not know why words were chosen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from vori_ray.tickets.english.frames import act_of, imperative
from vori_ray.tickets.english.lexicon import AUXILIARIES
from vori_ray.tickets.english.sentences import Clause, fold
from vori_ray.tickets.english.verbs import VERBS, base_of
from vori_ray.tickets.english.wording import as_title

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
REACH = 3  # words from one chosen word to the next, for the small words between them to be kept
VERB_REACH = 4  # words from the verb of some work to the first chosen word of it
_LINKING = frozenset("of for on in at with from to about into the a an and".split())
# Said of the ticket, not of its work: "I can take the login page", "please move the login page to in progress".
_OF_THE_TICKET = re.compile(
    r"\btake (?:on |over )?(?:the|that|this|those|these)\b"
    r"(?!.*\b(?:to|from|into|out|off|up|down|back|apart|along|with)\b)"
    r"|\b(?:move|mark|put|set)\b.* (?:to|in|into|as) (?:in progress|progress|done|to do|todo)\b"
)
_LEADING = frozenset("the a an another some our my your his her their this that these those all both up out".split())


@dataclass(frozen=True, slots=True)
class Spot:
    """A chosen word: its clause and place there, and the place of the last word of the nouns it stands with."""

    clause: Clause
    place: int
    run_end: int


@dataclass(frozen=True, slots=True)
class _Span:
    text: str
    is_deed: bool


def title_text(spots: Sequence[Spot], names: Collection[str]) -> str:
    """A title of chosen words: "Send a short summary", "Payment gateway: call the legal team"."""
    by_clause: dict[int, list[Spot]] = {}
    for spot in spots:
        by_clause.setdefault(spot.clause.index, []).append(spot)
    spans = [
        span for index in sorted(by_clause) for span in _spans(sorted(by_clause[index], key=attrgetter("place")), names)
    ]
    return _joined(spans)


def _joined(spans: Sequence[_Span]) -> str:
    deeds = [span.text for span in spans if span.is_deed]
    things = [as_title(span.text) for span in spans if not span.is_deed]
    whole = [deed for deed in deeds if " " in deed]
    about = ", ".join((*things[:1], *map(_small, things[1:])))
    if whole:
        done = as_title(", ".join(whole))
        return f"{about}: {_small(done)}" if about else done
    return as_title(f"{deeds[0]} {_small(about)}") if deeds and about else about or as_title(", ".join(deeds))


def _small(text: str) -> str:
    """A title within another: "Login page" -> "login page", but "API docs" stays."""
    first, _, _ = text.partition(" ")
    return text if first != first.capitalize() else text[:1].lower() + text[1:]


def _spans(spots: Sequence[Spot], names: Collection[str]) -> Iterator[_Span]:
    """Stretches of a clause from the first to the last chosen word, where only small words stand between."""
    clause = spots[0].clause
    text = [match.group() for match in WORD.finditer(clause.text)]
    spelled = spelled_words(clause)
    verb = _verb_place(clause, text, names)
    first = last = spots[0]
    for before, after in pairwise(spots):
        is_near = after.place - before.place <= REACH
        if not is_near or not all(word in _LINKING for word in text[before.place + 1 : after.place]):
            yield _span(text, first, before, verb, spelled)
            first = after
        last = after
    yield _span(text, first, last, verb, spelled)


def _span(text: Sequence[str], first: Spot, last: Spot, verb: int | None, spelled: Mapping[str, str]) -> _Span:
    start, end = first.place, _whole(text, last)
    is_deed = verb is not None and 0 <= start - verb <= VERB_REACH and _may_lead(text[verb + 1 : start])
    if is_deed and verb is not None:
        start = verb
    while not is_deed and 0 < start < end and text[start - 1] in AUXILIARIES and base_of(text[start]) is not None:
        start += 1  # "it is called login page"
    words = [spelled.get(word, word) for word in text[start : end + 1]]
    if is_deed:
        words[0] = base_of(words[0]) or words[0]
    return _Span(" ".join(words), is_deed)


def _may_lead(words: Sequence[str]) -> bool:
    """Whether words may stand between a verb and its object: "a", "the new"."""
    return not words or words[0] in _LEADING or (len(words) == 1 and words[0] not in _LINKING)


def _whole(text: Sequence[str], last: Spot) -> int:
    """Where the noun phrase of a chosen word ends: "legal" of "the legal team" -> at "team"."""
    end = last.place
    while end < last.run_end and base_of(text[end + 1]) in (None, text[end + 1]) and not text[end + 1].endswith("ly"):
        end += 1
    return end


def _verb_place(clause: Clause, text: Sequence[str], names: Collection[str]) -> int | None:
    """Where the verb of the work stands that a clause takes on or gives out; None where it only says whose it is."""
    if _OF_THE_TICKET.search(clause.text):
        return None
    act = act_of(clause.text)
    work = act.work if act is not None else imperative(clause.text, names=frozenset(names)) or ""
    verb = work.split(maxsplit=1)[0] if work else ""
    return next((place for place, word in enumerate(text) if verb in VERBS and base_of(word) == verb), None)


def spelled_words(clause: Clause) -> dict[str, str]:
    """The words of a clause that are written with capitals, though they open no sentence."""
    words = [match.group() for match in WORD.finditer(clause.raw)]
    return {
        fold(word): word
        for place, word in enumerate(words)
        if (place and word[0].isupper() and not word.startswith("I'")) or any(letter.isupper() for letter in word[1:])
    }
