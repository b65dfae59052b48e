"""One stream of speech as a pure state machine: `receive(event) -> effects`. PURE.

    hop of sound --Endpointer--> points --queue--> one window decoded at a time --policy--> settled words

    CONNECTING --Opened--> LISTENING --Stop--> DRAINING --queue empty--> CLOSED

Two halves with a queue between them. The first half (vad.py) turns sound into points of the stream; it depends on the
sound alone. The second half takes the points strictly in order, one decode in flight, so that the words depend only on
the sound and the answers. After each point the whole state is plain data: `CheckpointReached` carries it, and a session
made from it goes on as if nothing had happened. No clock, no sockets, no Ray, no model in here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from vori_ray.errors import ProtocolError
from vori_ray.speech import language as languages
from vori_ray.speech import signals
from vori_ray.speech.guards import Guard, guard_sound, guard_words
from vori_ray.speech.language import LanguageState
from vori_ray.speech.options import SessionOptions
from vori_ray.speech.ports import SettledSegment
from vori_ray.speech.progress import Checkpoint, Progress
from vori_ray.speech.signals import Effect, Event
from vori_ray.speech.utterance import Settled, UtteranceState, fit_window, settle_rest, take_partial
from vori_ray.speech.vad import Endpointer, EndpointerState, Point, PointKind
from vori_ray.speech.windows import SAMPLE_RATE, SampleBuffer, Samples, WindowRequest, WindowResult, Word, join_words

PROMPT_TOKENS = 48
PROMPT_RESET = 3 * SAMPLE_RATE


class Phase(StrEnum):
    """Where a session is in its life."""

    CONNECTING = "connecting"
    LISTENING = "listening"
    DRAINING = "draining"
    CLOSED = "closed"


ACCEPTED: dict[type[Event], frozenset[Phase]] = {
    signals.Opened: frozenset({Phase.CONNECTING}),
    signals.HopHeard: frozenset({Phase.LISTENING}),
    signals.WindowDecoded: frozenset({Phase.LISTENING, Phase.DRAINING}),
    signals.Finalize: frozenset({Phase.LISTENING}),
    signals.Stop: frozenset({Phase.LISTENING}),
    signals.ChangeCadence: frozenset({Phase.LISTENING, Phase.DRAINING}),
}
"""The whole protocol: which event may come in which phase."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A point in the queue with the voice detector's state at it, or (point None) the end of a Finalize or Stop."""

    point: Point | None
    vad_state: Any = None


@dataclass(frozen=True, slots=True)
class _Decode:
    """The decode in flight: for which point, up to which sample, and whether it is the second try."""

    waiting: _Waiting
    point: Point
    at: int
    request: WindowRequest
    is_retry: bool = False


