"""What can be told from a turn by its form: the features that the learned models weigh.

Pure. A feature is a name with a value: runs of words, runs of the grammar with the words of the trade left out, the
frames and cues, dates, names, and whether a ticket of the board is named. Of the neighbouring turns only the cues and
their first words count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from vori_ray.tickets import dates_en
from vori_ray.tickets.english.cues import is_question, roles_of
from vori_ray.tickets.english.frames import act_of
from vori_ray.tickets.english.lexicon import MONTH_DAYS
from vori_ray.tickets.english.sentences import Clause
from vori_ray.tickets.english.status import status_talk
from vori_ray.tickets.english.talk import Talk
from vori_ray.tickets.english.verbs import base_of
from vori_ray.tickets.english.wording import telling

LEXICAL, GRAMMAR = 3, 4  # longest runs of words, and of words with the trade's words left out
USUAL_WORDS = 20  # the runs of longer turns count less each
LONG_TURN, SHORT_TURN = 60, 6
NAMED = 0.3  # share of a ticket's title that has to be named for the turn to speak of it
CUE_NEAR, WORD_NEAR = 0.7, 0.4  # what the cues and the first words of a neighbouring turn count
_NUMBERS = frozenset(
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred".split()
)
_MONTHS = frozenset("january february march april june july august september october november december".split())
_OPEN = "_"
_NEAR = ((-1, "before"), (1, "after"), (-2, "before that"))

Run = tuple[str, ...]


def features(talk: Talk, turn: int) -> dict[str, float]:
    """Name -> value of what a turn and its place show."""
    clauses = talk.turns[turn]
    found = clause_features(clauses, talk.people.words)
    found["length"] = min(_size(clauses), LONG_TURN) / LONG_TURN
    for away, near in _NEAR:
        if 0 <= turn + away < len(talk.turns) and talk.turns[turn + away]:
            found |= _neighbour(talk, turn, away, near)
    return found | dict.fromkeys(_around(talk, turn), 1.0) | dict.fromkeys(_of_board(talk, turn), 1.0)


def clause_features(clauses: Sequence[Clause], names: Collection[str]) -> dict[str, float]:
    """Name -> value of what some clauses show by themselves."""
    words = [word for clause in clauses for word in ("|", *_words(clause, names))]
    runs = {f"w {' '.join(run)}" for run in _runs(words, LEXICAL)}
    runs |= {f"g {' '.join(run)}" for run in _runs(_grammar(words), GRAMMAR)}
    scale = min(1.0, (USUAL_WORDS / max(1, len(words))) ** 0.5)
    return dict.fromkeys(runs, scale) | dict.fromkeys((cue for clause in clauses for cue in _cues(clause)), 1.0)


def _words(clause: Clause, names: Collection[str]) -> list[str]:
    asks = is_question(clause.text, is_asked=clause.is_asked)
    return [*(_named(word, names) for word in re.findall(r"[\w'-]+", clause.text)), *(["?"] if asks else []), "</s>"]


def _named(word: str, names: Collection[str]) -> str:
    if word in names or word.removesuffix("'s") in names:
        return "<name>"
    if word in MONTH_DAYS or word in _MONTHS:
        return "<day>"
    return "<number>" if word.isdigit() or word in _NUMBERS else word


def _grammar(words: Sequence[str]) -> list[str]:
    """The words with the telling ones left out: "i'll order the fender" -> "i'll <verb> the _"."""
    out: list[str] = []
    for word in words:
        shape = _shape(word)
        if shape != _OPEN or not out or out[-1] != _OPEN:
            out.append(shape)
    return out


@lru_cache(maxsize=16384)
def _shape(word: str) -> str:
    base = base_of(word)
    if base is not None and base != word:
        return "<verbing>" if word.endswith("ing") else ("<verbs>" if word.endswith("s") else "<verbed>")
    if base is not None and not telling(word):
        return "<verb>"
    return _OPEN if telling(word) else word


def _cues(clause: Clause) -> set[str]:
    asks = is_question(clause.text, is_asked=clause.is_asked)
    found = {f"role {role}" for role in roles_of(clause.text)}
    act, said = act_of(clause.text), status_talk(clause.text)
    if act is not None:
        found.add(f"act {act.role}{' pointing' if act.is_pointing else ''}{' asked' if asks else ''}")
    if said is not None:
        found.add(f"status {said.talk}{' plain' if said.is_plain else ''}{' asked' if asks else ''}")
    return found | ({"question"} if asks else set())


def _neighbour(talk: Talk, turn: int, away: int, near: str) -> dict[str, float]:
    clauses = talk.turns[turn + away]
    nearest = clauses[-1] if away < 0 else clauses[0]
    found = {f"{near} {cue}": CUE_NEAR for clause in clauses for cue in _cues(clause)}
    found |= {f"{near} w {word}": WORD_NEAR for word in _grammar(_words(nearest, talk.people.words))[:4]}
    found[f"{near} short"] = float(_size(clauses) <= SHORT_TURN)
    found[f"{near} same speaker"] = float(talk.speakers[turn + away] == talk.speakers[turn])
    return found


def _size(clauses: Sequence[Clause]) -> int:
    return sum(len(clause.text.split()) for clause in clauses)


def _around(talk: Talk, turn: int) -> Iterator[str]:
    """Dates and names in the turn and next to it."""
    days = [_days(talk, turn + away) for away in (-1, 0, 1)]
    if days[1]:
        yield "day"
    if days[0] & days[1]:
        yield "day taken up"
    if days[1] & days[2]:
        yield "day said again"
    if talk.called(turn):
        yield "calls"
    if talk.is_called(turn):
        yield "called"
    if turn + 1 < len(talk.turns) and talk.speakers[turn] in talk.called(turn + 1):
        yield "called after"


def _days(talk: Talk, turn: int) -> set[str]:
    if not 0 <= turn < len(talk.turns):
        return set()
    text = " ".join(clause.text for clause in talk.turns[turn])
    return {str(phrase.day) for phrase in dates_en.find(text, talk.today)}


def _of_board(talk: Talk, turn: int) -> Iterator[str]:
    """Whether this turn or the one before names a ticket, of which status, and whose."""
    for away, near in ((0, "ticket"), (1, "ticket before")):
        share, ticket = talk.about.named_best(turn - away) if turn >= away else (0.0, None)
        if ticket is None or share < NAMED:
            continue
        yield near
        yield f"{near} {talk.tickets[ticket].status}"
        if talk.tickets[ticket].assignee == talk.speakers[turn]:
            yield f"{near} mine"
    if any(ticket.assignee == talk.speakers[turn] for ticket in talk.tickets.values()):
        yield "has a ticket"


def _runs(words: Sequence[str], longest: int) -> set[Run]:
    return {tuple(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1)}
