"""The application: every route and socket, put together from the ports. Assembly only.

`create_app(ports)` knows nothing of Ray: a test gives it fakes, `gateway.deployment` gives it Ray's handles.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from vori_ray import __version__
from vori_ray.gateway import deepgram_api, live, openai_realtime, openai_rest, pages, problems
from vori_ray.gateway import events as event_socket
from vori_ray.gateway.auth import Authenticator
from vori_ray.gateway.feed import EventFeed
from vori_ray.gateway.guards import BodyLimit, SecurityHeaders, StopWatch
from vori_ray.gateway.metrics import Metrics
from vori_ray.gateway.orphans import OrphanSettler
from vori_ray.gateway.ports import Event, GatewayPorts
from vori_ray.gateway.routes import (
    events,
    groups,
    health,
    insights,
    meetings,
    notices,
    recordings,
    session,
    sound,
    speakers,
    suggestions,
    tickets,
    users,
)
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.gateway.sockets import end_tasks
from vori_ray.messaging.topics import MEETING_ENDED

UPLOADS = re.compile(r"/v1/audio/|/api/meetings/\d+/recordings$")
"""Paths whose bodies are sound, and may be large."""
DESCRIPTION = """Voice to insight and action. Every route but the health checks wants `Authorization: Bearer TOKEN`.

**Streaming**: speak on the WebSocket `/ws/meetings/{meetingId}/audio`, listen to a group's events on
`/ws/groups/{groupId}/events?after_seq=N`. A refused handshake answers with the same problem documents as HTTP.
"""

ROUTES = (
    session,
    users,
    groups,
    meetings,
    sound,
    recordings,
    speakers,
    tickets,
    suggestions,
    notices,
    events,
    insights,
    health,
    openai_rest,
)
SOCKETS = (live, event_socket, openai_realtime, deepgram_api)


def create_app(ports: GatewayPorts) -> FastAPI:
    """Put the application together."""
    app = FastAPI(
        title="VORI",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    metrics = Metrics(ports.replica)
    sessions = LiveSessions(ports.limits.max_sessions)
    feed = EventFeed(ports.events, metrics, limit=ports.limits.max_waiting_messages)
    feed.observe(lambda event: _follow(event, sessions))
    app.state.ports = ports
    app.state.authenticator = Authenticator(ports.database, ports.verifier)
    app.state.metrics = metrics
    app.state.sessions = sessions
    app.state.feed = feed
    _install(app, ports, metrics)
    return app


def _install(app: FastAPI, ports: GatewayPorts, metrics: Metrics) -> None:
    problems.install(app)
    for module in (*ROUTES, *SOCKETS):
        app.include_router(module.router)
    pages.install(app)
    limits = ports.limits
    app.add_middleware(
        BodyLimit, max_bytes=limits.max_body_bytes, uploads=UPLOADS, max_upload_bytes=limits.max_upload_bytes
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(StopWatch, metrics=metrics)


def _follow(event: Event, sessions: LiveSessions) -> None:
    """What events mean for this replica's sessions: a meeting that is over takes no more sound."""
    if event.get("topic") == MEETING_ENDED:
        sessions.end_meeting(event["payload"]["meetingId"])


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The background tasks live as long as the application; its sessions are moved away before it stops."""
    orphans = OrphanSettler(app.state.ports, app.state.sessions)
    tasks = [
        asyncio.create_task(app.state.feed.run(), name="vori-event-feed"),
        asyncio.create_task(orphans.run(), name="vori-orphans"),
    ]
    try:
        yield
    finally:
        await app.state.sessions.close()
        await end_tasks(tasks)
        await asyncio.to_thread(app.state.ports.painter.close)
