"""The pure transforms on inline rows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import NOON, RAW_SCHEMA, assert_frames_equal, at, created, kafka_rows, raw_frame, spoken, ticket, updated

from vori_ray.insights import transforms

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark


def speech(raw: DataFrame) -> DataFrame:
    return transforms.speech_per_minute(counts(raw))


def tickets(raw: DataFrame) -> DataFrame:
    return transforms.tickets_per_minute(counts(raw))


def counts(raw: DataFrame) -> DataFrame:
    return transforms.counts_per_minute(transforms.valid_events(transforms.parse_events(raw)))


def rows(frame: DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in frame.select(*names).collect())


def test_speech_is_counted_per_meeting_minute_and_speaker(spark: SparkSession) -> None:
    events = [
        spoken("a", 1),
        spoken("b", 59, transcript="  I am  blocked by review ", startS=3.0, endS=4.25),
        spoken("c", 60),
        spoken("d", 2, speaker="Bob"),
        spoken("e", 2, meetingId=6, group_id=2),
    ]
    counted = speech(raw_frame(spark, events))
    schema = (
        "group_id long, meeting_id long, window_start timestamp, window_end timestamp, speaker string, "
        "turns int, words long, talk_ms long, blockers_mentioned int, events int"
    )
    expected = [
        (1, 5, at(0), at(60), "Alice", 2, 9, 2750, 1, 2),
        (1, 5, at(60), at(120), "Alice", 1, 4, 1500, 0, 1),
        (1, 5, at(0), at(60), "Bob", 1, 4, 1500, 0, 1),
        (2, 6, at(0), at(60), "Alice", 1, 4, 1500, 0, 1),
    ]
    assert_frames_equal(counted, spark.createDataFrame(expected, schema))


def test_partial_speech_is_left_to_its_final(spark: SparkSession) -> None:
    events = [spoken("a", 1, isPartial=True), spoken("b", 2)]
    counted = speech(raw_frame(spark, events))
    assert rows(counted, "turns", "events") == [(1, 1)]


SAID = {
    "this is a blocker": 1,
    "we are stuck on the build": 1,
    "still waiting for legal": 1,
    "배포가 권한 문제로 막혔어요": 1,
    "외부 API가 차단되었습니다": 1,
    "I walked around the block": 0,
    "the waiting room is free": 0,
    "다음 주에 배포합니다": 0,
}


def test_blockers_are_heard_in_both_languages(spark: SparkSession) -> None:
    events = [spoken(words, 1, transcript=words, speaker=words) for words in SAID]
    counted = speech(raw_frame(spark, events))
    assert dict(rows(counted, "speaker", "blockers_mentioned")) == SAID


def test_tickets_are_counted_per_meeting_and_minute(spark: SparkSession) -> None:
    events = [
        created("a", 1, ticket(1)),
        created("b", 2, ticket(2, assignee="Bob")),
        created("c", 3, ticket(3, dueDate="2025-03-07", labels=["blocker"])),
        updated("d", 4, ticket(2, assignee="Bob", status="IN_PROGRESS"), old="TODO", new="IN_PROGRESS"),
        updated("e", 5, ticket(2, assignee="Bob", title="Stuck deploy"), old="TODO", new="TODO"),
        created("f", 61, ticket(4, status="DONE")),
        created("g", 6, ticket(5), meeting_id=None),
    ]
    counted = tickets(raw_frame(spark, events))
    schema = (
        "group_id long, meeting_id long, window_start timestamp, window_end timestamp, "
        "tickets_created int, actionable_items int, status_updates int, blockers int, events int"
    )
    expected = [(1, 5, at(0), at(60), 3, 2, 1, 2, 5), (1, 5, at(60), at(120), 1, 1, 0, 0, 1)]
    assert_frames_equal(counted, spark.createDataFrame(expected, schema))


POISON = [
    (b"", "value: expected the JSON of ticket.created"),
    (None, "value: expected a JSON object, got nothing"),
    (b"{nope", "value: expected the JSON of ticket.created"),
    (b"[1, 2]", "value: expected the JSON of ticket.created"),
    (b"\xff\xfe\x00", "value: expected the JSON of ticket.created"),
    (b"{}", "event_id: expected a value, got none"),
    ({"event_id": None}, "event_id: expected a value, got none"),
    ({"version": 2}, "version: expected 1, got 2"),
    ({"occurred_at": "yesterday"}, "occurred_at: expected a time, got yesterday"),
    ({"occurred_at": "2099-01-01T00:00:00Z"}, "occurred_at: expected no later than now, got 2099-01-01T00:00:00Z"),
    ({"group_id": None}, "group_id: expected a value, got none"),
    ({"group_id": "one"}, "value: expected the JSON of ticket.created"),
    ({"group_id": 0}, "group_id: expected 1 to 2147483647, got 0"),
    ({"meetingId": 2**40}, "meetingId: expected 1 to 2147483647, got 1099511627776"),
    ({"speaker": "A\0lice"}, "speaker: expected text without NUL"),
    ({"ticket": None}, "ticket: expected a ticket with its id, got none"),
    ({"ticket": {"title": "no id"}}, "ticket: expected a ticket with its id, got none"),
]


def test_what_cannot_be_read_is_a_dead_letter_with_its_reason(spark: SparkSession) -> None:
    good = created("a", 1, ticket(1))
    table = []
    for offset, (poison, _) in enumerate(POISON):
        value = poison
        if isinstance(poison, dict):
            value = json.dumps(json.loads(good.model_dump_json()) | poison).encode()
        table.append((b"5", value, good.topic, 3, offset, NOON))
    parsed = transforms.parse_events(spark.createDataFrame(table, RAW_SCHEMA))
    letters = [json.loads(row["value"]) for row in transforms.dead_letters(parsed).collect()]
    assert {letter["offset"]: letter["reason"] for letter in letters} == dict(enumerate(reason for _, reason in POISON))
    assert {(letter["topic"], letter["partition"], letter["key"]) for letter in letters} == {(good.topic, 3, "5")}
    assert transforms.valid_events(parsed).count() == 0


def test_good_events_are_no_dead_letters(spark: SparkSession) -> None:
    events = [spoken("a", 1), created("b", 2, ticket(1)), created("c", 2, ticket(1), meeting_id=None)]
    parsed = transforms.parse_events(raw_frame(spark, events))
    assert transforms.dead_letters(parsed).count() == 0
    assert transforms.valid_events(parsed).count() == 3


def test_speech_without_a_meeting_or_with_times_reversed_is_poison(spark: SparkSession) -> None:
    reversed_times = spoken("a", 1, startS=5.0, endS=4.0)
    lost = json.dumps(json.loads(spoken("b", 1).model_dump_json()) | {"meetingId": None}).encode()
    table = [*kafka_rows([reversed_times]), (b"5", lost, "transcription.completed", 0, 1, NOON)]
    parsed = transforms.parse_events(spark.createDataFrame(table, RAW_SCHEMA))
    assert rows(parsed, "reason") == [
        ("endS: expected no less than startS",),
        ("meetingId: expected a value, got none",),
    ]


def test_a_clock_slightly_ahead_is_let_through(spark: SparkSession) -> None:
    ahead = (*kafka_rows([spoken("a", 240)])[0][:5], NOON + timedelta(seconds=1))
    parsed = transforms.parse_events(spark.createDataFrame([ahead], RAW_SCHEMA))
    assert rows(parsed, "reason") == [(None,)]


MANY = [spoken(f"s{n}", n * 7, meetingId=5 + n % 3, speaker="AB"[n % 2]) for n in range(30)] + [
    created(f"t{n}", n * 11, ticket(n % 4, assignee="Bob" if n % 2 else None), meeting_id=5 + n % 3) for n in range(20)
]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(MANY))), again=st.lists(st.integers(0, len(MANY) - 1), max_size=20))
def test_any_order_and_any_repeats_give_the_same_tables(
    spark: SparkSession, order: list[int], again: list[int]
) -> None:
    straight = counts(raw_frame(spark, MANY))
    jumbled = counts(raw_frame(spark, [MANY[n] for n in [*order, *again]]))
    assert_frames_equal(straight, jumbled)
