"""Serve deployment "Gateway": the application in a replica, behind Ray Serve's HAProxy.

A replica that Serve stops is told so by nobody; its own health check, which HAProxy asks too, says it. It then sends
its clients away with the warning `moving`, and they resume on another replica.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle
from starlette.types import ASGIApp, Receive, Scope, Send

from vori_ray.errors import VoriError
from vori_ray.gateway.foreign import TRANSIENT
from vori_ray.gateway.handles import RayEvents, RayKeeper, RaySpeech, RayStore, describe_parts
from vori_ray.gateway.http import create_app
from vori_ray.gateway.identity import JwksVerifier
from vori_ray.gateway.ports import GatewayLimits, GatewayPorts
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.speech.journal import FileJournal, Folder, session_folder
from vori_ray.speech.ports import SessionConfig, Sink, SpeechStream
from vori_ray.speech.runner import LiveSession
from vori_ray.speech.silero import initial_state, speech_probability
from vori_ray.speech.vad import HOP
from vori_ray.storage.database import Database

ACTORS = ("MeetingStore", "OutboxRelay", "MeetingKeeper", "KafkaBridge", "InsightsDriver")
DRAIN_LOOK_S = 1.0
HEALTH_PATH = "/-/healthz"

logger = logging.getLogger("vori.gateway")


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """What a replica is built from. Plain values, so that they travel through Serve."""

    database_url: str
    journal_url: str
    session_template: SessionConfig
    is_card_known: bool = False
    limits: GatewayLimits = field(default_factory=GatewayLimits)
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None


@serve.deployment(name="Gateway", max_ongoing_requests=512, health_check_period_s=5, graceful_shutdown_timeout_s=60)
@serve.ingress()
class Gateway:
    """One replica of the ingress."""

    def __init__(self, options: GatewayOptions, transcriber: DeploymentHandle, extractor: DeploymentHandle) -> None:
        self._options = options
        self._speech = RaySpeech(transcriber)
        self._extractor = extractor

    async def __serve_build_asgi_app__(self) -> ASGIApp:
        """The application; waits for the Transcriber only where nobody else knows the model."""
        self._acquainting = asyncio.ensure_future(self._acquaint())  # asyncio itself keeps no task alive
        template = self._options.session_template
        if not self._options.is_card_known:
            template = replace(template, card=await self._speech.card())
        app = create_app(self._ports(template))
        return DrainWatch(app, app.state.sessions)

    async def _acquaint(self) -> None:
        """Find the Transcriber and load the voice detection before somebody speaks.

        The first of either in a process is slow, and a replica that stands in for one that was killed gets all of its
        clients at once.
        """
        await asyncio.to_thread(speech_probability, np.zeros(HOP, np.int16), initial_state())
        with suppress(VoriError):
            await self._speech.check()

    def _ports(self, template: SessionConfig) -> GatewayPorts:
        options = self._options
        return GatewayPorts(
            database=Database(options.database_url, pool_size=8),
            store=RayStore(),
            events=RayEvents(),
            keeper=RayKeeper(),
            open_stream=self._open_stream,
            session_template=template,
            journal_url=options.journal_url,
            check_speech=self._speech.check,
            describe=self._describe,
            verifier=self._verifier(),
            limits=options.limits,
            replica=serve.get_replica_context().replica_id.unique_id,
        )

    def _open_stream(self, config: SessionConfig, sink: Sink) -> SpeechStream:
        folder = session_folder(self._options.journal_url, config.session_id)
        stream = LiveSession(config, transcribe=self._speech.transcribe, journal=FileJournal(folder), sink=sink)
        return ForgetfulStream(stream, folder) if config.session_id.startswith(TRANSIENT) else stream

    def _verifier(self) -> JwksVerifier | None:
        options = self._options
        if options.oidc_issuer is None or options.oidc_audience is None:
            return None
        return JwksVerifier(options.oidc_issuer, options.oidc_audience, jwks_url=options.oidc_jwks_url)

    async def _describe(self) -> dict[str, Any]:
        async def ask_extractor() -> Any:
            return await self._extractor.describe.remote()

        return {"parts": await describe_parts(ACTORS, {"TicketExtractor": ask_extractor})}


class ForgetfulStream:
    """A stream whose sound is removed when it is over. See `SpeechStream`."""

    def __init__(self, stream: SpeechStream, folder: Folder) -> None:
        self._stream = stream
        self._folder = folder
        self.start = stream.start
        self.feed = stream.feed
        self.finalize = stream.finalize

    async def stop(self) -> float:
        """Settle the rest, then forget the sound."""
        try:
            return await self._stream.stop()
        finally:
            await asyncio.to_thread(self._folder.remove)

    async def disconnect(self) -> bool:
        """Settle the rest, then forget the sound."""
        try:
            return await self._stream.disconnect()
        finally:
            await asyncio.to_thread(self._folder.remove)


class DrainWatch:
    """Finds out that this replica is being stopped, and moves its sessions away. Plain ASGI around the application."""

    def __init__(self, app: FastAPI, sessions: LiveSessions) -> None:
        self._app = app
        self._sessions = sessions
        self._watch: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the first socket says on which port this replica listens."""
        server = scope.get("server")
        if scope["type"] == "websocket" and server and self._watch is None:
            self._watch = asyncio.create_task(self._look(server[1]), name="vori-drain-watch")
        await self._app(scope, receive, send)

    async def _look(self, port: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False) as client:
            while not self._sessions.is_moving:
                await asyncio.sleep(DRAIN_LOOK_S)
                try:
                    answer = await client.get(HEALTH_PATH)
                except httpx.HTTPError as exc:
                    logger.debug("the replica's own health check did not answer: %r", exc)
                    continue
                if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "DRAINING" in answer.text:
                    logger.info("this replica is being stopped: %d sessions move", len(self._sessions))
                    self._sessions.move_all()
