"""A short history in the real database: what real meetings leave behind, as if it were then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from vori_ray.errors import BadInputError, UnavailableError
from vori_ray.history.cast import CASTS
from vori_ray.history.performer import Performed, Performer
from vori_ray.history.staging import HistoryOrder, Stage, make_history, open_stage
from vori_ray.meetings.service import MeetingService
from vori_ray.storage.database import Database
from vori_ray.storage.models import Outbox

pytestmark = pytest.mark.integration
TODAY = date(2026, 3, 2)
CAST = CASTS[3]  # the smallest


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def order(database: Database) -> HistoryOrder:
    with database.unit_of_work(None) as uow:
        owner = uow.users.upsert("owner@example.com")
        return HistoryOrder(owner_id=owner.id or 0, today=TODAY, weeks=1)


@pytest.fixture
def stage(database: Database, order: HistoryOrder) -> Stage:
    return without_asides(open_stage(database, CAST, order))


def without_asides(stage: Stage) -> Stage:
    """The stage with less talk, for speed."""
    meetings = [
        replace(meeting, lines=tuple(line for line in meeting.lines if line.kind != "talk"))
        for meeting in stage.script.meetings
    ]
    return replace(stage, script=replace(stage.script, meetings=tuple(meetings)))


def perform(database: Database, stage: Stage) -> Performed:
    return Performer(database, stage.script, group_id=stage.group_id, people=stage.people).perform()


def events(database: Database, group_id: int) -> list[Outbox]:
    with database.unit_of_work([group_id]) as uow:
        return list(uow.outbox.list_after(group_id, 0))


def test_meetings_are_as_if_they_had_been_held_then(database: Database, stage: Stage) -> None:
    done = perform(database, stage)
    meetings = {meeting.started_at: meeting for meeting in MeetingService(database).list([stage.group_id])}
    for scripted in stage.script.meetings:
        meeting = meetings[scripted.starts_at]
        assert (meeting.ended_at, meeting.state, meeting.extraction_state) == (scripted.ends_at, "ENDED", "DONE")
        assert meeting.open_sessions == 0
        said = MeetingService(database).transcript([stage.group_id], meeting.id or 0)
        assert [(one.speaker, one.text) for one in said] == [(line.speaker, line.text) for line in scripted.lines]
        assert MeetingService(database).minutes([stage.group_id], meeting.id or 0).markdown
    assert (done.meetings, done.performed) == (3, 3)


def test_every_event_bears_the_time_of_then(database: Database, stage: Stage) -> None:
    done = perform(database, stage)
    rows = events(database, stage.group_id)
    times = [row.occurred_at for row in rows]
    assert times == sorted(times)
    assert stage.script.meetings[0].starts_at < times[0]
    assert times[-1].date() <= TODAY
    assert all(row.payload["occurred_at"][:16] == row.occurred_at.isoformat()[:16] for row in rows)
    lines = [line for meeting in stage.script.meetings for line in meeting.lines]
    assert done.events["transcription.completed"] == len(lines)
    assert done.events["meeting.ended"] == 3
    assert done.events["ticket.created"] >= done.tickets > 0


def test_tickets_rest_on_what_was_said(database: Database, stage: Stage) -> None:
    perform(database, stage)
    with database.unit_of_work([stage.group_id]) as uow:
        tickets = uow.tickets.list([stage.group_id])
        said = {
            segment.id
            for row in uow.meetings.list([stage.group_id])
            for segment in uow.segments.list(stage.group_id, row.id or 0)
        }
    assert all(ticket.source == "speech" for ticket in tickets)
    assert {each["segment_id"] for ticket in tickets for each in ticket.evidence} <= said


def test_again_is_nothing_new_and_another_day_does_not_matter(
    database: Database, stage: Stage, order: HistoryOrder
) -> None:
    first = perform(database, stage)
    again = without_asides(open_stage(database, CAST, replace(order, today=TODAY + timedelta(days=3))))
    assert again == stage
    second = perform(database, again)
    assert (second.performed, second.meetings, second.tickets) == (0, first.meetings, first.tickets)
    assert second.events == first.events


def test_a_performance_that_is_cut_off_goes_on_with_whole_meetings(
    database: Database, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(self: MeetingService, *_: object, **__: object) -> None:
        raise UnavailableError("cut off")

    first = replace(stage.script, meetings=stage.script.meetings[:1])
    perform(database, replace(stage, script=first))
    with monkeypatch.context() as patched:
        patched.setattr(MeetingService, "end", cut_off)
        with pytest.raises(UnavailableError):
            perform(database, stage)
    (left,) = MeetingService(database).list([stage.group_id])
    assert left.started_at == stage.script.meetings[0].starts_at
    assert {row.key for row in events(database, stage.group_id)} == {str(left.id)}
    assert perform(database, stage).performed == 2


def test_weeks_that_cannot_be_are_refused(database: Database, order: HistoryOrder) -> None:
    with pytest.raises(BadInputError, match="expected 1 to 52 weeks, got 0"):
        make_history(database, replace(order, weeks=0), say=print)
