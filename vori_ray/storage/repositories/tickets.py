"""Tickets and their history.

Knows nothing of who may do what, nor of which status may follow which: it stores what services decide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlmodel import col

from vori_ray.errors import ConflictError, NotFoundError
from vori_ray.storage.models import Ticket, TicketHistory, utc_now
from vori_ray.storage.repositories.base import Repository, Rows, bounded, found, in_groups
from vori_ray.storage.repositories.text import contains_all


class Tickets(Repository):
    """Tickets of a group. Deleted ones are kept, and left out unless asked for."""

    def add(self, ticket: Ticket) -> Ticket:
        """Insert a ticket."""
        return self._add(ticket)

    def find(self, group_id: int, ticket_id: int, *, include_deleted: bool = False) -> Ticket | None:
        """The ticket, or None."""
        ticket = self._find(Ticket, group_id, ticket_id)
        return ticket if ticket is None or include_deleted or ticket.deleted_at is None else None

    def get(self, group_id: int, ticket_id: int, *, include_deleted: bool = False) -> Ticket:
        """The ticket. Raises NotFoundError."""
        return found(self.find(group_id, ticket_id, include_deleted=include_deleted), Ticket, group_id, ticket_id)

    def find_in(self, group_ids: Collection[int] | None, ticket_id: int) -> Ticket | None:
        """The ticket, if it belongs to one of the groups (None: to any that may be seen)."""
        return self._session.scalars(_live(group_ids).where(col(Ticket.id) == ticket_id)).first()

    def get_in(self, group_ids: Collection[int] | None, ticket_id: int) -> Ticket:
        """Like `find_in`. Raises NotFoundError, also for a ticket of another group."""
        ticket = self.find_in(group_ids, ticket_id)
        if ticket is None:
            raise NotFoundError(f"There is no ticket {ticket_id}.")
        return ticket

    def lock(self, group_id: int, ticket_id: int) -> Ticket:
        """The ticket as it is now, deleted or not, kept from change by others until the unit of work ends."""
        return self._lock(Ticket, group_id, ticket_id)

    def list(
        self,
        group_ids: Collection[int] | None,
        *,
        statuses: Collection[str] = (),
        assignee_id: int | None = None,
        meeting_id: int | None = None,
        label: str | None = None,
        text: str | None = None,
        limit: int = 200,
        before_id: int | None = None,
    ) -> Rows[Ticket]:
        """Tickets, newest first. `text`: every word of it stands in the title or the content."""
        query = _live(group_ids)
        if statuses:
            query = query.where(col(Ticket.status).in_(statuses))
        if assignee_id is not None:
            query = query.where(col(Ticket.assignee_id) == assignee_id)
        if meeting_id is not None:
            query = query.where(col(Ticket.meeting_id) == meeting_id)
        if label is not None:
            query = query.where(col(Ticket.labels).contains([label]))
        if text is not None:
            query = query.where(contains_all(col(Ticket.title) + " " + col(Ticket.content), text))
        if before_id is not None:
            query = query.where(col(Ticket.id) < before_id)
        return self._all(query.order_by(col(Ticket.id).desc()).limit(bounded(limit)))

    def list_open(self, group_id: int) -> Rows[Ticket]:
        """Every ticket of the group that is not DONE, oldest first."""
        query = _live([group_id]).where(col(Ticket.status) != "DONE")
        return self._all(query.order_by(col(Ticket.id)))

    def list_for_meeting(self, group_id: int, meeting_id: int) -> Rows[Ticket]:
        """Tickets made in a meeting or changed by what was said in it, oldest first."""
        changed = select(col(TicketHistory.ticket_id)).where(
            col(TicketHistory.group_id) == group_id, col(TicketHistory.meeting_id) == meeting_id
        )
        concerned = or_(col(Ticket.meeting_id) == meeting_id, col(Ticket.id).in_(changed))
        return self._all(_live([group_id]).where(concerned).order_by(col(Ticket.id)))

    def list_by_ids(self, group_id: int, ticket_ids: Collection[int]) -> Rows[Ticket]:
        """The group's tickets among these ids, oldest first."""
        return self._all(_live([group_id]).where(col(Ticket.id).in_(ticket_ids)).order_by(col(Ticket.id)))

    def count_by_status(self, group_ids: Collection[int] | None) -> dict[str, int]:
        """How many tickets each status has."""
        seen = (in_groups(Ticket.group_id, group_ids), col(Ticket.deleted_at).is_(None))
        query = select(col(Ticket.status), func.count()).where(*seen).group_by(col(Ticket.status))
        return {row[0]: row[1] for row in self._session.execute(query)}

    def update(
        self, group_id: int, ticket_id: int, changes: Mapping[str, Any], *, expected_version: int | None = None
    ) -> Ticket:
        """Change columns and count the version up. `deleted_at` among the changes deletes or brings back.

        Raises ConflictError when `expected_version` is not the ticket's, NotFoundError when there is no such ticket.
        """
        current = [col(Ticket.group_id) == group_id, col(Ticket.id) == ticket_id]
        if expected_version is not None:
            current.append(col(Ticket.version) == expected_version)
        values = {"updated_at": utc_now()} | dict(changes) | {"version": Ticket.version + 1}
        self._session.flush()
        statement = update(Ticket).where(*current).values(values).returning(Ticket)
        query = select(Ticket).from_statement(statement).execution_options(populate_existing=True)
        ticket = self._session.scalars(query).first()
        return ticket if ticket is not None else self._explain(group_id, ticket_id, expected_version)

    def _explain(self, group_id: int, ticket_id: int, expected_version: int | None) -> Ticket:
        ticket = self.get(group_id, ticket_id, include_deleted=True)
        raise ConflictError(
            f"Ticket {ticket_id} is at version {ticket.version}; the change was made on version {expected_version}."
        )

    def add_history(self, entry: TicketHistory) -> TicketHistory:
        """Append to a ticket's history. Raises ConflictError when the operation is in it already."""
        return self._add(entry)

    def find_operation(self, group_id: int, operation_key: str) -> TicketHistory | None:
        """What an operation did, or None if it has not acted yet."""
        query = select(TicketHistory).where(
            col(TicketHistory.group_id) == group_id, col(TicketHistory.operation_key) == operation_key
        )
        return self._session.scalars(query).first()

    def get_history(self, group_id: int, history_id: int) -> TicketHistory:
        """One entry. Raises NotFoundError."""
        return self._get(TicketHistory, group_id, history_id)

    def find_undo_of(self, group_id: int, history_id: int) -> TicketHistory | None:
        """The entry that undid this one, or None."""
        query = select(TicketHistory).where(
            col(TicketHistory.group_id) == group_id, col(TicketHistory.undoes_id) == history_id
        )
        return self._session.scalars(query).first()

    def history(self, group_id: int, ticket_id: int) -> Rows[TicketHistory]:
        """A ticket's history, oldest first."""
        query = select(TicketHistory).where(
            col(TicketHistory.group_id) == group_id, col(TicketHistory.ticket_id) == ticket_id
        )
        return self._all(query.order_by(col(TicketHistory.id)))

    def history_of_meeting(self, group_id: int, meeting_id: int) -> Rows[TicketHistory]:
        """All that a meeting's words changed, oldest first."""
        query = select(TicketHistory).where(
            col(TicketHistory.group_id) == group_id, col(TicketHistory.meeting_id) == meeting_id
        )
        return self._all(query.order_by(col(TicketHistory.id)))


def _live(group_ids: Collection[int] | None) -> Select[Ticket]:
    return select(Ticket).where(in_groups(Ticket.group_id, group_ids), col(Ticket.deleted_at).is_(None))
