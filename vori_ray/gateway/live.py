"""The native audio WebSocket: frames in, words out.

One connection drives one `SpeechStream`; nothing here calls Ray for a frame. The order of what a client sends is kept:
sound, then the command that stands behind it. Knows nothing of how words are found.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket

from vori_ray.errors import OverloadedError, VoriError
from vori_ray.gateway.admission import Admission, admit_session, find_meeting
from vori_ray.gateway.auth import Principal
from vori_ray.gateway.dependencies import SUBPROTOCOL, admit, get_ports
from vori_ray.gateway.live_sink import SessionSink, final_message
from vori_ray.gateway.metrics import Metrics
from vori_ray.gateway.numbers import whole_number
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.protocol import (
    MOVING,
    OUT_OF_ORDER,
    Refusal,
    Start,
    check_frame,
    close_code_of,
    error_message,
    parse_command,
    parse_start,
    warning_message,
)
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.gateway.sockets import Frame, Lost, Over, Socket, deny
from vori_ray.speech.ports import SpeechStream
from vori_ray.storage.models import AudioSession, Meeting, Segment

HEARTBEAT_S = 5.0
LATE_SOUND_S = 5.0

logger = logging.getLogger("vori.gateway")
router = APIRouter()


@router.websocket("/ws/meetings/{meeting_id}/audio")
async def audio(websocket: WebSocket, meeting_id: str) -> None:
    """Speak in a meeting. The protocol is described in the documentation, under `Streaming`."""
    ports = get_ports(websocket)
    try:
        principal = await admit(websocket)
        meeting = await asyncio.to_thread(find_meeting, ports.database, principal, whole_number(meeting_id, "meeting"))
    except VoriError as exc:
        await deny(websocket, exc)
        return
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
    sessions: LiveSessions = websocket.app.state.sessions
    socket = make_socket(websocket, ports)
    connection = AudioConnection(socket, ports, websocket.app.state.metrics, principal, meeting)
    await sessions.run(connection.run(sessions))


def make_socket(websocket: WebSocket, ports: GatewayPorts) -> Socket:
    """A socket with this gateway's bounds."""
    limits = ports.limits
    return Socket(
        websocket, max_waiting_bytes=limits.max_waiting_bytes, max_waiting_messages=limits.max_waiting_messages
    )


