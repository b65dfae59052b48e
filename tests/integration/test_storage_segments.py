"""Saving speech on the real PostgreSQL: once, in order, with its events, also when the database goes away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from storage_world import Place, make_place, opened, segment_row

from vori_ray.errors import BadInputError, ConflictError, NotFoundError, UnavailableError
from vori_ray.local.postgres import PostgresServer
from vori_ray.messaging.topics import parse_event
from vori_ray.storage.database import Database
from vori_ray.storage.group_commit import GroupCommit, Limits
from vori_ray.storage.migrate import upgrade
from vori_ray.storage.models import Outbox, Segment
from vori_ray.storage.segment_writer import SegmentRows, SegmentWriter

pytestmark = pytest.mark.integration


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    return make_place(database, "team")


@pytest.fixture
def writer(database: Database) -> SegmentWriter:
    return SegmentWriter(database)


def stored(database: Database, place: Place) -> tuple[list[Segment], list[Outbox]]:
    with database.unit_of_work([place.group_id]) as uow:
        return uow.segments.list(place.group_id, place.meeting_id), uow.outbox.list_after(place.group_id, 0, limit=1000)


def test_a_segment_that_is_saved_again_keeps_its_id_and_words(
    database: Database, place: Place, writer: SegmentWriter
) -> None:
    first = writer.save_segments([[segment_row(place, 0), segment_row(place, 1)], [segment_row(place, 2)]])
    again = writer.save_segments([[segment_row(place, 1, text="other words"), segment_row(place, 3)]])
    assert again[0][0] == first[0][1]
    segments, events = stored(database, place)
    assert [segment.text for segment in segments] == ["words 0", "words 1", "words 2", "words 3"]
    assert [event.payload["segmentId"] for event in events] == [segment.id for segment in segments]
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert {segment.speaker for segment in segments} == {"Team"}


def test_an_utterance_is_ended_at_its_newest_piece(database: Database, place: Place, writer: SegmentWriter) -> None:
    pieces = [segment_row(place, 0, part=part, is_last=False) for part in range(2)]
    writer.save_segments([[*pieces, segment_row(place, 1, is_last=False)]])
    for _ in range(2):  # a repeat changes nothing
        assert writer.end_utterance(place.session_id, 0) == place.meeting_id
    segments, events = stored(database, place)
    assert {(each.utterance, each.part): each.is_last for each in segments} == {
        (0, 0): False,
        (0, 1): True,
        (1, 0): False,
    }
    assert len(events) == 3
    with pytest.raises(NotFoundError):
        writer.end_utterance("unknown", 0)


def test_a_segment_twice_in_one_batch_is_one(database: Database, place: Place, writer: SegmentWriter) -> None:
    (one,), (other,) = writer.save_segments([[segment_row(place, 0)], [segment_row(place, 0)]])
    assert one == other
    assert len(stored(database, place)[1]) == 1


def test_events_can_be_read_and_tell_what_was_said(database: Database, place: Place, writer: SegmentWriter) -> None:
    writer.save_segments([[segment_row(place, 0, text="nul\x00 회의")]])
    segments, (event,) = stored(database, place)
    parsed = parse_event(
        event.topic, Outbox.model_validate(event).model_dump_json(include={"payload"})[len('{"payload":') : -1]
    )
    assert parsed.key == event.key == str(place.meeting_id)
    assert event.payload | {"event_id": "", "occurred_at": ""} == {
        "event_id": "",
        "version": 1,
        "occurred_at": "",
        "group_id": place.group_id,
        "meetingId": place.meeting_id,
        "groupId": place.group_id,
        "segmentId": segments[0].id,
        "speaker": "Team",
        "transcript": "nul 회의",
        "isPartial": False,
        "startS": 0.0,
        "endS": 0.9,
        "language": "en",
    }


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"start_s": "soon"}, BadInputError),
        ({"session_id": "unknown"}, NotFoundError),
        ({"meeting_id": 987_654}, NotFoundError),
        ({"words": [{"word": "\x00"}]}, BadInputError),
    ],
)
def test_a_bad_row_is_refused_and_nothing_is_written(
    database: Database, place: Place, writer: SegmentWriter, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        writer.save_segments([[segment_row(place, 0)], [segment_row(place, 1, **changes)]])
    assert stored(database, place) == ([], [])


async def test_of_many_callers_the_one_with_a_bad_row_fails_alone(
    database: Database, place: Place, writer: SegmentWriter
) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        group: GroupCommit[SegmentRows, list[int]] = GroupCommit(writer.save_segments, rows_of=len, executor=thread)
        rows = [segment_row(place, n) for n in range(20)]
        rows[7]["session_id"] = "unknown"
        results = await asyncio.gather(*(group.submit([row]) for row in rows), return_exceptions=True)
    assert [n for n, result in enumerate(results) if isinstance(result, Exception)] == [7]
    segments, _ = stored(database, place)
    assert [segment.utterance for segment in segments] == [n for n in range(20) if n != 7]


def test_order_in_a_group_is_the_order_of_commits(database: Database, place: Place) -> None:
    """Eight writers at once: numbers without gaps, in the order of ids and of each writer's own events."""
    others = [make_place(database, f"other-{n}") for n in range(2)]

    def write(number: int) -> None:
        writer, mine = SegmentWriter(database), (place, *others)[number % 3]
        shuffled = random.Random(number).sample(range(10), 10)
        for utterance in shuffled:
            writer.save_segments([[segment_row(mine, number * 100 + utterance)]])

    with ThreadPoolExecutor(max_workers=8) as threads:
        list(threads.map(write, range(9)))
    for one in (place, *others):
        segments, events = stored(database, one)
        assert len(segments) == 30
        assert [event.seq for event in events] == list(range(1, 31))
        ids = [event.id or 0 for event in events]
        assert ids == sorted(ids)
        for number in range(9):
            mine = [e.payload["startS"] for e in events if number * 100 <= e.payload["startS"] < (number + 1) * 100]
            expected = [float(number * 100 + n) for n in random.Random(number).sample(range(10), 10)]
            assert mine in ([], expected)


