"""Many units of work as one transaction: seen together or not at all, each in its own scope."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from storage_world import Place, make_place, opened

from vori_ray.storage.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    return make_place(database, "team")


def titles(database: Database, group_id: int) -> set[str]:
    with database.unit_of_work(None) as uow:
        return {meeting.title for meeting in uow.meetings.list([group_id])}


def add_meeting(database: Database, group_id: int, title: str) -> None:
    with database.unit_of_work([group_id]) as uow:
        uow.meetings.add(group_id, title=title)


def test_others_see_all_of_it_at_the_end(database: Database, database_url: str, place: Place) -> None:
    with opened(database_url) as other:
        before = titles(other, place.group_id)
        with database.as_one():
            add_meeting(database, place.group_id, "first")
            add_meeting(database, place.group_id, "second")
            assert {"first", "second"} <= titles(database, place.group_id)
            assert titles(other, place.group_id) == before
        assert titles(other, place.group_id) == before | {"first", "second"}


def test_an_error_undoes_all_of_it(database: Database, place: Place) -> None:
    before = titles(database, place.group_id)
    with suppress(KeyError), database.as_one():
        add_meeting(database, place.group_id, "first")
        raise KeyError
    assert titles(database, place.group_id) == before
    add_meeting(database, place.group_id, "later")  # and the database works as before
    assert titles(database, place.group_id) == before | {"later"}


def test_each_unit_of_work_keeps_its_own_scope(database: Database, place: Place) -> None:
    stranger = make_place(database, "stranger")
    with database.as_one():
        assert titles(database, stranger.group_id)
        with database.unit_of_work([place.group_id]) as uow:
            assert not uow.meetings.list([stranger.group_id])
        assert titles(database, stranger.group_id)


def test_rows_are_read_anew_and_stay_usable(database: Database, place: Place) -> None:
    with database.as_one():
        with database.unit_of_work(None) as uow:
            read = uow.meetings.get(place.group_id, place.meeting_id)
        with database.unit_of_work(None) as uow:
            uow.meetings.get(place.group_id, place.meeting_id).title = "renamed"
        with database.unit_of_work(None) as uow:
            assert uow.meetings.get(place.group_id, place.meeting_id).title == "renamed"
    assert read.title == "team meets"
