"""Writes tickets: the row, its history, its event, and word to those concerned, all in one unit of work.

Every change of a ticket goes through `TicketWriter`, by speech or by hand. Decides nothing: what may be changed is
checked by the callers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from vori_ray.messaging.topics import Event, TicketCreated, TicketPayload, TicketUpdated
from vori_ray.messaging.webhooks import announce
from vori_ray.storage.database import UnitOfWork
from vori_ray.storage.models import Ticket, TicketHistory, utc_now
from vori_ray.tickets.extraction import SpokenSegment
from vori_ray.tickets.planning import Evidence
from vori_ray.tickets.validation import folded

AUTOMATIC = "vori"
Rows = list[dict[str, Any]]


class Person(Protocol):
    """Who acts: a gateway's principal is one."""

    @property
    def user_id(self) -> int:
        """Id of the user."""
        ...

    @property
    def name(self) -> str:
        """Name as others see it."""
        ...


def ticket_payload(ticket: Ticket) -> TicketPayload:
    """A ticket as the API and the topics show it."""
    return TicketPayload(
        ticketId=row_id(ticket.id),
        title=ticket.title,
        content=ticket.content,
        status=ticket.status,
        meetingId=ticket.meeting_id,
        assigneeId=ticket.assignee_id,
        assignee=ticket.assignee,
        dueDate=ticket.due_date.isoformat() if ticket.due_date else None,
        priority=ticket.priority,
        labels=ticket.labels,
        ticketVersion=ticket.version,
        createdAt=ticket.created_at,
        updatedAt=ticket.updated_at,
    )


def row_id(value: int | None) -> int:
    """The id of a row that is stored, and so has one."""
    if value is None:
        raise ValueError("expected a stored row with an id, got one that was never added")
    return value


def evidence_rows(evidence: Evidence, segments: Mapping[int, SpokenSegment], *, meeting_id: int) -> Rows:
    """Evidence as it is kept: for each segment the words, the time and the speaker.

    The quote goes to the segment in which it stands; the others give their own words.
    """
    rows: Rows = []
    for segment in (segments[i] for i in evidence.segment_ids if i in segments):
        quote = evidence.quote if folded(evidence.quote) in folded(segment.text) else segment.text
        rows.append(
            {
                "segment_id": segment.id,
                "quote": quote.strip(),
                "start_s": segment.start_s,
                "end_s": segment.end_s,
                "speaker": segment.speaker,
                "meeting_id": meeting_id,
            }
        )
    return rows


class TicketWriter:
    """The changes of one unit of work, by one actor. `finish` sends their events; call it last."""

    def __init__(
        self,
        uow: UnitOfWork,
        group_id: int,
        *,
        actor: str,
        actor_id: int | None = None,
        meeting_id: int | None = None,
        extractor: str | None = None,
        model: str | None = None,
    ) -> None:
        self._uow = uow
        self._group_id = group_id
        self._actor = actor
        self._actor_id = actor_id
        self._meeting_id = meeting_id
        self._extractor = extractor
        self._model = model or None
        self._events: list[Event] = []

    def create(
        self,
        ticket: Ticket,
        *,
        evidence: Sequence[dict[str, Any]] = (),
        key: str | None = None,
        reason: str = "",
        action: str = "created",
    ) -> Ticket:
        """Put a ticket on the board."""
        ticket = self._uow.tickets.add(ticket)
        self._note(ticket, action, old_status=None, changes={}, evidence=evidence, key=key, reason=reason)
        self._events.append(
            TicketCreated(
                group_id=self._group_id,
                groupId=self._group_id,
                meetingId=ticket.meeting_id,
                ticket=ticket_payload(ticket),
                actor=self._actor,
                reason=reason,
                evidence=list(evidence),
            )
        )
        self._tell(ticket, "ticket.assigned")
        return ticket

    def change(
        self,
        ticket: Ticket,
        values: Mapping[str, Any],
        *,
        action: str,
        evidence: Sequence[dict[str, Any]] = (),
        key: str | None = None,
        reason: str = "",
        undoes_id: int | None = None,
        expected_version: int | None = None,
    ) -> Ticket:
        """Set columns (`deleted_at` too). Raises ConflictError when the version is not the expected one."""
        old = {name: getattr(ticket, name) for name in values}
        old_status = ticket.status
        changed = self._uow.tickets.update(self._group_id, row_id(ticket.id), values, expected_version=expected_version)
        changes = {name: {"old": _plain(old[name]), "new": _plain(new)} for name, new in values.items()}
        seen = {name: change for name, change in changes.items() if name not in _UNSEEN}
        self._note(
            changed, action, old_status=old_status, changes=seen, evidence=evidence, key=key, reason=reason,
            undoes_id=undoes_id,
        )  # fmt: skip
        self._events.append(self._updated(changed, old_status, sorted(seen), evidence, reason))
        if "deleted_at" not in values:
            self._tell(changed, "ticket.assigned" if values.get("assignee_id") else "ticket.updated")
        return changed

    def finish(self) -> None:
        """Send the events of all changes, in order."""
        announce(self._uow, self._events)
        self._events = []

    def _note(
        self,
        ticket: Ticket,
        action: str,
        *,
        old_status: str | None,
        changes: dict[str, Any],
        evidence: Sequence[dict[str, Any]],
        key: str | None,
        reason: str,
        undoes_id: int | None = None,
    ) -> None:
        entry = TicketHistory(
            group_id=self._group_id,
            ticket_id=row_id(ticket.id),
            meeting_id=self._meeting_id,
            action=action,
            old_status=old_status,
            new_status=ticket.status,
            changes=changes,
            reason=reason,
            actor=self._actor,
            evidence=list(evidence),
            extractor=self._extractor,
            model=self._model,
            operation_key=key,
            undoes_id=undoes_id,
        )
        self._uow.tickets.add_history(entry)

    def _updated(
        self, ticket: Ticket, old_status: str, changed: list[str], evidence: Sequence[dict[str, Any]], reason: str
    ) -> TicketUpdated:
        if "deleted_at" in changed:
            changed = ["deleted" if ticket.deleted_at else "restored"]
        return TicketUpdated(
            group_id=self._group_id,
            groupId=self._group_id,
            meetingId=self._meeting_id or ticket.meeting_id,
            ticket=ticket_payload(ticket),
            oldStatus=old_status,
            newStatus=ticket.status,
            changed=changed,
            actor=self._actor,
            reason=reason,
            evidence=list(evidence),
        )

    def _tell(self, ticket: Ticket, kind: str) -> None:
        """Word to the assignee, unless it was they who did it."""
        if ticket.assignee_id is None or ticket.assignee_id == self._actor_id:
            return
        payload = {
            "ticketId": ticket.id,
            "title": ticket.title,
            "status": ticket.status,
            "actor": self._actor,
            "meetingId": self._meeting_id or ticket.meeting_id,
        }
        self._uow.notifications.add(self._group_id, ticket.assignee_id, kind=kind, payload=payload)


_UNSEEN = frozenset({"edited_fields", "evidence"})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def deleted_now() -> dict[str, Any]:
    """The columns of a soft delete."""
    return {"deleted_at": utc_now()}
