"""Groups never see each other's rows: through repositories, raw SQL or a pooled connection."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from storage_world import Place, make_place, opened, segment_row, ticket_created

from vori_ray.errors import ForbiddenError, NotFoundError
from vori_ray.storage.database import Database
from vori_ray.storage.models import Ticket
from vori_ray.storage.segment_writer import SegmentWriter

pytestmark = pytest.mark.integration


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url, pool_size=2) as database:
        yield database


@pytest.fixture
def mine(database: Database) -> Place:
    return make_place(database, "mine")


@pytest.fixture
def theirs(database: Database) -> Place:
    place = make_place(database, "theirs")
    SegmentWriter(database).save_segments([[segment_row(place, 0), segment_row(place, 1, speaker_number=1)]])
    with database.unit_of_work(None) as uow:
        uow.outbox.add(ticket_created(place))
        uow.notifications.add(place.group_id, place.user_id, kind="k", payload={})
        uow.minutes.add(place.group_id, place.meeting_id, markdown="# m", author="a")
    return place


def count(database: Database, group_ids: list[int] | None, table: str) -> int:
    with database.unit_of_work(group_ids) as uow:
        return int(uow.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


TABLES = (
    "groups",
    "members",
    "meetings",
    "audio_sessions",
    "segments",
    "speakers",
    "tickets",
    "outbox",
    "notifications",
    "minutes",
)


@pytest.mark.parametrize("table", TABLES)
def test_raw_sql_sees_own_rows_only(database: Database, mine: Place, theirs: Place, table: str) -> None:
    everything = count(database, None, table)
    own, others = count(database, [mine.group_id], table), count(database, [theirs.group_id], table)
    assert others > 0
    assert own + others == everything
    assert count(database, [mine.group_id, theirs.group_id], table) == everything
    assert count(database, [], table) == 0
    assert count(database, [987_654], table) == 0


def test_a_connection_without_a_unit_of_work_sees_nothing(database: Database, theirs: Place) -> None:
    with database._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM tickets")).scalar_one() == 0


def test_repositories_know_nothing_of_other_groups(database: Database, mine: Place, theirs: Place) -> None:
    with database.unit_of_work([mine.group_id]) as uow:
        for group_id in (mine.group_id, theirs.group_id):
            assert uow.meetings.find(group_id, theirs.meeting_id) is None
            with pytest.raises(NotFoundError, match=f"no ticket {theirs.ticket_id} in group {group_id}"):
                uow.tickets.get(group_id, theirs.ticket_id)
            with pytest.raises(NotFoundError):
                uow.meetings.lock(group_id, theirs.meeting_id)
            with pytest.raises(NotFoundError):
                uow.tickets.update(group_id, theirs.ticket_id, {"title": "taken"})
        assert uow.meetings.find_in(None, theirs.meeting_id) is None
        assert [meeting.id for meeting in uow.meetings.list(None)] == [mine.meeting_id]
        assert uow.segments.list(theirs.group_id, theirs.meeting_id) == []
        assert uow.outbox.list_after(theirs.group_id, 0) == []
        assert uow.search([theirs.group_id], "words") == []


def test_the_system_also_asks_for_the_group_first(database: Database, mine: Place, theirs: Place) -> None:
    with database.unit_of_work(None) as uow:
        assert uow.meetings.find(mine.group_id, theirs.meeting_id) is None
        with pytest.raises(NotFoundError):
            uow.tickets.get(mine.group_id, theirs.ticket_id)


def test_rows_cannot_be_written_into_another_group(database: Database, mine: Place, theirs: Place) -> None:
    with pytest.raises(ForbiddenError, match="row-level security"):
        with database.unit_of_work([mine.group_id]) as uow:
            uow.tickets.add(Ticket(group_id=theirs.group_id, title="smuggled"))
    with database.unit_of_work([mine.group_id]) as uow:
        changed = uow.session.execute(text("UPDATE tickets SET title = 'x' RETURNING group_id")).all()
        deleted = uow.session.execute(text("DELETE FROM comments RETURNING 1")).all()
    assert {group_id for (group_id,) in changed} == {mine.group_id}
    assert deleted == []


def test_history_cannot_be_rewritten(database: Database, mine: Place) -> None:
    for statement in ("UPDATE ticket_history SET reason = 'x'", "DELETE FROM ticket_history"):
        with pytest.raises(ForbiddenError, match="permission denied"):
            with database.unit_of_work(None) as uow:
                uow.session.execute(text(statement))


def test_a_segment_must_be_of_its_sessions_meeting(database: Database, mine: Place, theirs: Place) -> None:
    row = segment_row(mine, 0, session_id=theirs.session_id)
    with pytest.raises(NotFoundError, match="no session session-theirs in meeting"):
        SegmentWriter(database).save_segments([[row]])


def test_nothing_of_one_scope_is_left_for_the_next(database: Database, mine: Place, theirs: Place) -> None:
    """Many threads on two connections, each with its own groups, failing now and then."""

    def look(n: int) -> bool:
        place = (mine, theirs)[n % 2]
        try:
            with database.unit_of_work([place.group_id]) as uow:
                seen = {ticket.group_id for ticket in uow.tickets.list(None)}
                if n % 5 == 0:
                    raise NotFoundError("on purpose")
        except NotFoundError:
            pass
        return seen == {place.group_id}

    with ThreadPoolExecutor(max_workers=4) as threads:
        assert all(threads.map(look, range(200)))
