"""Repositories on the real PostgreSQL: order, limits, versions, things that happen once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from storage_world import AT, Place, make_place, opened

from vori_ray.errors import BadInputError, ConflictError, NotFoundError
from vori_ray.storage.database import Database
from vori_ray.storage.models import Remark, Suggestion, Ticket, TicketHistory

pytestmark = pytest.mark.integration


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    return make_place(database, "team")


# meetings


def test_meetings_come_newest_first_page_by_page(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        for day in (3, 1, 2, 2):
            uow.meetings.add(place.group_id, title=f"day {day}", started_at=AT + timedelta(days=day))
        titles, last = [], None
        while page := uow.meetings.list(None, limit=2, before_id=last):
            titles += [meeting.title for meeting in page]
            last = page[-1].id
        assert titles == ["day 3", "day 2", "day 2", "day 1", "team meets"]
        assert uow.meetings.count([place.group_id]) == 5
        assert uow.meetings.list([], limit=2) == []


def test_live_meetings_are_found_by_what_they_lack(database: Database, place: Place) -> None:
    now = datetime.now(UTC)
    long_ago, lately = now - timedelta(hours=1), now - timedelta(seconds=5)

    def names(found: list[Any]) -> set[str]:
        return {meeting.title for meeting in found}

    with database.unit_of_work([place.group_id]) as uow:
        heard = {"talking": (lately, lately), "gone": (long_ago, long_ago), "quiet": (lately, long_ago)}
        for title, seen in heard.items():
            meeting = uow.meetings.add(place.group_id, title=title, started_at=long_ago)
            assert meeting.id
            uow.meetings.touch({meeting.id: seen})
        uow.meetings.add(place.group_id, title="never", started_at=long_ago)
        ended = uow.meetings.add(place.group_id, title="ended", started_at=long_ago)
        assert ended.id
        uow.meetings.touch({ended.id: (long_ago, long_ago)})
        ended.state, ended.ended_at, ended.extraction_state = "ENDED", now, "PENDING"
    before = now - timedelta(minutes=10)
    with database.unit_of_work(None) as uow:
        assert names(uow.meetings.list_disconnected(before)) == {"gone"}
        assert names(uow.meetings.list_silent(before)) == {"gone", "quiet", "team meets"}
        assert names(uow.meetings.list_never_heard(before)) == {"never"}
        assert names(uow.meetings.list_pending_extraction()) == {"ended"}
        assert "ended" not in names(uow.meetings.list_live())


def test_signs_of_life_never_go_back(database: Database, place: Place) -> None:
    later, earlier = AT + timedelta(days=900), AT + timedelta(days=800)
    with database.unit_of_work(None) as uow:
        uow.meetings.touch({place.meeting_id: (later, None)})
        uow.meetings.touch({place.meeting_id: (earlier, earlier)})
    with database.unit_of_work(None) as uow:
        meeting = uow.meetings.get(place.group_id, place.meeting_id)
        assert (meeting.last_audio_at, meeting.last_speech_at) == (later, earlier)


def test_a_locked_meeting_waits_for_the_one_before(database: Database, place: Place) -> None:
    """Two who end a meeting at once: one of them sees what the other did."""
    both = threading.Barrier(2)

    def end(_: int) -> bool:
        both.wait(10)
        with database.unit_of_work([place.group_id]) as uow:
            meeting = uow.meetings.lock(place.group_id, place.meeting_id)
            is_first, meeting.state = meeting.state == "LIVE", "ENDED"
        return is_first

    with ThreadPoolExecutor(max_workers=2) as threads:
        assert sorted(threads.map(end, range(2))) == [False, True]


# tickets


def test_a_change_on_an_old_version_is_refused(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        changed = uow.tickets.update(place.group_id, place.ticket_id, {"title": "first"}, expected_version=1)
        assert (changed.version, changed.title) == (2, "first")
    with pytest.raises(ConflictError, match="version 2; the change was made on version 1"):
        with database.unit_of_work([place.group_id]) as uow:
            uow.tickets.update(place.group_id, place.ticket_id, {"title": "second"}, expected_version=1)
    with database.unit_of_work([place.group_id]) as uow:
        assert uow.tickets.get(place.group_id, place.ticket_id).title == "first"
        assert uow.tickets.update(place.group_id, place.ticket_id, {"due_date": None}).version == 3


def test_of_many_editors_on_one_version_one_wins(database: Database, place: Place) -> None:
    def edit(number: int) -> bool:
        try:
            with database.unit_of_work([place.group_id]) as uow:
                uow.tickets.update(place.group_id, place.ticket_id, {"title": f"by {number}"}, expected_version=1)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(max_workers=4) as threads:
        assert sum(threads.map(edit, range(8))) == 1


def test_tickets_are_filtered(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:

        def add(title: str, **given: Any) -> Ticket:
            return uow.tickets.add(Ticket(group_id=place.group_id, title=title, **given))

        add("Fix 100% of the login_page", status="DONE", labels=["web", "urgent"])
        mine = add("Write the report", status="IN_PROGRESS", assignee_id=place.user_id, content="for the board")
        gone = add("Gone")
        assert gone.id
        uow.tickets.update(place.group_id, gone.id, {"deleted_at": AT})

        def titles(**filters: Any) -> list[str]:
            return [ticket.title for ticket in uow.tickets.list([place.group_id], **filters)]

        assert titles() == ["Write the report", "Fix 100% of the login_page", "Ticket of team"]
        assert titles(limit=1, before_id=mine.id) == ["Fix 100% of the login_page"]
        assert titles(statuses=["DONE", "IN_PROGRESS"]) == ["Write the report", "Fix 100% of the login_page"]
        assert titles(assignee_id=place.user_id) == ["Write the report"]
        assert titles(meeting_id=place.meeting_id) == ["Ticket of team"]
        assert titles(label="urgent") == ["Fix 100% of the login_page"]
        assert titles(text="BOARD report") == ["Write the report"]
        assert titles(text="100% login_page") == ["Fix 100% of the login_page"]
        assert titles(text="10_% ") == []
        assert [ticket.title for ticket in uow.tickets.list_open(place.group_id)] == [
            "Ticket of team",
            "Write the report",
        ]
        assert uow.tickets.count_by_status(None) == {"DONE": 1, "IN_PROGRESS": 1, "TODO": 1}
        with pytest.raises(NotFoundError):
            uow.tickets.get(place.group_id, gone.id)
        assert uow.tickets.get(place.group_id, gone.id, include_deleted=True).deleted_at == AT


def test_history_is_kept_in_order_and_an_operation_acts_once(database: Database, place: Place) -> None:
    def entry(action: str, key: str | None = None) -> TicketHistory:
        return TicketHistory(
            group_id=place.group_id,
            ticket_id=place.ticket_id,
            meeting_id=place.meeting_id,
            action=action,
            actor="a",
            operation_key=key,
        )

    with database.unit_of_work([place.group_id]) as uow:
        for action, key in (("create", "k1"), ("edit", None), ("edit", None)):
            uow.tickets.add_history(entry(action, key))
    with pytest.raises(ConflictError, match="there already"):
        with database.unit_of_work([place.group_id]) as uow:
            uow.tickets.add_history(entry("create", "k1"))
    with database.unit_of_work([place.group_id]) as uow:
        first, *_ = uow.tickets.history(place.group_id, place.ticket_id)
        undo = entry("undo")
        undo.undoes_id = first.id
        uow.tickets.add_history(undo)
        assert [one.action for one in uow.tickets.history(place.group_id, place.ticket_id)] == [
            "create",
            "edit",
            "edit",
            "undo",
        ]
        assert uow.tickets.find_operation(place.group_id, "k1") == first
        assert uow.tickets.find_operation(place.group_id, "k2") is None
        assert uow.tickets.find_undo_of(place.group_id, first.id or 0) == undo
        assert len(uow.tickets.history_of_meeting(place.group_id, place.meeting_id)) == 4


def test_a_meeting_shows_the_tickets_that_it_changed(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        later = uow.meetings.add(place.group_id, title="later")
        assert later.id
        assert uow.tickets.list_for_meeting(place.group_id, later.id) == []
        uow.tickets.add_history(
            TicketHistory(
                group_id=place.group_id, ticket_id=place.ticket_id, meeting_id=later.id, action="complete", actor="a"
            )
        )
        assert [one.id for one in uow.tickets.list_for_meeting(place.group_id, later.id)] == [place.ticket_id]
        assert [one.id for one in uow.tickets.list_for_meeting(place.group_id, place.meeting_id)] == [place.ticket_id]


# suggestions, remarks, minutes, comments


def test_a_suggestion_is_made_and_decided_once(database: Database, place: Place) -> None:
    def suggestion() -> Suggestion:
        return Suggestion(
            group_id=place.group_id, meeting_id=place.meeting_id, operation_key="k", operation={"op": "x"}
        )

    with database.unit_of_work([place.group_id]) as uow:
        made = uow.suggestions.add(suggestion())
        assert made is not None
        assert made.id
        assert made.operation == {"op": "x"}
        assert uow.suggestions.add(suggestion()) is None
        assert uow.suggestions.list(None, meeting_id=place.meeting_id) == [made]
        uow.suggestions.decide(place.group_id, made.id, state="REJECTED", decided_by="Ann")
        with pytest.raises(ConflictError, match="REJECTED already, by Ann"):
            uow.suggestions.decide(place.group_id, made.id, state="ACCEPTED", decided_by="Bob")
        assert uow.suggestions.list(None) == []
        assert uow.suggestions.add(suggestion()) is None
        assert uow.suggestions.find_by_key(place.group_id, "k") == made


def test_a_remark_is_kept_once_and_settled_once(database: Database, place: Place) -> None:
    def remark(key: str, kind: str = "blocker") -> Remark:
        return Remark(group_id=place.group_id, meeting_id=place.meeting_id, kind=kind, text=key, operation_key=key)

    with database.unit_of_work([place.group_id]) as uow:
        blocker = uow.remarks.add(remark("one"))
        assert blocker is not None
        assert blocker.id
        assert uow.remarks.add(remark("one")) is None
        uow.remarks.add(remark("two", "decision"))
        settled = uow.remarks.resolve(place.group_id, blocker.id).resolved_at
        assert uow.remarks.resolve(place.group_id, blocker.id).resolved_at == settled
        assert [one.text for one in uow.remarks.list(None, is_open=True)] == ["two"]
        assert [one.text for one in uow.remarks.list(None, kind="blocker")] == ["one"]


def test_minutes_have_versions_that_are_not_overwritten_unseen(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        assert uow.minutes.find_latest(place.group_id, place.meeting_id) is None
        first = uow.minutes.add(place.group_id, place.meeting_id, markdown="# 1", author="VORI", expected_version=0)
        second = uow.minutes.add(place.group_id, place.meeting_id, markdown="# 2", author="Ann", expected_version=1)
        with pytest.raises(ConflictError, match="at version 2; the change was made on version 1"):
            uow.minutes.add(place.group_id, place.meeting_id, markdown="# 3", author="Bob", expected_version=1)
        assert uow.minutes.get_latest(place.group_id, place.meeting_id) == second
        assert uow.minutes.get(place.group_id, place.meeting_id, 1) == first
        assert [one.version for one in uow.minutes.list(place.group_id, place.meeting_id)] == [2, 1]
        with pytest.raises(NotFoundError):
            uow.minutes.get(place.group_id, place.meeting_id, 3)
        with pytest.raises(NotFoundError):
            uow.minutes.add(place.group_id, 987_654, markdown="", author="a")


def test_comments_stand_on_tickets_of_the_group(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        for text in ("one", "two"):
            uow.comments.add(place.group_id, place.ticket_id, author="Ann", text=text)
        assert [one.text for one in uow.comments.list(place.group_id, place.ticket_id)] == ["one", "two"]
        with pytest.raises(NotFoundError):
            uow.comments.add(place.group_id, 987_654, author="Ann", text="lost")


# errors


def test_values_that_cannot_be_stored_are_bad_input(database: Database, place: Place) -> None:
    for ticket in (
        Ticket(group_id=place.group_id, title="nul \x00"),
        Ticket(group_id=place.group_id, title="nul", evidence=[{"quote": "\x00"}]),
        Ticket(group_id=place.group_id, title=None),
    ):
        with pytest.raises(BadInputError):
            with database.unit_of_work([place.group_id]) as uow:
                uow.tickets.add(ticket)


def test_a_reference_to_nothing_is_not_found(database: Database, place: Place) -> None:
    with pytest.raises(NotFoundError, match="not there"):
        with database.unit_of_work([place.group_id]) as uow:
            uow.tickets.add(Ticket(group_id=place.group_id, meeting_id=987_654, title="x"))


def test_rows_stay_usable_after_the_end(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        meeting = uow.meetings.get(place.group_id, place.meeting_id)
        meeting.title = "renamed"
    assert meeting.title == "renamed"
    with database.unit_of_work([place.group_id]) as uow:
        assert uow.meetings.get(place.group_id, place.meeting_id).title == "renamed"


def test_an_exception_rolls_everything_back(database: Database, place: Place) -> None:
    def fail() -> None:
        with database.unit_of_work([place.group_id]) as uow:
            uow.tickets.add(Ticket(group_id=place.group_id, title="never"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.unit_of_work([place.group_id]) as uow:
        assert [ticket.title for ticket in uow.tickets.list(None)] == ["Ticket of team"]
