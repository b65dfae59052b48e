"""What a refusal of the server means: HTTP statuses and problem documents as errors of the tree."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from websockets.exceptions import InvalidStatus

from vori_ray import errors

_ERRORS: dict[int, type[errors.VoriError]] = {
    400: errors.ProtocolError,
    401: errors.UnauthenticatedError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.BadInputError,
    422: errors.BadInputError,
    502: errors.ExtractionError,
}


def error_for(status: int, body: bytes | str, *, subject: str) -> errors.VoriError:
    """The error that an HTTP answer stands for; answers of 500 and above are worth another try."""
    problem: dict[str, Any] = {}
    with suppress(ValueError):
        problem = json.loads(body)
    text = problem.get("detail") if isinstance(problem, dict) else None
    kind = _ERRORS.get(status, errors.UnavailableError if status >= 500 or status == 429 else errors.VoriError)
    return kind(text or f"{subject}: HTTP {status}", code=problem.get("code") if isinstance(problem, dict) else None)


def refusal_of(exc: InvalidStatus) -> errors.VoriError:
    """The error that a refused WebSocket handshake stands for."""
    return error_for(exc.response.status_code, bytes(exc.response.body or b""), subject="the socket was refused")
