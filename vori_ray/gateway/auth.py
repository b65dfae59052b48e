"""Who is calling: bearer tokens, identity tokens, and what a principal may do.

A token is kept as its SHA-256 only: it has 256 random bits, so that a slow hash would add nothing. Whoever is not a
member of a group is told that its things are not there (404); a member whose role is too low is told so (403).
Knows nothing of HTTP.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from vori_ray.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import ApiToken, Group, User, utc_now

ADMIN = "ADMIN"
MEMBER = "MEMBER"
OWNER_EMAIL = "owner@vori.local"
FIRST_GROUP = "My team"

_TOUCH_EVERY = timedelta(minutes=1)
_LONGEST_TOKEN = 8192


@dataclass(frozen=True, slots=True)
class Principal:
    """A person who has shown a valid token. `roles`: group id -> ADMIN or MEMBER."""

    user_id: int
    name: str
    email: str
    roles: dict[int, str]

    @property
    def group_ids(self) -> tuple[int, ...]:
        """The groups that this person belongs to."""
        return tuple(self.roles)

    def require_member(self, group_id: int) -> None:
        """Raises NotFoundError for a group of others."""
        if group_id not in self.roles:
            raise NotFoundError(f"There is no group {group_id}.")

    def require_admin(self, group_id: int) -> None:
        """Raises NotFoundError for a group of others, ForbiddenError for a plain member."""
        self.require_member(group_id)
        if self.roles[group_id] != ADMIN:
            raise ForbiddenError(f"Expected an ADMIN of group {group_id}, you are {self.roles[group_id]}.")

    def scope(self, group_id: int | None) -> tuple[int, ...]:
        """The groups that a request is about: the one asked for, else all of this person's."""
        if group_id is None:
            return self.group_ids
        self.require_member(group_id)
        return (group_id,)


@dataclass(frozen=True, slots=True)
class Identity:
    """What an identity provider says of a person."""

    subject: str
    email: str
    name: str | None
    is_email_verified: bool


class IdentityVerifier(Protocol):
    """Checks the identity tokens of one provider."""

    def verify(self, token: str) -> Identity | None:
        """What the token says; None when it is no identity token of this provider. Raises UnauthenticatedError."""
        ...


class Authenticator:
    """Turns tokens into principals. Blocking: it asks the database each time, so that a revoked token ends at once."""

    def __init__(self, database: Database, verifier: IdentityVerifier | None = None) -> None:
        self._database = database
        self._verifier = verifier

    def authenticate(self, token: str | None) -> Principal:
        """Return whose token this is. Raises UnauthenticatedError for none and for one that is not known."""
        if not token or len(token) > _LONGEST_TOKEN:
            raise UnauthenticatedError("A valid bearer token is required: Authorization: Bearer TOKEN.")
        with self._database.unit_of_work(None) as uow:
            known = uow.users.find_by_token(hash_token(token))
            user = known[0] if known else self._user_of_identity(uow, token)
            if known and _is_stale(known[1]):
                uow.users.touch_token(_id(known[1]), utc_now())
            return Principal(_id(user), user.name, user.email, uow.groups.roles_of(_id(user)))

    def _user_of_identity(self, uow: UnitOfWork, token: str) -> User:
        identity = self._verifier.verify(token) if self._verifier else None
        if identity is None:
            raise UnauthenticatedError("This token is not known, or was revoked.")
        user = uow.users.find_by_external_id(identity.subject)
        if user is not None:
            return user
        if not identity.is_email_verified:
            raise UnauthenticatedError(f"Expected a verified e-mail address, {identity.email} is not verified.")
        invited = uow.users.find_by_email(identity.email)
        if invited is not None and invited.external_id is not None:
            raise UnauthenticatedError(f"{identity.email} belongs to another identity.")
        return uow.users.upsert(identity.email, name=identity.name, external_id=identity.subject)


def hash_token(token: str) -> str:
    """The form in which a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    """A fresh token with 256 random bits."""
    return "vori_" + secrets.token_urlsafe(32)


def ensure_owner(database: Database, token: str, *, time_zone: str = "UTC") -> int:
    """Make sure that the first user, group and token are there; returns the group's id. A repeat changes nothing."""
    with database.unit_of_work(None) as uow:
        known = uow.users.find_by_token(hash_token(token))
        user = known[0] if known else uow.users.upsert(OWNER_EMAIL)
        if known is None:
            uow.users.add_token(_id(user), name="first token", token_hash=hash_token(token))
        groups = uow.groups.list_for_user(_id(user))
        if groups:
            return _id(groups[0][0])
        group = uow.groups.add(FIRST_GROUP, time_zone=time_zone)
        uow.groups.add_member(_id(group), _id(user), role=ADMIN)
        return _id(group)


def _is_stale(token: ApiToken) -> bool:
    """Whether it is time to note that the token is in use; not at every call, for that would be a write each."""
    return token.last_used_at is None or utc_now() - token.last_used_at > _TOUCH_EVERY


def _id(row: User | ApiToken | Group) -> int:
    assert row.id is not None
    return row.id
