"""The demo meetings through the real machine and model, in process: file in, finals out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.wordless import WORDLESS, wordless
from tests.speech.speech_support import MemorySink, demo_batcher, demo_recognizer, frames, load_meeting, truth_text
from vori_ray.speech.batching import Batcher
from vori_ray.speech.journal import FileJournal, session_folder
from vori_ray.speech.ports import SessionConfig
from vori_ray.speech.recognizer import PreparedWindow, Recognizer
from vori_ray.speech.runner import LiveSession
from vori_ray.speech.scoring import error_rate
from vori_ray.speech.windows import SAMPLE_RATE, Samples

MOST_ERRORS = 0.25
"""At real time the demo model gets every tenth word wrong. Fed as fast as it goes on a busy machine, the cadence widens
and more of the first minute is settled from short windows."""


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return demo_recognizer()


@pytest.fixture
async def batcher(recognizer: Recognizer) -> AsyncIterator[Batcher[PreparedWindow]]:
    made = demo_batcher(recognizer)
    yield made
    await made.close()


async def play(folder: Path, batcher: Batcher[PreparedWindow], card: Any, sound: Samples, language: str) -> MemorySink:
    sink = MemorySink()
    live = LiveSession(
        SessionConfig("s1", language=language, card=card),
        transcribe=batcher.submit,
        journal=FileJournal(session_folder(str(folder), "s1")),
        sink=sink,
    )
    await live.start(resume=False)
    for frame in frames(sound):
        await live.feed(frame)
        await asyncio.sleep(0)
    await live.stop()
    return sink


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_a_meeting_is_written_down(
    tmp_path: Path, batcher: Batcher[PreparedWindow], recognizer: Recognizer, language: str
) -> None:
    sound, truth = load_meeting(language)
    end_s = max(spoken["end"] for spoken in truth["utterances"] if spoken["end"] <= 60.0)
    sink = await play(tmp_path, batcher, recognizer.card, sound[: round((end_s + 0.3) * SAMPLE_RATE)], language)
    said = truth_text(truth, until_s=60.0)
    assert error_rate(said, sink.text, language) < MOST_ERRORS
    finals = sink.of_type("final")
    assert {message["language"] for message in finals} == {language}
    times = [word["start_s"] for message in finals for word in message["words"]]
    assert all(later >= earlier - 0.3 for earlier, later in pairwise(times))
    newest = {segment.utterance: segment for segment in sink.store.of("s1")}
    assert all(segment.is_last for segment in newest.values()), "who reads the store knows that they are over"


async def test_two_languages_in_one_meeting_are_told_apart(
    tmp_path: Path, batcher: Batcher[PreparedWindow], recognizer: Recognizer
) -> None:
    english, korean = load_meeting("en"), load_meeting("ko")
    pieces = [english[0][: 30 * SAMPLE_RATE], np.zeros(SAMPLE_RATE, np.int16), korean[0][: 30 * SAMPLE_RATE]]
    sink = await play(tmp_path, batcher, recognizer.card, np.concatenate(pieces), "auto")
    finals = [message for message in sink.of_type("final") if message["text"]]
    assert {message["language"] for message in finals if message["start_s"] < 30.5} == {"en"}
    assert {message["language"] for message in finals if message["start_s"] >= 30.5} == {"ko"}
    first = " ".join(message["text"] for message in finals if message["start_s"] < 30.5)
    second = " ".join(message["text"] for message in finals if message["start_s"] >= 30.5)
    assert error_rate(truth_text(english[1], until_s=30.0), first, "en") < MOST_ERRORS * 1.5
    assert error_rate(truth_text(korean[1], until_s=30.0), second, "ko") < MOST_ERRORS * 1.5


@pytest.mark.parametrize("kind", WORDLESS)
async def test_nothing_is_written_where_nothing_is_said(
    tmp_path: Path, batcher: Batcher[PreparedWindow], recognizer: Recognizer, kind: str
) -> None:
    sink = await play(tmp_path, batcher, recognizer.card, wordless(kind, 30.0), "auto")
    assert sink.of_type("final") == []
