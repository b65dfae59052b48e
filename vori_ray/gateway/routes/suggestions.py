"""Suggestions: changes that were understood, but wait for a person."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.routes.meetings import GroupId
from vori_ray.gateway.routes.tickets import TicketBody
from vori_ray.gateway.shapes import SuggestionShape, TicketShape, suggestion_shape, ticket_shape
from vori_ray.tickets.service import TicketService

router = APIRouter(prefix="/api/suggestions", tags=["suggestions"])


@router.get("")
def list_suggestions(
    ports: Ports,
    principal: SignedIn,
    group_id: GroupId = None,
    meeting_id: Annotated[int | None, Query(alias="meetingId")] = None,
    state: Literal["PENDING", "ACCEPTED", "REJECTED", "ANY"] = "PENDING",
) -> list[SuggestionShape]:
    """What waits for a person, oldest first."""
    found = TicketService(ports.database).suggestions(
        principal.scope(group_id), meeting_id=meeting_id, state=None if state == "ANY" else state
    )
    return [suggestion_shape(suggestion) for suggestion in found]


@router.post("/{suggestion_id}/accept")
def accept(suggestion_id: int, ports: Ports, principal: SignedIn, body: TicketBody | None = None) -> TicketShape:
    """Do what was suggested, with the changes in the body, if any."""
    changes = body.fields() if body else {}
    service = TicketService(ports.database)
    return ticket_shape(service.accept(principal.group_ids, suggestion_id, by=principal, changes=changes))


@router.post("/{suggestion_id}/reject")
def reject(suggestion_id: int, ports: Ports, principal: SignedIn) -> SuggestionShape:
    """Turn a suggestion down; it does not come back on the same evidence."""
    return suggestion_shape(TicketService(ports.database).reject(principal.group_ids, suggestion_id, by=principal))
