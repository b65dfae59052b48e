"""Minutes with their versions, and comments on tickets."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlmodel import col

from vori_ray.errors import ConflictError, NotFoundError
from vori_ray.storage.models import Comment, Meeting, Minutes, Ticket
from vori_ray.storage.repositories.base import Repository, Rows


class MinutesVersions(Repository):
    """Minutes of meetings. Versions are only added; the highest is the current one."""

    def add(
        self,
        group_id: int,
        meeting_id: int,
        *,
        markdown: str,
        author: str,
        template: str = "general",
        expected_version: int | None = None,
    ) -> Minutes:
        """Add the next version. `expected_version` is the one it was written over (0: there was none).

        Raises ConflictError when another version has come since, NotFoundError without the meeting.
        """
        self._lock(Meeting, group_id, meeting_id)
        mine = (col(Minutes.group_id) == group_id) & (col(Minutes.meeting_id) == meeting_id)
        last = self._session.scalar(select(func.max(col(Minutes.version))).where(mine)) or 0
        if expected_version is not None and expected_version != last:
            raise ConflictError(
                f"The minutes of meeting {meeting_id} are at version {last}; "
                f"the change was made on version {expected_version}."
            )
        row = Minutes(group_id=group_id, meeting_id=meeting_id, version=last + 1, markdown=markdown, author=author)
        row.template = template
        return self._add(row)

    def find_latest(self, group_id: int, meeting_id: int) -> Minutes | None:
        """The current minutes, or None."""
        return next(iter(self.list(group_id, meeting_id)), None)

    def get_latest(self, group_id: int, meeting_id: int) -> Minutes:
        """The current minutes. Raises NotFoundError."""
        minutes = self.find_latest(group_id, meeting_id)
        if minutes is None:
            raise NotFoundError(f"Meeting {meeting_id} of group {group_id} has no minutes yet.")
        return minutes

    def get(self, group_id: int, meeting_id: int, version: int) -> Minutes:
        """One version. Raises NotFoundError."""
        for minutes in self.list(group_id, meeting_id):
            if minutes.version == version:
                return minutes
        raise NotFoundError(f"Meeting {meeting_id} of group {group_id} has no minutes of version {version}.")

    def list(self, group_id: int, meeting_id: int) -> Rows[Minutes]:
        """All versions, newest first."""
        query = select(Minutes).where(col(Minutes.group_id) == group_id, col(Minutes.meeting_id) == meeting_id)
        return self._all(query.order_by(col(Minutes.version).desc()))


class Comments(Repository):
    """What people say about a ticket."""

    def add(self, group_id: int, ticket_id: int, *, author: str, text: str) -> Comment:
        """Add a comment. Raises NotFoundError without the ticket."""
        self._get(Ticket, group_id, ticket_id)
        return self._add(Comment(group_id=group_id, ticket_id=ticket_id, author=author, text=text))

    def list(self, group_id: int, ticket_id: int) -> Rows[Comment]:
        """A ticket's comments, oldest first."""
        query = select(Comment).where(col(Comment.group_id) == group_id, col(Comment.ticket_id) == ticket_id)
        return self._all(query.order_by(col(Comment.id)))
