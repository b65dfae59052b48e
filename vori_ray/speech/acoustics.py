"""Sound to acoustic features with numpy alone: power spectra, mel bands, cepstra, pitch. PURE.

All sound is 16 kHz mono. A frame is 25 ms of it (400 samples), a hop 10 ms (160 samples); 512-point spectra.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vori_ray.speech.windows import SAMPLE_RATE, Samples

FRAME, HOP, POINTS = 400, 160, 512
PREEMPHASIS = 0.97
LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ = 60.0, 400.0
PITCH_FRAME, PITCH_HOP = 640, 320
VOICED = 0.5
"""Least height of the autocorrelation's peak, as a share of the energy, in a voiced frame."""

Floats = NDArray[np.float32]


def frames_of(samples: Floats, *, length: int = FRAME, hop: int = HOP) -> Floats:
    """Whole overlapping frames, (frames, length); none where the sound is shorter than one."""
    if len(samples) < length:
        return np.empty((0, length), np.float32)
    return np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]


def power_spectra(samples: Samples) -> Floats:
    """Power of each frame, (frames, 257), as Kaldi takes it: no offset, pre-emphasis, Povey's window, int16 scale."""
    frames = frames_of(samples.astype(np.float32))
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectra = np.fft.rfft((frames - PREEMPHASIS * before) * _window(), POINTS, axis=1)
    power: Floats = (spectra.real**2 + spectra.imag**2).astype(np.float32)
    return power


def log_mel(power: Floats, *, bands: int) -> Floats:
    """Logarithm of the energy in mel bands between 20 Hz and 8 kHz, (frames, bands)."""
    energies: Floats = np.log(np.maximum(power @ _mel_weights(bands).T, np.finfo(np.float32).eps))
    return energies


def cepstra(mel: Floats, *, count: int) -> Floats:
    """Coefficients 1 to `count` of the cosine transform of log-mel frames; the loudness (0) is left out."""
    coefficients: Floats = mel @ _cosines(mel.shape[1], count)
    return coefficients


def pitch_hz(samples: Samples) -> Floats:
    """Pitch of each voiced frame of 40 ms, by the highest peak of its autocorrelation; empty where none is voiced."""
    frames = frames_of(samples.astype(np.float32), length=PITCH_FRAME, hop=PITCH_HOP)
    if not len(frames):
        return np.empty(0, np.float32)
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectra = np.fft.rfft(frames, 2 * PITCH_FRAME, axis=1)
    echo = np.fft.irfft(spectra.real**2 + spectra.imag**2, axis=1)[:, :PITCH_FRAME]
    # A longer lag overlaps less: without this, octaves too high win.
    echo = echo / (1 - np.arange(PITCH_FRAME) / PITCH_FRAME)
    shortest, longest = round(SAMPLE_RATE / HIGHEST_PITCH_HZ), round(SAMPLE_RATE / LOWEST_PITCH_HZ)
    lags = echo[:, shortest : longest + 1]
    best = lags.max(axis=1)
    # The first lag that is nearly as good as the best: otherwise octaves too low win.
    first = (lags >= 0.85 * best[:, np.newaxis]).argmax(axis=1)
    rise = np.arange(lags.shape[1])[np.newaxis] >= first[:, np.newaxis]
    near = np.arange(lags.shape[1])[np.newaxis] <= first[:, np.newaxis] + shortest // 2
    peak = np.where(rise & near, lags, -np.inf).argmax(axis=1)
    energy = echo[:, 0]
    is_loud = energy > 0.03 * np.percentile(energy, 95)
    is_voiced = is_loud & (best > VOICED * energy)
    pitches: Floats = (SAMPLE_RATE / (shortest + peak[is_voiced])).astype(np.float32)
    return pitches


@lru_cache(maxsize=1)
def _window() -> Floats:
    return (np.hanning(FRAME) ** 0.85).astype(np.float32)


@lru_cache(maxsize=4)
def _mel_weights(bands: int) -> Floats:
    """Triangles that are straight on the mel scale, (bands, 257)."""
    edges = np.linspace(_mel(20.0), _mel(SAMPLE_RATE / 2), bands + 2)
    at = _mel(np.arange(POINTS // 2 + 1) * SAMPLE_RATE / POINTS)[np.newaxis]
    left, centre, right = edges[:-2, np.newaxis], edges[1:-1, np.newaxis], edges[2:, np.newaxis]
    return np.maximum(0.0, np.minimum((at - left) / (centre - left), (right - at) / (right - centre))).astype(
        np.float32
    )


def _mel(hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(hz) / 700.0)


@lru_cache(maxsize=4)
def _cosines(bands: int, count: int) -> Floats:
    angles = np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(1, count + 1))
    cosines: Floats = (np.sqrt(2.0 / bands) * np.cos(angles)).astype(np.float32)
    return cosines
