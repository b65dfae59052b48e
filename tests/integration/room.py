"""A group in a real database, for tests: say sentences, put tickets on the board, apply what an extractor answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from vori_ray.meetings.service import MeetingService
from vori_ray.storage.database import Database
from vori_ray.storage.models import AudioSession, Segment, Ticket, TicketHistory
from vori_ray.tickets.applying import ApplyReport
from vori_ray.tickets.extraction import Extraction, Operation
from vori_ray.tickets.service import TicketService

STARTED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday


@dataclass(frozen=True, slots=True)
class Someone:
    """A person who acts."""

    user_id: int
    name: str


class Room:
    """A group with two members, Ada Park and Mo Reyes, and one running meeting."""

    def __init__(self, database: Database, *, name: str = "Garden") -> None:
        self.database = database
        self.tickets = TicketService(database)
        self.meetings = MeetingService(database)
        with database.unit_of_work(None) as uow:
            group = uow.groups.add(name, time_zone="Asia/Seoul")
            self.group_id = group.id or 0
            people = [uow.users.upsert(f"{who.lower()}@{name}.example", name=who) for who in ("Ada Park", "Mo Reyes")]
            for person in people:
                uow.groups.add_member(self.group_id, person.id or 0, role="MEMBER")
        self.ada, self.mo = (Someone(person.id or 0, person.name) for person in people)
        self.groups = [self.group_id]
        self.meeting_id = self.new_meeting()

    def new_meeting(self, *, started_at: datetime = STARTED, language: str = "en") -> int:
        """Begin another meeting; what follows is said in it."""
        meeting = self.meetings.create(self.group_id, title="Weekly", language=language, started_at=started_at)
        self.meeting_id = meeting.id or 0
        session_id = f"session-{self.meeting_id}"
        with self.database.unit_of_work(None) as uow:
            row = AudioSession(id=session_id, group_id=self.group_id, meeting_id=self.meeting_id, speaker="Mo")
            uow.sessions.save(row)
        return self.meeting_id

    def begin(self, meeting: Mapping[str, Any]) -> dict[int, int]:
        """Begin the meeting of an evaluation's file, with its tickets on the board: their ids here -> in the file."""
        started_at = datetime.fromisoformat(meeting["date"]).replace(hour=1, tzinfo=UTC)
        self.new_meeting(started_at=started_at, language=meeting["language"])
        ids: dict[int, int] = {}
        for ticket in meeting["existing_tickets"]:
            fields = {key: ticket[key] for key in ("status", "assignee") if ticket[key]}
            ids[self.ticket(ticket["title"], **fields).id or 0] = ticket["id"]
        return ids

    def say(
        self,
        text: str,
        *,
        speaker: str = "Mo Reyes",
        at_s: float | None = None,
        utterance: int | None = None,
        part: int = 0,
        is_last: bool = True,
    ) -> int:
        """Settle one sentence, or (with `utterance`) one piece of it; returns its segment id."""
        with self.database.unit_of_work(None) as uow:
            count = uow.segments.count(self.group_id, self.meeting_id)
            start_s = 10.0 * count if at_s is None else at_s
            segment = Segment(
                group_id=self.group_id,
                meeting_id=self.meeting_id,
                session_id=f"session-{self.meeting_id}",
                utterance=count if utterance is None else utterance,
                part=part,
                is_last=is_last,
                speaker=speaker,
                text=text,
                start_s=start_s,
                end_s=start_s + 8.0,
            )
            ((segment_id, _),) = uow.segments.save([segment]).values()
            return segment_id

    def ticket(self, title: str, **fields: Any) -> Ticket:
        """Put a ticket on the board by hand."""
        return self.tickets.create(self.group_id, by=self.ada, fields={"title": title, **fields})

    def apply(self, *operations: Operation, is_whole: bool = False, **extraction: Any) -> ApplyReport:
        """Read the meeting (live or whole), answer with these operations, apply them."""
        reading = self.tickets.read(self.meeting_id, is_whole=is_whole)
        if reading is None:
            raise AssertionError("expected something new to read, got nothing")
        total = len(reading.given.segments)
        answer = Extraction(operations, {}, total, total, "rules")
        return self.tickets.apply(self.meeting_id, replace(answer, **extraction), reading=reading)

    def end_and_apply(self, *operations: Operation, **extraction: Any) -> ApplyReport:
        """End the meeting and apply the whole-meeting pass."""
        self.meetings.end(self.groups, self.meeting_id)
        return self.apply(*operations, is_whole=True, **extraction)

    def board(self) -> dict[str, str]:
        """Title -> status of what is on the board."""
        return {ticket.title: ticket.status for ticket in self.tickets.list(self.groups)}

    def history(self, ticket_id: int) -> list[TicketHistory]:
        """All that happened to a ticket, deleted or not."""
        with self.database.unit_of_work(None) as uow:
            return list(uow.tickets.history(self.group_id, ticket_id))

    def events(self) -> list[dict[str, Any]]:
        """Payloads of the outbox, in order, each with its topic."""
        with self.database.unit_of_work(None) as uow:
            return [{"topic": row.topic, **row.payload} for row in uow.outbox.list_after(self.group_id, 0)]


def create(title: str, segment_id: int, quote: str, **fields: Any) -> Operation:
    """A new task, as an extractor answers."""
    return Operation("create", title=title, segment_ids=(segment_id,), quote=quote, **fields)


def complete(ticket_id: int, segment_id: int, quote: str, **fields: Any) -> Operation:
    """A finished ticket, as an extractor answers."""
    return Operation("complete", ticket_ref=ticket_id, segment_ids=(segment_id,), quote=quote, **fields)
