"""OpenAI's and Deepgram's own clients, unmodified, against the real service: only their address is another one."""

from __future__ import annotations

import asyncio
import base64
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment
from openai import AsyncOpenAI, AuthenticationError, UnprocessableEntityError

from tests.serve.gateway.conftest import SPOKEN_S, Service
from vori_ray.speech.scoring import error_rate

pytestmark = pytest.mark.serve

DEADLINE_S = 120.0
FRAME_S = 0.1
_EVENT = "conversation.item.input_audio_transcription"


@pytest.fixture
async def openai(service: Service) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{service.url}/v1", api_key=service.token, max_retries=0) as client:
        yield client


@pytest.fixture
def deepgram(service: Service) -> AsyncDeepgramClient:
    sockets = service.url.replace("http", "ws", 1)
    here = DeepgramClientEnvironment(base=service.url, production=sockets, agent=sockets, agent_rest=service.url)
    return AsyncDeepgramClient(api_key=service.token, environment=here)


@pytest.fixture(scope="module")
def sound(recording: Path) -> bytes:
    """The recording as 16 kHz, 16-bit mono."""
    with wave.open(str(recording)) as file:
        return file.readframes(file.getnframes())


def frames(sound: bytes, rate: int) -> list[bytes]:
    size = int(rate * FRAME_S) * 2
    return [sound[start : start + size] for start in range(0, len(sound), size)]


def as_24_khz(sound: bytes) -> bytes:
    samples = soxr.resample(np.frombuffer(sound, np.int16), 16_000, 24_000)
    return bytes(samples.astype(np.int16).tobytes())


class TestOpenAIFiles:
    async def test_the_formats_agree(self, openai: AsyncOpenAI, recording: Path) -> None:
        async def ask(**options: Any) -> Any:
            return await openai.audio.transcriptions.create(
                file=recording, model="whisper-1", language="en", timeout=DEADLINE_S, **options
            )

        plain = await ask()
        verbose = await ask(response_format="verbose_json", timestamp_granularities=["word", "segment"])
        subtitles = await ask(response_format="srt")
        streamed = [event async for event in await ask(stream=True)]
        assert len(plain.text.split()) > 20
        assert verbose.text == plain.text
        assert verbose.duration == pytest.approx(SPOKEN_S, abs=0.5)
        assert [word.word for word in verbose.words] == plain.text.split()
        assert all(0 <= word.start <= word.end <= SPOKEN_S + 0.5 for word in verbose.words)
        assert " --> " in subtitles
        assert "".join(event.delta for event in streamed[:-1]) == streamed[-1].text == plain.text

    async def test_models_and_errors(self, service: Service, openai: AsyncOpenAI, tmp_path: Path) -> None:
        models = await openai.models.list()
        assert [model.id for model in models.data]
        (tmp_path / "empty.wav").write_bytes(b"")
        with pytest.raises(UnprocessableEntityError, match="came an empty file") as refused:
            await openai.audio.transcriptions.create(file=tmp_path / "empty.wav", model="whisper-1")
        assert refused.value.code == "empty_file"
        async with AsyncOpenAI(base_url=f"{service.url}/v1", api_key="wrong", max_retries=0) as intruder:
            with pytest.raises(AuthenticationError):
                await intruder.models.list()


class TestOpenAIRealtime:
    async def test_the_server_detects_turns(self, openai: AsyncOpenAI, sound: bytes) -> None:
        turns = {"type": "server_vad", "silence_duration_ms": 500}
        events = await heard(openai, sound, turn_detection=turns, commit=False)
        (item,) = {event.item_id for event in events if event.type == f"{_EVENT}.completed"}
        about_it = [event.type for event in events if item_of(event) in (item, None)]
        in_order = [
            "session.created",
            "session.updated",
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            f"{_EVENT}.completed",
        ]
        assert [kind for kind in about_it if kind in in_order] == in_order
        assert said(events) == events[-1].transcript != ""

    async def test_the_client_commits(self, openai: AsyncOpenAI, sound: bytes) -> None:
        events = await heard(openai, sound, turn_detection=None, commit=True)
        assert said(events) == events[-1].transcript
        assert len(events[-1].transcript.split()) > 20
        assert 0 < events[-1].usage.seconds <= SPOKEN_S


async def heard(openai: AsyncOpenAI, sound: bytes, *, turn_detection: Any, commit: bool) -> list[Any]:
    """Send the sound; every event up to the first item that is complete."""
    given = {
        "format": {"type": "audio/pcm", "rate": 24_000},
        "transcription": {"model": "whisper-1", "language": "en"},
        "turn_detection": turn_detection,
    }
    events: list[Any] = []
    async with asyncio.timeout(DEADLINE_S), openai.realtime.connect(extra_query={"intent": "transcription"}) as live:
        await live.session.update(session={"type": "transcription", "audio": {"input": given}})
        for frame in frames(as_24_khz(sound), 24_000):
            await live.input_audio_buffer.append(audio=base64.b64encode(frame).decode())
        if commit:
            await live.input_audio_buffer.commit()
        async for event in live:
            events.append(event)
            if event.type in (f"{_EVENT}.completed", "error"):
                return events
    raise AssertionError(f"no item was completed: {events}")


def item_of(event: Any) -> str | None:
    """The item that an event is about; None where it is about the session."""
    added = getattr(event, "item", None)
    return added.id if added else getattr(event, "item_id", None)


def said(events: list[Any]) -> str:
    return "".join(event.delta for event in events if event.type == f"{_EVENT}.delta")


async def test_deepgram_live(deepgram: AsyncDeepgramClient, sound: bytes) -> None:
    async with asyncio.timeout(DEADLINE_S):
        async with deepgram.listen.v1.connect(
            model="nova-3",
            encoding="linear16",
            sample_rate=16_000,
            language="en-US",
            interim_results=True,
            vad_events=True,
            utterance_end_ms=1000,
        ) as connection:
            await connection.send_keep_alive()
            for frame in frames(sound, 16_000):
                await connection.send_media(frame)
            await connection.send_finalize()
            await connection.send_close_stream()
            messages = [message async for message in connection]
    kinds = [message.type for message in messages]
    assert {"Results", "SpeechStarted", "UtteranceEnd"} <= set(kinds)
    assert kinds[-1] == "Metadata"
    assert messages[-1].duration == pytest.approx(SPOKEN_S, abs=0.5)
    results = [message for message in messages if message.type == "Results"]
    assert any(result.from_finalize for result in results)
    words = [
        word for result in results if result.is_final for part in result.channel.alternatives for word in part.words
    ]
    assert len(words) > 20
    assert all(word.start <= word.end and 0 < word.confidence <= 1 for word in words)


async def test_both_hear_the_same(
    openai: AsyncOpenAI, deepgram: AsyncDeepgramClient, recording: Path, sound: bytes
) -> None:
    filed = await openai.audio.transcriptions.create(file=recording, model="any", language="en", timeout=DEADLINE_S)
    async with asyncio.timeout(DEADLINE_S):
        async with deepgram.listen.v1.connect(
            model="nova-3", encoding="linear16", sample_rate=16_000, language="en"
        ) as connection:
            began = time.monotonic()
            for number, frame in enumerate(frames(sound, 16_000)):
                await connection.send_media(frame)
                await asyncio.sleep(max(0.0, began + number * FRAME_S / 2 - time.monotonic()))
            await connection.send_close_stream()
            finals = [message async for message in connection if message.type == "Results" and message.is_final]
    live = " ".join(part.transcript for result in finals for part in result.channel.alternatives if part.transcript)
    assert error_rate(filed.text, live, "en") < 0.15
