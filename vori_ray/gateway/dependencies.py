"""What routes and sockets ask for: the ports, and the principal behind a request.

A token comes as `Authorization: Bearer T` (Deepgram's clients say `Token T`), as the WebSocket sub-protocol
`bearer, T`, or as the cookie that the page's sign-in sets. A cookie counts only from the page's own origin.
"""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Security
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from vori_ray.errors import ForbiddenError
from vori_ray.gateway.auth import Authenticator, Principal
from vori_ray.gateway.ports import GatewayPorts

COOKIE = "vori_session"
SUBPROTOCOL = "bearer"
_SCHEMES = ("bearer", "token")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_bearer = HTTPBearer(auto_error=False, description="A token of `POST /api/tokens`, or an identity token.")


def get_ports(connection: HTTPConnection) -> GatewayPorts:
    """The ports that the application was built with."""
    ports: GatewayPorts = connection.app.state.ports
    return ports


def get_authenticator(connection: HTTPConnection) -> Authenticator:
    """The application's authenticator."""
    authenticator: Authenticator = connection.app.state.authenticator
    return authenticator


def find_token(connection: HTTPConnection) -> str | None:
    """The token that a request carries, or None. Raises ForbiddenError for a cookie from another origin."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() in _SCHEMES:
        return token.strip()
    offered = connection.scope.get("subprotocols") or []
    if len(offered) == 2 and offered[0] == SUBPROTOCOL:
        return str(offered[1])
    cookie = connection.cookies.get(COOKIE)
    if cookie:
        _require_own_origin(connection)
    return cookie


def _require_own_origin(connection: HTTPConnection) -> None:
    """A browser sends cookies along from any page: for a change, and for a socket, ask where it comes from."""
    is_socket = connection.scope["type"] == "websocket"
    if not is_socket and connection.scope["method"] in _SAFE_METHODS:
        return
    origin = connection.headers.get("origin")
    if origin is None and not is_socket:
        return
    host = connection.headers.get("host", "")
    if origin is None or urlsplit(origin).netloc != host:
        raise ForbiddenError(f"Expected a request from this page ({host}), it came from {origin}.")


def get_principal(connection: HTTPConnection) -> Principal:
    """Who is calling. Blocking; raises UnauthenticatedError, ForbiddenError."""
    return get_authenticator(connection).authenticate(find_token(connection))


def _signed_in(connection: HTTPConnection, _: Annotated[object, Security(_bearer)]) -> Principal:
    return get_principal(connection)


async def admit(connection: HTTPConnection) -> Principal:
    """Who opens a socket. Raises UnauthenticatedError, ForbiddenError."""
    return await asyncio.to_thread(get_principal, connection)


Ports = Annotated[GatewayPorts, Depends(get_ports)]
SignedIn = Annotated[Principal, Depends(_signed_in)]
