"""Events as Kafka's rows, and the comparison of frames, for Spark tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vori_ray.messaging import topics

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RAW_SCHEMA = "key binary, value binary, topic string, partition int, offset long, timestamp timestamp"
NOON = datetime(2025, 3, 3, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def spoken(event_id: str, seconds: float, **changes: Any) -> topics.TranscriptionCompleted:
    given = {"meetingId": 5, "speaker": "Alice", "transcript": "we ship on Friday", "startS": 1.0, "endS": 2.5}
    group_id = changes.pop("group_id", 1)
    return topics.TranscriptionCompleted(
        event_id=event_id, occurred_at=at(seconds), group_id=group_id, groupId=group_id, **(given | changes)
    )


def ticket(ticket_id: int, **changes: Any) -> topics.TicketPayload:
    given = {"title": "Fix the login page", "status": "TODO", "createdAt": NOON, "updatedAt": NOON}
    return topics.TicketPayload(ticketId=ticket_id, **(given | changes))


def created(event_id: str, seconds: float, payload: topics.TicketPayload, meeting_id: int | None = 5) -> topics.Event:
    return topics.TicketCreated(
        event_id=event_id,
        occurred_at=at(seconds),
        group_id=1,
        groupId=1,
        meetingId=meeting_id,
        ticket=payload,
        actor="rules",
    )


def updated(event_id: str, seconds: float, payload: topics.TicketPayload, *, old: str, new: str) -> topics.Event:
    return topics.TicketUpdated(
        event_id=event_id,
        occurred_at=at(seconds),
        group_id=1,
        groupId=1,
        meetingId=5,
        ticket=payload,
        oldStatus=old,
        newStatus=new,
        actor="rules",
    )


def kafka_rows(events: Iterable[topics.Event]) -> list[tuple[Any, ...]]:
    return [
        (event.key.encode(), event.model_dump_json().encode(), event.topic, 0, offset, event.occurred_at)
        for offset, event in enumerate(events)
    ]


def raw_frame(spark: SparkSession, events: Iterable[topics.Event]) -> DataFrame:
    return spark.createDataFrame(kafka_rows(events), RAW_SCHEMA)


def assert_frames_equal(actual: DataFrame, expected: DataFrame) -> None:
    """Same columns and same rows in any order. (pyspark.testing cannot be imported beside numpy 2.)"""
    assert [(field.name, field.dataType) for field in actual.schema] == [
        (field.name, field.dataType) for field in expected.schema
    ]
    assert sorted_rows(actual) == sorted_rows(expected)


def sorted_rows(frame: DataFrame) -> list[tuple[Any, ...]]:
    """Rows in an order of their own, whatever is null in them."""
    return sorted(map(tuple, frame.collect()), key=str)
