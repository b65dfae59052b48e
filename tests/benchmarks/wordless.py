"""Sound without words: silence, noise, hum, and music of a kind (chords with a beat)."""

from __future__ import annotations

import numpy as np

from vori_ray.speech.windows import SAMPLE_RATE, Samples

WORDLESS = ("silence", "noise", "hum", "music")


def wordless(kind: str, seconds: float) -> Samples:
    """16 kHz mono int16."""
    rng, time_s = np.random.default_rng(1), np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    if kind == "silence":
        wave = np.zeros_like(time_s)
    elif kind == "noise":
        wave = rng.normal(0, 0.05, len(time_s))
    elif kind == "hum":
        wave = 0.2 * np.sin(2 * np.pi * 50 * time_s) + 0.1 * np.sin(2 * np.pi * 150 * time_s)
    elif kind == "music":
        root = np.array([220.0, 174.6, 261.6, 196.0])[(time_s % 8 // 2).astype(int)]
        chord = sum(np.sin(2 * np.pi * root * ratio * time_s) for ratio in (1, 1.25, 1.5, 2))
        wave = 0.08 * chord * (0.6 + 0.4 * np.exp(-8 * (time_s % 0.5)))
    else:
        raise ValueError(f"one of {WORDLESS} expected, came {kind!r}")
    return np.asarray(np.clip(wave, -1, 1) * 32767, np.int16)
