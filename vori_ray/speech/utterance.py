"""One utterance inside its window: what was settled, what waits, where the window begins. PURE.

A window grows with the utterance. Beyond `trim_after` its start moves to a boundary between two settled words, and the
words that stay in it go to the decoder as a forced prefix; beyond `longest` words are forced. Sound that was not
decoded never leaves a window.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from vori_ray.speech.hypothesis import (
    HypothesisState,
    SettlingOptions,
    settle_agreed,
    settle_all,
    settle_before_gap,
    take_hypothesis,
    trim_boundary,
)
from vori_ray.speech.windows import SAMPLE_RATE, Word

CONTEXT_S = 0.6
"""Settled sound that stays in a trimmed window, at least, for its words to anchor the decoder."""
TRIMMED_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """Lengths in samples: trim beyond `trim_after`, force words unsettled for `force_after`, never pass `longest`."""

    longest: int = 10 * SAMPLE_RATE
    trim_after: int = 8 * SAMPLE_RATE
    force_after: int = 8 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class UtteranceState:
    """`part` numbers the next piece; `window_start` is a sample; `speculated_end` is the end of voice that the last
    decode was a speculation on, and None after any other decode."""

    number: int
    window_start: int
    part: int = 0
    hypothesis: HypothesisState = field(default_factory=HypothesisState)
    speculated_end: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The state as JSON data."""
        return {
            "number": self.number,
            "window_start": self.window_start,
            "part": self.part,
            "hypothesis": self.hypothesis.as_dict(),
            "speculated_end": self.speculated_end,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> UtteranceState:
        """The state that `as_dict` wrote."""
        return cls(**{**data, "hypothesis": HypothesisState.from_dict(data["hypothesis"])})


@dataclass(frozen=True, slots=True)
class Settled:
    """An utterance after a step, the words that the step settled, and the tokens that left the window's start."""

    utterance: UtteranceState
    words: tuple[Word, ...] = ()
    departed: tuple[int, ...] = ()


def take_partial(
    utterance: UtteranceState, words: tuple[Word, ...], *, at: int, may_settle: bool, options: SettlingOptions
) -> Settled:
    """Take the decode of a window that ends at sample `at` while the utterance goes on."""
    if not may_settle:
        return Settled(replace(utterance, hypothesis=take_hypothesis(utterance.hypothesis, words)))
    after, settled = settle_agreed(utterance.hypothesis, words, window_end_s=at / SAMPLE_RATE, options=options)
    return Settled(replace(utterance, hypothesis=after), settled)


def settle_rest(utterance: UtteranceState) -> Settled:
    """Settle all that waits: the utterance has ended."""
    after, words = settle_all(utterance.hypothesis)
    return Settled(replace(utterance, hypothesis=after), words)


def fit_window(
    utterance: UtteranceState, *, at: int, next_at: int, options: WindowOptions, settling: SettlingOptions
) -> Settled:
    """Force and trim as needed, so that the window may grow from sample `at` to `next_at`."""
    forced = _force(utterance, at=at, next_at=next_at, options=options, settling=settling)
    if at - utterance.window_start <= options.trim_after and next_at - utterance.window_start <= options.longest:
        return forced
    trimmed = _trim(forced.utterance, at=at, options=options)
    fitting = trimmed.utterance
    if next_at - fitting.window_start <= options.longest:
        return Settled(fitting, forced.words, trimmed.departed)
    cut = _cut(fitting, next_at=next_at, options=options)
    return Settled(cut.utterance, forced.words + cut.words, trimmed.departed + cut.departed)


def _force(
    utterance: UtteranceState, *, at: int, next_at: int, options: WindowOptions, settling: SettlingOptions
) -> Settled:
    end_s = utterance.hypothesis.settled_end_s
    waiting_since = utterance.window_start if end_s is None else round(end_s * SAMPLE_RATE)
    is_late = at - waiting_since > options.force_after
    is_full = next_at - utterance.window_start > options.longest and not utterance.hypothesis.settled
    if not (is_late or is_full):
        return Settled(utterance)
    after, words = settle_before_gap(utterance.hypothesis, window_end_s=at / SAMPLE_RATE, options=settling)
    return Settled(replace(utterance, hypothesis=after), words)


def _trim(utterance: UtteranceState, *, at: int, options: WindowOptions) -> Settled:
    """Move the window's start to a boundary between settled words; at best a sentence's end in its older part."""
    end_s = utterance.hypothesis.settled_end_s
    if end_s is None:
        return Settled(utterance)
    wanted_s = (at - TRIMMED_SHARE * options.trim_after) / SAMPLE_RATE
    latest_s = end_s - CONTEXT_S
    count = trim_boundary(utterance.hypothesis, earliest_s=min(wanted_s, latest_s), latest_s=latest_s)
    return _drop(utterance, count or trim_boundary(utterance.hypothesis, earliest_s=0.0, latest_s=latest_s))


def _drop(utterance: UtteranceState, count: int) -> Settled:
    """Let `count` settled words leave the window, with the sound up to the middle of the gap after them."""
    if not count:
        return Settled(utterance)
    gone, kept = utterance.hypothesis.settled[:count], utterance.hypothesis.settled[count:]
    start_s = (gone[-1].end_s + kept[0].start_s) / 2 if kept else gone[-1].end_s
    start = max(utterance.window_start, round(start_s * SAMPLE_RATE))
    after = replace(utterance, window_start=start, hypothesis=replace(utterance.hypothesis, settled=kept))
    return Settled(after, departed=tuple(token for word in gone for token in word.tokens))


def _cut(utterance: UtteranceState, *, next_at: int, options: WindowOptions) -> Settled:
    """The last resort: settle what begins before the cut and let it go, so that half of the window is free again."""
    start = next_at - options.longest // 2
    start_s = start / SAMPLE_RATE
    pending = utterance.hypothesis.pending
    words = tuple(word for word in pending if word.start_s < start_s)
    end = max([start, *(round(word.end_s * SAMPLE_RATE) for word in words[-1:])])
    gone = utterance.hypothesis.settled + words
    left = HypothesisState(pending=pending[len(words) :])
    after = replace(utterance, window_start=min(end, next_at), hypothesis=left)
    return Settled(after, words, tuple(token for word in gone for token in word.tokens))
