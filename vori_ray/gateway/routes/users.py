"""The caller: who they are, and their API tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from vori_ray.gateway.auth import hash_token, new_token
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.people_shapes import (
    NewTokenShape,
    SessionShape,
    TokenShape,
    UserShape,
    group_shape,
    token_shape,
    user_shape,
)
from vori_ray.gateway.shapes import Shape

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

router = APIRouter(tags=["users"])


class Profile(Shape):
    """What a person may change of themselves. Who they are comes from the token, never from the body."""

    name: Name | None = None


class TokenName(Shape):
    """What a new token is called."""

    name: Name


@router.post("/api/users/sync")
def sync(body: Profile, ports: Ports, principal: SignedIn) -> UserShape:
    """Make sure that the token's user is known, with the given name."""
    with ports.database.unit_of_work(None) as uow:
        return user_shape(uow.users.upsert(principal.email, name=body.name))


@router.get("/api/users/me")
def me(ports: Ports, principal: SignedIn) -> SessionShape:
    """Who the token is, with the groups."""
    with ports.database.unit_of_work(principal.group_ids) as uow:
        groups = [group_shape(group, role) for group, role in uow.groups.list_for_user(principal.user_id)]
    return SessionShape(user_id=principal.user_id, name=principal.name, email=principal.email, groups=groups)


@router.get("/api/tokens")
def tokens(ports: Ports, principal: SignedIn) -> list[TokenShape]:
    """The caller's tokens, without themselves."""
    with ports.database.unit_of_work(None) as uow:
        return [token_shape(token) for token in uow.users.list_tokens(principal.user_id)]


@router.post("/api/tokens", status_code=201)
def create_token(body: TokenName, ports: Ports, principal: SignedIn) -> NewTokenShape:
    """Make a token for the caller. The answer is the only time that it is shown."""
    token = new_token()
    with ports.database.unit_of_work(None) as uow:
        row = uow.users.add_token(principal.user_id, name=body.name, token_hash=hash_token(token))
    return NewTokenShape(token=token, **token_shape(row).model_dump())


@router.delete("/api/tokens/{token_id}", status_code=204)
def revoke_token(token_id: int, ports: Ports, principal: SignedIn) -> None:
    """End a token of the caller, at once."""
    with ports.database.unit_of_work(None) as uow:
        uow.users.revoke_token(principal.user_id, token_id)
