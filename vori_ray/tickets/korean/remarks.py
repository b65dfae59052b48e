"""Blockers and decisions: the sentence of a turn that says most of it.

Pure. A blocker is something that keeps people from going on, a decision a choice that is made or a proposal that is
turned down; the learned models tell the turns. Knows nothing about tickets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from vori_ray.tickets.heard import NEVER, Kind, Remark, Turns, surest_turns
from vori_ray.tickets.korean.acts import Act
from vori_ray.tickets.korean.features import clause_features
from vori_ray.tickets.korean.phrases import words_of
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.stems import stems, telling
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.linear import Linear

TELLING_WORDS = 3
NAMED_BEFORE = 2
OUTRIGHT = 1.0  # log odds of what is called a blocker
_STUCK = re.compile(r"(?:막히|묶이)/VV[^ ]* 어/EC 있/VX (?!었)")
_NOT_STUCK = (Act.ASK, Act.IF, Act.HEARSAY, Act.MUSE)
_OWN: Mapping[Kind, tuple[str, ...]] = {
    "blocker": tuple("은는이가"),
    "decision": tuple("은는이가을를"),
}  # particles of what a clause is about
_TALKS = re.compile(
    r"(?:이야기|얘기|논의|의논|토의|회의)/NNG (?:를/JKO )?하/\w+ (?:어/EC 보/VX )?(?:ㅂ시다|ㄹ까|죠|지|자|시/EP 죠)"
)


def remarks(talk: Talk, turns: Turns, kind: Kind, model: Linear, *, at_least: float) -> list[Remark]:
    """The remarks of a kind, as surely as `at_least` (0..1)."""
    odds = [_weighed(talk.turns[turn], kind, odds) for turn, odds in enumerate(turns.odds[kind])]
    found = surest_turns(Turns({**turns.odds, kind: odds}), kind, at_least=at_least)
    return [_remark(talk, turn, kind, model) for turn in found]


def _weighed(clauses: Sequence[Said], kind: Kind, odds: float) -> float:
    """The log odds of a remark: a question is none, "이야기해 봅시다" decides nothing, "막혀 있습니다" is a blocker."""
    if clauses and all(said.has(Act.ASK) for said in clauses):
        return NEVER
    if kind == "blocker":
        is_stuck = any(_STUCK.search(said.clause.line) and not said.has(*_NOT_STUCK) for said in clauses)
        return max(odds, OUTRIGHT) if is_stuck else odds
    only_talks = any(_TALKS.search(s.clause.line) for s in clauses) and not any(s.has(Act.DECIDE) for s in clauses)
    return NEVER if only_talks else odds


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
    says_little = len(words) < TELLING_WORDS and not any(_names_its_own(said, kind) for said in sentence)
    before = _named_before(talk, turn, sentence[0]) if says_little else []
    return Remark(kind, f"{' '.join(before)}: {quote}" if before else quote, quote, turn)


def _names_its_own(said: Said, kind: Kind) -> bool:
    """Whether a clause says what is stuck, or what is decided on."""
    words = words_of(said.clause.morphemes, said.clause.source, skip=said.skipped)
    return any(word.josa in _OWN[kind] and telling(stems(word.text)) for word in words)


def _named_before(talk: Talk, turn: int, first: Said) -> list[str]:
    """The things that were named last before a sentence: what it is about where it does not say."""
    for at in range(turn, max(-1, turn - NAMED_BEFORE - 1), -1):
        clauses = [said for said in talk.turns[at] if at < turn or said.clause.start < first.clause.start]
        named = [" ".join(thing.words) for said in reversed(clauses) for thing in said.things]
        named = [words for words in named if telling(stems(words))]
        if named:
            return named[:2]
    return []
