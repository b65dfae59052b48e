"""What stands around every request: security headers, a bound on bodies, and the stop-watch.

Plain ASGI, so that streams and sockets pass through untouched. Knows nothing of routes.
"""

from __future__ import annotations

import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vori_ray.gateway.metrics import Metrics
from vori_ray.gateway.problems import problem

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}
_PRIVATE = ("/api/", "/v1/", "/status", "/metrics")


class SecurityHeaders:
    """Adds the headers of page.md to every answer; answers with data are not kept by anybody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                is_private = scope["path"].startswith(_PRIVATE)
                headers.setdefault("Cache-Control", "no-store" if is_private else "no-cache")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Answers 413 to a body that is larger than allowed, also where its length was not announced."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, uploads: re.Pattern[str], max_upload_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._uploads = uploads
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._max_upload_bytes if self._uploads.match(scope["path"]) else self._max_bytes
        announced = Headers(scope=scope).get("content-length", "0")
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413, detail)  # the one exception that FastAPI lets out of a body
            return message

        detail = f"Expected a body of at most {limit} bytes."
        if announced.isdigit() and int(announced) > limit:
            await problem(413, detail, code="too_large")(scope, receive, send)
            return
        await self._app(scope, receive_some, send)


class StopWatch:
    """Counts requests and their seconds, by route and not by path: paths are without end."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at = time.perf_counter()
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = scope.get("route")
            path = getattr(route, "path", None) or "unknown"
            self._metrics.answered(scope["method"], path, status, time.perf_counter() - started_at)