class SpeechSession:
    """The machine. Give it a checkpoint to go on from there, then `preload` the sound that it asks for."""

    def __init__(self, options: SessionOptions, checkpoint: Checkpoint | None = None) -> None:
        self.phase = Phase.CONNECTING
        self._options = options
        begin = checkpoint or _fresh(options)
        self._endpointer = Endpointer(options.endpointer, begin.endpointer)
        self._now = begin.progress
        window = [self._now.utterance.window_start] if self._now.utterance else []
        self._buffer = SampleBuffer(min([self._endpointer.earliest_needed, *window]))
        self._queue: deque[_Waiting] = deque()
        self._in_flight: _Decode | None = None
        self._saved: dict[tuple[int, int], SettledSegment] = {}
        self._interim = ""
        self._vad_state: Any = None

    # -- what the shell may ask --------------------------------------------------------------------------------------

    @property
    def clock(self) -> int:
        """Samples heard so far."""
        return self._endpointer.state.clock

    @property
    def needs_from(self) -> int:
        """Sample from which sound must be there after a restore; `preload` gives samples from here to `clock`."""
        return self._buffer.start

    @property
    def backlog(self) -> int:
        """Samples between the oldest point that waits or is being decoded and now."""
        oldest = self._in_flight.point if self._in_flight else next((w.point for w in self._queue if w.point), None)
        return self.clock - oldest.at if oldest else 0

    @property
    def utterance(self) -> int:
        """Number of the utterance whose words are being settled, or of the next one."""
        return self._now.utterance.number if self._now.utterance else self._now.next_utterance

    @property
    def language(self) -> str | None:
        """The language in use, where one is decided."""
        return languages.language_to_use(self._now.language)

    def preload(self, samples: Samples) -> None:
        """Give sound from `needs_from` to `clock` back to a restored session."""
        self._buffer.append(samples)

    # -- events ------------------------------------------------------------------------------------------------------

    def receive(self, event: Event) -> list[Effect]:
        """Take one event. Raises ProtocolError where the phase does not accept it."""
        if self.phase not in ACCEPTED[type(event)]:
            raise ProtocolError(f"a session that is {self.phase} takes no {type(event).__name__}")
        match event:
            case signals.Opened(saved):
                self.phase = Phase.LISTENING
                self._saved = {(segment.utterance, segment.part): segment for segment in saved}
                return []
            case signals.HopHeard():
                return self._hear(event)
            case signals.WindowDecoded(result):
                return self._answered(result)
            case signals.Finalize():
                return self._drain()
            case signals.Stop():
                self.phase = Phase.DRAINING
                return self._drain()
            case signals.ChangeCadence(stride):
                return self._change_cadence(stride)

    def _hear(self, event: signals.HopHeard) -> list[Effect]:
        self._buffer.append(event.samples)
        self._vad_state = event.vad_state
        effects: list[Effect] = []
        for point in self._endpointer.advance(event.probability):
            effects += self._announce(point)
            self._queue.append(_Waiting(point, event.vad_state))
        return effects + self._advance()

    def _drain(self) -> list[Effect]:
        effects: list[Effect] = []
        for point in self._endpointer.end():
            effects += self._announce(point)
            self._queue.append(_Waiting(point, self._vad_state))
        self._queue.append(_Waiting(None))
        return effects + self._advance()

    def _change_cadence(self, stride: int) -> list[Effect]:
        self._endpointer.widen(stride)
        if stride == 1:
            return []
        kept = [
            waiting for waiting, after in zip(self._queue, [*self._queue][1:], strict=False) if _is_kept(waiting, after)
        ]
        dropped = max(0, len(self._queue) - 1) - len(kept)
        self._queue = deque([*kept, *list(self._queue)[-1:]])
        return [signals.PointsDropped(dropped)] if dropped else []

    def _announce(self, point: Point) -> list[Effect]:
        if point.kind is PointKind.SPEECH_STARTED:
            return [signals.SpeechStarted(point.utterance, point.at / SAMPLE_RATE)]
        if point.kind is PointKind.UTTERANCE_END:
            return [signals.SpeechEnded(point.utterance, point.voice_end / SAMPLE_RATE)]
        return []

    # -- the second half: points in order, one decode in flight ------------------------------------------------------

    def _advance(self) -> list[Effect]:
        effects: list[Effect] = []
        while self._queue and not self._in_flight:
            effects += self._take(self._queue.popleft())
        return effects

    def _take(self, waiting: _Waiting) -> list[Effect]:
        point = waiting.point
        if point is None:
            return self._drained()
        if point.kind is PointKind.SPEECH_STARTED:
            self._begin(point)
            return [self._checkpoint(waiting)]
        if point.kind is PointKind.IDLE or self._now.utterance is None:
            return [self._checkpoint(waiting)]
        if point.kind is PointKind.UTTERANCE_END and self._now.utterance.speculated_end == point.voice_end:
            return self._end(waiting, point)
        return self._decode(waiting, point)

    def _drained(self) -> list[Effect]:
        if self.phase is Phase.DRAINING:
            self.phase = Phase.CLOSED
        return [signals.Drained()]

    def _begin(self, point: Point) -> None:
        if point.start - self._now.voice_end > PROMPT_RESET:
            self._now.before = ()
        self._now.utterance = UtteranceState(point.utterance, point.start)
        self._interim = ""

    def _decode(self, waiting: _Waiting, point: Point) -> list[Effect]:
        assert self._now.utterance is not None
        at = min(point.at, self._now.utterance.window_start + self._options.window.longest)
        request = self._request(point, at)
        guard = guard_sound(request.audio, point.speech)
        if guard is None:
            self._in_flight = _Decode(waiting, point, at, request)
            return [signals.DecodeWindow(request)]
        effects: list[Effect] = [signals.GuardFired(guard)] if point.kind is PointKind.UTTERANCE_END else []
        return effects + self._took(waiting, point, at)

    def _request(self, point: Point, at: int) -> WindowRequest:
        assert self._now.utterance is not None
        start, options = self._now.utterance.window_start, self._options
        is_final = point.kind is not PointKind.PARTIAL and at == point.at
        return WindowRequest(
            audio=self._buffer.read(start, at),
            start_s=start / SAMPLE_RATE,
            language=languages.language_to_use(self._now.language),
            languages=options.languages,
            wants_language=options.language is None and len(options.languages) != 1,
            prompt=self._now.before[-PROMPT_TOKENS:] if options.uses_prompt else (),
            prefix=self._now.utterance.hypothesis.prefix,
            vocabulary=options.vocabulary if options.uses_prompt else (),
            beam_size=options.final_beam if is_final else self._partial_beam(point),
            is_final=is_final,
            session_id=options.session_id,
            utterance=point.utterance,
        )

    def _partial_beam(self, point: Point) -> int:
        return self._options.partial_beam if point.state.stride == 1 else self._options.hurried_beam

    def _answered(self, result: WindowResult) -> list[Effect]:
        decode, self._in_flight = self._in_flight, None
        if decode is None or self._now.utterance is None:
            raise ProtocolError("an answer came, but no window was being decoded")
        words, guard = guard_words(result, decode.point.speech)
        effects: list[Effect] = [signals.GuardFired(guard)] if guard else []
        if guard:
            self._now.before = ()
        if guard is Guard.REPETITION and decode.request.prompt and not decode.is_retry:
            return effects + self._again(decode, decode.request.language)
        self._observe(result, decode.point)
        language = self.language
        if language not in (None, result.language) and not decode.is_retry:
            return effects + self._again(decode, language)
        effects += self._insert(words, decode)
        return effects + self._took(decode.waiting, decode.point, decode.at) + self._advance()

    def _again(self, decode: _Decode, language: str | None) -> list[Effect]:
        """Decode the same window without what led astray: its prompt, or the language it was taken to be in."""
        request = replace(decode.request, language=language, prompt=(), vocabulary=())
        self._in_flight = replace(decode, request=request, is_retry=True)
        return [signals.DecodeWindow(request)]

    def _observe(self, result: WindowResult, point: Point) -> None:
        before = languages.language_to_use(self._now.language)
        self._now.spoken = result.language
        if self._options.language is None:
            speech_s = point.speech / SAMPLE_RATE
            self._now.language = languages.observe(self._now.language, result.language_probabilities, speech_s=speech_s)
        if before and languages.language_to_use(self._now.language) != before:
            self._now.before = ()

    def _insert(self, words: tuple[Word, ...], decode: _Decode) -> list[Effect]:
        assert self._now.utterance is not None
        point = decode.point
        is_speculation = point.kind is PointKind.SPECULATION and decode.at == point.at
        is_end = point.kind is PointKind.UTTERANCE_END and decode.at == point.at
        step = take_partial(
            self._now.utterance,
            words,
            at=decode.at,
            may_settle=not is_end and languages.may_settle(self._now.language),
            options=self._options.settling,
        )
        self._now.utterance = replace(step.utterance, speculated_end=point.voice_end if is_speculation else None)
        return self._settle(step.words, is_last=False)

    def _took(self, waiting: _Waiting, point: Point, at: int) -> list[Effect]:
        """What follows a decode up to sample `at`, or a decode that was not worth it."""
        assert self._now.utterance is not None
        if at == point.at and point.kind is PointKind.UTTERANCE_END:
            return self._end(waiting, point)
        next_at = at + self._options.endpointer.decode_interval if at == point.at else point.at
        step = fit_window(
            self._now.utterance,
            at=at,
            next_at=min(next_at, at + self._options.window.longest // 4),
            options=self._options.window,
            settling=self._options.settling,
        )
        effects = self._apply(step)
        if at < point.at:
            return effects + self._decode(waiting, point)
        return [*effects, *self._show_interim(), self._checkpoint(waiting)]

    def _end(self, waiting: _Waiting, point: Point) -> list[Effect]:
        assert self._now.utterance is not None
        step = settle_rest(self._now.utterance)
        self._now.utterance = step.utterance
        self._now.voice_end = point.voice_end
        effects = self._settle(step.words, is_last=True)
        self._now.before = (self._now.before + self._now.utterance.hypothesis.prefix)[-PROMPT_TOKENS:]
        self._now.language = (
            languages.end_utterance(self._now.language) if self._options.language is None else self._now.language
        )
        self._now.next_utterance = self._now.utterance.number + 1
        self._now.utterance = None
        return [*effects, self._checkpoint(waiting)]

    # -- settled words -----------------------------------------------------------------------------------------------

    def _apply(self, step: Settled) -> list[Effect]:
        self._now.utterance = step.utterance
        self._now.before = (self._now.before + step.departed)[-PROMPT_TOKENS:]
        return self._settle(step.words, is_last=False)

    def _settle(self, words: tuple[Word, ...], *, is_last: bool) -> list[Effect]:
        utterance = self._now.utterance
        assert utterance is not None
        if not words and not (is_last and utterance.part):
            return []
        segment = SettledSegment(
            session_id=self._options.session_id,
            utterance=utterance.number,
            part=utterance.part,
            words=words,
            start_s=words[0].start_s if words else self._now.voice_end / SAMPLE_RATE,
            end_s=words[-1].end_s if words else self._now.voice_end / SAMPLE_RATE,
            language=self._now.spoken,
            is_last=is_last,
        )
        self._interim = ""
        saved = self._saved.pop((utterance.number, utterance.part), None)
        self._now.utterance = replace(utterance, part=utterance.part + 1)
        if saved is not None and saved.text != segment.text:
            self._prefer(saved)
            segment = replace(saved, is_last=is_last)
        return [signals.SegmentSettled(segment)]

    def _prefer(self, saved: SettledSegment) -> None:
        """Go on after words that an earlier life of this session stored, where they differ from ours."""
        assert self._now.utterance is not None
        start = max(self._now.utterance.window_start, round(saved.end_s * SAMPLE_RATE))
        pending = tuple(word for word in self._now.utterance.hypothesis.pending if word.start_s >= saved.end_s - 0.1)
        hypothesis = replace(self._now.utterance.hypothesis, settled=(), pending=pending)
        self._now.utterance = replace(self._now.utterance, window_start=start, hypothesis=hypothesis)

    def _show_interim(self) -> list[Effect]:
        pending = self._now.utterance.hypothesis.pending if self._now.utterance else ()
        text = join_words(pending)
        if text == self._interim or not pending:
            return []
        self._interim = text
        assert self._now.utterance is not None
        return [signals.InterimChanged(self._now.utterance.number, text, pending[0].start_s, pending[-1].end_s)]

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def _checkpoint(self, waiting: _Waiting) -> signals.CheckpointReached:
        assert waiting.point is not None
        point = waiting.point
        starts = [w.point.start for w in self._queue if w.point and w.point.kind is not PointKind.IDLE]
        window = [self._now.utterance.window_start] if self._now.utterance else []
        self._buffer.forget(min([self._endpointer.earliest_needed, *starts, *window]))
        return signals.CheckpointReached(
            point.state.clock, Checkpoint(point.state, replace(self._now)), waiting.vad_state
        )


def _fresh(options: SessionOptions) -> Checkpoint:
    language = languages.fixed(options.language) if options.language else LanguageState()
    spoken = options.language or next(iter(options.languages), "en")
    state = EndpointerState(next_idle=options.endpointer.idle)
    return Checkpoint(state, Progress(language=language, spoken=spoken))


def _is_kept(waiting: _Waiting, after: _Waiting) -> bool:
    """Under overload a partial is left out when a newer point of its utterance waits behind it."""
    if waiting.point is None or after.point is None or waiting.point.utterance != after.point.utterance:
        return True
    return waiting.point.kind not in (PointKind.PARTIAL, PointKind.SPECULATION)
