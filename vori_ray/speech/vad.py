"""From speech probabilities to decode points: where speech starts, when to decode, where an utterance ends. PURE.

    probability of one 32 ms hop  ->  Endpointer.advance  ->  Points, in the order of the sound

Everything is counted in samples of the stream, so the points depend on the sound alone: not on how it was cut into
messages, and not on how fast the recogniser is. That is what makes a transcript repeatable after a fault. The
probabilities come from Silero (silero.py); this module knows nothing of models, words or time of day.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from vori_ray.speech.windows import SAMPLE_RATE

HOP = 512
"""Samples of one hop: 32 ms, the step that Silero was trained on."""


class PointKind(StrEnum):
    """What is to be done at a point of the stream."""

    SPEECH_STARTED = "speech_started"
    PARTIAL = "partial"
    SPECULATION = "speculation"
    UTTERANCE_END = "utterance_end"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class EndpointerOptions:
    """Thresholds on the probability, lengths in samples.

    Silence of `speculation` samples asks for a decode that is good as a final if the silence lasts; `end_silence` ends
    the utterance. `idle` is the distance of the points at which a silent stream is checkpointed.
    """

    on: float = 0.5
    off: float = 0.35
    pre_roll: int = int(0.3 * SAMPLE_RATE)
    speculation: int = int(0.2 * SAMPLE_RATE)
    end_silence: int = int(0.5 * SAMPLE_RATE)
    decode_interval: int = int(0.5 * SAMPLE_RATE)
    idle: int = 5 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class EndpointerState:
    """All that the endpointer remembers. `utterance` is the current one's number, or the next one's in silence."""

    clock: int = 0
    utterance: int = 0
    is_speaking: bool = False
    start: int = 0
    speech: int = 0
    voice_end: int = 0
    silent_since: int | None = None
    has_speculated: bool = False
    next_decode: int = 0
    next_idle: int = 0
    stride: int = 1

    def as_dict(self) -> dict[str, Any]:
        """The state as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the stream at sample `at`. `state` is the endpointer's state just after it.

    `start` is where the utterance's sound begins (with pre-roll), `speech` counts samples with voice in it so far,
    `voice_end` is where the last of them ended.
    """

    kind: PointKind
    at: int
    utterance: int
    start: int
    speech: int
    voice_end: int
    state: EndpointerState


class Endpointer:
    """Turns probabilities into points. `state` may be set to go on from a checkpoint."""

    def __init__(self, options: EndpointerOptions, state: EndpointerState | None = None) -> None:
        self._options = options
        self.state = state or EndpointerState(next_idle=options.idle)

    @property
    def earliest_needed(self) -> int:
        """Sample from which sound must be kept: the utterance's start, or the pre-roll of one that may start now."""
        state = self.state
        return state.start if state.is_speaking else max(0, state.clock - self._options.pre_roll - HOP)

    def advance(self, probability: float) -> list[Point]:
        """Take the probability of the next hop."""
        hop_start = self.state.clock
        self.state = replace(self.state, clock=hop_start + HOP)
        if not self.state.is_speaking:
            return self._in_silence(probability, hop_start)
        return self._in_speech(probability, hop_start)

    def end(self) -> list[Point]:
        """End the utterance here, whatever is being said. The next hop with voice begins a new one."""
        return [self._end_utterance()] if self.state.is_speaking else []

    def widen(self, stride: int) -> None:
        """Decode only at every `stride`-th point of the grid from now on."""
        self.state = replace(self.state, stride=stride)

    def _in_silence(self, probability: float, hop_start: int) -> list[Point]:
        state, options = self.state, self._options
        if probability >= options.on:
            self.state = replace(
                state,
                is_speaking=True,
                start=max(hop_start - options.pre_roll, state.voice_end, 0),
                speech=HOP,
                voice_end=state.clock,
                silent_since=None,
                has_speculated=False,
                next_decode=hop_start + options.decode_interval * state.stride,
            )
            return [self._point(PointKind.SPEECH_STARTED, hop_start)]
        if state.clock < state.next_idle:
            return []
        self.state = replace(state, next_idle=state.clock + options.idle)
        return [self._point(PointKind.IDLE, state.clock)]

    def _in_speech(self, probability: float, hop_start: int) -> list[Point]:
        self._note_voice(probability, hop_start)
        state, options = self.state, self._options
        silence = state.clock - state.silent_since if state.silent_since is not None else 0
        if silence >= options.end_silence:
            return [self._end_utterance()]
        if silence >= options.speculation and not state.has_speculated:
            self.state = replace(state, has_speculated=True)
            self._move_grid()
            return [self._point(PointKind.SPECULATION, state.clock)]
        if state.clock >= state.next_decode and state.silent_since is None:
            self._move_grid()
            return [self._point(PointKind.PARTIAL, state.clock)]
        return []

    def _note_voice(self, probability: float, hop_start: int) -> None:
        state = self.state
        is_silent = state.silent_since is not None
        threshold = self._options.on if is_silent else self._options.off
        if probability >= threshold:
            self.state = replace(
                state, speech=state.speech + HOP, voice_end=state.clock, silent_since=None, has_speculated=False
            )
        elif not is_silent:
            self.state = replace(state, silent_since=hop_start)

    def _move_grid(self) -> None:
        """Set the next decode to the first multiple of the interval after now."""
        state, step = self.state, self._options.decode_interval
        missed = max(0, (state.clock - state.next_decode) // step)
        if state.clock >= state.next_decode:
            self.state = replace(state, next_decode=state.next_decode + step * (missed + state.stride))

    def _end_utterance(self) -> Point:
        ended = self.state
        self.state = replace(
            ended,
            is_speaking=False,
            utterance=ended.utterance + 1,
            silent_since=None,
            next_idle=ended.clock + self._options.idle,
        )
        point = self._point(PointKind.UTTERANCE_END, ended.clock)
        return replace(point, utterance=ended.utterance)

    def _point(self, kind: PointKind, at: int) -> Point:
        state = self.state
        return Point(kind, at, state.utterance, state.start, state.speech, state.voice_end, state)
