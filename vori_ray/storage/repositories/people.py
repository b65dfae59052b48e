"""Groups, their members, people and their API tokens.

`Groups.add` and everything that looks across groups needs a unit of work of the system. Knows nothing of how a
token is made or checked: it sees hashes only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from vori_ray.errors import ConflictError, NotFoundError
from vori_ray.storage.models import ApiToken, Group, Member, User, utc_now
from vori_ray.storage.repositories.base import Repository, Rows, in_groups


def fold_email(email: str) -> str:
    """An e-mail address as it is stored and compared."""
    return email.strip().lower()


class Groups(Repository):
    """Groups and who belongs to them."""

    def add(self, name: str, *, time_zone: str = "UTC", language: str | None = None) -> Group:
        """Make a group."""
        return self._add(Group(name=name, time_zone=time_zone, language=language))

    def find(self, group_id: int) -> Group | None:
        """The group, or None."""
        return self._session.scalars(select(Group).where(col(Group.id) == group_id)).first()

    def get(self, group_id: int) -> Group:
        """The group. Raises NotFoundError."""
        group = self.find(group_id)
        if group is None:
            raise NotFoundError(f"There is no group {group_id}.")
        return group

    def find_by_name(self, name: str) -> Group | None:
        """The oldest group of that name, or None."""
        return self._session.scalars(select(Group).where(col(Group.name) == name).order_by(col(Group.id))).first()

    def list(self, group_ids: Collection[int] | None = None) -> Rows[Group]:
        """The groups with these ids, or all that may be seen, oldest first."""
        query = select(Group).order_by(col(Group.id))
        return self._all(query if group_ids is None else query.where(col(Group.id).in_(group_ids)))

    def list_for_user(self, user_id: int) -> Sequence[tuple[Group, str]]:
        """A person's groups, each with the person's role."""
        query = (
            select(Group, Member)
            .join(Member, col(Member.group_id) == col(Group.id))
            .where(col(Member.user_id) == user_id)
            .order_by(col(Group.id))
        )
        return [(group, member.role) for group, member in self._session.execute(query)]

    def roles_of(self, user_id: int) -> dict[int, str]:
        """A person's role by group id."""
        members = self._session.scalars(select(Member).where(col(Member.user_id) == user_id))
        return {member.group_id: member.role for member in members}

    def event_seqs(self, group_ids: Collection[int] | None = None) -> dict[int, int]:
        """The sequence number of the last committed event of each group (or of these groups)."""
        rows = self._session.execute(select(col(Group.id), col(Group.event_seq)).where(in_groups(Group.id, group_ids)))
        return {int(group_id or 0): seq for group_id, seq in rows}

    def members(self, group_id: int) -> Sequence[tuple[Member, User]]:
        """A group's members in the order in which they came."""
        query = (
            select(Member, User)
            .join(User, col(User.id) == col(Member.user_id))
            .where(col(Member.group_id) == group_id)
            .order_by(col(Member.created_at), col(User.id))
        )
        return [(member, user) for member, user in self._session.execute(query)]

    def find_member(self, group_id: int, user_id: int) -> Member | None:
        """The membership, or None."""
        return self._session.get(Member, (group_id, user_id))

    def get_member(self, group_id: int, user_id: int) -> Member:
        """The membership. Raises NotFoundError."""
        member = self.find_member(group_id, user_id)
        if member is None:
            raise NotFoundError(f"There is no member {user_id} in group {group_id}.")
        return member

    def add_member(self, group_id: int, user_id: int, *, role: str = "MEMBER") -> Member:
        """Take a person into a group. Raises ConflictError if they are in it already."""
        if self.find_member(group_id, user_id) is not None:
            raise ConflictError(f"User {user_id} is a member of group {group_id} already.")
        return self._add(Member(group_id=group_id, user_id=user_id, role=role))

    def set_role(self, group_id: int, user_id: int, role: str) -> Member:
        """Change a member's role. Raises ConflictError when the group would lose its last ADMIN."""
        member = self.get_member(group_id, user_id)
        if role != "ADMIN":
            self._keep_an_admin(member)
        member.role = role
        return self._add(member)

    def remove_member(self, group_id: int, user_id: int) -> None:
        """End a membership. Raises NotFoundError, or ConflictError for the last ADMIN."""
        member = self.get_member(group_id, user_id)
        self._keep_an_admin(member)
        self._session.execute(delete(Member).where(col(Member.group_id) == group_id, col(Member.user_id) == user_id))
        self._session.expunge(member)

    def _keep_an_admin(self, member: Member) -> None:
        """Lock the group's administrators, so that two of them cannot leave at the same moment."""
        query = select(Member).where(col(Member.group_id) == member.group_id, col(Member.role) == "ADMIN")
        admins = self._session.scalars(query.order_by(col(Member.user_id)).with_for_update()).all()
        if [admin.user_id for admin in admins] == [member.user_id]:
            raise ConflictError(f"User {member.user_id} is the last ADMIN of group {member.group_id}.")


