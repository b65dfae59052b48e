"""Groups and their members. ADMINs invite by e-mail: who has never signed in is a member already, and pending."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import available_timezones

from fastapi import APIRouter
from pydantic import AfterValidator, StringConstraints

from vori_ray.gateway.auth import ADMIN
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.people_shapes import GroupShape, MemberShape, group_shape, member_shape
from vori_ray.gateway.shapes import Shape
from vori_ray.storage.database import UnitOfWork
from vori_ray.storage.models import Member, User

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]
Role = Literal["ADMIN", "MEMBER"]
MAX_VOCABULARY = 500

router = APIRouter(prefix="/api/groups", tags=["groups"])


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected an IANA time zone, such as Asia/Seoul")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class NewGroup(Shape):
    """A group to be made."""

    name: Name
    time_zone: TimeZone = "UTC"
    language: Literal["en", "ko"] | None = None


class GroupChanges(Shape):
    """What is to be changed of a group."""

    name: Name | None = None
    time_zone: TimeZone | None = None
    language: Literal["en", "ko"] | None = None
    vocabulary: Annotated[list[Name], "names and words that are said here"] | None = None


class Invitation(Shape):
    """Whom to take into a group."""

    email: Email
    role: Role = "MEMBER"


class RoleChange(Shape):
    """A member's new role."""

    role: Role


@router.get("")
def list_groups(ports: Ports, principal: SignedIn) -> list[GroupShape]:
    """The caller's groups."""
    with ports.database.unit_of_work(principal.group_ids) as uow:
        return [group_shape(group, role) for group, role in uow.groups.list_for_user(principal.user_id)]


@router.post("", status_code=201)
def create_group(body: NewGroup, ports: Ports, principal: SignedIn) -> GroupShape:
    """Make a group; the caller is its ADMIN."""
    with ports.database.unit_of_work(None) as uow:
        group = uow.groups.add(body.name, time_zone=body.time_zone, language=body.language)
        uow.groups.add_member(group.id or 0, principal.user_id, role=ADMIN)
        return group_shape(group, ADMIN)


@router.patch("/{group_id}")
def change_group(group_id: int, body: GroupChanges, ports: Ports, principal: SignedIn) -> GroupShape:
    """Change a group. Its vocabulary is every member's to edit, the rest an ADMIN's."""
    changes = body.model_dump(exclude_unset=True)
    principal.require_member(group_id)
    if set(changes) - {"vocabulary"}:
        principal.require_admin(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        group = uow.groups.get(group_id)
        for name, value in changes.items():
            setattr(group, name, value[:MAX_VOCABULARY] if name == "vocabulary" else value)
        return group_shape(group, principal.roles[group_id])


@router.get("/{group_id}/members")
def list_members(group_id: int, ports: Ports, principal: SignedIn) -> list[MemberShape]:
    """Who belongs to a group."""
    principal.require_member(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        return [_member(uow, member, user) for member, user in uow.groups.members(group_id)]


@router.post("/{group_id}/members", status_code=201)
def invite(group_id: int, body: Invitation, ports: Ports, principal: SignedIn) -> MemberShape:
    """Take a person in by e-mail (ADMIN). Signing in with that address opens the group to them."""
    principal.require_admin(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        user = uow.users.upsert(body.email)
        return _member(uow, uow.groups.add_member(group_id, user.id or 0, role=body.role), user)


@router.patch("/{group_id}/members/{user_id}")
def change_role(group_id: int, user_id: int, body: RoleChange, ports: Ports, principal: SignedIn) -> MemberShape:
    """Change a member's role (ADMIN). The last ADMIN stays one."""
    principal.require_admin(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        member = uow.groups.set_role(group_id, user_id, body.role)
        return _member(uow, member, uow.users.get(user_id))


@router.delete("/{group_id}/members/{user_id}", status_code=204)
def remove_member(group_id: int, user_id: int, ports: Ports, principal: SignedIn) -> None:
    """End a membership: an ADMIN anybody's, everybody their own."""
    if user_id == principal.user_id:
        principal.require_member(group_id)
    else:
        principal.require_admin(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        uow.groups.remove_member(group_id, user_id)


def _member(uow: UnitOfWork, member: Member, user: User) -> MemberShape:
    is_pending = user.external_id is None and not uow.users.list_tokens(user.id or 0)
    return member_shape(member, user, is_pending=is_pending)
