"""Whose some new work is: what speaks for each person at the turn that takes it on or gives it out.

Pure. What is weighed for every language is in `owning`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from vori_ray.tickets.english.cues import is_question, roles_of
from vori_ray.tickets.english.frames import act_of, imperative
from vori_ray.tickets.english.sentences import Clause
from vori_ray.tickets.english.talk import Talk
from vori_ray.tickets.heard import Turns
from vori_ray.tickets.linear import Linear
from vori_ray.tickets.owning import surest, weighed_for
from vori_ray.tickets.roles import Role

_I = re.compile(r"\b(?:i'll|i will|i can|i'm|i am|i've|i have|i do|i'd|let me|me|mine|myself)\b")
_YOU = re.compile(r"\b(?:you|your|yours|you'll|you're|you've|yourself)\b")
_NOBODY = re.compile(r"\b(?:somebody|someone|anybody|anyone|whoever|one of us|nobody|no one|unassigned|up for grabs)\b")
ANSWERED = 3  # turns in which somebody may answer that he will do it
# the speaker only writes it down, or looks for somebody
_OPEN = re.compile(
    rf"{_NOBODY.pattern}|\bwho\b|\b(?:no|without an?|without|open) names?\b|\bblank\b|\bvolunteer"
    r"|\b(?:put|write|note|jot|get) (?:it|that|this|them) (?:down|on|up)\b"
    r"|\b(?:find|ask|see|look for|work out) (?:who|someone|somebody|a volunteer|volunteers|hands|the hands|around)\b"
)


def owner_of(talk: Talk, turns: Turns, turn: int, model: Linear) -> str | None:
    """The owner of the work that `turn` takes on or gives out, None where nobody is sure enough."""
    people = {name: measures(talk, turns, turn, name) for name in candidates(talk, turn)}
    return surest(people, model) or _told(talk, turns, turn) or _promises(talk, turn)


def _told(talk: Talk, turns: Turns, turn: int) -> str | None:
    """Who is told to do something by name, where it is one person and nobody answers that he will do it."""
    called = talk.called(turn)
    is_told = len(called) == 1 and any(_tells(clause, talk.people.words) for clause in talk.turns[turn])
    is_taken = any(turns.of("self", at) > 0 for at in range(turn + 1, turn + 1 + ANSWERED))
    return next(iter(called)) if is_told and not is_taken and talk.speakers[turn] not in called else None


def _tells(clause: Clause, names: Collection[str]) -> bool:
    act = act_of(clause.text)
    is_asked = act is not None and act.role is Role.ASSIGNMENT
    return is_asked or imperative(clause.text, names=frozenset(names)) is not None


def _promises(talk: Talk, turn: int) -> str | None:
    """Who says "I'll do it", where nobody else is named and nobody is still to be found."""
    clauses = talk.turns[turn]
    acts = [act_of(c.text) for c in clauses if not is_question(c.text, is_asked=c.is_asked)]
    roles = {act.role for act in acts if act is not None}
    is_open = any(_OPEN.search(clause.text) or talk.people.named(clause.text) for clause in clauses)
    return talk.speakers[turn] if Role.COMMITMENT in roles and Role.ASSIGNMENT not in roles and not is_open else None


def candidates(talk: Talk, turn: int) -> list[str]:
    """Those who speak or are named around a turn."""
    near = talk.near(turn, before=2, after=2)
    names = [name for at in near for name in (talk.speakers[at], *_named(talk, at)) if name]
    return list(dict.fromkeys(names))


def measures(talk: Talk, turns: Turns, turn: int, name: str) -> dict[str, float]:
    """What speaks for and against a person, by name."""
    of_turn, of_person = _of_turn(talk, turn), _of_person(talk, turns, turn, name)
    return weighed_for(name, talk.speakers, turns, turn, of_turn=of_turn, of_person=of_person)


def _of_turn(talk: Talk, turn: int) -> Iterator[str]:
    text = " ".join(clause.text for clause in talk.turns[turn])
    yield from (name for name, words in (("I", _I), ("you", _YOU), ("nobody", _NOBODY)) if words.search(text))
    acts = {act.role for clause in talk.turns[turn] if (act := act_of(clause.text))}
    yield from (f"act {role}" for role in acts)
    if any(is_question(clause.text, is_asked=clause.is_asked) for clause in talk.turns[turn]):
        yield "asks"
    if talk.called(turn):
        yield "calls somebody"


def _of_person(talk: Talk, turns: Turns, turn: int, name: str) -> Iterator[str]:
    for away, near in ((0, "here"), (-1, "before"), (1, "after"), (-2, "before that")):
        at = turn + away
        if not 0 <= at < len(talk.turns) or not talk.turns[at]:
            continue
        if name in talk.called(at):
            yield f"called {near}"
        elif name in _named(talk, at):
            yield f"named {near}"
        if away and talk.speakers[at] == name:
            yield f"speaks {near}"
            if Role.AGREEMENT in roles_of(talk.turns[at][0].text):
                yield f"agrees {near}"
            if Role.REFUSAL in roles_of(talk.turns[at][0].text):
                yield f"refuses {near}"
            if turns.of("self", at) > 0:
                yield f"takes {near}"


def _named(talk: Talk, turn: int) -> list[str]:
    return [name for clause in talk.turns[turn] for name in talk.people.named(clause.text)]
