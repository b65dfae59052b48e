"""Events that were missed: the same as on the events socket, page by page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.events import read_events
from vori_ray.gateway.shapes import EventsShape
from vori_ray.messaging.outbox import envelope

router = APIRouter(tags=["events"])


@router.get("/api/events")
def list_events(
    ports: Ports,
    principal: SignedIn,
    group_id: int,
    after_seq: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=0, le=1000)] = 500,
) -> EventsShape:
    """A group's events after a number, in order. `limit=0` only asks for the last number."""
    principal.require_member(group_id)
    rows, last, first = read_events(ports.database, group_id, after_seq, limit=limit)
    return EventsShape(events=[envelope(row) for row in rows], last_seq=last, first_seq=first)
