"""Whose some new work is: what speaks for each person at the turn that takes it on or gives it out.

Pure. What is weighed for every language is in `owning`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vori_ray.tickets.english.cues import is_question, roles_of
from vori_ray.tickets.english.frames import act_of
from vori_ray.tickets.english.talk import Talk
from vori_ray.tickets.heard import Turns
from vori_ray.tickets.linear import Linear
from vori_ray.tickets.owning import surest, weighed_for
from vori_ray.tickets.roles import Role

_I = re.compile(r"\b(?:i'll|i will|i can|i'm|i am|i've|i have|i do|i'd|let me|me|mine|myself)\b")
_YOU = re.compile(r"\b(?:you|your|yours|you'll|you're|you've|yourself)\b")
_NOBODY = re.compile(r"\b(?:somebody|someone|anybody|anyone|whoever|one of us|nobody|no one|unassigned|up for grabs)\b")


def owner_of(talk: Talk, turns: Turns, turn: int, model: Linear) -> str | None:
    """The owner of the work that `turn` takes on or gives out, None where nobody is sure enough."""
    people = {name: measures(talk, turns, turn, name) for name in candidates(talk, turn)}
    return surest(people, model)


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
