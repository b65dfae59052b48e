"""Tickets: what people do to them by hand, and what meetings do to them by speech.

Every method is one transaction: the ticket, its history, its event and the notifications commit together. Blocking:
call it in a thread from asynchronous code. `group_ids` are the caller's groups; a ticket of another group is not found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from vori_ray.errors import BadInputError, ConflictError
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import Comment, Remark, Suggestion, Ticket, TicketHistory
from vori_ray.tickets.applying import (
    ApplyReport,
    apply_extraction,
    assignee_columns,
    lock_meeting,
    record_usage,
)
from vori_ray.tickets.board import Reading, read_live, read_whole
from vori_ray.tickets.editing import TicketFields, checked_changes, inverse_of
from vori_ray.tickets.extraction import Extraction, Status
from vori_ray.tickets.renaming import as_named_now
from vori_ray.tickets.transitions import check_transition
from vori_ray.tickets.writing import Person, TicketWriter, deleted_now, row_id

Groups = Collection[int] | None


class TicketService:
    """The board of each group."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # what there is

    def list(
        self,
        group_ids: Groups,
        *,
        statuses: Collection[str] = (),
        assignee_id: int | None = None,
        meeting_id: int | None = None,
        label: str | None = None,
        text: str | None = None,
        limit: int = 200,
        before_id: int | None = None,
    ) -> Sequence[Ticket]:
        """Tickets, newest first. `text`: every word of it stands in the title or the content."""
        with self._database.unit_of_work(group_ids) as uow:
            return uow.tickets.list(
                group_ids,
                statuses=statuses,
                assignee_id=assignee_id,
                meeting_id=meeting_id,
                label=label,
                text=text,
                limit=limit,
                before_id=before_id,
            )

    def get(self, group_ids: Groups, ticket_id: int) -> Ticket:
        """One ticket. Raises NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            return uow.tickets.get_in(group_ids, ticket_id)

    def list_for_meeting(self, group_ids: Groups, meeting_id: int) -> Sequence[Ticket]:
        """Tickets made in a meeting or changed by what was said in it. Raises NotFoundError without the meeting."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            return uow.tickets.list_for_meeting(meeting.group_id, meeting_id)

    def history(self, group_ids: Groups, ticket_id: int) -> Sequence[TicketHistory]:
        """All that happened to a ticket, oldest first. Raises NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            ticket = uow.tickets.get_in(group_ids, ticket_id)
            return uow.tickets.history(ticket.group_id, ticket_id)

    def status_changes(self, group_ids: Groups, meeting_id: int) -> Sequence[TicketHistory]:
        """The status changes that a meeting's words made, oldest first. Raises NotFoundError without the meeting."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            history = uow.tickets.history_of_meeting(meeting.group_id, meeting_id)
        return [entry for entry in history if entry.old_status not in (None, entry.new_status)]

    # by hand

    def create(self, group_id: int, *, by: Person, fields: Mapping[str, Any], meeting_id: int | None = None) -> Ticket:
        """Put a ticket on the board. `fields`: `title` and any other of `editing.TicketFields`.

        Raises BadInputError for a field that cannot be, NotFoundError for a meeting or assignee of another group.
        """
        with self._database.unit_of_work([group_id]) as uow:
            if meeting_id is not None:
                uow.meetings.get(group_id, meeting_id)
            values = self._columns(uow, group_id, checked_changes(fields, is_new=True))
            given = sorted(set(values) - {"status"})
            writer = self._writer(uow, group_id, by)
            ticket = Ticket(group_id=group_id, meeting_id=meeting_id, edited_fields=given, **values)
            ticket = writer.create(ticket)
            writer.finish()
            return ticket

    def edit(
        self,
        group_ids: Groups,
        ticket_id: int,
        *,
        by: Person,
        changes: Mapping[str, Any],
        expected_version: int | None = None,
        reason: str = "",
    ) -> Ticket:
        """Change the given fields only (None clears one; `status` moves the ticket).

        Raises ConflictError when `expected_version` is not the current one, IllegalTransitionError, BadInputError.
        """
        with self._database.unit_of_work(group_ids) as uow:
            ticket = self._lock(uow, group_ids, ticket_id, expected_version)
            values = self._columns(uow, ticket.group_id, checked_changes(changes))
            values = {name: value for name, value in values.items() if getattr(ticket, name) != value}
            if not values:
                return ticket
            if "status" in values:
                self._check_move(ticket, values["status"])
            action = "moved" if set(values) == {"status"} else "edited"
            writer = self._writer(uow, ticket.group_id, by)
            values["edited_fields"] = sorted({*ticket.edited_fields, *values})
            changed = writer.change(ticket, values, action=action, reason=reason)
            writer.finish()
            return changed

    def move(
        self,
        group_ids: Groups,
        ticket_id: int,
        *,
        by: Person,
        status: str,
        expected_version: int | None = None,
        reason: str = "",
    ) -> Ticket:
        """Set the status. Raises IllegalTransitionError for a move that the table does not allow, ConflictError."""
        changes = {"status": status}
        return self.edit(group_ids, ticket_id, by=by, changes=changes, expected_version=expected_version, reason=reason)

    def delete(
        self, group_ids: Groups, ticket_id: int, *, by: Person, expected_version: int | None = None, reason: str = ""
    ) -> None:
        """Take a ticket off the board; it stays in the history. Raises NotFoundError, ConflictError."""
        with self._database.unit_of_work(group_ids) as uow:
            ticket = self._lock(uow, group_ids, ticket_id, expected_version)
            writer = self._writer(uow, ticket.group_id, by)
            writer.change(ticket, deleted_now(), action="deleted", reason=reason)
            writer.finish()

    def comment(self, group_ids: Groups, ticket_id: int, *, by: Person, text: str) -> Comment:
        """Say something about a ticket. Raises NotFoundError, BadInputError for no words."""
        if not text.strip():
            raise BadInputError("expected the words of a comment, got none")
        with self._database.unit_of_work(group_ids) as uow:
            ticket = uow.tickets.get_in(group_ids, ticket_id)
            comment = uow.comments.add(ticket.group_id, ticket_id, author=by.name, text=text.strip())
            if ticket.assignee_id not in (None, by.user_id):
                payload = {"ticketId": ticket_id, "title": ticket.title, "actor": by.name, "text": comment.text}
                uow.notifications.add(
                    ticket.group_id, row_id(ticket.assignee_id), kind="ticket.commented", payload=payload
                )
            return comment

    def comments(self, group_ids: Groups, ticket_id: int) -> Sequence[Comment]:
        """What was said about a ticket, oldest first. Raises NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            ticket = uow.tickets.get_in(group_ids, ticket_id)
            return uow.comments.list(ticket.group_id, ticket_id)

    # undo and suggestions

    def undo(self, group_ids: Groups, ticket_id: int, *, by: Person, history_id: int | None = None) -> Ticket:
        """Take back an automatic change (the last one, if none is named); the ticket may be a deleted one.

        Raises ConflictError when it was undone already or somebody has changed the same field since, BadInputError
        when a person made the change, NotFoundError.
        """
        with self._database.unit_of_work(group_ids) as uow:
            group_id = self._find_any(uow, group_ids, ticket_id).group_id
            ticket = uow.tickets.lock(group_id, ticket_id)
            history = uow.tickets.history(group_id, ticket_id)
            entry = _entry_to_undo(history, ticket_id=ticket_id, history_id=history_id)
            values = inverse_of(entry, ticket)
            values["edited_fields"] = sorted({*ticket.edited_fields, *values} - {"deleted_at"})
            writer = self._writer(uow, ticket.group_id, by, meeting_id=entry.meeting_id)
            reason = f"undid: {entry.reason}" if entry.reason else "undid"
            changed = writer.change(
                ticket, values, action="undone", evidence=entry.evidence, reason=reason, undoes_id=entry.id
            )
            writer.finish()
            return changed

    def suggestions(
        self, group_ids: Groups, *, meeting_id: int | None = None, state: str | None = "PENDING"
    ) -> Sequence[Suggestion]:
        """What waits for a person (or was decided), oldest first."""
        with self._database.unit_of_work(group_ids) as uow:
            return uow.suggestions.list(group_ids, meeting_id=meeting_id, state=state)

    def accept(
        self, group_ids: Groups, suggestion_id: int, *, by: Person, changes: Mapping[str, Any] | None = None
    ) -> Ticket:
        """Do what was suggested, with `changes` of the person's own. Raises ConflictError if it was decided already."""
        with self._database.unit_of_work(group_ids) as uow:
            suggestion = uow.suggestions.get_in(group_ids, suggestion_id)
            uow.suggestions.decide(suggestion.group_id, suggestion_id, state="ACCEPTED", decided_by=by.name)
            writer = TicketWriter(
                uow,
                suggestion.group_id,
                actor=by.name,
                actor_id=by.user_id,
                meeting_id=suggestion.meeting_id,
                extractor=suggestion.extractor,
                model=suggestion.model,
            )
            ticket = self._accepted(uow, writer, suggestion, dict(changes or {}))
            writer.finish()
            return ticket

    def reject(self, group_ids: Groups, suggestion_id: int, *, by: Person) -> Suggestion:
        """Turn a suggestion down; it does not come back on the same evidence. Raises ConflictError, NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            suggestion = uow.suggestions.get_in(group_ids, suggestion_id)
            return uow.suggestions.decide(suggestion.group_id, suggestion_id, state="REJECTED", decided_by=by.name)

    def remarks(self, group_ids: Groups, meeting_id: int) -> Sequence[Remark]:
        """Blockers, decisions and questions of a meeting. Raises NotFoundError without the meeting."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            return uow.remarks.list([meeting.group_id], meeting_id=meeting_id)

    # by speech

    def read(self, meeting_id: int, *, is_whole: bool) -> Reading | None:
        """What an extractor is to be given: the whole meeting, or the live window (None when nothing new was said)."""
        with self._database.unit_of_work(None) as uow:
            meeting = uow.meetings.get_in(None, meeting_id)
            if is_whole:
                return read_whole(uow, meeting)
            return read_live(uow, meeting) if meeting.state == "LIVE" else None

    def apply(self, meeting_id: int, extraction: Extraction, *, reading: Reading) -> ApplyReport:
        """Do what `extraction` says about `reading`, once: the same again does nothing.

        A live pass that comes after the meeting's end does nothing: the whole meeting is read then.
        """
        with self._database.unit_of_work(None) as uow:
            meeting = lock_meeting(uow, meeting_id)
            record_usage(uow, group_id=meeting.group_id, meeting_id=meeting_id, usage=extraction.usage)
            is_whole = reading.given.is_whole_meeting
            if not is_whole and meeting.state != "LIVE":
                return ApplyReport(
                    extractor=extraction.extractor, skipped={"meeting_ended": len(extraction.operations)}
                )
            if is_whole:
                meeting.covered_segments = extraction.covered_segments
                meeting.total_segments = extraction.total_segments
            meeting.live_cursor = max(meeting.live_cursor, reading.cursor)
            meeting.extractor = extraction.extractor
            return apply_extraction(uow, meeting, *as_named_now(uow, reading, extraction))

    # shared

    def _writer(self, uow: UnitOfWork, group_id: int, by: Person, meeting_id: int | None = None) -> TicketWriter:
        return TicketWriter(uow, group_id, actor=by.name, actor_id=by.user_id, meeting_id=meeting_id)

    def _lock(self, uow: UnitOfWork, group_ids: Groups, ticket_id: int, expected_version: int | None) -> Ticket:
        ticket = uow.tickets.get_in(group_ids, ticket_id)
        ticket = uow.tickets.lock(ticket.group_id, ticket_id)
        if expected_version is not None and ticket.version != expected_version:
            raise ConflictError(
                f"Ticket {ticket_id} is at version {ticket.version}; the change was made on version {expected_version}."
            )
        return ticket

    def _find_any(self, uow: UnitOfWork, group_ids: Groups, ticket_id: int) -> Ticket:
        """The ticket, deleted or not, of one of the groups."""
        for group_id in group_ids if group_ids is not None else [group.id for group in uow.groups.list()]:
            ticket = uow.tickets.find(row_id(group_id), ticket_id, include_deleted=True)
            if ticket is not None:
                return ticket
        return uow.tickets.get_in(group_ids, ticket_id)

    def _columns(self, uow: UnitOfWork, group_id: int, fields: TicketFields) -> dict[str, Any]:
        """Checked fields as columns; an assignee is a member by id, or a name that may be a member's."""
        values = fields.columns()
        if "assignee_id" in values and values["assignee_id"] is not None:
            uow.groups.get_member(group_id, values["assignee_id"])
            values["assignee"] = uow.users.get(values["assignee_id"]).name
        elif "assignee_id" in values:
            values["assignee"] = values.get("assignee")
        elif "assignee" in values:
            values |= assignee_columns(uow, group_id, values["assignee"])
        return values

    def _check_move(self, ticket: Ticket, status: str) -> None:
        old, new = cast(Status, ticket.status), cast(Status, status)
        check_transition(old, new, is_reopen=old == "DONE")

    def _accepted(self, uow: UnitOfWork, writer: TicketWriter, suggestion: Suggestion, own: dict[str, Any]) -> Ticket:
        wanted = {**suggestion.operation, **own}
        if suggestion.ticket_id is None:
            fields = {name: wanted[name] for name in TicketFields.names() if wanted.get(name) is not None}
            values = self._columns(uow, suggestion.group_id, checked_changes(fields, is_new=True))
            ticket = Ticket(
                group_id=suggestion.group_id,
                meeting_id=suggestion.meeting_id,
                evidence=suggestion.evidence,
                source="speech",
                edited_fields=sorted(own),
                **values,
            )
            return writer.create(ticket, evidence=suggestion.evidence, key=suggestion.operation_key)
        ticket = uow.tickets.lock(suggestion.group_id, suggestion.ticket_id)
        if ticket.deleted_at is not None:
            raise ConflictError(f"Ticket {ticket.id} was deleted since; reject the suggestion.")
        if ticket.status == wanted["status"]:
            return ticket
        self._check_move(ticket, wanted["status"])
        values = {"status": wanted["status"], "edited_fields": sorted({*ticket.edited_fields, "status"})}
        return writer.change(
            ticket, values, action="accepted", evidence=suggestion.evidence, key=suggestion.operation_key
        )


def _entry_to_undo(history: Sequence[TicketHistory], *, ticket_id: int, history_id: int | None) -> TicketHistory:
    """The entry that is meant, if it can be undone."""
    undone = {entry.undoes_id for entry in history}
    if history_id is None:
        open_entries = [entry for entry in history if entry.extractor is not None and entry.id not in undone]
        if not open_entries:
            raise ConflictError(f"Ticket {ticket_id} has no automatic change that could be undone.")
        return open_entries[-1]
    entries = [entry for entry in history if entry.id == history_id]
    if not entries or entries[0].extractor is None:
        raise BadInputError(f"expected an automatic change of ticket {ticket_id}, got history entry {history_id}")
    if history_id in undone:
        raise ConflictError(f"Change {history_id} of ticket {ticket_id} was undone already.")
    return entries[0]
