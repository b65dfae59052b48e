"""One resumable stream of sound: keeps what is not yet durable, reconnects, resumes, gives each final once.

Knows the native protocol and nothing of files or of HTTP. Positions are bytes of PCM since the stream's start.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from vori_ray.client.problems import refusal_of
from vori_ray.errors import ConflictError, NotFoundError, ProtocolError, UnavailableError, VoriError

Connect = Callable[[], Awaitable[ClientConnection]]
Message = dict[str, Any]

FINAL_CLOSE_CODES = frozenset({1003, 1007, 1008, 1009})
"""Closes after which trying again would be answered the same way."""

_FRAME_BYTES = 64 * 1024
_FIRST_RETRY_S = 0.2
_LONGEST_RETRY_S = 5.0
_WAITING_MESSAGES = 1000


class AudioStream:
    """A stream of PCM into one meeting. Use it as `async with`, `send` sound, iterate over the server's messages.

    `patience_s` bounds every wait: so long without a word from the server, and the stream fails with
    UnavailableError. `max_unacked_s` bounds the memory: `send` waits while more than that is not yet durable.
    Every message carries `received_s`, the seconds since the stream's clock was started by the first `send`.
    """

    def __init__(
        self,
        connect: Connect,
        start: Message,
        *,
        patience_s: float = 60.0,
        max_unacked_s: float = 120.0,
    ) -> None:
        self._connect = connect
        self._start = start
        self._patience_s = patience_s
        self._frame_bytes: int = {"pcm_s16le": 2, "pcm_f32le": 4}[start["encoding"]] * start["channels"]
        self._rate: int = start["sample_rate"]
        self._max_unacked_bytes = int(max_unacked_s * self._rate) * self._frame_bytes
        self._kept = bytearray()
        self._base = 0
        self._sent = 0
        self._finalize_at: list[int] = []
        self._is_stopping = False
        self._stopped: Message | None = None
        self._failure: BaseException | None = None
        self._refusal: Message | None = None
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._seen: set[int | tuple[int]] = set()
        self._changed = asyncio.Event()
        self._progress = asyncio.Event()
        self._heard_at = time.monotonic()
        self._clock_from: float | None = None
        self._task: asyncio.Task[None] | None = None
        self.session_id: str | None = None
        self.connections = 0

    # -- what a caller does

    async def __aenter__(self) -> Self:
        self._heard_at = time.monotonic()
        self._task = asyncio.create_task(self._run(), name="vori-audio-stream")
        await self._until(lambda: self.session_id is not None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def start_clock(self) -> None:
        """Let `received_s` count from now; the first `send` does it otherwise."""
        if self._clock_from is None:
            self._clock_from = time.monotonic()

    async def send(self, pcm: bytes) -> None:
        """Give sound; waits while too much of it is not durable. Raises what ended the stream, if it has ended."""
        self.start_clock()
        await self._until(lambda: len(self._kept) <= self._max_unacked_bytes)
        if self._stopped is not None:
            raise ConflictError("the server ended this stream: the meeting is over", code="meeting_ended")
        self._kept += pcm
        self._changed.set()

    def finalize(self) -> None:
        """Ask that all given so far be settled now."""
        self._finalize_at.append(self._end)
        self._changed.set()

    async def stop(self) -> Message:
        """End the stream; returns the server's `stopped` message when every word has been settled."""
        self._is_stopping = True
        self._heard_at = time.monotonic()
        self._changed.set()
        await self._until(lambda: self._stopped is not None)
        assert self._stopped is not None
        return self._stopped

    async def __aiter__(self) -> AsyncIterator[Message]:
        while (message := await self._messages.get()) is not None:
            yield message
        if self._failure is not None:
            raise self._failure

    # -- the connection

    @property
    def _end(self) -> int:
        return self._base + len(self._kept)

    async def _until(self, is_reached: Callable[[], bool]) -> None:
        """Wait for a condition; fails with the stream, and when the server is silent for `patience_s`."""
        while self._failure is None and not is_reached():
            left_s = self._heard_at + self._patience_s - time.monotonic()
            if left_s <= 0 and self._task is not None:
                self._task.cancel()
                self._fail(
                    UnavailableError(f"expected a word from the server within {self._patience_s:g} s, none came")
                )
                break
            self._progress.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._progress.wait(), max(left_s, 0.01))
        if self._failure is not None and not is_reached():
            raise self._failure

    async def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        try:
            while self._stopped is None:
                before = self.connections
                cause = await self._connect_once()
                if self._stopped is not None:
                    break
                retry_s = _FIRST_RETRY_S if self.connections > before else min(2 * retry_s, _LONGEST_RETRY_S)
                if time.monotonic() - self._heard_at > self._patience_s:
                    raise UnavailableError(f"could not reach the server for {self._patience_s:g} s: {cause}") from cause
                await asyncio.sleep(retry_s * random.uniform(0.5, 1.0))
        except VoriError as exc:
            self._fail(exc)
        finally:
            self._messages.put_nowait(None)
            self._progress.set()

    def _fail(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        self._progress.set()

    async def _connect_once(self) -> Exception | None:
        """Hold one connection until it ends; returns why, or raises what makes trying again useless."""
        self._refusal = None
        try:
            socket = await self._connect()
        except InvalidStatus as exc:
            refusal = refusal_of(exc)
            if refusal.retryable:
                return refusal
            raise refusal from exc
        except (OSError, InvalidHandshake, TimeoutError) as exc:
            return exc
        try:
            with suppress(ConnectionClosed):
                await self._converse(socket)
        finally:
            await socket.close()
        return None if self._stopped else self._closed(socket.close_code or 1006)

    async def _converse(self, socket: ClientConnection) -> None:
        start = self._start | {"session_id": self.session_id, "last_segment_id": self._last_segment_id()}
        await socket.send(json.dumps(start))
        ready = asyncio.Event()
        writer = asyncio.create_task(self._write(socket, ready))
        try:
            async for text in socket:
                self._receive(json.loads(text), ready)
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await writer

    def _closed(self, code: int) -> VoriError:
        refusal = self._refusal or {}
        text = refusal.get("message") or f"the server closed the stream ({code})"
        if code in FINAL_CLOSE_CODES or code == 1000:
            error = NotFoundError if refusal.get("code") == "not_found" else ProtocolError
            raise error(text, code=refusal.get("code"))
        return UnavailableError(text)

    async def _write(self, socket: ClientConnection, ready: asyncio.Event) -> None:
        await ready.wait()
        while True:
            self._changed.clear()
            while self._sent < self._end or self._finalize_at:
                await self._write_next(socket)
            if self._is_stopping:
                await socket.send('{"type":"stop"}')
                return
            await self._changed.wait()

    async def _write_next(self, socket: ClientConnection) -> None:
        """Send sound up to the next `finalize`, or that."""
        until = min(self._finalize_at[0] if self._finalize_at else self._end, self._sent + _FRAME_BYTES)
        if until <= self._sent:
            self._finalize_at.pop(0)
            await socket.send('{"type":"finalize"}')
            return
        piece = bytes(self._kept[self._sent - self._base : until - self._base])
        self._sent = until
        await socket.send(piece)

    # -- what the server says

    def _receive(self, message: Message, ready: asyncio.Event) -> None:
        now = time.monotonic()
        self._progress.set()
        kind = message["type"]
        if kind != "error":
            self._heard_at = now
        if kind == "ready":
            self._resume(message)
            ready.set()
        elif kind == "ack":
            self._forget(self._position(message["until_s"]))
        elif kind == "error":
            self._refusal = message
        elif kind == "final" and not self._is_new(message):
            return
        elif kind == "stopped":
            self._stopped = message
        message["received_s"] = round(now - self._clock_from, 4) if self._clock_from is not None else 0.0
        if kind in ("final", "error", "warning", "stopped") or self._messages.qsize() < _WAITING_MESSAGES:
            self._messages.put_nowait(message)

    def _resume(self, message: Message) -> None:
        position = self._position(message["resume_from_s"])
        if not self._base <= position <= self._end:
            held = (
                f"{self._base / self._frame_bytes / self._rate:g} to {self._end / self._frame_bytes / self._rate:g} s"
            )
            raise ProtocolError(f"the server resumes at {message['resume_from_s']} s, this stream holds {held}")
        self._sent = position
        self.session_id = message["session_id"]
        self.connections += 1

    def _position(self, seconds: float) -> int:
        return round(seconds * self._rate) * self._frame_bytes

    def _forget(self, position: int) -> None:
        known = min(position, self._sent) - self._base
        if known > 0:
            del self._kept[:known]
            self._base += known

    def _is_new(self, final: Message) -> bool:
        """Whether this final was not given before; an ending without words is told by its utterance."""
        segment_id = final.get("segment_id")
        key = segment_id if segment_id is not None else (final["utterance"],)
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def _last_segment_id(self) -> int:
        return max((key for key in self._seen if isinstance(key, int)), default=0)
