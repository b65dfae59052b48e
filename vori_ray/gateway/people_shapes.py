"""The JSON of people: users, groups, members, tokens. Shapes only; nothing is read or decided here."""

from __future__ import annotations

from datetime import datetime

from vori_ray.gateway.shapes import Shape, columns
from vori_ray.storage.models import ApiToken, Group, Member, User


class UserShape(Shape):
    """A person."""

    user_id: int
    name: str
    email: str


class GroupShape(Shape):
    """A group, and the caller's role in it."""

    group_id: int
    name: str
    role: str
    time_zone: str
    language: str | None
    vocabulary: list[str]
    created_at: datetime


class SessionShape(UserShape):
    """Who is signed in, with the groups."""

    groups: list[GroupShape]


class MemberShape(UserShape):
    """A member of a group. `isPending`: invited, and never signed in so far."""

    role: str
    is_pending: bool
    joined_at: datetime


class TokenShape(Shape):
    """An API token, without itself."""

    token_id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


class NewTokenShape(TokenShape):
    """A fresh token: the only time that it is shown."""

    token: str


def group_shape(group: Group, role: str) -> GroupShape:
    """A group as one of its members sees it."""
    return GroupShape(group_id=group.id, role=role, **columns(group, GroupShape))


def user_shape(user: User) -> UserShape:
    """A person."""
    return UserShape(user_id=user.id, name=user.name, email=user.email)


def member_shape(member: Member, user: User, *, is_pending: bool) -> MemberShape:
    """A person as a member of a group."""
    return MemberShape(
        user_id=user.id,
        name=user.name,
        email=user.email,
        role=member.role,
        is_pending=is_pending,
        joined_at=member.created_at,
    )


def token_shape(token: ApiToken) -> TokenShape:
    """A token, without itself."""
    return TokenShape(token_id=token.id, **columns(token, TokenShape))
