"""What is asked of a recogniser and what it answers: a window of sound in, words with times out. PURE.

All times are stream time: seconds at 16 kHz since the first sample of the session. This module knows
nothing of models, sessions or transport.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second of all sound inside VORI: mono, signed 16 bit."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word. `text` carries its punctuation and no spaces around it; `tokens` are the model's own."""

    text: str
    start_s: float
    end_s: float
    probability: float = 1.0
    tokens: tuple[int, ...] = ()

    def as_message(self) -> dict[str, Any]:
        """The word as the native protocol and the segments table show it."""
        return {
            "word": self.text,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "probability": round(self.probability, 3),
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Word:
        """The word that `as_message` wrote."""
        return cls(message["word"], message["start_s"], message["end_s"], message["probability"])


def join_words(words: tuple[Word, ...] | list[Word]) -> str:
    """The text of some words, with single spaces between them."""
    return " ".join(word.text for word in words)


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """A window of sound to be decoded. Everything that the answer depends on is in here.

    `audio` is 16 kHz mono int16 and begins at `start_s` in the stream. `language` None asks for detection among
    `languages` (all that the model knows, when empty); `wants_language` asks for probabilities all the same.
    `prompt` holds tokens of the text before the window, `prefix` those of settled words at its start: the answer
    goes on from there and holds only what follows. `vocabulary` holds names that may be said. `is_final` requests
    come first in a queue. `session_id` and `utterance` are for logs only.
    """

    audio: Samples
    start_s: float
    language: str | None = None
    languages: tuple[str, ...] = ()
    wants_language: bool = False
    prompt: tuple[int, ...] = ()
    prefix: tuple[int, ...] = ()
    vocabulary: tuple[str, ...] = ()
    beam_size: int = 1
    is_final: bool = False
    session_id: str = ""
    utterance: int = 0

    @property
    def duration_s(self) -> float:
        """Length of the window in seconds."""
        return len(self.audio) / SAMPLE_RATE

    @property
    def end_s(self) -> float:
        """Stream time of the window's end."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What was heard in a window. Word times are stream time.

    `language_probabilities` is empty where no detection was asked for. `avg_logprob` and `no_speech_probability`
    are Whisper's own measures of doubt.
    """

    words: tuple[Word, ...]
    language: str
    language_probabilities: dict[str, float] = field(default_factory=dict)
    avg_logprob: float = 0.0
    no_speech_probability: float = 0.0
    decode_s: float = 0.0
    batch_windows: int = 1


class SampleBuffer:
    """The part of a stream that is still needed, addressed by sample number. Grows at the end, forgets at the start."""

    def __init__(self, start: int = 0) -> None:
        self._start = start
        self._filled = 0
        self._samples = np.empty(SAMPLE_RATE, np.int16)

    @property
    def start(self) -> int:
        """Number of the first sample held."""
        return self._start

    @property
    def end(self) -> int:
        """Number of the sample after the last one held."""
        return self._start + self._filled

    def append(self, samples: Samples) -> None:
        """Add samples at the end."""
        needed = self._filled + len(samples)
        if needed > len(self._samples):
            grown = np.empty(max(needed, 2 * len(self._samples)), np.int16)
            grown[: self._filled] = self._samples[: self._filled]
            self._samples = grown
        self._samples[self._filled : needed] = samples
        self._filled = needed

    def read(self, start: int, end: int) -> Samples:
        """A copy of samples `start` to `end`; what is outside of the buffer is left out."""
        first, last = max(start - self._start, 0), min(end - self._start, self._filled)
        return self._samples[first : max(first, last)].copy()

    def forget(self, before: int) -> None:
        """Drop samples before number `before`, once they are worth the move."""
        drop = min(before - self._start, self._filled)
        if drop < SAMPLE_RATE:
            return
        kept = self._samples[drop : self._filled].copy()
        self._samples = np.empty(max(2 * len(kept), SAMPLE_RATE), np.int16)
        self._samples[: len(kept)] = kept
        self._start, self._filled = self._start + drop, len(kept)
