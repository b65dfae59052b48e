"""One accepted WebSocket: a bounded queue out, a bounded queue in, and how either ends.

Sending never waits for the client: whoever is too slow is cut with 1013 and may come back. Reading never waits for
the application: what the server runs behind (Ray Serve) would otherwise gather the frames without a bound.
Knows nothing of what is said.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket

from vori_ray.errors import VoriError
from vori_ray.gateway.problems import problem_of
from vori_ray.gateway.protocol import OUT_OF_ORDER, TRY_LATER, error_message

_CLOSE_TIMEOUT_S = 5.0
_DROPPABLE = frozenset({"interim", "lag", "speech_started", "speech_ended", "ack", "heartbeat"})

logger = logging.getLogger("vori.gateway")


class Lost:
    """The client has gone, or was sent away. Stands in the queue behind what it had said."""


class Over:
    """The server ends this of its own accord. Stands in the queue behind what the client has said."""


Frame = bytes | str | Lost | Over


async def deny(websocket: WebSocket, error: VoriError) -> None:
    """Refuse a handshake with the HTTP status and problem document of the error."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem_of(error))
        return
    await websocket.accept()
    await websocket.send_json(error_message(error))
    await websocket.close(OUT_OF_ORDER, error.error_code)


class Socket:
    """An accepted WebSocket. `run` moves messages in both directions until it is over."""

    def __init__(self, websocket: WebSocket, *, max_waiting_bytes: int, max_waiting_messages: int) -> None:
        self._websocket = websocket
        self._outgoing: asyncio.Queue[str | None] = asyncio.Queue()
        self._incoming: asyncio.Queue[Frame] = asyncio.Queue()
        self._max_waiting_bytes = max_waiting_bytes
        self._max_waiting_messages = max_waiting_messages
        self._waiting_bytes = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._close: tuple[int, str] | None = None
        self.is_gone = False

    def open(self) -> None:
        """Start moving messages."""
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    # -- out

    def send(self, message: dict[str, Any]) -> None:
        """Queue one message; a client that is far behind loses what will be replaced anyway, then the connection."""
        if self._outgoing.qsize() >= self._max_waiting_messages // 2 and message.get("type") in _DROPPABLE:
            return
        self.send_text(json.dumps(message, separators=(",", ":"), ensure_ascii=False))

    def send_text(self, text: str) -> None:
        """Queue one message that is JSON already."""
        if self.is_gone or self._close is not None:
            return
        if self._outgoing.qsize() >= self._max_waiting_messages:
            self.drop(TRY_LATER, "too slow")
            return
        self._outgoing.put_nowait(text)

    def drop(self, code: int, reason: str) -> None:
        """Send the client away now; what waits for it is not sent."""
        while not self._outgoing.empty():
            self._outgoing.get_nowait()
        self.finish(code, reason)
        self._incoming.put_nowait(Lost())

    def finish(self, code: int = 1000, reason: str = "") -> None:
        """Close once everything queued has been sent."""
        if self._close is None:
            self._close = (code, reason)
            self._outgoing.put_nowait(None)

    async def _write(self) -> None:
        try:
            while (text := await self._outgoing.get()) is not None:
                await self._websocket.send_text(text)
            assert self._close is not None
            await self._websocket.close(*self._close)
        except Exception as exc:  # the client has gone; each server says so with an exception of its own
            logger.debug("socket lost while writing: %r", exc)
        self._lose()

    # -- in

    async def receive(self) -> Frame:
        """The next frame, in the order in which they came; `Lost` when there will be no more."""
        frame = await self._incoming.get()
        if isinstance(frame, bytes | str):
            self._waiting_bytes -= len(frame)
        return frame

    def end(self) -> None:
        """Let the reader find `Over` behind what the client has said so far."""
        self._incoming.put_nowait(Over())

    async def _read(self) -> None:
        with suppress(Exception):  # as in `_write`
            while not self.is_gone:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                data: bytes | None = message.get("bytes")
                self._take(data if data is not None else message.get("text") or "")
        self._lose()

    def _take(self, frame: bytes | str) -> None:
        self._waiting_bytes += len(frame)
        if self._waiting_bytes > self._max_waiting_bytes:
            self.drop(TRY_LATER, "sound comes faster than it can be taken")
            return
        self._incoming.put_nowait(frame)

    def _lose(self) -> None:
        self.is_gone = True
        self._incoming.put_nowait(Lost())

    async def close(self) -> None:
        """Wait until what was queued is sent and the socket is closed; give up on a client that does not take it."""
        self.finish()
        await asyncio.wait(self._tasks[1:], timeout=_CLOSE_TIMEOUT_S)
        await end_tasks(self._tasks)


async def end_tasks(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they are over; what they raised is of no interest any more."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)  # not `gather`: cancelled itself, it would forget by whom
    for task in tasks:
        if not task.cancelled():
            task.exception()
