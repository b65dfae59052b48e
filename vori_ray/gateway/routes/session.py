"""Signing in on the page: the token is kept in a cookie that no script can read."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from vori_ray.gateway.auth import Principal
from vori_ray.gateway.dependencies import COOKIE, Ports, SignedIn, get_authenticator
from vori_ray.gateway.people_shapes import SessionShape, group_shape
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.shapes import Shape

MONTH_S = 30 * 24 * 3600

router = APIRouter(tags=["session"])


class SignIn(Shape):
    """What the page sends to sign in."""

    token: str


@router.post("/api/session")
def sign_in(body: SignIn, request: Request, response: Response, ports: Ports) -> SessionShape:
    """Sign in with a token: sets an HttpOnly cookie."""
    principal = get_authenticator(request).authenticate(body.token.strip())
    is_secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    response.set_cookie(
        COOKIE, body.token.strip(), max_age=MONTH_S, httponly=True, samesite="strict", secure=is_secure, path="/"
    )
    return _session(ports, principal)


@router.get("/api/session")
def read_session(ports: Ports, principal: SignedIn) -> SessionShape:
    """Who is signed in, with their groups."""
    return _session(ports, principal)


@router.delete("/api/session", status_code=204)
def sign_out(response: Response) -> None:
    """Forget the cookie. The token itself stays valid: revoke it with `DELETE /api/tokens/{tokenId}`."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _session(ports: GatewayPorts, principal: Principal) -> SessionShape:
    with ports.database.unit_of_work(principal.group_ids) as uow:
        groups = uow.groups.list_for_user(principal.user_id)
    return SessionShape(
        user_id=principal.user_id,
        name=principal.name,
        email=principal.email,
        groups=[group_shape(group, role) for group, role in groups],
    )
