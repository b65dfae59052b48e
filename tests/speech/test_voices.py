"""Voices measured: pitch and cepstra on made sound, the choice of an engine, a model that ONNX Runtime really loads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.speech.speech_support import load_meeting
from vori_ray.errors import BadInputError
from vori_ray.speech import acoustics
from vori_ray.speech.diarization import Voice
from vori_ray.speech.voices import AcousticVoices, OnnxVoices, load_voices
from vori_ray.speech.windows import SAMPLE_RATE, Samples


def buzz(hz: float, duration_s: float = 1.0) -> Samples:
    """A tone with many overtones, as a voice has."""
    at = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return (2000 * sum(np.sin(2 * np.pi * hz * k * at) / k for k in range(1, 12))).astype(np.int16)


@pytest.mark.parametrize("hz", [80.0, 110.0, 160.0, 240.0, 350.0])
def test_pitch(hz: float) -> None:
    assert np.median(acoustics.pitch_hz(buzz(hz))) == pytest.approx(hz, rel=0.03)


def test_noise_and_silence_have_no_voice() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, SAMPLE_RATE).astype(np.int16)
    assert len(acoustics.pitch_hz(noise)) < 5
    engine = AcousticVoices()
    assert engine.embed(np.zeros(SAMPLE_RATE, np.int16)) is None
    assert engine.embed(buzz(120.0, 0.2)) is None
    assert engine.embed(np.empty(0, np.int16)) is None


def test_a_voice_does_not_depend_on_loudness() -> None:
    sound, truth = load_meeting("en")
    first = truth["utterances"][0]
    said = sound[round(first["start"] * SAMPLE_RATE) : round(first["end"] * SAMPLE_RATE)]
    loud, soft = AcousticVoices().embed(said), AcousticVoices().embed((said // 4).astype(np.int16))
    assert loud is not None
    assert soft is not None
    assert np.linalg.norm(loud - soft) < 0.3


def test_mel_bands_hold_what_lies_in_them() -> None:
    at = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    bands = [
        int(acoustics.log_mel(acoustics.power_spectra(tone.astype(np.int16)), bands=80).mean(axis=0).argmax())
        for tone in (8000 * np.sin(2 * np.pi * hz * at) for hz in (300.0, 1000.0, 4000.0))
    ]
    # 80 bands between 20 Hz and 8 kHz on Kaldi's mel scale: 300 Hz is at 402 mel of 31 to 2840, and so on.
    assert bands == pytest.approx([10, 27, 60], abs=1)


def test_the_engines_that_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_voices("acoustic").name == "acoustic"
    assert load_voices(f"{__name__}:Silent").name == "silent"
    for name in ("pyannote", "onnx:", ":", ""):
        with pytest.raises(BadInputError, match="expected a diarizer"):
            load_voices(name)
    for name in ("no_such_package:engine", f"{__name__}:no_such_factory"):
        with pytest.raises(BadInputError, match="cannot be loaded"):
            load_voices(name)
    with pytest.raises(BadInputError, match="to give a VoiceEngine"):
        load_voices("builtins:dict")


class Silent:
    """An engine that somebody might bring."""

    name = "silent"
    threshold = 1.0

    def embed(self, samples: Samples) -> Voice | None:
        return None


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=re.escape(f"expected a speaker model at {tmp_path / 'model.onnx'}")):
        load_voices(f"onnx:{tmp_path}")
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(BadInputError, match="not a model that ONNX Runtime can load"):
        load_voices(f"onnx:{tmp_path}")


def test_a_card_that_cannot_be_understood_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(mean_model(80))
    for card in ("{", '{"inputs": "fbank"}', '{"threshold": 3}', '{"threshold": "near"}', "[]", '{"bands": 0}'):
        (tmp_path / "voice.json").write_text(card)
        with pytest.raises(BadInputError, match=r"card of a speaker model|cosine similarity"):
            OnnxVoices.load(tmp_path)


def test_a_model_gives_voices_of_length_one(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(mean_model(40))
    (tmp_path / "voice.json").write_text(json.dumps({"bands": 40, "threshold": 0.5}))
    engine = load_voices(f"onnx:{tmp_path}")
    assert engine.threshold == pytest.approx(1.0)
    voice = engine.embed(load_meeting("en")[0][SAMPLE_RATE : 3 * SAMPLE_RATE])
    assert voice is not None
    assert voice.shape == (40,)
    assert np.linalg.norm(voice) == pytest.approx(1.0, abs=1e-5)
    assert engine.embed(np.zeros(100, np.int16)) is None


def mean_model(bands: int) -> bytes:
    """An ONNX model, written by hand: the largest of each band over time. (1, frames, bands) -> (1, bands)."""
    axes = _field(5, _field(1, b"axes") + _int(8, 1) + _int(20, 7))
    keep = _field(5, _field(1, b"keepdims") + _int(3, 0) + _int(20, 2))
    node = _field(1, b"feats") + _field(2, b"embs") + _field(4, b"ReduceMax") + axes + keep
    inputs = _value(b"feats", [_int(1, 1), _field(2, b"frames"), _int(1, bands)])
    graph = (
        _field(1, node)
        + _field(2, b"g")
        + _field(11, inputs)
        + _field(12, _value(b"embs", [_int(1, 1), _int(1, bands)]))
    )
    return _int(1, 7) + _field(7, graph) + _field(8, _field(1, b"") + _int(2, 12))


def _value(name: bytes, dimensions: list[bytes]) -> bytes:
    shape = b"".join(_field(1, dimension) for dimension in dimensions)
    return _field(1, name) + _field(2, _field(1, _int(1, 1) + _field(2, shape)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    head = b""
    while value > 127:
        head, value = head + bytes([value & 127 | 128]), value >> 7
    return head + bytes([value])
