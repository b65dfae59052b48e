"""A small Serve application: says who answers, and echoes over a WebSocket.

No `from __future__ import annotations` here: Serve rewrites the routes of a class, and FastAPI then cannot look up
annotations that are text; it answers 403 to the WebSocket.
"""

import os
from typing import Any

from fastapi import FastAPI, WebSocket
from ray import serve
from starlette.websockets import WebSocketDisconnect

api = FastAPI()


def whoami() -> dict[str, Any]:
    return {"pid": os.getpid(), "env": {name: os.environ.get(name) for name in ("JAVA_HOME", "VORI_INSTANCE", "ECHO")}}


# A replica at Serve's limit of 5 requests leaves the next WebSocket waiting, and HAProxy need not share evenly.
@serve.deployment(
    num_replicas=2, max_ongoing_requests=100, ray_actor_options={"num_cpus": 0.2}, health_check_period_s=1
)
@serve.ingress(api)
class Echo:
    """The ingress."""

    @api.get("/whoami")
    def whoami(self) -> dict[str, Any]:
        return whoami()

    @api.websocket("/echo")
    async def echo(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(whoami())
        try:
            while True:
                await socket.send_bytes(await socket.receive_bytes())
        except WebSocketDisconnect:
            return


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Broken:
    """A deployment that cannot start."""

    def __init__(self) -> None:
        raise RuntimeError("the model file is not a model file")


def build_app(args: dict[str, Any]) -> serve.Application:
    return Echo.bind()


def build_broken(args: dict[str, Any]) -> serve.Application:
    return Broken.bind()