class AudioConnection:
    """One client of the native protocol, from its start message to its end."""

    def __init__(
        self, socket: Socket, ports: GatewayPorts, metrics: Metrics, principal: Principal, meeting: Meeting
    ) -> None:
        assert meeting.id is not None
        self.meeting_id = meeting.id
        self._socket = socket
        self._ports = ports
        self._metrics = metrics
        self._principal = principal
        self._meeting = meeting
        self._stream: SpeechStream | None = None
        self._sink: SessionSink | None = None
        self.session_id = ""
        self._early: list[dict[str, Any]] | None = []

    async def run(self, sessions: LiveSessions) -> None:
        """Serve the client until it stops, goes, or breaks the protocol; then settle what is left."""
        self._socket.open()
        try:
            with sessions.place(self), self._metrics.session():
                self._socket.finish(await self._serve_safely())
                await self._settle()
        except OverloadedError as exc:
            self._socket.finish(self._refuse(exc))
        await self._socket.close()

    async def _serve_safely(self) -> int:
        """Serve, and say what went wrong; returns the close code."""
        try:
            await self._serve()
        except VoriError as exc:
            return self._refuse(exc)
        except Exception:
            logger.exception("session %s failed", self.session_id)
            return self._refuse(VoriError("Something went wrong in VORI; its log says what."))
        return 1000

    def _refuse(self, error: VoriError) -> int:
        self._metrics.refused(error.error_code)
        self._socket.send(error_message(error))
        return close_code_of(error)

    def end(self) -> None:
        """The meeting is over: what has come so far is settled, then the client is told."""
        self._socket.end()

    def move(self) -> None:
        """This replica stops: the client is to come back and resume."""
        self._socket.send(warning_message("moving", "This replica is stopping: connect again and resume."))
        self._socket.finish(MOVING, "moving")

    # -- the start

    async def _serve(self) -> None:
        start = await self._read_start()
        if start is None:
            return
        admission = await asyncio.to_thread(admit_session, self._ports.database, self._principal, self._meeting, start)
        stream, sink = self._build(admission, start)
        resume_from_s = await stream.start(resume=admission.is_resumed)
        self._stream, self._sink, self.session_id = stream, sink, admission.session.id
        heartbeat = asyncio.create_task(self._beat())
        try:
            await self._ports.store.open_session(_opening(admission.session))
            await self._say_ready(admission, start, resume_from_s)
            if admission.is_over:
                asyncio.get_running_loop().call_later(LATE_SOUND_S, self.end)
            while not await self._take(await self._socket.receive()):
                pass
        finally:
            heartbeat.cancel()

    async def _read_start(self) -> Start | None:
        """The start message; None if the client went without one. Raises Refusal."""
        try:
            frame = await asyncio.wait_for(self._socket.receive(), self._ports.limits.start_timeout_s)
        except TimeoutError:
            said = f"expected a start message within {self._ports.limits.start_timeout_s:g} s"
            raise Refusal(said, code="start_expected", close_code=OUT_OF_ORDER) from None
        if isinstance(frame, Lost | Over):
            return None
        if isinstance(frame, bytes):
            raise Refusal("expected a start message first, came sound", code="start_expected", close_code=OUT_OF_ORDER)
        return parse_start(frame, self._ports.session_template.languages)

    def _build(self, admission: Admission, start: Start) -> tuple[SpeechStream, SessionSink]:
        session = admission.session
        config = replace(
            self._ports.session_template,
            session_id=session.id,
            encoding=start.encoding,
            sample_rate=start.sample_rate,
            channels=start.channels,
            language=session.language,
            vocabulary=admission.vocabulary,
            diarize=session.diarize,
        )
        sink = SessionSink(session, store=self._ports.store, database=self._ports.database, say=self._say)
        return self._ports.open_stream(config, sink), sink

    async def _say_ready(self, admission: Admission, start: Start, resume_from_s: float) -> None:
        """Say where to go on, and again what the client may have missed while it was away."""
        session = admission.session
        self._socket.send(
            {
                "type": "ready",
                "session_id": session.id,
                "meeting_id": self.meeting_id,
                "resume_from_s": resume_from_s,
                "offset_s": session.offset_s,
                "model": self._ports.session_template.card.name,
            }
        )
        if admission.is_resumed:
            for segment in await asyncio.to_thread(self._missed, start.last_segment_id):
                self._socket.send(final_message(segment))
        early, self._early = self._early or [], None
        for message in early:
            self._socket.send(message)

    def _say(self, message: dict[str, Any]) -> None:
        """Hand a message of the stream to the client, behind `ready`."""
        if self._early is None:
            self._socket.send(message)
        else:
            self._early.append(message)

    def _missed(self, after_id: int) -> Sequence[Segment]:
        with self._ports.database.unit_of_work([self._meeting.group_id]) as uow:
            rows = uow.segments.list(self._meeting.group_id, self.meeting_id, after_id=after_id)
        return sorted((row for row in rows if row.session_id == self.session_id), key=lambda row: row.id or 0)

    # -- the session

    async def _take(self, frame: Frame) -> bool:
        """Act on one frame, in the order in which they came; returns whether the session is over."""
        if isinstance(frame, Lost):
            return True
        if isinstance(frame, Over):
            await self._stop()
            return True
        if isinstance(frame, bytes):
            check_frame(len(frame))
            await self._running.feed(frame)
            self._metrics.heard(len(frame))
            return False
        try:
            command = parse_command(frame)
        except Refusal as exc:
            if exc.close_code is not None:
                raise
            self._socket.send(error_message(exc))
            return False
        if command == "ping":
            self._socket.send({"type": "pong"})
        elif command == "finalize":
            await self._running.finalize()
        else:
            await self._stop()
        return command == "stop"

    @property
    def _running(self) -> SpeechStream:
        assert self._stream is not None
        return self._stream

    async def _stop(self) -> None:
        """Settle all that came; the stream itself says `stopped`."""
        stream, self._stream = self._running, None
        duration_s = await stream.stop()
        await self._ports.store.close_session(self.session_id, duration_s)

    async def _settle(self) -> None:
        """After a lost or refused connection: what was acknowledged is settled, unless the client came back."""
        if self._stream is None or self._sink is None:
            return
        stream, self._stream = self._stream, None
        if await stream.disconnect():
            await self._ports.store.close_session(self.session_id, self._sink.duration_s)

    async def _beat(self) -> None:
        """Tell now and then that the meeting is being listened to, and whether somebody spoke: not once a frame."""
        while True:
            assert self._sink is not None
            try:
                await self._ports.store.touch(self.meeting_id, audio=True, speech=self._sink.take_new_speech())
            except Exception as exc:
                logger.warning("meeting %s could not be touched: %r", self.meeting_id, exc)
            await asyncio.sleep(HEARTBEAT_S)


def _opening(session: AudioSession) -> dict[str, Any]:
    """What the store wants to know of a session that begins or goes on."""
    names = ("group_id", "meeting_id", "speaker", "user_id", "language", "diarize", "offset_s")
    return {"session_id": session.id} | {name: getattr(session, name) for name in names}
