"""Blockers and decisions: the sentence of a turn that says most of it.

Pure. A blocker is something that keeps people from going on, a decision a choice that is made or a proposal that is
turned down; the learned models tell the turns. Knows nothing about tickets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vori_ray.tickets.english.cues import is_question
from vori_ray.tickets.english.features import clause_features
from vori_ray.tickets.english.sentences import Clause
from vori_ray.tickets.english.talk import Talk
from vori_ray.tickets.english.wording import telling
from vori_ray.tickets.heard import NEVER, Kind, Remark, Turns, surest_turns
from vori_ray.tickets.linear import Linear

TELLING_WORDS = 3
NAMED_BEFORE = 2
OUTRIGHT = 1.0  # log odds of a decision that is called one
_DECIDED = re.compile(
    r"\b(?:we|the team|everybody|everyone|management)(?:'ve| have| has)? (?:just |all |now |finally |already )*"
    r"(?:decided|agreed) (?:to|that|on|not|against|for)\b|\b(?:the|our) decision is\b|\bit(?:'s| is| was) decided\b"
)
_NOT = re.compile(r"\b(?:if|once|when|unless|never|yet)\b|n't\b")


def remarks(talk: Talk, turns: Turns, kind: Kind, model: Linear, *, at_least: float) -> list[Remark]:
    """The remarks of a kind, as surely as `at_least` (0..1)."""
    odds = [_weighed(talk.turns[turn], kind, odds) for turn, odds in enumerate(turns.odds[kind])]
    found = surest_turns(Turns({**turns.odds, kind: odds}), kind, at_least=at_least)
    return [_remark(talk, turn, kind, model) for turn in found]


def _weighed(clauses: Sequence[Clause], kind: Kind, odds: float) -> float:
    """The log odds of a remark: what only asks is none, what is called a decision is one."""
    told = [clause for clause in clauses if not is_question(clause.text, is_asked=clause.is_asked)]
    if not told:
        return NEVER
    is_outright = kind == "decision" and any(_DECIDED.search(c.text) and not _NOT.search(c.text) for c in told)
    return max(odds, OUTRIGHT) if is_outright else odds


def surest_sentence(talk: Talk, turn: int, model: Linear) -> list[Clause]:
    """The sentence of a turn whose own words speak most for the model's class."""
    sentences: dict[int, list[Clause]] = {}
    for clause in talk.turns[turn]:
        sentences.setdefault(clause.sentence, []).append(clause)
    names = talk.people.words
    return max(sentences.values(), key=lambda each: model.measured(clause_features(each, names)))


def quote_of(sentence: Sequence[Clause]) -> str:
    """The words of a sentence as they were said."""
    return sentence[0].said.strip(" ,")


def _remark(talk: Talk, turn: int, kind: Kind, model: Linear) -> Remark:
    sentence = surest_sentence(talk, turn, model)
    quote = quote_of(sentence)
    words = {word for clause in sentence for word in telling(clause.text)}
    before = _said_before(talk, turn, sentence[0]) if len(words) < TELLING_WORDS else []
    text = " ".join([*before, quote])
    return Remark(kind, text[:1].upper() + text[1:], quote, turn)


def _said_before(talk: Talk, turn: int, first: Clause) -> list[str]:
    """The last clause before a sentence that names a thing: what it is about where it does not say."""
    for at in range(turn, max(-1, turn - NAMED_BEFORE - 1), -1):
        named = [
            clause.raw for clause in talk.turns[at] if clause.index < first.index and len(telling(clause.text)) > 1
        ]
        if named:
            return named[-1:]
    return []
