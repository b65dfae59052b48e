"""Engines that measure voices, and how one is chosen by name.

    acoustic                 numpy alone: mean cepstra and pitch; tells clearly different voices apart
    onnx:DIRECTORY           a trained speaker model: DIRECTORY/model.onnx, and DIRECTORY/voice.json if it has one
    package.module:factory   anything else: `factory()` gives a `VoiceEngine`

Nothing is loaded before an engine is asked for. Knows nothing of speakers: see diarization.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from vori_ray.errors import BadInputError
from vori_ray.speech import acoustics
from vori_ray.speech.diarization import Voice, VoiceEngine
from vori_ray.speech.windows import SAMPLE_RATE, Samples

ACOUSTIC = "acoustic"
LEAST_SAMPLES = SAMPLE_RATE // 4
MODEL_FILE, CARD_FILE = "model.onnx", "voice.json"


@lru_cache(maxsize=4)
def load_voices(name: str) -> VoiceEngine:
    """The engine of that name, made once in a process. Raises BadInputError that says what is missing."""
    if name == ACOUSTIC:
        return AcousticVoices()
    kind, _, rest = name.partition(":")
    if kind == "onnx" and rest:
        return OnnxVoices.load(Path(rest))
    if rest:
        return _made(kind, rest)
    raise BadInputError(f"expected a diarizer `acoustic`, `onnx:DIRECTORY` or `module:factory`, came {name!r}")


def _made(module: str, factory: str) -> VoiceEngine:
    try:
        engine = getattr(import_module(module), factory)()
    except (ImportError, AttributeError) as exc:
        raise BadInputError(f"the diarizer {module}:{factory} cannot be loaded: {exc}") from exc
    if not callable(getattr(engine, "embed", None)):
        raise BadInputError(f"expected {module}:{factory} to give a VoiceEngine, came {type(engine).__name__}")
    return engine  # type: ignore[no-any-return]


class AcousticVoices:
    """Mean cepstra (the shape of the mouth and throat) and pitch of the loud frames of a stretch.

    Each dimension is divided by how far it strays between utterances of one voice. These deviations and the threshold
    were set on synthetic voices; those of people stray more. The threshold is rather low: one person under two names
    can be given one name afterwards, two people under one name cannot be parted.
    """

    name = ACOUSTIC
    threshold = 1.4

    _STRAY = np.array(
        [1.9, 0.9, 1.3, 1.0, 0.8, 0.9, 0.7, 0.6, 0.5, 0.45, 0.4, 0.4, 0.35, 0.35, 0.3, 0.3, 0.25, 0.25, 0.2, 1.5],
        np.float32,
    )
    _BANDS, _CEPSTRA = 32, 19
    _LOUD = 10**-3.5
    _REFERENCE_HZ, _SEMITONES = 100.0, 12.0

    def embed(self, samples: Samples) -> Voice | None:
        """20 numbers, or None for less than a quarter of a second or sound without pitch."""
        pitches = acoustics.pitch_hz(samples) if len(samples) >= LEAST_SAMPLES else np.empty(0)
        if len(pitches) < 3:
            return None
        power = acoustics.power_spectra(samples)
        energy = power.sum(axis=1)
        loud = power[energy > self._LOUD * np.percentile(energy, 95)]
        means = acoustics.cepstra(acoustics.log_mel(loud, bands=self._BANDS), count=self._CEPSTRA).mean(axis=0)
        pitch = self._SEMITONES * np.log2(np.median(pitches) / self._REFERENCE_HZ)
        voice: Voice = np.append(means, pitch).astype(np.float32) / self._STRAY
        return voice / np.float32(np.sqrt(len(voice)))


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """How a speaker model is used: `voice.json` beside it. The defaults suit WeSpeaker's and 3D-Speaker's exports.

    `input`: `fbank` (Kaldi's log-mel features, less their mean over time) or `waveform` (from -1 to 1). `threshold` is
    the cosine similarity below which two voices are two people's.
    """

    input: str = "fbank"
    bands: int = 80
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.input not in ("fbank", "waveform") or not -1.0 <= self.threshold <= 1.0 or self.bands < 1:
            raise BadInputError(f"expected an input fbank or waveform and a cosine similarity, came {self}")


class OnnxVoices:
    """A trained speaker model: one input (1, frames, bands) or (1, samples), its first output the embedding."""

    def __init__(self, directory: Path, session: Any, card: VoiceCard) -> None:
        self.name = f"onnx:{directory}"
        # Unit vectors: |a - b|^2 = 2 - 2 cos(a, b).
        self.threshold = float(np.sqrt(2.0 - 2.0 * card.threshold))
        self._session = session
        self._card = card

    @classmethod
    def load(cls, directory: Path) -> OnnxVoices:
        """Load the model of a directory. Raises BadInputError where it is not there or cannot be used."""
        path = directory / MODEL_FILE
        if not path.is_file():
            raise BadInputError(f"expected a speaker model at {path}, there is none")
        card = _read_card(directory / CARD_FILE)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as exc:  # onnxruntime's own errors have no common class
            raise BadInputError(f"{path} is not a model that ONNX Runtime can load: {exc}") from exc
        return cls(directory, session, card)

    def embed(self, samples: Samples) -> Voice | None:
        """The model's embedding with length 1; None for less than a quarter of a second."""
        if len(samples) < LEAST_SAMPLES:
            return None
        given = {self._session.get_inputs()[0].name: self._features(samples)[np.newaxis]}
        voice: Voice = np.ravel(self._session.run(None, given)[0]).astype(np.float32)
        length = float(np.linalg.norm(voice))
        return voice / np.float32(length) if length > 0 else None

    def _features(self, samples: Samples) -> Voice:
        if self._card.input == "waveform":
            return samples.astype(np.float32) / 32768.0
        mel = acoustics.log_mel(acoustics.power_spectra(samples), bands=self._card.bands)
        centred: Voice = mel - mel.mean(axis=0)
        return centred


def _read_card(path: Path) -> VoiceCard:
    if not path.exists():
        return VoiceCard()
    try:
        return VoiceCard(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as exc:
        raise BadInputError(f"{path} is not a card of a speaker model: {exc}") from exc
