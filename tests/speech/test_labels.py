"""The speakers of a live stream: the same labels however the sound is cut, and after any resume."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speech.block_sessions import SLOW, feed, finals, kill, play, session, until
from tests.speech.speech_support import MemorySink, MemoryStore, load_meeting
from vori_ray.errors import BadInputError
from vori_ray.speech import signals
from vori_ray.speech.delivery import Delivery
from vori_ray.speech.diarization import Speaker, Speakers, Voice
from vori_ray.speech.labels import SpeakerLabels
from vori_ray.speech.ports import SettledSegment
from vori_ray.speech.progress import Checkpoint, Progress
from vori_ray.speech.scoring import speaker_error_rate
from vori_ray.speech.vad import EndpointerState
from vori_ray.speech.voices import AcousticVoices
from vori_ray.speech.windows import SAMPLE_RATE, Samples, Word


@functools.cache
def mixed() -> Samples:
    """Half a minute of the demo meeting: three people on one microphone."""
    return load_meeting("en")[0][: 30 * SAMPLE_RATE]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    sink = asyncio.run(play(tmp_path_factory.mktemp("undisturbed"), mixed().tobytes(), diarize=True))
    return finals(sink)


def test_who_spoke_when(undisturbed: list[dict[str, Any]]) -> None:
    truth = load_meeting("en")[1]["utterances"]
    spoken = [(each, _speaker_at(truth, (each["start_s"] + each["end_s"]) / 2)) for each in undisturbed if each["text"]]
    known = [(each, speaker) for each, speaker in spoken if speaker]
    durations_s = [each["end_s"] - each["start_s"] for each, _ in known]
    labels = [each["speaker_number"] for each, _ in known]
    assert len({speaker for _, speaker in known}) >= 2
    assert speaker_error_rate([speaker for _, speaker in known], labels, durations_s) <= 0.15
    assert labels[0] == 1


def _speaker_at(truth: list[dict[str, Any]], at_s: float) -> str | None:
    return next((each["speaker"] for each in truth if each["start"] - 0.2 <= at_s <= each["end"] + 0.2), None)


def test_an_utterance_has_one_speaker(undisturbed: list[dict[str, Any]]) -> None:
    speakers: dict[int, set[int]] = {}
    for message in undisturbed:
        speakers.setdefault(message["utterance"], set()).add(message["speaker_number"])
    assert all(len(numbers) == 1 for numbers in speakers.values())


async def test_a_stream_without_the_option_knows_no_speakers(tmp_path: Path) -> None:
    sink = await play(tmp_path, mixed()[: 8 * SAMPLE_RATE].tobytes())
    assert all("speaker_number" not in message for message in sink.of_type("final"))
    assert {segment.speaker for segment in sink.store.segments.values()} == {None}


@SLOW
@given(st.lists(st.integers(1, 40_000).map(lambda size: size * 2), min_size=1, max_size=10))
async def test_any_chunking_gives_the_same_labels(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: list[dict[str, Any]], sizes: list[int]
) -> None:
    sink = await play(tmp_path_factory.mktemp("chunks"), mixed().tobytes(), sizes=sizes, diarize=True)
    assert finals(sink) == undisturbed


@SLOW
@given(st.data())
async def test_resuming_at_any_byte_gives_the_same_labels(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: list[dict[str, Any]], data: st.DataObject
) -> None:
    folder, store, stream = tmp_path_factory.mktemp("resume"), MemoryStore(), mixed().tobytes()
    sent, together = 0, MemorySink(store)
    for cut in [
        *sorted(2 * each for each in data.draw(st.sets(st.integers(1, len(stream) // 2 - 1), min_size=1, max_size=3))),
        None,
    ]:
        live, sink = session(folder, store, diarize=True)
        position = round(await live.start(resume=sent > 0) * SAMPLE_RATE) * 2
        await feed(live, stream[position:cut])
        if cut is None:
            await live.stop()
        else:
            sent = cut
            await kill(live)
        together.messages += sink.messages
    assert finals(together) == undisturbed


async def test_a_lost_connection_settles_the_words_that_wait_for_their_speaker(tmp_path: Path) -> None:
    live, sink = session(tmp_path, MemoryStore(), diarize=True)
    await live.start(resume=False)
    await feed(live, mixed()[: round(1.9 * SAMPLE_RATE)].tobytes())
    assert await live.disconnect() is True
    assert sink.of_type("final")
    assert {message["speaker_number"] for message in sink.of_type("final")} == {1}


async def test_words_that_wait_are_shown_and_do_not_fill_the_queue() -> None:
    sink = MemorySink()
    delivery = Delivery(sink, SpeakerLabels(AcousticVoices()))
    work = asyncio.create_task(delivery.run())
    reached = Checkpoint(EndpointerState(), Progress())
    words = (Word("ship", 0.0, 0.4), Word("it", 0.4, 0.6))
    delivery.put(signals.SegmentSettled(SettledSegment("s1", 0, 0, words, 0.0, 0.6, "en", is_last=False)))
    for count in range(300):
        delivery.put(signals.InterimChanged(0, f"by {count}", 0.6, 1.0))
        delivery.put(signals.CheckpointReached(count, reached, None))
    await until(lambda: len(sink.of_type("interim")) > 0)
    assert [message["text"] for message in sink.of_type("interim")] == ["ship it by 299"]
    assert delivery.interim is not None
    assert delivery.interim.text == "ship it by 299"
    assert len(delivery) == 3
    assert delivery.passed is None
    assert sink.of_type("final") == []
    work.cancel()


class Failing:
    """An engine that breaks on all sound."""

    name = "failing"
    threshold = 1.0

    def embed(self, samples: Samples) -> Voice | None:
        raise RuntimeError("no voice today")


async def test_an_engine_that_fails_loses_no_words(tmp_path: Path, undisturbed: list[dict[str, Any]]) -> None:
    sink = await play(tmp_path, mixed().tobytes(), diarize=True, diarizer=f"{__name__}:Failing")
    assert [final["text"] for final in finals(sink)] == [final["text"] for final in undisturbed]
    assert {final["speaker_number"] for final in finals(sink)} == {1}


async def test_speakers_of_another_engine_are_not_mixed_with_the_new_ones() -> None:
    earlier, labels = SpeakerLabels(Failing()), SpeakerLabels(AcousticVoices())
    kept = earlier.as_dict() | {"speakers": Speakers((Speaker((1.0, 2.0), 3.0),)).as_dict()}
    assert labels.restore(kept, needs_from=0) == 0
    labels.hear(mixed()[: 10 * SAMPLE_RATE])
    said = SettledSegment("s1", 7, 0, (Word("good", 0.6, 4.6),), 0.6, 4.6, "en", is_last=True)
    assert (await labels.label(said, [said])).speaker == 2


async def test_a_cough_makes_no_speaker() -> None:
    labels = SpeakerLabels(AcousticVoices())
    labels.hear(mixed()[: 10 * SAMPLE_RATE])
    cough = SettledSegment("s1", 0, 0, (), 0.6, 4.0, "en", is_last=True)
    assert (await labels.label(cough, [cough])).speaker == 1
    assert labels.as_dict()["speakers"]["heard"] == []
    said = replace(cough, utterance=1, words=(Word("good", 5.2, 8.0),), start_s=5.2, end_s=8.0)
    assert (await labels.label(said, [said])).speaker == 1
    assert len(labels.as_dict()["speakers"]["heard"]) == 1


def test_an_engine_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="expected a speaker model at"):
        session(tmp_path, MemoryStore(), diarize=True, diarizer=f"onnx:{tmp_path}")
