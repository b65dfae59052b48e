"""The SDK's stream against a server that loses connections: every byte arrives once, every final is given once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from vori_ray.client import VoriClient
from vori_ray.errors import (
    BadAudioError,
    NotFoundError,
    ProtocolError,
    UnauthenticatedError,
    UnavailableError,
)

SECOND = 32_000
DEADLINE_S = 20


@dataclass
class FakeServer:
    """Speaks the native protocol, keeps the sound durably, and fails as it is told.

    `drops` are numbers of bytes after which the connection is cut without a word. A final is sent for each second of
    sound that became durable; after a resume the last two are sent again.
    """

    drops: list[int] = field(default_factory=list)
    ack_every: int = SECOND // 2
    close_code: int | None = None
    refuse_status: int | None = None
    is_silent: bool = False
    sound: bytearray = field(default_factory=bytearray)
    acked: int = 0
    finals: int = 0
    starts: list[dict[str, Any]] = field(default_factory=list)
    finalized_at: list[int] = field(default_factory=list)
    ends_after: int | None = None

    async def handle(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await self._session(socket)

    async def _session(self, socket: ServerConnection) -> None:
        self.starts.append(json.loads(await socket.recv()))
        if self.close_code is not None:
            await self._say(socket, type="error", code="overloaded", message="full")
            await socket.close(self.close_code)
            return
        del self.sound[self.acked :]
        await self._say(socket, type="ready", session_id="s1", meeting_id=1, resume_from_s=self.acked / SECOND)
        for number in range(max(0, self.finals - 2), self.finals):
            await self._final(socket, number)
        async for data in socket:
            if isinstance(data, bytes):
                self.sound += data
                if self.drops and len(self.sound) >= self.drops[0]:
                    self.drops.pop(0)
                    socket.transport.abort()
                    return
                await self._acknowledge(socket)
                if self.ends_after is not None and len(self.sound) >= self.ends_after:
                    await self._say(socket, type="stopped", duration_s=len(self.sound) / SECOND, segments=0)
                    return
            elif json.loads(data)["type"] == "finalize":
                self.finalized_at.append(len(self.sound))
            elif not self.is_silent:
                await self._stop(socket)
                return

    async def _acknowledge(self, socket: ServerConnection) -> None:
        if len(self.sound) - self.acked >= self.ack_every:
            self.acked = len(self.sound)
            await self._say(socket, type="ack", until_s=self.acked / SECOND)
        while (self.finals + 1) * SECOND <= self.acked:
            self.finals += 1
            await self._final(socket, self.finals - 1)

    async def _stop(self, socket: ServerConnection) -> None:
        self.acked = len(self.sound)
        await self._say(socket, type="stopped", duration_s=self.acked / SECOND, segments=self.finals)

    async def _final(self, socket: ServerConnection, number: int) -> None:
        await self._say(socket, type="final", utterance=number, segment_id=100 + number, text=f"word{number}", words=[])

    async def _say(self, socket: ServerConnection, **message: Any) -> None:
        await socket.send(json.dumps(message))

    def check(self, _: ServerConnection, request: Request) -> Response | None:
        if self.refuse_status is None:
            return None
        from websockets.datastructures import Headers

        body = json.dumps({"detail": "refused for the test", "code": "x"}).encode()
        return Response(self.refuse_status, "refused", Headers({"Content-Length": str(len(body))}), body)


@asynccontextmanager
async def running(fake: FakeServer) -> AsyncIterator[VoriClient]:
    server: Server
    async with serve(fake.handle, "127.0.0.1", 0, process_request=fake.check) as server:
        port = server.sockets[0].getsockname()[1]
        client = VoriClient(f"http://127.0.0.1:{port}", "token")
        try:
            yield client
        finally:
            client.close()


def noise(seconds: float) -> bytes:
    return np.random.default_rng(1).integers(-9000, 9000, int(seconds * 16_000), dtype=np.int16).tobytes()


async def play(client: VoriClient, sound: bytes, *, chunk: int = 3200, **options: Any) -> list[dict[str, Any]]:
    """Send sound in chunks, stop, and return all messages."""
    async with asyncio.timeout(DEADLINE_S), client.stream(1, **options) as stream:
        for start in range(0, len(sound), chunk):
            await stream.send(sound[start : start + chunk])
            await asyncio.sleep(0)
        await stream.stop()
        return [message async for message in stream]


def finals(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages if message["type"] == "final"]


async def test_sound_arrives_whole_and_finals_come_once() -> None:
    fake = FakeServer()
    sound = noise(5)
    async with running(fake) as client:
        messages = await play(client, sound)
    assert bytes(fake.sound) == sound
    assert finals(messages) == [f"word{n}" for n in range(5)]
    assert messages[-1]["type"] == "stopped"
    assert all("received_s" in message for message in messages)


@pytest.mark.parametrize("drops", [[1], [40_000], [31_999, 70_001], [16_000, 33_000, 64_000, 100_000, 150_000]])
@pytest.mark.parametrize("ack_every", [1, 8_000, 64_000])
async def test_lost_connections_lose_no_sound_and_repeat_no_final(drops: list[int], ack_every: int) -> None:
    fake = FakeServer(drops=list(drops), ack_every=ack_every)
    sound = noise(6)
    async with running(fake) as client:
        messages = await play(client, sound)
    assert bytes(fake.sound) == sound
    assert fake.drops == []
    assert len(fake.starts) == len(drops) + 1
    assert [start["session_id"] for start in fake.starts] == [None] + ["s1"] * len(drops)
    heard = finals(messages)
    assert heard == [f"word{n}" for n in range(len(heard))]


async def test_a_resume_says_which_final_came_last() -> None:
    fake = FakeServer(drops=[100_000], ack_every=1)
    async with running(fake) as client:
        await play(client, noise(4))
    assert fake.starts[0]["last_segment_id"] == 0
    assert fake.starts[1]["last_segment_id"] >= 100


async def test_finalize_stands_behind_the_sound_that_was_given_before_it() -> None:
    fake = FakeServer()
    async with running(fake) as client, asyncio.timeout(DEADLINE_S), client.stream(1) as stream:
        await stream.send(noise(1.5))
        stream.finalize()
        await stream.send(noise(1))
        await stream.stop()
    assert fake.finalized_at == [int(1.5 * SECOND)]


async def test_a_full_server_is_tried_again_until_patience_ends() -> None:
    fake = FakeServer(close_code=1013)
    async with running(fake) as client:
        with pytest.raises(UnavailableError, match=r"full|within 1 s|for 1 s"):
            await play(client, noise(1), patience_s=1.0)
    assert len(fake.starts) >= 2


@pytest.mark.parametrize("code", [1003, 1007, 1008, 1009])
async def test_a_refused_stream_is_not_tried_again(code: int) -> None:
    fake = FakeServer(close_code=code)
    async with running(fake) as client:
        with pytest.raises(ProtocolError, match="full"):
            await play(client, noise(1))
    assert len(fake.starts) == 1


@pytest.mark.parametrize(("status", "error"), [(401, UnauthenticatedError), (404, NotFoundError)])
async def test_a_refused_handshake_says_why(status: int, error: type[Exception]) -> None:
    async with running(FakeServer(refuse_status=status)) as client:
        with pytest.raises(error, match="refused for the test"):
            await play(client, noise(1))


async def test_nobody_there_is_an_error_and_not_a_wait_for_ever() -> None:
    client = VoriClient("http://127.0.0.1:9", "token")
    with pytest.raises(UnavailableError):
        await play(client, noise(1), patience_s=0.5)
    client.close()


async def test_a_server_that_falls_silent_is_an_error() -> None:
    fake = FakeServer(is_silent=True)
    async with running(fake) as client:
        with pytest.raises(UnavailableError, match=r"within 0\.5 s"):
            await play(client, noise(1), patience_s=0.5)


async def test_sending_waits_while_too_much_is_not_durable() -> None:
    fake = FakeServer(ack_every=1_000_000_000)
    async with running(fake) as client, client.stream(1, patience_s=0.5) as stream:
        stream._max_unacked_bytes = SECOND
        await stream.send(noise(2))
        with pytest.raises(UnavailableError):
            await stream.send(noise(1))


async def test_a_meeting_that_was_ended_by_somebody_else_ends_the_stream() -> None:
    fake = FakeServer(ends_after=SECOND)
    async with running(fake) as client, asyncio.timeout(DEADLINE_S), client.stream(1) as stream:
        await stream.send(noise(1))
        messages = [message async for message in stream]
        assert messages[-1]["type"] == "stopped"
        with pytest.raises(Exception, match="the meeting is over"):
            await stream.send(noise(1))


@pytest.mark.parametrize(("name", "codec", "rate"), [("a.wav", "pcm_s16le", 44_100), ("a.flac", "flac", 16_000)])
async def test_files_of_any_format_are_played_as_16_khz_mono(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    path = write_tone(tmp_path / name, codec=codec, rate=rate, seconds=2)
    fake = FakeServer()
    async with running(fake) as client, asyncio.timeout(DEADLINE_S):
        messages = [message async for message in client.stream_file(1, path, speed=50)]
    assert messages[-1]["type"] == "stopped"
    assert abs(len(fake.sound) - 2 * SECOND) <= 200


async def test_a_file_without_sound_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(b"")
    async with running(FakeServer()) as client, asyncio.timeout(DEADLINE_S):
        with pytest.raises(BadAudioError, match=r"empty\.wav"):
            async for _ in client.stream_file(1, path):
                pass


async def test_leaving_the_messages_early_closes_the_stream() -> None:
    fake = FakeServer()
    async with running(fake) as client, asyncio.timeout(DEADLINE_S):
        before = asyncio.all_tasks()
        async with client.stream(1) as stream:
            await stream.send(noise(2))
            async for message in stream:
                if message["type"] == "final":
                    break
        names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert "vori-audio-stream" not in names


def write_tone(path: Path, *, codec: str, rate: int, seconds: int) -> Path:
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        wave = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate * seconds) / rate)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path
