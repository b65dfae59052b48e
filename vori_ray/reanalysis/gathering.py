"""Windows come back in any order: which meetings are complete, and their words as segments. Does no I/O.

A meeting is complete when all of its streams have ended and every window of them is there, or with its first error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from vori_ray.reanalysis.pipeline import Heard, HeardWindow, StreamEnd
from vori_ray.reanalysis.plan import Speaker, Task
from vori_ray.speech.windows import Word
from vori_ray.storage.models import Segment


@dataclass(frozen=True, slots=True)
class Finished:
    """A meeting of which all was heard, or the first error in it."""

    task: Task
    segments: tuple[Segment, ...] = ()
    error: str | None = None


@dataclass(slots=True)
class _Stream:
    speaker: Speaker
    task: int
    windows: list[HeardWindow] = field(default_factory=list)
    expected: int | None = None

    @property
    def is_complete(self) -> bool:
        return self.expected is not None and len(self.windows) >= self.expected


class Gathering:
    """Collects what is heard. Sources are numbered through all streams of all tasks, in order."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = list(tasks)
        self._streams = [_Stream(stream, index) for index, task in enumerate(tasks) for stream in task.streams]
        self._open: dict[int, list[int]] = {}
        for number, stream in enumerate(self._streams):
            self._open.setdefault(stream.task, []).append(number)

    def add(self, heard: Heard) -> Iterator[Finished]:
        """Take what came; gives the meeting that is finished by it."""
        stream = self._streams[heard.source]
        if stream.task not in self._open:  # it has failed already
            return
        if isinstance(heard, StreamEnd) and heard.error is not None:
            yield self._finish(stream.task, error=heard.error)
            return
        if isinstance(heard, StreamEnd):
            stream.expected = heard.windows
        else:
            stream.windows.append(heard)
        if all(self._streams[number].is_complete for number in self._open[stream.task]):
            yield self._finish(stream.task)

    def left(self) -> list[Task]:
        """Meetings that are not finished."""
        return [self._tasks[index] for index in self._open]

    def _finish(self, index: int, *, error: str | None = None) -> Finished:
        streams = [self._streams[number] for number in self._open.pop(index)]
        task = self._tasks[index]
        segments = tuple(segment for stream in streams for segment in _segments(task, stream)) if error is None else ()
        for stream in streams:
            stream.windows.clear()
        return Finished(task, segments, error)


def _segments(task: Task, stream: _Stream) -> list[Segment]:
    """One segment a piece with words in it; parts of an utterance are numbered anew, the last one closes it.

    Where speakers were told apart, an utterance ends with each turn.
    """
    pieces = [(piece, words, window.language) for window in stream.windows for piece, words in window.pieces]
    by_utterance: dict[int, list[Segment]] = {}
    more = 0
    last: tuple[int, int | None] = (-1, None)
    for piece, words, language in sorted(pieces, key=lambda one: (one[0].utterance, one[0].part)):
        shifted = _in_meeting_time(words, stream.speaker.offset_s)
        for number, said in groupby(shifted, lambda word: stream.speaker.number_at(_middle_s(word))):
            more += last[0] == piece.utterance and last[1] != number
            last = (piece.utterance, number)
            parts = by_utterance.setdefault(piece.utterance + more, [])
            place = (piece.utterance + more, len(parts))
            parts.append(_segment(task, stream.speaker, place, number, list(said), language))
    for parts in by_utterance.values():
        parts[-1].is_last = True
    return [segment for parts in by_utterance.values() for segment in parts]


def _middle_s(word: dict[str, Any]) -> float:
    return float(word["start_s"] + word["end_s"]) / 2


def _in_meeting_time(words: Sequence[Word], offset_s: float) -> list[dict[str, Any]]:
    messages = [word.as_message() for word in words]
    return [
        message | {name: round(message[name] + offset_s, 3) for name in ("start_s", "end_s")} for message in messages
    ]


def _segment(
    task: Task, stream: Speaker, place: tuple[int, int], number: int | None, words: list[dict[str, Any]], language: str
) -> Segment:
    return Segment(
        group_id=task.group_id,
        meeting_id=task.meeting_id,
        session_id=stream.source.session_id,
        utterance=place[0],
        part=place[1],
        speaker=stream.speaker if number is None else None,
        speaker_number=number,
        text=" ".join(word["word"] for word in words),
        start_s=words[0]["start_s"],
        end_s=words[-1]["end_s"],
        language=language,
        words=words,
        is_last=False,
    )