class Users(Repository):
    """People and their tokens."""

    def find(self, user_id: int) -> User | None:
        """The person, or None."""
        return self._session.get(User, user_id)

    def get(self, user_id: int) -> User:
        """The person. Raises NotFoundError."""
        user = self.find(user_id)
        if user is None:
            raise NotFoundError(f"There is no user {user_id}.")
        return user

    def find_by_email(self, email: str) -> User | None:
        """The person with this address, or None."""
        return self._session.scalars(select(User).where(col(User.email) == fold_email(email))).first()

    def find_by_external_id(self, external_id: str) -> User | None:
        """The person behind an OIDC or Firebase subject, or None."""
        return self._session.scalars(select(User).where(col(User.external_id) == external_id)).first()

    def upsert(self, email: str, *, name: str | None = None, external_id: str | None = None) -> User:
        """The person with this address, made if need be; what is given replaces what was there."""
        given = {key: value for key, value in (("name", name), ("external_id", external_id)) if value is not None}
        address = fold_email(email)
        row = {"email": address, "name": address.partition("@")[0], "created_at": utc_now()} | given
        statement = insert(User).values(**row)
        # Setting the e-mail to itself makes the row come back even when nothing else is to change.
        statement = statement.on_conflict_do_update(index_elements=["email"], set_={"email": address} | given)
        query = select(User).from_statement(statement.returning(User))
        user: User = self._session.scalars(query.execution_options(populate_existing=True)).one()
        return user

    def count(self) -> int:
        """How many people there are."""
        return self._session.scalar(select(func.count()).select_from(User)) or 0

    def add_token(self, user_id: int, *, name: str, token_hash: str) -> ApiToken:
        """Keep a token's hash."""
        return self._add(ApiToken(user_id=user_id, name=name, token_hash=token_hash))

    def find_by_token(self, token_hash: str) -> tuple[User, ApiToken] | None:
        """Whose token this is; None for an unknown or a revoked one."""
        query = (
            select(User, ApiToken)
            .join(ApiToken, col(ApiToken.user_id) == col(User.id))
            .where(col(ApiToken.token_hash) == token_hash, col(ApiToken.revoked_at).is_(None))
        )
        row = self._session.execute(query).first()
        return None if row is None else (row[0], row[1])

    def list_tokens(self, user_id: int) -> Rows[ApiToken]:
        """A person's tokens that are not revoked, oldest first."""
        query = select(ApiToken).where(col(ApiToken.user_id) == user_id, col(ApiToken.revoked_at).is_(None))
        return self._all(query.order_by(col(ApiToken.id)))

    def touch_token(self, token_id: int, at: datetime) -> None:
        """Note when a token was used last."""
        self._session.execute(update(ApiToken).where(col(ApiToken.id) == token_id).values(last_used_at=at))

    def revoke_token(self, user_id: int, token_id: int) -> None:
        """End a token. Raises NotFoundError when the person has no such token."""
        mine = (col(ApiToken.user_id) == user_id, col(ApiToken.id) == token_id, col(ApiToken.revoked_at).is_(None))
        ended = self._session.execute(
            update(ApiToken).where(*mine).values(revoked_at=utc_now()).returning(col(ApiToken.id))
        )
        if ended.first() is None:
            raise NotFoundError(f"User {user_id} has no token {token_id}.")
