"""Performs a script through the services that real meetings go through, as if it were then.

Words go through the segment writer, work through the extractor (by rules) and the ticket service, each with its event;
nothing else writes a ticket. A meeting with what follows it is one transaction: a service that runs beside it never
sees one that is half told, and a performance that was cut off goes on with the next meeting. Knows nothing of how
scripts are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from vori_ray import clock
from vori_ray.errors import ExtractionError
from vori_ray.history.script import HandMove, Line, ScriptedGroup, ScriptedMeeting
from vori_ray.meetings.service import MeetingService
from vori_ray.storage.database import Database
from vori_ray.storage.models import Meeting, Ticket
from vori_ray.storage.segment_writer import SegmentWriter
from vori_ray.tickets.extraction import Status
from vori_ray.tickets.progress import ExtractionProgress
from vori_ray.tickets.rules import RulesExtractor
from vori_ray.tickets.running import ExtractorChoice, PassRunner
from vori_ray.tickets.service import TicketService
from vori_ray.tickets.transitions import is_legal

LINES_A_PASS = 6
_READ_AFTER = timedelta(seconds=20)
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts."""

    user_id: int
    name: str


@dataclass(slots=True)
class Performed:
    """What a group holds, and what this performance did.

    `performed` meetings; `moves` of cards by hand, and `missed` ones, of work that the extractor made no ticket of.
    `events` are those that the outbox still keeps.
    """

    group_id: int
    name: str
    language: str
    meetings: int = 0
    tickets: int = 0
    performed: int = 0
    moves: int = 0
    missed: int = 0
    events: Counter[str] = field(default_factory=Counter)


class Performer:
    """Performs one group's script."""

    def __init__(self, database: Database, script: ScriptedGroup, *, group_id: int, people: Collection[Person]) -> None:
        """`people`: the members of the group; they must be those of the script."""
        self._database = database
        self._script = script
        self._people = {person.name: person for person in people}
        self._meetings = MeetingService(database)
        self._segments = SegmentWriter(database)
        self._tickets = TicketService(database)
        self._runner = PassRunner(
            self._tickets,
            ExtractionProgress(database),
            ExtractorChoice(RulesExtractor()),
            make_minutes=lambda meeting_id, summary: self._meetings.make_minutes(meeting_id, summary=summary),
        )
        self.done = Performed(group_id, script.name, script.language)
        self._groups = [group_id]
        self._ticket_of: dict[int, int] = {}

    def perform(self) -> Performed:
        """Perform what was not performed yet. Raises ExtractionError."""
        known = {meeting.started_at: meeting.id or 0 for meeting in self._all_meetings()}
        missing = [meeting for meeting in self._script.meetings if meeting.starts_at not in known]
        for meeting in self._script.meetings if missing else ():
            if meeting.starts_at in known:
                self._remember(meeting, known[meeting.starts_at])
            else:
                self._perform(meeting)
                self.done.performed += 1
        self._count()
        return self.done

    def _perform(self, meeting: ScriptedMeeting) -> None:
        with self._database.as_one():
            with clock.at(meeting.starts_at):
                made = self._meetings.create(
                    self.done.group_id,
                    title=meeting.title,
                    language=self._script.language,
                    started_at=meeting.starts_at,
                )
            meeting_id = made.id or 0
            self._speak(meeting, meeting_id)
            with clock.at(meeting.ends_at):
                self._meetings.end(self._groups, meeting_id)
            with clock.at(meeting.ends_at + _READ_AFTER):
                report = self._runner.whole(meeting_id)
            if report.state != "DONE":
                raise ExtractionError(f"expected meeting {meeting_id} to be read, got {report.state}: {report.note}")
            self._remember(meeting, meeting_id)
            for move in meeting.moves:
                self._move(move)

    # what is said

    def _speak(self, meeting: ScriptedMeeting, meeting_id: int) -> None:
        sessions = {
            line.speaker: f"history-{meeting_id}-{self._people[line.speaker].user_id}" for line in meeting.lines
        }
        with clock.at(meeting.starts_at):
            for speaker, session_id in sessions.items():
                self._segments.open_session(self._session(meeting_id, session_id, speaker))
        for number, line in enumerate(meeting.lines):
            with clock.at(meeting.starts_at + timedelta(seconds=line.end_s)):
                self._segments.save_segments([[self._segment(meeting_id, sessions[line.speaker], number, line)]])
                if number % LINES_A_PASS == LINES_A_PASS - 1:
                    self._runner.live(meeting_id)
        with clock.at(meeting.ends_at):
            for session_id in sessions.values():
                self._segments.close_session(session_id, (meeting.ends_at - meeting.starts_at).total_seconds())

    def _session(self, meeting_id: int, session_id: str, speaker: str) -> dict[str, object]:
        return {
            "session_id": session_id,
            "group_id": self.done.group_id,
            "meeting_id": meeting_id,
            "speaker": speaker,
            "user_id": self._people[speaker].user_id,
            "language": self._script.language,
            "offset_s": 0.0,
        }

    def _segment(self, meeting_id: int, session_id: str, number: int, line: Line) -> dict[str, object]:
        return {
            "group_id": self.done.group_id,
            "meeting_id": meeting_id,
            "session_id": session_id,
            "utterance": number,
            "part": 0,
            "text": line.text,
            "start_s": line.start_s,
            "end_s": line.end_s,
            "language": self._script.language,
            "words": [],
        }

    # what is done

    def _remember(self, meeting: ScriptedMeeting, meeting_id: int) -> None:
        """Which ticket each piece of work has become: the one that rests on the words that told of it."""
        segments = self._meetings.transcript(self._groups, meeting_id)
        task_of = {
            segment.id: meeting.lines[segment.utterance].task
            for segment in segments
            if meeting.lines[segment.utterance].kind in ("task", "vague")
        }
        for ticket in self._tickets.list(self._groups, meeting_id=meeting_id):
            for said in ticket.evidence:
                task = task_of.get(said["segment_id"])
                if task is not None and ticket.meeting_id == meeting_id:
                    self._ticket_of.setdefault(task, ticket.id or 0)

    def _move(self, move: HandMove) -> None:
        ticket = self._find_ticket(move.task)
        if ticket is None:
            self.done.missed += 1
        elif is_legal(cast(Status, ticket.status), move.status):
            with clock.at(move.at):
                self._tickets.move(self._groups, ticket.id or 0, by=self._people[move.by], status=move.status)
            self.done.moves += 1

    def _find_ticket(self, task: int) -> Ticket | None:
        ticket_id = self._ticket_of.get(task)
        return None if ticket_id is None else self._tickets.get(self._groups, ticket_id)

    # counting

    def _all_meetings(self) -> Sequence[Meeting]:
        meetings: list[Meeting] = []
        page = self._meetings.list(self._groups, limit=_PAGE)
        while page:
            meetings += page
            page = self._meetings.list(self._groups, limit=_PAGE, before_id=page[-1].id)
        return meetings

    def _count(self) -> None:
        with self._database.unit_of_work(self._groups) as uow:
            self.done.meetings = uow.meetings.count(self._groups)
            self.done.tickets = sum(uow.tickets.count_by_status(self._groups).values())
            self.done.events = Counter(uow.outbox.count_by_topic(self._groups))
