"""The speakers of one live stream: keeps the sound that waits for its words, and labels settled segments in order.

An utterance gets its speaker once five seconds of it are settled, or when it is over, whichever comes first; the label
stands for all of it. So labels depend on the sound and the settled words alone: not on messages, not on time. The
state is plain data: with the checkpoint that it belongs to, a resumed stream gives the same labels.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from vori_ray.speech.diarization import Speakers, Voice, VoiceEngine, assign, learn
from vori_ray.speech.ports import SessionConfig, SettledSegment
from vori_ray.speech.voices import load_voices
from vori_ray.speech.windows import SAMPLE_RATE, SampleBuffer, Samples

logger = logging.getLogger(__name__)

ENOUGH_S = 5.0
"""Two seconds doubled the errors of the acoustic engine, on synthetic voices."""
MOST_KEPT = 60 * SAMPLE_RATE
"""Sound that waits for its words, at most: far more than a session may be behind."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where labelling is: the utterance that has its speaker, and the sample up to which its sound was measured."""

    utterance: int = -1
    measured: int = 0


def labels_of(config: SessionConfig) -> SpeakerLabels | None:
    """The labels that a stream wants, if any. Raises BadInputError where its engine cannot be loaded."""
    return SpeakerLabels(load_voices(config.diarizer)) if config.diarize else None


class SpeakerLabels:
    """Labels one stream. Give it all sound in order, then its settled segments in order."""

    def __init__(self, engine: VoiceEngine) -> None:
        self._engine = engine
        self._speakers = Speakers()
        self._place = Place()
        self._buffer = SampleBuffer()

    def hear(self, samples: Samples) -> None:
        """Take the next sound of the stream."""
        self._buffer.append(samples)
        self._buffer.forget(max(self._place.measured, self._buffer.end - MOST_KEPT))

    def may_label(self, segment: SettledSegment, waiting: Iterable[SettledSegment]) -> bool:
        """Whether a segment can be labelled now. `waiting` are the segments that are settled, from this one on."""
        return segment.utterance == self._place.utterance or _is_enough(_beginning(segment, waiting))

    async def label(self, segment: SettledSegment, waiting: Iterable[SettledSegment]) -> SettledSegment:
        """The segment with its speaker's number. Measures its sound in a thread."""
        if segment.utterance != self._place.utterance:
            await self._decide(_beginning(segment, waiting))
        elif segment.words:
            await self._learn(segment)
        return replace(segment, speaker=self._speakers.last)

    async def _decide(self, pieces: list[SettledSegment]) -> None:
        """Whose an utterance is. One without words is nobody's: it may be a cough."""
        start_s, end_s = pieces[0].start_s, max(piece.end_s for piece in pieces)
        start, end = max(self._place.measured, round(start_s * SAMPLE_RATE)), round(end_s * SAMPLE_RATE)
        if any(piece.words for piece in pieces):
            voice, threshold = await self._measure(start, end), self._engine.threshold
            self._speakers = assign(self._speakers, voice, duration_s=end_s - start_s, threshold=threshold)
        self._place = Place(pieces[0].utterance, max(end, self._place.measured))

    async def _learn(self, segment: SettledSegment) -> None:
        start, end = max(self._place.measured, round(segment.start_s * SAMPLE_RATE)), round(segment.end_s * SAMPLE_RATE)
        if end <= start:
            return
        voice = await self._measure(start, end)
        duration_s, threshold = (end - start) / SAMPLE_RATE, self._engine.threshold
        self._speakers = learn(self._speakers, voice, duration_s=duration_s, threshold=threshold)
        self._place = replace(self._place, measured=end)

    async def _measure(self, start: int, end: int) -> Voice | None:
        """The voice in some sound; None where the engine fails: words are not lost for want of a label."""
        try:
            return await asyncio.to_thread(self._engine.embed, self._buffer.read(start, end))
        except Exception:  # an engine may be anybody's
            logger.exception("the diarizer %s failed", self._engine.name)
            return None

    # -- resuming

    def as_dict(self) -> dict[str, Any]:
        """The state as JSON data, to be kept with the checkpoint that has just been passed."""
        return {"engine": self._engine.name, "speakers": self._speakers.as_dict(), "place": asdict(self._place)}

    def restore(self, kept: dict[str, Any] | None, *, needs_from: int) -> int:
        """Go on from what `as_dict` gave; returns the sample from which `hear` is to be given the sound again.

        `needs_from` is where the session's unsettled words begin. Speakers that another engine measured cannot be
        compared: they are forgotten, and new numbers are given.
        """
        start = max(0, needs_from - SAMPLE_RATE)
        self._buffer = SampleBuffer(start)
        if kept is not None:
            self._speakers, self._place = Speakers.from_dict(kept["speakers"]), Place(**kept["place"])
            if kept["engine"] != self._engine.name:
                self._speakers = Speakers(last=self._speakers.last, first=self._speakers.next)
        return start


def _beginning(segment: SettledSegment, waiting: Iterable[SettledSegment]) -> list[SettledSegment]:
    """The first pieces of the segment's utterance: until they are long enough, or its last one."""
    pieces: list[SettledSegment] = []
    for piece in waiting:
        if piece.utterance == segment.utterance and not _is_enough(pieces):
            pieces.append(piece)
    return pieces or [segment]


def _is_enough(pieces: list[SettledSegment]) -> bool:
    if not pieces:
        return False
    return pieces[-1].is_last or pieces[-1].end_s - pieces[0].start_s >= ENOUGH_S
