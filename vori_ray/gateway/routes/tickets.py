"""Tickets: the board of a group, and a meeting's part of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response

from vori_ray.errors import BadInputError
from vori_ray.gateway.auth import Principal
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.routes.meetings import BeforeId, GroupId, Limit, file_response
from vori_ray.gateway.shapes import (
    CommentShape,
    HistoryShape,
    Shape,
    TicketShape,
    comment_shape,
    history_shape,
    ticket_shape,
)
from vori_ray.meetings.service import MeetingService
from vori_ray.tickets.service import TicketService

Status = Literal["TODO", "IN_PROGRESS", "DONE"]
IfMatch = Annotated[str | None, Header(description='The version that was read, as `"3"`.')]

router = APIRouter(tags=["tickets"])


class TicketBody(Shape):
    """The fields of a ticket that people write. What is left out stays as it is; null clears."""

    title: str | None = None
    content: str | None = None
    status: Status | None = None
    priority: str | None = None
    assignee_id: int | None = None
    assignee: str | None = None
    due_date: date | None = None
    labels: list[str] | None = None

    def fields(self, *others: str) -> dict[str, Any]:
        """What was given, without the names in `others`, which are no columns."""
        given = self.model_dump(exclude_unset=True, exclude=set(others))
        if given.get("priority"):
            given["priority"] = str(given["priority"]).lower()
        return given


class NewMeetingTicket(TicketBody):
    """A ticket to be made in a meeting."""

    title: str


class NewTicket(NewMeetingTicket):
    """A ticket to be made."""

    group_id: int
    meeting_id: int | None = None


class TicketChanges(TicketBody):
    """What is to be changed. `version` (or `If-Match`) is the one that was read."""

    reason: str = ""
    version: int | None = None


class NewComment(Shape):
    """What somebody says about a ticket."""

    text: Annotated[str, Query(max_length=5_000)]


class UndoRequest(Shape):
    """Which change to take back; the last automatic one if none is named."""

    history_id: int | None = None


@router.get("/api/tickets")
def list_tickets(
    ports: Ports,
    principal: SignedIn,
    group_id: GroupId = None,
    status: Annotated[list[Status] | None, Query()] = None,
    assignee_id: Annotated[int | None, Query(alias="assigneeId")] = None,
    meeting_id: Annotated[int | None, Query(alias="meetingId")] = None,
    label: str | None = None,
    q: Annotated[str | None, Query(max_length=200, description="Words of the title or the content.")] = None,
    limit: Limit = 200,
    before_id: BeforeId = None,
) -> list[TicketShape]:
    """Tickets of one group or of all of the caller's, newest first."""
    found = TicketService(ports.database).list(
        principal.scope(group_id),
        statuses=status or (),
        assignee_id=assignee_id,
        meeting_id=meeting_id,
        label=label,
        text=q,
        limit=limit,
        before_id=before_id,
    )
    return [ticket_shape(ticket) for ticket in found]


@router.post("/api/tickets", status_code=201)
def create_ticket(body: NewTicket, ports: Ports, principal: SignedIn, response: Response) -> TicketShape:
    """Put a ticket on the board by hand."""
    principal.require_member(body.group_id)
    fields = body.fields("group_id", "meeting_id")
    return _create(ports, principal, response, group_id=body.group_id, meeting_id=body.meeting_id, fields=fields)


@router.get("/api/tickets/export")
def export_tickets(
    ports: Ports,
    principal: SignedIn,
    group_id: Annotated[int, Query(alias="groupId")],
    file_format: Annotated[Literal["csv", "ics"], Query(alias="format")],
) -> Response:
    """All tickets of a group as CSV, or their due dates as a calendar."""
    principal.require_member(group_id)
    kind = {"csv": "tickets", "ics": "ics"}[file_format]
    return file_response(MeetingService(ports.database).export_tickets(group_id, kind=kind))


@router.get("/api/meetings/{meeting_id}/tickets")
def list_meeting_tickets(meeting_id: int, ports: Ports, principal: SignedIn) -> list[TicketShape]:
    """Tickets that were made in a meeting or changed by what was said in it."""
    found = TicketService(ports.database).list_for_meeting(principal.group_ids, meeting_id)
    return [ticket_shape(ticket) for ticket in found]


@router.post("/api/meetings/{meeting_id}/tickets", status_code=201)
def create_meeting_ticket(
    meeting_id: int, body: NewMeetingTicket, ports: Ports, principal: SignedIn, response: Response
) -> TicketShape:
    """Put a ticket on the board that belongs to a meeting."""
    group_id = MeetingService(ports.database).get(principal.group_ids, meeting_id).group_id
    return _create(ports, principal, response, group_id=group_id, meeting_id=meeting_id, fields=body.fields())


