"""Whether this replica lives, whether it can work, and what it counts."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from vori_ray import __version__
from vori_ray.errors import UnavailableError, VoriError
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.metrics import CONTENT_TYPE
from vori_ray.gateway.ports import GatewayPorts

CHECK_TIMEOUT_S = 5.0

router = APIRouter(tags=["health"])


@router.get("/healthz")
@router.get("/health")
async def healthz() -> dict[str, str]:
    """This replica lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(ports: Ports) -> dict[str, str]:
    """The database answers and sound can be transcribed; else 503 with what is missing."""
    checks = await _checks(ports)
    missing = {name: state for name, state in checks.items() if state != "ok"}
    if missing:
        raise UnavailableError("; ".join(f"{name}: {state}" for name, state in missing.items()))
    return {"status": "ok"} | checks


@router.get("/metrics")
async def metrics(request: Request, _: SignedIn) -> Response:
    """What this replica counts, for Prometheus (with `authorization: {credentials: TOKEN}`)."""
    return Response(request.app.state.metrics.render(), media_type=CONTENT_TYPE)


@router.get("/status")
async def status(request: Request, ports: Ports, _: SignedIn) -> dict[str, Any]:
    """How the parts are, and what this replica does now."""
    state = request.app.state
    return {
        "version": __version__,
        "replica": ports.replica,
        "audioSessions": len(state.sessions),
        "maxAudioSessions": ports.limits.max_sessions,
        "isMoving": state.sessions.is_moving,
        "checks": await _checks(ports) | {"events": "ok" if state.feed.is_live else "the event hub does not answer"},
        **await ports.describe(),
    }


async def _checks(ports: GatewayPorts) -> dict[str, str]:
    async def check_database() -> None:
        await asyncio.to_thread(ports.database.check)

    database, speech = await asyncio.gather(_state_of(check_database), _state_of(ports.check_speech))
    return {"database": database, "speech": speech}


async def _state_of(check: Any) -> str:
    try:
        await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT_S:g} s"
    except VoriError as exc:
        return exc.message
    return "ok"
