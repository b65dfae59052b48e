"""Which language is spoken, decided from the recogniser's probabilities. PURE.

    unlocked --(3 s of speech, p >= 0.7)--> locked --(two utterances of 2 s or more say otherwise, p >= 0.8)--> locked

An utterance that clearly speaks another allowed language (1 s at p >= 0.9, or 2 s at p >= 0.8) is heard in that
language at once; the lock, which decides for utterances too short to tell, follows after the second. Words are not
settled while the utterance's own evidence and the language in use disagree and too little of it was heard to decide.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

LOCK_S = 3.0
LOCK_PROBABILITY = 0.7
SWITCH_S = 2.0
SWITCH_PROBABILITY = 0.8
SWITCH_UTTERANCES = 2
TRUST_S = 1.0
TRUST_PROBABILITY = 0.9
CLEAR = ((TRUST_S, TRUST_PROBABILITY), (SWITCH_S, SWITCH_PROBABILITY))


@dataclass(frozen=True, slots=True)
class LanguageState:
    """What was heard so far. `evidence` sums probability x seconds since the session's start while unlocked.

    `own` is the current utterance's language where it speaks clearly; `streak` counts utterances in a row that were
    clearly in `rival`.
    """

    locked: str | None = None
    evidence: dict[str, float] = field(default_factory=dict)
    heard_s: float = 0.0
    current: dict[str, float] = field(default_factory=dict)
    current_s: float = 0.0
    own: str | None = None
    rival: str | None = None
    streak: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The state as JSON data."""
        return asdict(self)


def fixed(language: str) -> LanguageState:
    """The state of a session whose language was said at its start."""
    return LanguageState(locked=language)


def language_to_use(state: LanguageState) -> str | None:
    """The language to decode in; None asks the recogniser."""
    return state.own or state.locked


def observe(state: LanguageState, probabilities: dict[str, float], *, speech_s: float) -> LanguageState:
    """Take the probabilities of a window of the current utterance that holds `speech_s` of speech."""
    if not probabilities:
        return state
    best = max(probabilities, key=lambda language: (probabilities[language], language))
    is_clear = any(speech_s >= least_s and probabilities[best] >= least for least_s, least in CLEAR)
    seen = replace(state, current=dict(probabilities), current_s=speech_s)
    if state.locked is None:
        return _lock_if_sure(seen)
    if not is_clear:
        return seen
    return replace(seen, own=best if best != state.locked else None)


def may_settle(state: LanguageState) -> bool:
    """Whether the language in use is sure enough to settle words in it."""
    if not state.current:
        return state.locked is not None
    best = max(state.current, key=lambda language: (state.current[language], language))
    if state.locked is None:
        return state.current_s >= TRUST_S and state.current[best] >= LOCK_PROBABILITY
    return best == language_to_use(state) or state.current_s >= SWITCH_S


def end_utterance(state: LanguageState) -> LanguageState:
    """Count the utterance's evidence and forget it."""
    gathered = _gather(state)
    after = replace(gathered, current={}, current_s=0.0, own=None)
    if state.locked is None:
        return after if after.heard_s < LOCK_S else _lock(after)
    if state.current_s < SWITCH_S:
        return after
    if state.own is None:
        return replace(after, rival=None, streak=0)
    streak = state.streak + 1 if state.own == state.rival else 1
    if streak >= SWITCH_UTTERANCES:
        return replace(after, locked=state.own, rival=None, streak=0)
    return replace(after, rival=state.own, streak=streak)


def _gather(state: LanguageState) -> LanguageState:
    evidence = dict(state.evidence)
    for language, probability in state.current.items():
        evidence[language] = evidence.get(language, 0.0) + probability * state.current_s
    return replace(state, evidence=evidence, heard_s=state.heard_s + (state.current_s if state.current else 0.0))


def _lock_if_sure(state: LanguageState) -> LanguageState:
    gathered = _gather(state)
    return replace(state, locked=_lock(gathered).locked) if gathered.heard_s >= LOCK_S else state


def _lock(state: LanguageState) -> LanguageState:
    total = sum(state.evidence.values())
    if not total:
        return state
    best = max(state.evidence, key=lambda language: (state.evidence[language], language))
    return replace(state, locked=best) if state.evidence[best] / total >= LOCK_PROBABILITY else state