@router.patch("/api/meetings/{meeting_id}/tickets/{ticket_id}")
def change_meeting_ticket(
    meeting_id: int,
    ticket_id: int,
    body: TicketChanges,
    ports: Ports,
    principal: SignedIn,
    response: Response,
    if_match: IfMatch = None,
) -> TicketShape:
    """Change a ticket of the meeting's group, whichever meeting it came from."""
    meeting = MeetingService(ports.database).get(principal.group_ids, meeting_id)
    ticket = TicketService(ports.database).get([meeting.group_id], ticket_id)
    return _change(ports, principal, response, ticket_id=ticket.id or 0, body=body, if_match=if_match)


@router.get("/api/tickets/{ticket_id}")
def read_ticket(ticket_id: int, ports: Ports, principal: SignedIn, response: Response) -> TicketShape:
    """One ticket; the `ETag` is its version."""
    ticket = ticket_shape(TicketService(ports.database).get(principal.group_ids, ticket_id))
    return _tagged(ticket, response)


@router.patch("/api/tickets/{ticket_id}")
def change_ticket(
    ticket_id: int,
    body: TicketChanges,
    ports: Ports,
    principal: SignedIn,
    response: Response,
    if_match: IfMatch = None,
) -> TicketShape:
    """Change a ticket; with `If-Match`, only if nobody changed it since (else 409)."""
    return _change(ports, principal, response, ticket_id=ticket_id, body=body, if_match=if_match)


@router.delete("/api/tickets/{ticket_id}", status_code=204)
def delete_ticket(ticket_id: int, ports: Ports, principal: SignedIn, if_match: IfMatch = None) -> None:
    """Take a ticket off the board; its history stays."""
    TicketService(ports.database).delete(
        principal.group_ids, ticket_id, by=principal, expected_version=_version(if_match)
    )


@router.get("/api/tickets/{ticket_id}/history")
def read_history(ticket_id: int, ports: Ports, principal: SignedIn) -> list[HistoryShape]:
    """All that happened to a ticket, oldest first."""
    return [history_shape(entry) for entry in TicketService(ports.database).history(principal.group_ids, ticket_id)]


@router.post("/api/tickets/{ticket_id}/undo")
def undo(
    ticket_id: int, ports: Ports, principal: SignedIn, response: Response, body: UndoRequest | None = None
) -> TicketShape:
    """Take back an automatic change."""
    service = TicketService(ports.database)
    history_id = body.history_id if body else None
    changed = service.undo(principal.group_ids, ticket_id, by=principal, history_id=history_id)
    return _tagged(ticket_shape(changed), response)


@router.get("/api/tickets/{ticket_id}/comments")
def list_comments(ticket_id: int, ports: Ports, principal: SignedIn) -> list[CommentShape]:
    """What was said about a ticket, oldest first."""
    return [comment_shape(one) for one in TicketService(ports.database).comments(principal.group_ids, ticket_id)]


@router.post("/api/tickets/{ticket_id}/comments", status_code=201)
def add_comment(ticket_id: int, body: NewComment, ports: Ports, principal: SignedIn) -> CommentShape:
    """Say something about a ticket."""
    service = TicketService(ports.database)
    return comment_shape(service.comment(principal.group_ids, ticket_id, by=principal, text=body.text))


def _create(
    ports: GatewayPorts,
    principal: Principal,
    response: Response,
    *,
    group_id: int,
    meeting_id: int | None,
    fields: dict[str, Any],
) -> TicketShape:
    made = TicketService(ports.database).create(group_id, by=principal, fields=fields, meeting_id=meeting_id)
    return _tagged(ticket_shape(made), response)


def _change(
    ports: GatewayPorts,
    principal: Principal,
    response: Response,
    *,
    ticket_id: int,
    body: TicketChanges,
    if_match: str | None,
) -> TicketShape:
    version = _version(if_match)
    changed = TicketService(ports.database).edit(
        principal.group_ids,
        ticket_id,
        by=principal,
        changes=body.fields("reason", "version"),
        expected_version=body.version if version is None else version,
        reason=body.reason,
    )
    return _tagged(ticket_shape(changed), response)


def _tagged(ticket: TicketShape, response: Response) -> TicketShape:
    response.headers["ETag"] = f'"{ticket.version}"'
    return ticket


def _version(if_match: str | None) -> int | None:
    """The version in an `If-Match` header; `*` and none mean any."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInputError(f'expected If-Match to be a version such as "3", came {if_match[:40]!r}')
    return int(text)
