"""What a board shows while a meeting runs, against its gold: said sentence by sentence, a live pass after each.

Real rows in a PostgreSQL of its own, read and written by the code of a running VORI; no sound, no waiting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tests.benchmarks.table import Goal
from tests.integration.room import Room
from vori_ray.local.postgres import PostgresServer
from vori_ray.local.processes import instance_of
from vori_ray.storage.database import Database
from vori_ray.storage.migrate import upgrade
from vori_ray.storage.models import Ticket
from vori_ray.tickets.evaluation import load_meetings, prediction
from vori_ray.tickets.extraction import Status
from vori_ray.tickets.planning import Evidence, Plan, PlannedChange, PlannedTicket
from vori_ray.tickets.progress import ExtractionProgress
from vori_ray.tickets.rules import RulesExtractor
from vori_ray.tickets.running import ExtractorChoice, PassRunner
from vori_ray.tickets.scoring import score

Meeting = Mapping[str, Any]
NOT_SCORED = Evidence((), "")


@dataclass
class Shown:
    """The boards of some meetings just before their end, as predictions, and what became of their new cards."""

    boards: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: int = 0
    late: int = 0
    withdrawn: int = 0

    def goal(self, name: str, meetings: Mapping[str, Meeting]) -> Goal:
        """The line of the table."""
        found = score({each: meetings[each] for each in self.boards}, self.boards)[0]["total"]
        value = {
            "meetings": found.meetings,
            "cards at the end": self.kept + self.late,
            "shown while people spoke": round(self.kept / max(1, self.kept + self.late), 3),
            "shown and withdrawn": self.withdrawn,
            "ticket F1": round(found.tickets.f1, 3),
            "status F1": round(found.status_changes.f1, 3),
            "false transitions per 100": round(found.false_transitions_per_100_unchanged, 1),
        }
        return Goal(name, "the board just before the end against gold, a live pass after each sentence", value)


def live_boards(name: str, set_dir: Path, folder: Path) -> list[Goal]:
    """A line for each language of the set in `set_dir`; PostgreSQL's files are in `folder`."""
    meetings = load_meetings(set_dir)
    shown = {meeting["language"]: Shown() for meeting in meetings.values()}
    with empty_database(folder) as database:
        for meeting_id, meeting in meetings.items():
            hold(Room(database, name=f"{name}-{meeting_id}"), meeting_id, meeting, shown[meeting["language"]])
    return [found.goal(f"live {name} {language}", meetings) for language, found in sorted(shown.items())]


@contextmanager
def empty_database(folder: Path) -> Iterator[Database]:
    """A PostgreSQL with all tables, for a while."""
    server = PostgresServer(folder / "postgres", instance=instance_of(folder), is_durable=False)
    server.start()
    try:
        upgrade(server.url)
        database = Database(server.url, pool_size=4)
        yield database
        database.close()
    finally:
        server.stop()


def hold(room: Room, meeting_id: str, meeting: Meeting, shown: Shown) -> None:
    """Hold one meeting and add what its board showed."""
    old = room.begin(meeting)
    passes = PassRunner(
        room.tickets,
        ExtractionProgress(room.database),
        ExtractorChoice(RulesExtractor()),
        make_minutes=lambda *_: None,
    )
    for said in meeting["transcript"]:
        room.say(said["text"], speaker=said["speaker"], at_s=said["start"])
        passes.live(room.meeting_id)
    live = room.tickets.list(room.groups)
    shown.boards[meeting_id] = prediction(meeting_id, _as_plan(live, old, meeting))
    room.meetings.end(room.groups, room.meeting_id)
    passes.whole(room.meeting_id)
    before, after = _new_ids(live, old), _new_ids(room.tickets.list(room.groups), old)
    shown.kept += len(before & after)
    shown.late += len(after - before)
    shown.withdrawn += len(before - after)


def _new_ids(board: list[Ticket], old: Mapping[int, Any]) -> set[int | None]:
    return {ticket.id for ticket in board if ticket.id not in old}


def _as_plan(board: list[Ticket], old: Mapping[int, int], meeting: Meeting) -> Plan:
    """What has become of the meeting's board, as if it had been planned at once. Its evidence is not scored."""
    before: dict[int, Status] = {ticket["id"]: ticket["status"] for ticket in meeting["existing_tickets"]}
    new: list[PlannedTicket] = []
    changes: list[PlannedChange] = []
    for ticket in board:
        ticket_id, status = old.get(ticket.id or 0), cast(Status, ticket.status)
        if ticket_id is None:
            new.append(PlannedTicket("", ticket.title, status, ticket.assignee, ticket.due_date, NOT_SCORED))
        elif status != before[ticket_id]:
            changes.append(PlannedChange("", ticket_id, before[ticket_id], status, NOT_SCORED))
    return Plan(tuple(new), tuple(changes))
