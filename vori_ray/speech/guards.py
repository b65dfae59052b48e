"""Guards against text that nobody said. PURE.

Whisper invents text on silence and repeats itself when it is lost. Each guard is one function over plain values; the
thresholds are Whisper's own where it has them (openai/whisper `transcribe.py`).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from vori_ray.speech.hypothesis import fold
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowResult, Word, join_words

MIN_SPEECH_SAMPLES = int(0.25 * SAMPLE_RATE)
MIN_RMS = 0.0025
MAX_COMPRESSION_RATIO = 2.4
REPEATS = 3
LITTLE_SPEECH_SAMPLES = SAMPLE_RATE
PHRASES = frozenset(
    fold(phrase)
    for phrase in (
        "Thank you.",
        "Thanks for watching!",
        "Thank you for watching.",
        "Please subscribe.",
        "Subtitles by the Amara.org community",
        "you",
        "Bye.",
        "감사합니다.",
        "시청해주셔서 감사합니다.",
        "구독과 좋아요 부탁드립니다.",
        "MBC 뉴스 이덕영입니다.",
        "다음 영상에서 만나요.",
    )
)
"""What Whisper says on noise. Dropped only where hardly any speech was heard: people do say "thank you"."""


class Guard(StrEnum):
    """Which guard fired."""

    TOO_SHORT = "too_short"
    TOO_QUIET = "too_quiet"
    NO_SPEECH = "no_speech"
    REPETITION = "repetition"
    PHRASE = "phrase"


def guard_sound(audio: Samples, speech: int) -> Guard | None:
    """Whether a window is not worth a decode: too little speech in it (`speech` samples), or too quiet."""
    if speech < MIN_SPEECH_SAMPLES:
        return Guard.TOO_SHORT
    if loudness(audio) < MIN_RMS:
        return Guard.TOO_QUIET
    return None


def loudness(audio: Samples) -> float:
    """Root mean square of the loudest quarter of a second, 1.0 being full scale."""
    samples = audio.astype(np.float32) / 32768.0
    width = MIN_SPEECH_SAMPLES
    if len(samples) <= width:
        return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    return float(np.sqrt(np.max(energy[width:] - energy[:-width]) / width))


def guard_words(result: WindowResult, speech: int) -> tuple[tuple[Word, ...], Guard | None]:
    """The words that may be believed, and the guard that took the others."""
    if result.no_speech_probability > 0.6 and result.avg_logprob < -1.0:
        return (), Guard.NO_SPEECH
    if speech < LITTLE_SPEECH_SAMPLES and fold(join_words(result.words)) in PHRASES:
        return (), Guard.PHRASE
    kept = without_loops(result.words)
    if len(kept) < len(result.words) or compression_ratio(result.words) > MAX_COMPRESSION_RATIO:
        return kept, Guard.REPETITION
    return result.words, None


def compression_ratio(words: Sequence[Word]) -> float:
    """How much a text shrinks under zlib; looping text shrinks a lot. 1.0 for very short texts."""
    data = join_words(list(words)).encode()
    return len(data) / len(zlib.compress(data)) if len(data) > 40 else 1.0


def without_loops(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words up to the first loop: 3 to 6 words said three times or more in a row are kept once."""
    folded = [fold(word.text) for word in words]
    for start in range(len(folded)):
        for size in range(3, 7):
            first = folded[start : start + size]
            repeats = range(1, REPEATS)
            if len(first) == size and all(folded[start + n * size : start + (n + 1) * size] == first for n in repeats):
                return tuple(words[: start + size])
    return tuple(words)
