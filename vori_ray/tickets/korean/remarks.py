"""Blockers and decisions: the sentence of a turn that says most of it.

Pure. A blocker is something that keeps people from going on, a decision a choice that is made or a proposal that is
turned down; the learned models tell the turns. Knows nothing about tickets.
"""

from __future__ import annotations

from collections.abc import Sequence

from vori_ray.tickets.heard import Kind, Remark, Turns, surest_turns
from vori_ray.tickets.korean.features import clause_features
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.stems import stems, telling
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.linear import Linear

TELLING_WORDS = 3
NAMED_BEFORE = 2


def remarks(talk: Talk, turns: Turns, kind: Kind, model: Linear, *, at_least: float) -> list[Remark]:
    """The remarks of a kind, as surely as `at_least` (0..1)."""
    return [_remark(talk, turn, kind, model) for turn in surest_turns(turns, kind, at_least=at_least)]


def surest_sentence(clauses: Sequence[Said], model: Linear) -> list[Said]:
    """The sentence of a turn whose own words speak most for the model's class."""
    sentences: dict[int, list[Said]] = {}
    for said in clauses:
        sentences.setdefault(said.clause.sentence, []).append(said)
    return max(sentences.values(), key=lambda each: _speaks_for(each, model))


def _speaks_for(sentence: Sequence[Said], model: Linear) -> float:
    return float(sum(model.score(clause_features(said)) - model.bias for said in sentence) / len(sentence) ** 0.5)


def quote_of(sentence: Sequence[Said]) -> str:
    """The words of a sentence as they were said."""
    first, last = sentence[0].clause, sentence[-1].clause
    return first.source[first.start : last.start + len(last.text)].strip(" ,.")


def _remark(talk: Talk, turn: int, kind: Kind, model: Linear) -> Remark:
    sentence = surest_sentence(talk.turns[turn], model)
    quote = quote_of(sentence)
    words = telling(stem for said in sentence for stem in said.stems)
    before = _named_before(talk, turn, sentence[0]) if len(words) < TELLING_WORDS else []
    return Remark(kind, f"{' '.join(before)}: {quote}" if before else quote, quote, turn)


def _named_before(talk: Talk, turn: int, first: Said) -> list[str]:
    """The things that were named last before a sentence: what it is about where it does not say."""
    for at in range(turn, max(-1, turn - NAMED_BEFORE - 1), -1):
        clauses = [said for said in talk.turns[at] if at < turn or said.clause.start < first.clause.start]
        named = [" ".join(thing.words) for said in reversed(clauses) for thing in said.things]
        named = [words for words in named if telling(stems(words))]
        if named:
            return named[:2]
    return []
