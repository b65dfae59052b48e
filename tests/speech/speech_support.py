"""Stateful fakes and players for speech tests: a sink in memory, a journal on disk, files fed as a client would."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from vori_ray.errors import UnavailableError
from vori_ray.speech.audio import decode_file
from vori_ray.speech.batching import Batcher, BatchOptions
from vori_ray.speech.ports import Draft, SettledSegment
from vori_ray.speech.recognizer import DEMO_DIRECTORY, PreparedWindow, Recognizer, RecognizerOptions
from vori_ray.speech.windows import SAMPLE_RATE, Samples

MEETINGS = DEMO_DIRECTORY.parent / "meetings"


@dataclass
class MemoryStore:
    """The segments table: survives the sinks of several lives of a session."""

    segments: dict[tuple[str, int, int], SettledSegment] = field(default_factory=dict)
    saves: int = 0
    failures_left: int = 0

    def save(self, segment: SettledSegment) -> int:
        self.saves += 1
        self._fail_if_asked()
        key = (segment.session_id, segment.utterance, segment.part)
        self.segments.setdefault(key, segment)
        return list(self.segments).index(key) + 1

    def end(self, session_id: str, utterance: int) -> None:
        self._fail_if_asked()
        key = max(key for key in self.segments if key[:2] == (session_id, utterance))
        self.segments[key] = replace(self.segments[key], is_last=True)

    def _fail_if_asked(self) -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise UnavailableError("the database is away")

    def of(self, session_id: str) -> list[SettledSegment]:
        return [self.segments[key] for key in sorted(self.segments) if key[0] == session_id]

    def text(self, session_id: str) -> str:
        return " ".join(segment.text for segment in self.of(session_id))


@dataclass
class MemorySink:
    """A client that remembers every message with the time it came."""

    store: MemoryStore = field(default_factory=MemoryStore)
    session_id: str = "s1"
    messages: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    async def send(self, message: dict[str, Any]) -> None:
        self.messages.append((time.monotonic(), message))

    async def save_segment(self, segment: SettledSegment) -> int:
        await asyncio.sleep(0)
        return self.store.save(segment)

    async def end_utterance(self, utterance: int) -> None:
        self.store.end(self.session_id, utterance)

    async def save_draft(self, draft: Draft) -> None:
        self.drafts.append(draft)

    async def load_saved(self, utterance: int) -> Sequence[SettledSegment]:
        return [segment for segment in self.store.of(self.session_id) if segment.utterance == utterance]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for _, message in self.messages if message["type"] == kind]

    @property
    def text(self) -> str:
        return " ".join(message["text"] for message in self.of_type("final") if message["text"])


def load_meeting(language: str) -> tuple[Samples, dict[str, Any]]:
    """A demo meeting's sound and truth."""
    truth = json.loads((MEETINGS / f"meeting-{language}.json").read_text(encoding="utf-8"))
    return decode_file(MEETINGS / f"meeting-{language}.flac"), truth


def frames(samples: Samples, frame_s: float = 0.1) -> Iterator[bytes]:
    """Sound as a client's binary frames."""
    size = round(frame_s * SAMPLE_RATE)
    for start in range(0, len(samples), size):
        yield samples[start : start + size].tobytes()


def demo_batcher(recognizer: Recognizer, **options: Any) -> Batcher[PreparedWindow]:
    """A real batcher over a real recogniser; close it."""
    return Batcher(prepare=recognizer.prepare, decode=recognizer.decode, options=BatchOptions(**options))


def demo_recognizer() -> Recognizer:
    """The demo model on one thread."""
    return Recognizer(RecognizerOptions(device="cpu", compute_type="int8"))


def truth_text(truth: dict[str, Any], until_s: float = np.inf) -> str:
    """What was really said."""
    return " ".join(spoken["text"] for spoken in truth["utterances"] if spoken["end"] <= until_s)


def meeting_path(language: str) -> Path:
    """The demo meeting's file."""
    return MEETINGS / f"meeting-{language}.flac"
