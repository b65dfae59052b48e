"""Errors as `application/problem+json` (RFC 9457): every failure of the API has this one shape.

Knows nothing of what went wrong, only how it is said.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from vori_ray.errors import VoriError

RETRY_AFTER_S = 2
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_SHOWN_CHARACTERS = 100

logger = logging.getLogger("vori.gateway")


def problem(status: int, detail: str, *, code: str, headers: dict[str, str] | None = None) -> Response:
    """One problem document. `type` is a name and not an address: there is nothing to fetch.

    `error` says the same once more, where OpenAI's clients look for it.
    """
    body = {
        "type": f"urn:vori:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "error": {
            "message": detail,
            "code": code,
            "type": "server_error" if status >= 500 else "invalid_request_error",
        },
    }
    return JSONResponse(body, status, headers, "application/problem+json")


def problem_of(error: VoriError) -> Response:
    """The problem document of one of our errors."""
    headers = {}
    if error.status_code == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if error.status_code == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.status_code, error.message, code=error.error_code, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    app.add_exception_handler(VoriError, _on_vori_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(UnicodeEncodeError, _on_surrogate)
    app.add_exception_handler(Exception, _on_surprise)


async def _on_vori_error(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, VoriError)
    return problem_of(exc)


async def _on_invalid(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    return problem(422, "; ".join(_said(error) for error in exc.errors()), code="bad_input")


def _said(error: dict[str, Any]) -> str:
    """One validation error in words: where, what was expected, what came."""
    place = ".".join(str(part) for part in error["loc"])
    came = "" if error["type"] == "missing" else f", came {str(error.get('input'))[:_SHOWN_CHARACTERS]!r}"
    return f"{place}: {error['msg']}{came}"


async def _on_http_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    code = _CODES.get(exc.status_code, "http_error")
    detail = f"There is no {request.method} {request.url.path}." if exc.status_code in (404, 405) else str(exc.detail)
    return problem(exc.status_code, detail, code=code, headers=dict(exc.headers or {}))


async def _on_surrogate(_: Request, exc: Exception) -> Response:
    """JSON can carry half of a surrogate pair (`"\\ud800"`); no text that is stored or sent can."""
    return problem(422, f"Expected text that can be written as UTF-8: {exc}", code="bad_input")


async def _on_surprise(request: Request, exc: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=exc)
    return problem(500, "Something went wrong in VORI; its log says what.", code="internal")
