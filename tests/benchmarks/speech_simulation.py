"""Sessions in simulated time: the real machine and the real model, many recordings at once, as fast as they decode.

The time of a decode is assumed (`assumed_cost_s`, from one thread of an idle core of 2025), so that two settings can
be compared on a busy machine: their words are the real ones, their latencies are comparable and not wall times.
Answers to equal windows are remembered across settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.benchmarks.speech_offline import utterances
from tests.benchmarks.speech_rig import Played, Recording
from vori_ray.speech import signals, silero
from vori_ray.speech.options import SessionOptions
from vori_ray.speech.recognizer import PreparedWindow, Recognizer
from vori_ray.speech.scoring import TimedWord
from vori_ray.speech.session import SpeechSession
from vori_ray.speech.vad import HOP
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowRequest, WindowResult

BATCH = 16
BEAM_COST = {1: 1.0, 2: 1.3, 3: 1.9, 5: 2.8}

Asking = Generator[WindowRequest, WindowResult, Any]


def assumed_cost_s(request: WindowRequest) -> float:
    """How long a decode takes in simulated time."""
    return 0.02 + request.duration_s * (0.0045 + 0.0045 * BEAM_COST[request.beam_size])


@dataclass
class Simulator:
    """A recogniser whose answers are remembered."""

    recognizer: Recognizer
    answers: dict[bytes, WindowResult] = field(default_factory=dict)

    def stream(self, recordings: Sequence[Recording], options: SessionOptions) -> list[Played]:
        """Every recording through a session of its own, in its own language."""
        runs = [_streaming(one, replace(options, language=one.language)) for one in recordings]
        return [
            Played(one, settled, [], len(one.samples) / SAMPLE_RATE)
            for one, settled in zip(recordings, self._drive(runs), strict=True)
        ]

    def offline(self, recordings: Sequence[Recording]) -> list[Played]:
        """Every recording utterance by utterance with beam 5, after the event."""
        longest = int(self.recognizer.card.longest_window_s * SAMPLE_RATE)
        runs = [_offline(one, longest) for one in recordings]
        return [Played(one, words, [], 0.0) for one, words in zip(recordings, self._drive(runs), strict=True)]

    def _drive(self, runs: Sequence[Asking]) -> list[Any]:
        """Let all runs ask, answer what can be decoded together, until each has returned."""
        results: list[Any] = [None] * len(runs)
        waiting: dict[int, tuple[bytes, PreparedWindow]] = {}

        def go_on(number: int, answer: WindowResult | None) -> None:
            try:
                while True:
                    request = runs[number].send(answer)  # type: ignore[arg-type]
                    key = _key(request)
                    answer = self.answers.get(key)
                    if answer is None:
                        waiting[number] = (key, self.recognizer.prepare(request))
                        return
            except StopIteration as ended:
                results[number] = ended.value

        for number in range(len(runs)):
            go_on(number, None)
        while waiting:
            batch = _largest_batch(waiting)
            for number, answer in zip(batch, self.recognizer.decode([waiting[n][1] for n in batch]), strict=True):
                key, _ = waiting.pop(number)
                self.answers[key] = answer
                go_on(number, answer)
        return results


def _largest_batch(waiting: dict[int, tuple[bytes, PreparedWindow]]) -> list[int]:
    groups: dict[object, list[int]] = {}
    for number, (_, prepared) in waiting.items():
        groups.setdefault(prepared.key, []).append(number)
    return max(groups.values(), key=len)[:BATCH]


def _streaming(recording: Recording, options: SessionOptions) -> Asking:
    session, settled = SpeechSession(options), list[TimedWord]()
    session.receive(signals.Opened())
    asked: list[tuple[float, WindowRequest]] = []

    def note(effects: list[signals.Effect], now_s: float) -> None:
        for effect in effects:
            if isinstance(effect, signals.DecodeWindow):
                asked.append((now_s + assumed_cost_s(effect.request), effect.request))
            elif isinstance(effect, signals.SegmentSettled):
                settled.extend(TimedWord(word.text, now_s) for word in effect.segment.words)

    now_s = 0.0
    for hop, probability in _hops(recording.samples):
        now_s += HOP / SAMPLE_RATE
        while asked and asked[0][0] <= now_s:
            ready_s, request = asked.pop()
            note(session.receive(signals.WindowDecoded((yield request))), ready_s)
        note(session.receive(signals.HopHeard(hop, probability)), now_s)
    note(session.receive(signals.Stop()), now_s)
    while asked:
        ready_s, request = asked.pop()
        note(session.receive(signals.WindowDecoded((yield request))), ready_s)
    return settled


def _offline(recording: Recording, longest: int) -> Asking:
    words: list[TimedWord] = []
    for low, high in utterances(recording.samples, longest):
        audio = recording.samples[low:high]
        result = yield WindowRequest(
            audio=audio, start_s=low / SAMPLE_RATE, language=recording.language, beam_size=5, is_final=True
        )
        words += [TimedWord(word.text, word.end_s) for word in result.words]
    return words


def _hops(samples: Samples) -> list[tuple[Samples, float]]:
    state, hops = silero.initial_state(), []
    for start in range(0, len(samples) - HOP + 1, HOP):
        hop = samples[start : start + HOP]
        probability, state = silero.speech_probability(hop, state)
        hops.append((hop, probability))
    return hops


def _key(request: WindowRequest) -> bytes:
    rest = (request.start_s, request.language, request.wants_language, request.prefix, request.beam_size)
    return hashlib.blake2b(request.audio.tobytes() + repr((*rest, request.is_final)).encode()).digest()
