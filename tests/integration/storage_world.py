"""A small world for the storage tests: two groups, their people, a meeting and a session in each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vori_ray.messaging.topics import TicketCreated, TicketPayload
from vori_ray.storage.database import Database
from vori_ray.storage.models import Ticket
from vori_ray.storage.segment_writer import SegmentWriter

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """One group with one of everything."""

    group_id: int
    user_id: int
    meeting_id: int
    session_id: str
    ticket_id: int


@contextmanager
def opened(url: str, **options: Any) -> Iterator[Database]:
    """A database that is closed in the end."""
    database = Database(url, **options)
    try:
        yield database
    finally:
        database.close()


def make_place(database: Database, name: str) -> Place:
    """A group called `name`."""
    with database.unit_of_work(None) as uow:
        group = uow.groups.add(name)
        user = uow.users.upsert(f"{name}@example.com", name=name.title())
        assert group.id
        assert user.id
        uow.groups.add_member(group.id, user.id, role="ADMIN")
        meeting = uow.meetings.add(group.id, title=f"{name} meets", started_at=AT)
        ticket = uow.tickets.add(Ticket(group_id=group.id, meeting_id=meeting.id, title=f"Ticket of {name}"))
        assert meeting.id
        assert ticket.id
    session_id = f"session-{name}"
    wanted = {"session_id": session_id, "group_id": group.id, "meeting_id": meeting.id, "offset_s": 0.0}
    SegmentWriter(database).open_session(wanted | {"speaker": name.title()})
    return Place(group.id, user.id, meeting.id, session_id, ticket.id)


def segment_row(place: Place, utterance: int, **changes: Any) -> dict[str, Any]:
    """The columns of a segment."""
    return {
        "group_id": place.group_id,
        "meeting_id": place.meeting_id,
        "session_id": place.session_id,
        "utterance": utterance,
        "part": 0,
        "text": f"words {utterance}",
        "start_s": float(utterance),
        "end_s": utterance + 0.9,
        "language": "en",
        "words": [{"word": "words", "start_s": float(utterance), "end_s": utterance + 0.5, "probability": 0.9}],
    } | changes


def ticket_created(place: Place, number: int = 0, meeting_id: int | None = None) -> TicketCreated:
    """An event of a place's meeting (or of the meeting given)."""
    payload = TicketPayload(ticketId=number, title=f"T{number}", status="TODO", createdAt=AT, updatedAt=AT)
    return TicketCreated(
        group_id=place.group_id,
        groupId=place.group_id,
        meetingId=place.meeting_id if meeting_id is None else meeting_id,
        ticket=payload,
        actor="test",
    )
