"""What goes into a speech session and what comes out: events and effects, as values. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vori_ray.speech.guards import Guard
from vori_ray.speech.ports import SettledSegment
from vori_ray.speech.progress import Checkpoint
from vori_ray.speech.windows import Samples, WindowRequest, WindowResult

# -- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The journal is open. `saved` are segments that an earlier life of this session stored after its checkpoint."""

    saved: tuple[SettledSegment, ...] = ()


@dataclass(frozen=True, slots=True)
class HopHeard:
    """512 samples with their speech probability; `vad_state` is kept for the checkpoint and not looked at."""

    samples: Samples
    probability: float
    vad_state: Any = None


@dataclass(frozen=True, slots=True)
class WindowDecoded:
    """The answer to the one `DecodeWindow` in flight."""

    result: WindowResult


@dataclass(frozen=True, slots=True)
class Finalize:
    """Settle all that was said so far; answered by `Drained`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """No more sound will come: settle the rest; answered by `Drained`."""


@dataclass(frozen=True, slots=True)
class ChangeCadence:
    """Decode at every `stride`-th point of the grid; waiting points that a newer one covers are dropped."""

    stride: int


Event = Opened | HopHeard | WindowDecoded | Finalize | Stop | ChangeCadence


# -- effects ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DecodeWindow:
    """Have this window decoded and answer with `WindowDecoded`."""

    request: WindowRequest


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak."""

    utterance: int
    at_s: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The utterance ended; its last words may still be on their way."""

    utterance: int
    at_s: float


@dataclass(frozen=True, slots=True)
class InterimChanged:
    """Unsettled words of the current utterance; replaces the last ones."""

    utterance: int
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SegmentSettled:
    """Words that do not change any more: save, then send."""

    segment: SettledSegment


@dataclass(frozen=True, slots=True)
class CheckpointReached:
    """The state after a point at sample `at`, to be kept once the segments before it are saved."""

    at: int
    checkpoint: Checkpoint
    vad_state: Any


@dataclass(frozen=True, slots=True)
class GuardFired:
    """Text was not believed."""

    guard: Guard


@dataclass(frozen=True, slots=True)
class PointsDropped:
    """Decodes left out under overload."""

    count: int


@dataclass(frozen=True, slots=True)
class Drained:
    """All that was asked by one `Finalize` or `Stop` is settled."""


Effect = (
    DecodeWindow
    | SpeechStarted
    | SpeechEnded
    | InterimChanged
    | SegmentSettled
    | CheckpointReached
    | GuardFired
    | PointsDropped
    | Drained
)
