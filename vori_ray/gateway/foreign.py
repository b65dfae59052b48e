"""One audio session for a client that speaks another product's protocol. Its words go to the client and nowhere else.

A `Dialect` reads the client's frames and words the answers; this shell moves sound and commands in their order.
Knows nothing of any protocol, and no meeting: transient sessions are not stored.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from starlette.websockets import WebSocket

from vori_ray.errors import VoriError
from vori_ray.gateway.live import make_socket
from vori_ray.gateway.metrics import Metrics
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.protocol import MOVING, close_code_of
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.gateway.sockets import Frame, Lost, Over, Socket
from vori_ray.speech.ports import Draft, SessionConfig, SettledSegment, SpeechStream

Message = dict[str, Any]
Command = Literal["finalize", "stop", "none"]

TRANSIENT = "transient-"
"""How the ids of sessions begin whose sound is forgotten at their end."""

logger = logging.getLogger("vori.gateway")


@dataclass(frozen=True, slots=True)
class Request:
    """What one frame asks for: sound, then a command; `before` is answered at once, `after` when it has been done."""

    sound: bytes = b""
    command: Command = "none"
    before: tuple[Message, ...] = ()
    after: tuple[Message, ...] = ()


class Dialect(Protocol):
    """A protocol as text: frames to requests, our messages to theirs. Keeps state, does no I/O."""

    def greeting(self) -> Iterable[Message]:
        """What the server says first."""

    def configure(self, template: SessionConfig) -> SessionConfig:
        """How the sound is to be heard; asked for once, when the first sound comes. Raises VoriError."""

    def read(self, frame: bytes | str) -> Request:
        """Understand one frame. Raises VoriError for one that cannot be used."""

    def settled(self, command: Command) -> Iterable[Message]:
        """What is said when a command has been carried out."""

    def translate(self, message: Message) -> Iterable[Message]:
        """Our message in their words; none where they have no such message."""

    def refuse(self, error: VoriError) -> Message:
        """An error in their words."""


class TransientSink:
    """The `Sink` of a session that is not stored: counts its segments and hands messages on."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self._segments = 0

    async def send(self, message: Message) -> None:
        """Hand one message on."""
        self.messages.put_nowait(message)

    async def save_segment(self, segment: SettledSegment) -> int:
        """Number the segment."""
        self._segments += 1
        return self._segments

    async def end_utterance(self, utterance: int) -> None:
        """Nothing is kept."""

    async def save_draft(self, draft: Draft) -> None:
        """Nothing is kept."""

    async def load_saved(self, utterance: int) -> Sequence[SettledSegment]:
        """Nothing was kept."""
        return ()


def transient_config(template: SessionConfig) -> SessionConfig:
    """The template with a session id of its own. Nobody can come back to it, so its end waits for nobody."""
    return replace(template, session_id=f"{TRANSIENT}{secrets.token_hex(12)}", grace_s=0.0)


class ForeignConnection:
    """One foreign client, from its handshake to its end."""

    meeting_id = 0
    session_id = ""

    def __init__(self, websocket: WebSocket, ports: GatewayPorts, metrics: Metrics, dialect: Dialect) -> None:
        self._socket: Socket = make_socket(websocket, ports)
        self._ports = ports
        self._metrics = metrics
        self._dialect = dialect
        self._sink = TransientSink()
        self._stream: SpeechStream | None = None

    async def run(self, sessions: LiveSessions) -> None:
        """Serve the client until it stops, goes, or breaks its protocol."""
        self._socket.open()
        try:
            with sessions.place(self), self._metrics.session():
                self._socket.finish(await self._serve_safely())
        except VoriError as exc:
            self._socket.finish(self._refuse(exc))
        await self._socket.close()

    def end(self) -> None:
        """No meeting ends a transient session."""

    def move(self) -> None:
        """This replica stops: the client has to begin again elsewhere."""
        self._socket.finish(MOVING, "moving")

    async def _serve_safely(self) -> int:
        pump = asyncio.create_task(self._pump())
        try:
            self._say(self._dialect.greeting())
            while await self._take(await self._socket.receive()):
                pass
        except VoriError as exc:
            return self._refuse(exc)
        except Exception:
            logger.exception("a foreign session failed")
            return self._refuse(VoriError("Something went wrong in VORI; its log says what."))
        finally:
            if self._stream is not None:
                await self._stream.disconnect()
            await self._drain()
            pump.cancel()
        return 1000

    async def _take(self, frame: Frame) -> bool:
        """Act on one frame; returns whether the session goes on."""
        if isinstance(frame, Lost | Over):
            return False
        try:
            request = self._dialect.read(frame)
        except VoriError as exc:
            self._socket.send(self._dialect.refuse(exc))
            return True
        self._say(request.before)
        if request.sound:
            self._metrics.heard(len(request.sound))
            await (await self._running()).feed(request.sound)
        if request.command != "none":
            await self._carry_out(request.command)
        self._say(request.after)
        return request.command != "stop"

    async def _carry_out(self, command: Command) -> None:
        if self._stream is not None and command == "finalize":
            await self._stream.finalize()
        elif self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()
        await self._drain()
        self._say(self._dialect.settled(command))

    async def _running(self) -> SpeechStream:
        """The stream; it begins with the first sound, when its format is known."""
        if self._stream is None:
            config = self._dialect.configure(transient_config(self._ports.session_template))
            stream = self._ports.open_stream(config, self._sink)
            await stream.start(resume=False)
            self._stream = stream
        return self._stream

    async def _pump(self) -> None:
        while True:
            message = await self._sink.messages.get()
            try:
                self._say(self._dialect.translate(message))
            except Exception:  # one that cannot be worded is lost; the session goes on
                logger.exception("a message was not translated: %s", message)
            finally:
                self._sink.messages.task_done()

    async def _drain(self) -> None:
        """Wait until everything that the stream has said is on its way."""
        await self._sink.messages.join()

    def _say(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._socket.send(message)

    def _refuse(self, error: VoriError) -> int:
        self._metrics.refused(error.error_code)
        self._socket.send(self._dialect.refuse(error))
        return close_code_of(error)
