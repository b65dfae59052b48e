"""Silero's speech probability of a stream, hop by hop, with its exact state.

The ONNX file is the one that faster-whisper carries. One hop costs 0.1 ms on one core. The state is a value: it can
be kept with a checkpoint, and a stream that goes on from it gives the same bits.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vori_ray.speech.vad import HOP
from vori_ray.speech.windows import Samples

_CONTEXT = 64
_UNITS = 128

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SileroState:
    """Both LSTM vectors (128 float32 each) and the last 64 samples."""

    hidden: Floats
    cell: Floats
    context: Floats

    def as_text(self) -> str:
        """The state as base64."""
        return base64.b64encode(np.concatenate([self.hidden, self.cell, self.context]).tobytes()).decode()

    @classmethod
    def from_text(cls, text: str) -> SileroState:
        """The state that `as_text` wrote."""
        values = np.frombuffer(base64.b64decode(text), np.float32)
        return cls(values[:_UNITS], values[_UNITS : 2 * _UNITS], values[2 * _UNITS :])


def initial_state() -> SileroState:
    """The state before the first sample."""
    return SileroState(np.zeros(_UNITS, np.float32), np.zeros(_UNITS, np.float32), np.zeros(_CONTEXT, np.float32))


def speech_probability(hop: Samples, state: SileroState) -> tuple[float, SileroState]:
    """Probability that the next hop (512 samples) holds speech, and the state after it."""
    samples = hop.astype(np.float32) / 32768.0
    inputs = {
        "input": np.concatenate([state.context, samples])[np.newaxis],
        "h": state.hidden.reshape(1, 1, _UNITS),
        "c": state.cell.reshape(1, 1, _UNITS),
    }
    probability, hidden, cell = _session().run(None, inputs)
    after = SileroState(hidden.reshape(_UNITS), cell.reshape(_UNITS), samples[HOP - _CONTEXT :])
    return float(np.ravel(probability)[0]), after


def speech_probabilities(hops: Samples, state: SileroState) -> tuple[Floats, SileroState]:
    """The same for many hops in a row (512 samples each), at half the cost; the answers are equal to the bit."""
    samples = hops.reshape(-1, HOP).astype(np.float32) / 32768.0
    contexts = np.concatenate([state.context[np.newaxis], samples[:-1, HOP - _CONTEXT :]])
    inputs = {
        "input": np.concatenate([contexts, samples], axis=1),
        "h": state.hidden.reshape(1, 1, _UNITS),
        "c": state.cell.reshape(1, 1, _UNITS),
    }
    probabilities, hidden, cell = _session().run(None, inputs)
    after = SileroState(hidden.reshape(_UNITS), cell.reshape(_UNITS), samples[-1, HOP - _CONTEXT :])
    return np.ravel(probabilities), after


@lru_cache(maxsize=1)
def _session() -> Any:
    import onnxruntime
    from faster_whisper.utils import get_assets_path

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    path = Path(get_assets_path()) / "silero_vad_v6.onnx"
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"], sess_options=options)
