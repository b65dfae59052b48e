"""The queries on the real broker and the real database: events in, metric rows and analytics events out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from wire import spoken, ticket

from vori_ray.insights import late, queries
from vori_ray.insights.announcer import Announcer
from vori_ray.insights.engine import StreamEngine
from vori_ray.insights.queries import KafkaSource
from vori_ray.insights.sink import MetricSink
from vori_ray.insights.transforms import SPEECH_COLUMNS
from vori_ray.messaging import topics
from vori_ray.messaging.producer import EventProducer
from vori_ray.storage.database import Database

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.integration]
DEADLINE_S = 90.0
NOW = datetime.now(UTC).replace(microsecond=0)


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_true():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.2)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with database.unit_of_work(None) as uow:
        return [tuple(row) for row in uow.session.execute(text(statement))]


def a_group_with_a_meeting(database: Database) -> tuple[int, int]:
    with database.unit_of_work(None) as uow:
        group = uow.groups.add("Team")
        meeting = uow.meetings.add(group.id or 0, title="Planning")
        return group.id or 0, meeting.id or 0


@contextmanager
def running(spark: SparkSession, bootstrap: str, database: Database, checkpoints: Path) -> Iterator[list[Any]]:
    producer = EventProducer(bootstrap, partitions=4, retention_h=1)
    source, sink, root = KafkaSource(bootstrap), MetricSink(database, tell=Announcer(producer).tell), str(checkpoints)
    started = [
        queries.start_metrics(spark, source, sink=sink, checkpoint_root=root, trigger_s=0.2),
        queries.start_dead_letters(spark, source, checkpoint_root=root, trigger_s=0.2),
    ]
    try:
        yield started
    finally:
        for query in started:
            query.stop()
        producer.close()


def ticket_event(event_id: str, group_id: int, meeting_id: int, ticket_id: int) -> topics.TicketCreated:
    return topics.TicketCreated(
        event_id=event_id,
        occurred_at=NOW,
        group_id=group_id,
        groupId=group_id,
        meetingId=meeting_id,
        ticket=ticket(ticket_id, assignee="Bob"),
        actor="rules",
    )


def at_now(events: Sequence[topics.TranscriptionCompleted]) -> list[topics.TranscriptionCompleted]:
    return [event.model_copy(update={"occurred_at": NOW - timedelta(seconds=n % 50)}) for n, event in enumerate(events)]


def test_events_become_rows_once_and_poison_does_not_stop_them(
    spark: SparkSession, kafka_topics: str, database: Database, tmp_path: Path, send: Any, read: Any
) -> None:
    group_id, meeting_id = a_group_with_a_meeting(database)
    speech = at_now([spoken(f"s{n}", 0, group_id=group_id, meetingId=meeting_id) for n in range(20)])
    total = "SELECT coalesce(sum(turns), 0), coalesce(sum(talk_ms), 0) FROM speech_metrics"
    with running(spark, kafka_topics, database, tmp_path) as started:
        send(*speech[:10], raw=b"{nope", topic="transcription.completed")
        send(*speech[5:15], ticket_event("t1", group_id, meeting_id, 1))
        wait_until(lambda: rows(database, total) == [(15, 22500)], "15 turns")
        wait_until(lambda: len(read(topics.DEAD_LETTER)) == 1, "the dead letter")
        assert all(query.isActive and query.exception() is None for query in started)
    with running(spark, kafka_topics, database, tmp_path):  # from the checkpoints
        send(*speech[10:], ticket_event("t1", group_id, meeting_id, 1), ticket_event("t2", group_id, meeting_id, 2))
        wait_until(lambda: rows(database, total) == [(20, 30000)], "20 turns")
        made = "SELECT tickets_created, actionable_items, events FROM ticket_metrics"
        wait_until(lambda: rows(database, made) == [(2, 2, 2)], "two tickets")
    (letter,) = map(topics.DeadLetter.model_validate_json, read(topics.DEAD_LETTER))
    assert letter.reason == "value: expected the JSON of transcription.completed"
    assert (letter.topic, letter.value) == ("transcription.completed", "{nope")
    told = [topics.TicketMetrics.model_validate_json(value) for value in read(topics.ANALYTICS_TICKET_METRICS)]
    assert max(event.actionableItemsCount for event in told) == 2
    insights = [topics.MeetingInsights.model_validate_json(value) for value in read(topics.ANALYTICS_INSIGHTS)]
    assert {event.meetingId for event in insights} == {meeting_id}
    assert [event.productivity_score for event in insights] == [None] * len(insights)
    assert rows(database, "SELECT query FROM stream_batches WHERE batch_id > 0") == [("metrics",)]


def test_counting_anew_reaches_weeks_back_and_again_changes_nothing(
    spark: SparkSession, kafka_topics: str, database: Database, tmp_path: Path, send: Any
) -> None:
    group_id, meeting_id = a_group_with_a_meeting(database)
    for week in range(4):
        at = NOW - timedelta(weeks=week)
        send(spoken(f"s{week}", 0, group_id=group_id, meetingId=meeting_id).model_copy(update={"occurred_at": at}))
        send(ticket_event(f"t{week}", group_id, meeting_id, week + 1).model_copy(update={"occurred_at": at}))
    engine = StreamEngine(
        spark, KafkaSource(kafka_topics), MetricSink(database, tell=lambda _: None), checkpoint_root=str(tmp_path)
    )
    for _ in range(2):
        assert engine.recount() == 8
        assert rows(database, "SELECT count(*), sum(events), sum(turns) FROM speech_metrics") == [(4, 4, 4)]
        assert rows(database, "SELECT count(*), sum(tickets_created) FROM ticket_metrics") == [(4, 4)]
        assert rows(database, "SELECT count(*) FROM meeting_scores") == [(1,)]


def test_the_stream_on_the_broker_equals_the_batch(
    spark: SparkSession, kafka_topics: str, database: Database, tmp_path: Path, send: Any
) -> None:
    speech = at_now([spoken(f"s{n}", 0, meetingId=5 + n % 4, endS=2 + n / 10) for n in range(60)])
    jumbled = [*speech[30:], *speech[10:40], *speech[:30]]
    with running(spark, kafka_topics, database, tmp_path):
        for start in range(0, len(jumbled), 20):
            send(*jumbled[start : start + 20])
        counted = "SELECT coalesce(sum(events), 0) FROM speech_metrics"
        wait_until(lambda: rows(database, counted) == [(60,)], "60 events")
    expected = [[row[name] for name in SPEECH_COLUMNS] for row in queries.recompute(spark, KafkaSource(kafka_topics))]
    stored = rows(database, f"SELECT {', '.join(SPEECH_COLUMNS)} FROM speech_metrics")
    assert sorted(map(tuple, expected)) == sorted(stored)


def test_events_later_than_the_watermark_are_counted_in_the_end(
    spark: SparkSession,
    kafka_topics: str,
    database: Database,
    tmp_path: Path,
    send: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Shuffled, doubled, and later than the watermark: the engine mends what the stream had to drop."""
    monkeypatch.setattr(late, "IDLE_S", 1.0)
    source = KafkaSource(kafka_topics)
    engine = StreamEngine(
        spark, source, MetricSink(database, tell=lambda _: None), checkpoint_root=str(tmp_path), trigger_s=0.2
    )
    long_ago = [
        spoken(f"a{n}", 0).model_copy(update={"occurred_at": NOW - timedelta(minutes=40 - n)}) for n in range(4)
    ]
    fresh = at_now([spoken(f"b{n}", 0) for n in range(10)])
    counted = "SELECT coalesce(sum(events), 0) FROM speech_metrics"
    engine.start()
    try:
        send(*fresh[5:], *fresh[:7])
        wait_until(lambda: _checked(engine) and rows(database, counted) == [(10,)], "what came in time")
        send(fresh[0].model_copy(update={"event_id": "c"}))  # a batch more, for the watermark to be in force
        wait_until(lambda: _checked(engine) and rows(database, counted) == [(11,)], "one more")
        send(*long_ago[2:], *long_ago[:3])
        wait_until(lambda: _checked(engine) and rows(database, counted) == [(15,)], "what came too late")
        assert engine.status()[0]["dropped_late"] > 0
    finally:
        engine.stop()
    expected = [[row[name] for name in SPEECH_COLUMNS] for row in queries.recompute(spark, source)]
    assert sorted(map(tuple, expected)) == sorted(
        rows(database, f"SELECT {', '.join(SPEECH_COLUMNS)} FROM speech_metrics")
    )


def _checked(engine: StreamEngine) -> bool:
    engine.check()
    return True
