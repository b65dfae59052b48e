"""Who speaks when: voices of stretches of sound, grouped to speakers. PURE.

    sound of a stretch --VoiceEngine--> voice (a vector) --nearest speaker, or a new one--> speaker 1, 2, 3, ...

Each stretch is given to a speaker when it has been heard (`assign`), and the speaker's mean voice learns from it: a
stream is never held whole, and what was said of it stands. Grouping a whole recording at once (average linkage) was
tried and gave no fewer errors. Speakers are numbered from 1 in the order in which they are first heard. Knows nothing
of how a voice is measured (voices.py) and nothing of names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vori_ray.speech.windows import Samples

Voice = NDArray[np.float32]

LEAST_NEW_S = 1.0
"""A shorter stretch does not make a new speaker: its voice is too uncertain."""
MOST_WEIGHT_S = 5.0
"""What one stretch counts for at most, so that a monologue does not freeze its speaker's mean."""


class VoiceEngine(Protocol):
    """Measures voices. Two of one person lie nearer to each other than `threshold`, by Euclidean distance."""

    @property
    def name(self) -> str:
        """What the engine is called in the settings."""
        ...

    @property
    def threshold(self) -> float:
        """Distance between two voices beyond which they are two people's."""
        ...

    def embed(self, samples: Samples) -> Voice | None:
        """The voice in 16 kHz mono sound; None where there is too little of it. Blocking."""
        ...


@dataclass(frozen=True, slots=True)
class Speaker:
    """One speaker as heard so far: the sum of their voices, each times its weight, and the sum of the weights (s)."""

    total: tuple[float, ...]
    weight_s: float

    @property
    def voice(self) -> Voice:
        """The mean of the speaker's voices."""
        return np.asarray(self.total, np.float32) / np.float32(self.weight_s)

    def hearing(self, voice: Voice, duration_s: float) -> Speaker:
        """The speaker after one more stretch."""
        weight_s = min(duration_s, MOST_WEIGHT_S)
        total = np.asarray(self.total) + voice.astype(float) * weight_s
        return Speaker(tuple(float(value) for value in total), self.weight_s + weight_s)


@dataclass(frozen=True, slots=True)
class Speakers:
    """All speakers of a stream, in the order of their numbers, which begin at `first`.

    `last` is the number of the one who spoke last.
    """

    heard: tuple[Speaker, ...] = ()
    last: int = 1
    first: int = 1

    @property
    def next(self) -> int:
        """The number of the next new speaker."""
        return self.first + len(self.heard)

    def as_dict(self) -> dict[str, Any]:
        """The speakers as JSON data."""
        return {
            "heard": [[list(one.total), one.weight_s] for one in self.heard],
            "last": self.last,
            "first": self.first,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Speakers:
        """The speakers that `as_dict` wrote."""
        heard = tuple(Speaker(tuple(total), weight_s) for total, weight_s in data["heard"])
        return cls(heard, data["last"], data["first"])


def assign(speakers: Speakers, voice: Voice | None, *, duration_s: float, threshold: float) -> Speakers:
    """Give a stretch to the nearest speaker, or to a new one; `last` of the answer is whose it is.

    Where no voice could be measured, whoever spoke last goes on.
    """
    if voice is None:
        return speakers
    number, distance = _nearest(speakers, voice)
    is_new = distance > threshold and duration_s >= LEAST_NEW_S
    if is_new or not speakers.heard:
        added = Speaker((0.0,) * len(voice), 0.0).hearing(voice, duration_s)
        return replace(speakers, heard=(*speakers.heard, added), last=speakers.next)
    return learn(replace(speakers, last=number), voice, duration_s=duration_s, threshold=threshold)


def learn(speakers: Speakers, voice: Voice | None, *, duration_s: float, threshold: float) -> Speakers:
    """Take a stretch as more of whoever spoke last, unless it sounds like somebody else."""
    if voice is None or not speakers.heard:
        return speakers
    at = speakers.last - speakers.first
    if float(np.linalg.norm(voice - speakers.heard[at].voice)) > threshold:
        return speakers
    known = speakers.heard[at].hearing(voice, duration_s)
    return replace(speakers, heard=(*speakers.heard[:at], known, *speakers.heard[at + 1 :]))


def _nearest(speakers: Speakers, voice: Voice) -> tuple[int, float]:
    distances = [float(np.linalg.norm(voice - one.voice)) for one in speakers.heard]
    at = int(np.argmin(distances)) if distances else 0
    return speakers.first + at, distances[at] if distances else np.inf
