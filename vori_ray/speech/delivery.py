"""Delivers a session's effects in order: a segment is saved first, then sent; messages follow one another.

One task, one queue. Saving is tried again until it succeeds, because settled words must not be lost; meanwhile the
queue fills and the session stops taking sound. Checkpoints pass through the queue too, so that the one offered in
`passed` never knows of words that are not stored. Where speakers are told apart, an utterance's first words wait here
until there is enough of them to know whose they are; meanwhile they are shown as part of the interim.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from vori_ray.errors import VoriError
from vori_ray.speech import metrics, signals
from vori_ray.speech.labels import SpeakerLabels
from vori_ray.speech.ports import Draft, SettledSegment, Sink

logger = logging.getLogger(__name__)

FIRST_RETRY_S, LAST_RETRY_S = 0.1, 2.0
WARN_AFTER_ATTEMPTS = 5

Deliverable = (
    signals.SpeechStarted
    | signals.SpeechEnded
    | signals.InterimChanged
    | signals.SegmentSettled
    | signals.CheckpointReached
    | signals.Drained
)


@dataclass(frozen=True, slots=True)
class Passed:
    """A checkpoint whose words are all stored, with the state of the speakers' labels at it."""

    reached: signals.CheckpointReached
    speakers: dict[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """What a journal keeps (JSON data)."""
        state = {"session": self.reached.checkpoint.as_dict(), "vad": self.reached.vad_state.as_text()}
        return state if self.speakers is None else state | {"speakers": self.speakers}


class Delivery:
    """The ordered way out of one session. Run `run` as a task."""

    def __init__(self, sink: Sink, labels: SpeakerLabels | None = None) -> None:
        self._sink = sink
        self._labels = labels
        self._queue: deque[Deliverable] = deque()
        self._arrived = asyncio.Event()
        self._drains: deque[asyncio.Future[None]] = deque()
        self._sending = asyncio.Lock()
        self.passed: Passed | None = None
        self.interim: signals.InterimChanged | None = None
        self.segments = 0

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, effect: Deliverable) -> None:
        """Add an effect; an interim that waits is replaced by a newer one."""
        if isinstance(effect, signals.InterimChanged) and self._queue and isinstance(self._queue[-1], type(effect)):
            self._queue.pop()
        if self._labels and isinstance(effect, signals.InterimChanged | signals.CheckpointReached):
            self._forget_older(type(effect))
        self._queue.append(effect)
        self._arrived.set()

    def _forget_older(self, kind: type[Deliverable]) -> None:
        """Behind words that wait for their speaker only the newest of a kind is of use; the queue is not to fill."""
        for at in range(len(self._queue) - 1, 0, -1):
            if isinstance(self._queue[at], signals.SegmentSettled):
                return
            if isinstance(self._queue[at], kind):
                del self._queue[at]
                return

    def next_drain(self) -> asyncio.Future[None]:
        """Completes when the next `Drained` that nobody waits for yet has come through."""
        drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._drains.append(drained)
        return drained

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message past the queue; messages are still sent one at a time."""
        async with self._sending:
            await self._sink.send(message)

    async def saved_from(self, utterance: int) -> tuple[SettledSegment, ...]:
        """The segments that are stored already, of this utterance and those after it."""
        saved: list[SettledSegment] = []
        while found := await self._sink.load_saved(utterance):
            saved += found
            utterance += 1
        return tuple(saved)

    async def save_draft(self, session_id: str, duration_s: float) -> None:
        """Store the unsettled words, if there are any."""
        interim = self.interim
        if interim is None:
            return
        draft = Draft(session_id, interim.utterance, interim.text, interim.start_s, interim.end_s, duration_s)
        try:
            await self._sink.save_draft(draft)
        except VoriError as exc:
            logger.warning("a draft of session %s was not saved: %s", session_id, exc)

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            while self._queue and self._may_go(self._queue[0]):
                await self._deliver(self._queue[0])
                self._queue.popleft()
            await self._show_waiting()
            self._arrived.clear()
            await self._arrived.wait()

    async def _show_waiting(self) -> None:
        """The words that wait for their speaker, with what is not settled behind them, as one interim."""
        waiting = self._waiting()
        if not waiting:
            return
        behind = takewhile(lambda effect: not isinstance(effect, signals.SegmentSettled), reversed(self._queue))
        unsettled = next((effect for effect in behind if isinstance(effect, signals.InterimChanged)), None)
        parts: list[SettledSegment | signals.InterimChanged] = [*waiting]
        if unsettled is not None:
            parts.append(unsettled)
        text = " ".join(part.text for part in parts if part.text)
        shown = signals.InterimChanged(waiting[0].utterance, text, waiting[0].start_s, parts[-1].end_s)
        if shown != self.interim:
            self.interim = shown
            await self.send(interim_message(shown))

    def _may_go(self, effect: Deliverable) -> bool:
        if self._labels is None or not isinstance(effect, signals.SegmentSettled):
            return True
        return self._labels.may_label(effect.segment, self._waiting())

    def _waiting(self) -> list[SettledSegment]:
        return [effect.segment for effect in self._queue if isinstance(effect, signals.SegmentSettled)]

    async def _deliver(self, effect: Deliverable) -> None:
        match effect:
            case signals.SpeechStarted(utterance, at_s):
                await self.send({"type": "speech_started", "utterance": utterance, "at_s": round(at_s, 3)})
            case signals.SpeechEnded(utterance, at_s):
                await self.send({"type": "speech_ended", "utterance": utterance, "at_s": round(at_s, 3)})
            case signals.InterimChanged():
                self.interim = effect
                await self.send(interim_message(effect))
            case signals.SegmentSettled(segment):
                await self._deliver_segment(segment)
            case signals.CheckpointReached():
                self.passed = Passed(effect, self._labels.as_dict() if self._labels else None)
            case signals.Drained():
                if self._drains:
                    _complete(self._drains.popleft())

    async def _deliver_segment(self, segment: SettledSegment) -> None:
        if self._labels:
            segment = await self._labels.label(segment, self._waiting())
        segment_id = await self._until_stored(segment)
        self.interim = None
        self.segments += bool(segment.words)
        metrics.WORDS.inc(len(segment.words))
        await self.send(final_message(segment, segment_id))

    async def _store(self, segment: SettledSegment) -> int | None:
        """The id of the words, or None where there are none and the segment says only that its utterance ended."""
        if segment.words:
            return await self._sink.save_segment(segment)
        await self._sink.end_utterance(segment.utterance)
        return None

    async def _until_stored(self, segment: SettledSegment) -> int | None:
        attempt, delay_s = 0, FIRST_RETRY_S
        while True:
            try:
                return await self._store(segment)
            except VoriError as exc:
                if not exc.retryable:
                    raise
                attempt += 1
                logger.warning("segment %d.%d not saved yet: %s", segment.utterance, segment.part, exc)
            if attempt == WARN_AFTER_ATTEMPTS:
                message = "settled words wait for the database"
                await self.send({"type": "warning", "code": "storage_unavailable", "message": message})
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, LAST_RETRY_S)


def interim_message(interim: signals.InterimChanged) -> dict[str, Any]:
    """An interim as the native protocol shows it."""
    return {
        "type": "interim",
        "utterance": interim.utterance,
        "text": interim.text,
        "start_s": round(interim.start_s, 3),
        "end_s": round(interim.end_s, 3),
    }


def final_message(segment: SettledSegment, segment_id: int | None) -> dict[str, Any]:
    """A settled segment as the native protocol shows it."""
    return {
        "type": "final",
        "utterance": segment.utterance,
        "part": segment.part,
        "segment_id": segment_id,
        "text": segment.text,
        "start_s": round(segment.start_s, 3),
        "end_s": round(segment.end_s, 3),
        "language": segment.language,
        "words": [word.as_message() for word in segment.words],
        "is_last": segment.is_last,
        **({} if segment.speaker is None else {"speaker_number": segment.speaker}),
    }


def _complete(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
