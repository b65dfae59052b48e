"""LiveSession on real sound and real voice detection; see block_sessions for what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speech.block_sessions import (
    DEADLINE_S,
    SLOW,
    feed,
    finals,
    hear_blocks,
    journal,
    kill,
    play,
    session,
    sound,
    until,
)
from tests.speech.speech_support import MemorySink, MemoryStore, load_meeting
from vori_ray.errors import BadAudioError, ConflictError, ProtocolError
from vori_ray.speech import signals
from vori_ray.speech.audio import RESAMPLER_LEAD_S
from vori_ray.speech.delivery import Delivery
from vori_ray.speech.ports import SettledSegment
from vori_ray.speech.windows import SAMPLE_RATE, WindowRequest, WindowResult, Word


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return finals(asyncio.run(play(tmp_path_factory.mktemp("undisturbed"), sound().tobytes())))


async def test_messages_of_a_whole_session(tmp_path: Path) -> None:
    sink = await play(tmp_path, sound().tobytes())
    kinds = [message["type"] for _, message in sink.messages]
    assert {"speech_started", "speech_ended", "interim", "final", "ack", "stopped"} <= set(kinds)
    assert kinds[-1] == "stopped"
    assert sink.of_type("stopped") == [{"type": "stopped", "duration_s": 18.0, "segments": len(sink.store.segments)}]
    assert sink.of_type("ack")[-1]["until_s"] <= 18.0
    ids = [message["segment_id"] for message in sink.of_type("final") if message["text"]]
    assert ids == sorted(ids)
    assert sink.of_type("final")[-1]["is_last"]


async def test_the_tail_is_settled_at_stop(tmp_path: Path) -> None:
    sink = await play(tmp_path, sound().tobytes())
    last_word = sink.of_type("final")[-1]["words"][-1] if sink.of_type("final")[-1]["words"] else None
    assert last_word is not None
    assert last_word["end_s"] > 17.0


async def test_a_segment_is_saved_before_it_is_sent(tmp_path: Path) -> None:
    store = MemoryStore()
    live, sink = session(tmp_path, store)
    saved_when_sent = []
    original = sink.send

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "final" and message["text"]:
            saved_when_sent.append(("s1", message["utterance"], message["part"]) in store.segments)
        await original(message)

    sink.send = send  # type: ignore[method-assign]
    await live.start(resume=False)
    await feed(live, sound().tobytes())
    await live.stop()
    assert saved_when_sent
    assert all(saved_when_sent)


@SLOW
@given(st.lists(st.integers(1, 40_000).map(lambda size: size * 2), min_size=1, max_size=10))
async def test_any_chunking_of_the_same_audio_gives_the_same_words(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: list[dict[str, Any]], sizes: list[int]
) -> None:
    sink = await play(tmp_path_factory.mktemp("chunks"), sound().tobytes(), sizes=sizes)
    assert finals(sink) == undisturbed


@SLOW
@given(st.data())
async def test_resuming_at_any_byte_loses_nothing_and_says_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: list[dict[str, Any]], data: st.DataObject
) -> None:
    folder, store = tmp_path_factory.mktemp("resume"), MemoryStore()
    stream = sound().tobytes()
    sent, messages = 0, []
    cuts = sorted(data.draw(st.lists(st.integers(1, len(stream) // 2 - 1), min_size=1, max_size=3)))
    for cut in [*(2 * cut for cut in cuts), None]:
        live, sink = session(folder, store)
        position = round(await live.start(resume=sent > 0) * SAMPLE_RATE) * 2
        assert position <= sent, "the server never asks for sound that it has acked already and more"
        await feed(live, stream[position:cut])
        messages.append(sink)
        if cut is None:
            await live.stop()
        else:
            sent = cut
            await kill(live)
    together = MemorySink(store)
    together.messages = [message for sink in messages for message in sink.messages]
    assert finals(together) == undisturbed


async def test_a_lost_connection_settles_all_that_was_heard(tmp_path: Path) -> None:
    store = MemoryStore()
    live, sink = session(tmp_path, store)
    await live.start(resume=False)
    await feed(live, sound().tobytes())
    assert await live.disconnect() is True
    assert sink.of_type("final")[-1]["words"][-1]["end_s"] > 17.0
    assert sink.of_type("stopped") == []
    again, _ = session(tmp_path, store)
    assert await again.start(resume=True) == 18.0
    await again.stop()


async def test_a_session_that_comes_back_within_the_grace_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    store, stream = MemoryStore(), sound().tobytes()
    first, first_sink = session(tmp_path, store, grace_s=DEADLINE_S)
    await first.start(resume=False)
    await feed(first, stream[: 10 * 32_000])
    leaving = asyncio.create_task(first.disconnect())
    await until(lambda: bool(first_sink.of_type("ack")) and first_sink.of_type("ack")[-1]["until_s"] == 10.0)
    second, second_sink = session(tmp_path, store)
    assert await second.start(resume=True) == 10.0
    assert await leaving is False
    await feed(second, stream[10 * 32_000 :])
    await second.stop()
    together = MemorySink(store)
    together.messages = first_sink.messages + second_sink.messages
    assert finals(together) == undisturbed


async def test_a_session_that_was_taken_over_stops(tmp_path: Path) -> None:
    store = MemoryStore()
    first, _ = session(tmp_path, store)
    await first.start(resume=False)
    await feed(first, sound()[:SAMPLE_RATE].tobytes())
    second, _ = session(tmp_path, store)
    await second.start(resume=True)

    async def feed_until_refused() -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                await first.feed(b"")
                await asyncio.sleep(0.01)

    with pytest.raises(ConflictError) as caught:
        await feed_until_refused()
    assert caught.value.error_code == "taken_over"
    assert await first.disconnect() is False
    await second.stop()


async def test_a_recogniser_that_fails_costs_no_words(tmp_path: Path, undisturbed: list[dict[str, Any]]) -> None:
    calls = 0

    async def flaky(request: WindowRequest) -> WindowResult:
        nonlocal calls
        calls += 1
        if calls % 5 == 2:
            raise RuntimeError("the replica died")
        return hear_blocks(request)

    assert finals(await play(tmp_path, sound().tobytes(), transcribe=flaky)) == undisturbed


async def test_a_database_that_fails_costs_no_words(tmp_path: Path, undisturbed: list[dict[str, Any]]) -> None:
    store = MemoryStore(failures_left=3)
    live, sink = session(tmp_path, store)
    await live.start(resume=False)
    await feed(live, sound().tobytes())
    await live.stop()
    assert finals(sink) == undisturbed


async def test_an_utterance_whose_words_were_settled_before_its_end_is_stored_as_over() -> None:
    sink = MemorySink(MemoryStore())
    delivery = Delivery(sink, None)
    work = asyncio.create_task(delivery.run())
    delivery.put(signals.SegmentSettled(SettledSegment("s1", 0, 0, (Word("ship", 0.0, 0.4),), 0.0, 0.4, "en", False)))
    await until(lambda: len(sink.of_type("final")) == 1)
    assert not sink.store.of("s1")[-1].is_last
    sink.store.failures_left = 1
    delivery.put(signals.SegmentSettled(SettledSegment("s1", 0, 1, (), 0.4, 0.4, "en", is_last=True)))
    await until(lambda: len(sink.of_type("final")) == 2)
    (stored,) = sink.store.of("s1")
    assert (stored.text, stored.is_last) == ("ship", True)
    assert sink.of_type("final")[-1]["segment_id"] is None
    work.cancel()


async def test_finalize_settles_what_was_said_and_the_session_goes_on(tmp_path: Path) -> None:
    live, sink = session(tmp_path, MemoryStore())
    await live.start(resume=False)
    await feed(live, sound()[: 2 * SAMPLE_RATE].tobytes())
    await live.finalize()
    assert sink.of_type("final")[-1]["is_last"]
    before = len(sink.of_type("final"))
    await feed(live, sound()[2 * SAMPLE_RATE : 8 * SAMPLE_RATE].tobytes())
    await live.stop()
    assert len(sink.of_type("final")) > before


async def test_a_session_too_far_behind_stops_taking_sound(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def hear_behind_gate(request: WindowRequest) -> WindowResult:
        await gate.wait()
        return hear_blocks(request)

    live, _ = session(tmp_path, MemoryStore(), transcribe=hear_behind_gate)
    await live.start(resume=False)
    speech = load_meeting("en")[0][: 40 * SAMPLE_RATE]
    feeding = asyncio.create_task(feed(live, speech.tobytes()))
    await until(lambda: live.lag_s > 19.0)
    assert not feeding.done()
    gate.set()
    async with asyncio.timeout(DEADLINE_S):
        await feeding
    await live.stop()


async def test_unsettled_words_are_saved_as_a_draft(tmp_path: Path) -> None:
    live, sink = session(tmp_path, MemoryStore(), autosave_s=0.05)
    await live.start(resume=False)
    await feed(live, sound()[: 3 * SAMPLE_RATE].tobytes())
    await until(lambda: bool(sink.drafts))
    assert sink.drafts[-1].text
    await live.stop()


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
async def test_a_resampled_stream_resumes_with_a_lead_in(tmp_path: Path, rate: int) -> None:
    time_s = np.arange(rate * 6) / rate
    wave = (np.sin(2 * np.pi * 300 * time_s) * 8000).astype("<i2")
    whole, whole_journal = tmp_path / "whole", journal(tmp_path / "whole")
    live, _ = session(whole, MemoryStore(), own=whole_journal, sample_rate=rate)
    await live.start(resume=False)
    await feed(live, wave.tobytes())
    await live.stop()
    broken = tmp_path / "broken"
    first, first_sink = session(broken, MemoryStore(), sample_rate=rate)
    await first.start(resume=False)
    await feed(first, wave[: rate * 3].tobytes())
    await first.disconnect()
    second, _ = session(broken, MemoryStore(), sample_rate=rate)
    resume_from_s = await second.start(resume=True)
    assert resume_from_s >= first_sink.of_type("ack")[-1]["until_s"] - 1e-4
    assert resume_from_s == pytest.approx(3.0 - RESAMPLER_LEAD_S, abs=0.2)
    first_sample = resume_from_s * rate
    assert first_sample == pytest.approx(round(first_sample), abs=1e-6)
    await feed(second, wave[round(first_sample) :].tobytes())
    await second.stop()
    expected = await whole_journal.read(0, 7 * SAMPLE_RATE)
    found = await journal(broken).read(0, 7 * SAMPLE_RATE)
    assert len(found) == len(expected)
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


async def container_session(folder: Path, data: bytes) -> MemorySink:
    return await play(folder, data, encoding="container", sizes=[1500])


async def test_a_container_gives_the_same_words_as_its_samples(
    tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(SAMPLE_RATE)
        output.writeframes(sound().tobytes())
    assert finals(await container_session(tmp_path, file.getvalue())) == undisturbed


async def test_a_container_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    live, _ = session(tmp_path, MemoryStore(), encoding="container")
    await live.start(resume=False)
    await live.feed(b"this is no sound " * 100)
    with pytest.raises(BadAudioError):
        await live.stop()


@pytest.mark.parametrize(
    ("changes", "data", "code"),
    [
        ({}, b"abc", "odd_bytes"),
        ({}, bytes(1024 * 1024 + 2), "frame_too_big"),
    ],
)
async def test_bad_frames_are_refused_and_the_session_goes_on(
    tmp_path: Path, changes: dict[str, Any], data: bytes, code: str
) -> None:
    live, _ = session(tmp_path, MemoryStore(), **changes)
    await live.start(resume=False)
    with pytest.raises((BadAudioError, ProtocolError)) as caught:
        await live.feed(data)
    assert caught.value.error_code == code
    await live.feed(bytes(3200))
    assert await live.stop() == pytest.approx(0.1)


def test_an_unknown_language_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError) as caught:
        session(tmp_path, MemoryStore(), language="xx")
    assert caught.value.error_code == "unknown_language"


async def test_calls_before_start_are_refused(tmp_path: Path) -> None:
    live, _ = session(tmp_path, MemoryStore())
    with pytest.raises(ProtocolError):
        await live.feed(bytes(320))
    with pytest.raises(ProtocolError):
        await live.stop()
    assert await live.disconnect() is True


async def test_starting_anew_over_existing_sound_is_refused(tmp_path: Path) -> None:
    await play(tmp_path, sound()[:SAMPLE_RATE].tobytes())
    live, _ = session(tmp_path, MemoryStore())
    with pytest.raises(ConflictError):
        await live.start(resume=False)


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    yield
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
