"""Which words of growing hypotheses are settled. PURE.

A window is decoded again and again while it grows. Its settled words are given to the decoder as a forced prefix, so
a hypothesis holds only what comes after them. Two policies say how far a hypothesis can be trusted:

* agreement: LocalAgreement-2 (Liu et al. 2020, as in whisper_streaming): words on which two decodes in a row agree;
* attention: also words of the first decode whose alignment ends well before the window's end and whose probability
  is high (AlignAtt, arXiv 2305.11408). The rest waits for agreement.

Both leave words alone that end near the window's end: there the next sound changes them. This module knows nothing
of sound, models or sessions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from vori_ray.speech.windows import Word

MAX_OVERLAP_WORDS = 5
MIN_REPEATED_TAIL = 3


@dataclass(frozen=True, slots=True)
class SettlingOptions:
    """When words are settled before their utterance ends. Times in seconds.

    `edge_guard_s` is the distance from the window's end that agreed words must keep, and `doubt_guard_s` that of words
    less probable than `sure_probability`. The attention policy asks for `attention_guard_s` and
    `attention_probability` instead of a second decode.
    """

    policy: Literal["agreement", "attention"] = "agreement"
    edge_guard_s: float = 0.5
    doubt_guard_s: float = 2.0
    sure_probability: float = 0.0
    attention_guard_s: float = 0.8
    attention_probability: float = 0.9


@dataclass(frozen=True, slots=True)
class HypothesisState:
    """Words of one utterance: `settled` those inside the window, `pending` the rest of the last decode."""

    settled: tuple[Word, ...] = ()
    pending: tuple[Word, ...] = ()

    @property
    def settled_end_s(self) -> float | None:
        """Where the last settled word ends."""
        return self.settled[-1].end_s if self.settled else None

    @property
    def prefix(self) -> tuple[int, ...]:
        """Tokens that the decoder must begin with."""
        return tuple(token for word in self.settled for token in word.tokens)

    def as_dict(self) -> dict[str, Any]:
        """The state as JSON data."""
        return {"settled": [_pack(word) for word in self.settled], "pending": [_pack(word) for word in self.pending]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> HypothesisState:
        """The state that `as_dict` wrote."""
        return cls(tuple(_unpack(item) for item in data["settled"]), tuple(_unpack(item) for item in data["pending"]))


def fold(text: str) -> str:
    """A word for comparison: case-folded, letters and digits only."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def take_hypothesis(state: HypothesisState, words: Sequence[Word]) -> HypothesisState:
    """Replace the pending words by a new decode's, without what repeats settled ones; nothing is settled."""
    return replace(state, pending=without_repeats(state.settled, words))


def settle_agreed(
    state: HypothesisState, words: Sequence[Word], *, window_end_s: float, options: SettlingOptions
) -> tuple[HypothesisState, tuple[Word, ...]]:
    """Take a new decode; returns the state after it and the words that it settled."""
    fresh = without_repeats(state.settled, words)
    agreed = _count_agreed(state.pending, fresh)
    count = 0
    for index, word in enumerate(fresh):
        is_agreed = index < agreed and word.end_s <= window_end_s - _guard_s(word, options)
        if not (is_agreed or _is_attended(word, window_end_s, options)):
            break
        count = index + 1
    return _settle(replace(state, pending=fresh), count)


def settle_before_gap(
    state: HypothesisState, *, window_end_s: float, options: SettlingOptions
) -> tuple[HypothesisState, tuple[Word, ...]]:
    """Settle pending words up to the largest gap between them, ones near the window's end excepted."""
    safe = [word for word in state.pending if word.end_s <= window_end_s - options.edge_guard_s]
    if not safe:
        return state, ()
    following = state.pending[1 : len(safe) + 1]
    gaps = [after.start_s - word.end_s for word, after in zip(safe, following, strict=False)]
    best = max(range(len(gaps)), key=lambda index: (gaps[index], index)) + 1 if gaps else len(safe)
    return _settle(state, best)


def settle_all(state: HypothesisState) -> tuple[HypothesisState, tuple[Word, ...]]:
    """Settle every pending word."""
    return _settle(state, len(state.pending))


def trim_boundary(state: HypothesisState, *, earliest_s: float, latest_s: float) -> int:
    """How many settled words may leave the window: a cut between two of them, at a sentence's end or the largest gap.

    The first word kept starts between `earliest_s` and `latest_s`; 0 where there is no such cut.
    """
    best, best_score = 0, -1.0
    for index in range(1, len(state.settled)):
        before, after = state.settled[index - 1], state.settled[index]
        if not earliest_s <= after.start_s <= latest_s:
            continue
        score = max(0.0, after.start_s - before.end_s) + (1.0 if before.text[-1:] in ".?!。？！" else 0.0)
        if score >= best_score:
            best, best_score = index, score
    return best


def without_repeats(settled: Sequence[Word], words: Sequence[Word]) -> tuple[Word, ...]:
    """Words of a new decode without those that say settled words again at the border.

    The decoder was forced to begin after the settled words; what it still repeats of them lies before their end, or
    repeats their last one to five words there. Leading punctuation belongs to a settled word and is dropped.
    """
    kept = list(words)
    while kept and not fold(kept[0].text):
        kept.pop(0)
    if not settled or not kept:
        return tuple(kept)
    end_s = settled[-1].end_s
    overlap = _overlap(settled, kept)
    if overlap and kept[overlap - 1].end_s <= end_s + 0.1 * overlap:
        return tuple(kept[overlap:])
    if len(kept) >= MIN_REPEATED_TAIL and overlap >= MIN_REPEATED_TAIL:
        return tuple(kept[overlap:])
    return tuple(kept)


def _overlap(settled: Sequence[Word], words: Sequence[Word]) -> int:
    """Length of the longest run, at most five, that ends the settled words and begins the new ones."""
    left, right = [fold(word.text) for word in settled[-MAX_OVERLAP_WORDS:]], [fold(word.text) for word in words]
    sizes = range(min(len(left), len(right)), 0, -1)
    return next((size for size in sizes if left[-size:] == right[:size]), 0)


def _count_agreed(pending: Sequence[Word], fresh: Sequence[Word]) -> int:
    count = 0
    for old, new in zip(pending, fresh, strict=False):
        if fold(old.text) != fold(new.text):
            break
        count += 1
    return count


def _guard_s(word: Word, options: SettlingOptions) -> float:
    return options.edge_guard_s if word.probability >= options.sure_probability else options.doubt_guard_s


def _is_attended(word: Word, window_end_s: float, options: SettlingOptions) -> bool:
    return (
        options.policy == "attention"
        and word.end_s <= window_end_s - options.attention_guard_s
        and word.probability >= options.attention_probability
    )


def _settle(state: HypothesisState, count: int) -> tuple[HypothesisState, tuple[Word, ...]]:
    words = tuple(_in_time(state.settled, state.pending[:count]))
    return replace(state, settled=state.settled + words, pending=state.pending[count:]), words


def _in_time(settled: Sequence[Word], words: Sequence[Word]) -> Iterator[Word]:
    """The words, none beginning before the one ahead of it: two decodes may time neighbours the other way round."""
    start_s = settled[-1].start_s if settled else 0.0
    for word in words:
        start_s = max(start_s, word.start_s)
        yield replace(word, start_s=start_s, end_s=max(start_s, word.end_s))


def _pack(word: Word) -> list[Any]:
    return [word.text, word.start_s, word.end_s, word.probability, list(word.tokens)]


def _unpack(item: list[Any]) -> Word:
    return Word(item[0], item[1], item[2], item[3], tuple(item[4]))