def test_sessions_are_counted_and_taken_up_again(database: Database, place: Place, writer: SegmentWriter) -> None:
    wanted = {"session_id": "s2", "group_id": place.group_id, "meeting_id": place.meeting_id, "language": "ko"}
    opened_session = writer.open_session(wanted)
    assert opened_session["is_new"]
    assert opened_session["offset_s"] > 0
    assert (opened_session["language"], opened_session["meeting_state"]) == ("ko", "LIVE")

    def open_sessions() -> int:
        with database.unit_of_work([place.group_id]) as uow:
            return uow.meetings.get(place.group_id, place.meeting_id).open_sessions

    assert open_sessions() == 2
    again = writer.open_session(wanted | {"offset_s": 99.0})
    assert (again["is_new"], again["offset_s"]) == (False, opened_session["offset_s"])
    assert open_sessions() == 2
    writer.close_session("s2", 3.0)
    writer.close_session("s2", 2.0)
    assert open_sessions() == 1
    with database.unit_of_work([place.group_id]) as uow:
        assert uow.sessions.get(place.group_id, "s2").duration_s == 3.0
    with pytest.raises(NotFoundError):
        writer.close_session("s3", 1.0)


def test_a_meeting_that_has_ended_takes_no_new_session(database: Database, place: Place, writer: SegmentWriter) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        uow.meetings.lock(place.group_id, place.meeting_id).state = "ENDED"
    wanted = {"session_id": "late", "group_id": place.group_id, "meeting_id": place.meeting_id}
    with pytest.raises(ConflictError, match="has ended") as raised:
        writer.open_session(wanted)
    assert raised.value.error_code == "meeting_ended"
    resumed = writer.open_session(wanted | {"session_id": place.session_id})
    assert (resumed["is_new"], resumed["meeting_state"]) == (False, "ENDED")


def test_a_session_belongs_to_one_meeting(database: Database, place: Place, writer: SegmentWriter) -> None:
    other = make_place(database, "other")
    wanted = {"session_id": place.session_id, "group_id": other.group_id, "meeting_id": other.meeting_id}
    with pytest.raises(ConflictError, match="does not belong"):
        writer.open_session(wanted)
    with pytest.raises(NotFoundError):
        writer.open_session(wanted | {"group_id": place.group_id})


def test_drafts_replace_each_other(database: Database, place: Place, writer: SegmentWriter) -> None:
    for words in ("so", "so far"):
        writer.save_draft(
            place.session_id, {"utterance": 0, "text": words, "start_s": 1.0, "end_s": 2.0, "duration_s": 2.0}
        )
    writer.save_draft(place.session_id, {"utterance": 0, "text": "", "start_s": 1.0, "end_s": 2.0, "duration_s": 1.0})
    with database.unit_of_work([place.group_id]) as uow:
        session = uow.sessions.get(place.group_id, place.session_id)
        assert (session.draft["text"], session.duration_s) == ("", 2.0)
    _, events = stored(database, place)
    assert [(event.payload["transcript"], event.payload["isPartial"]) for event in events] == [
        ("so", True),
        ("so far", True),
    ]


def test_a_connection_that_broke_is_replaced(
    database: Database, database_url: str, place: Place, writer: SegmentWriter
) -> None:
    others = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    with opened(database_url) as other, other._engine.connect() as killer:
        pids = list(killer.execute(others).scalars())
        assert pids
        for pid in pids:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    assert writer.save_segments([[segment_row(place, 0)]])


@pytest.fixture
def own_server(instance: str, tmp_path: Path) -> Iterator[PostgresServer]:
    """A server that keeps what it has committed over a crash, unlike the one that all tests share."""
    server = PostgresServer(tmp_path / "postgres", instance=instance)
    server.start()
    upgrade(server.url)
    yield server
    server.stop()


async def test_a_database_that_crashes_is_waited_for(own_server: PostgresServer) -> None:
    with opened(own_server.url) as database, ThreadPoolExecutor(max_workers=1) as thread:
        place, writer = make_place(database, "team"), SegmentWriter(database)
        group: GroupCommit[SegmentRows, list[int]] = GroupCommit(
            writer.save_segments, rows_of=len, executor=thread, limits=Limits(patience_s=120.0, max_rows=5)
        )
        calls = [asyncio.create_task(group.submit([segment_row(place, n)])) for n in range(40)]
        await calls[4]
        own_server.kill()
        with pytest.raises(UnavailableError):
            await asyncio.to_thread(writer.save_draft, place.session_id, {"text": "x"})
        await asyncio.to_thread(own_server.start)
        ids = [(await call)[0] for call in calls]
        segments, events = stored(database, place)
    assert sorted(ids) == [segment.id for segment in segments]
    assert sorted(event.payload["segmentId"] for event in events) == sorted(ids)
    assert len(ids) == 40
