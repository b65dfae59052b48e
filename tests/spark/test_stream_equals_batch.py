"""The same events, shuffled, doubled and late, through a real stream and through one batch: the same tables."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wire import created, kafka_rows, raw_frame, sorted_rows, spoken, ticket, updated

from vori_ray.insights import transforms
from vori_ray.messaging import topics

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

FILE_SCHEMA = "key string, value string, topic string, partition int, offset long, timestamp timestamp"
KEYS = ("meeting_id", "window_start", "speaker")


def write_file(path: Path, events: Sequence[topics.Event]) -> None:
    lines = [
        json.dumps(
            {
                "key": key.decode(),
                "value": value.decode(),
                "topic": topic,
                "partition": partition,
                "offset": offset,
                "timestamp": at.isoformat(),
            }
        )
        for key, value, topic, partition, offset, at in kafka_rows(events)
    ]
    path.write_text("\n".join(lines))


def counts(raw: DataFrame, watermark: str) -> DataFrame:
    return transforms.counts_per_minute(transforms.valid_events(transforms.parse_events(raw)), watermark=watermark)


def streamed(
    spark: SparkSession, folder: Path, batches: Sequence[Sequence[topics.Event]], watermark: str
) -> tuple[dict[tuple[Any, ...], Any], int]:
    """The table that upserts of every micro-batch leave behind, and how many rows the watermark dropped."""
    for number, events in enumerate(batches):
        write_file(folder / f"{number:03}.json", events)
    raw = spark.readStream.schema(FILE_SCHEMA).option("maxFilesPerTrigger", 1).json(str(folder / "*.json"))
    raw = raw.withColumn("key", raw["key"].cast("binary")).withColumn("value", raw["value"].cast("binary"))
    table: dict[tuple[Any, ...], Any] = {}

    def upsert(frame: DataFrame, _: int) -> None:
        for row in frame.collect():
            table[tuple(row[key] for key in KEYS)] = row

    stream = counts(raw, watermark).writeStream.outputMode("update").foreachBatch(upsert)
    query = stream.option("checkpointLocation", str(folder / "checkpoint")).trigger(availableNow=True).start()
    query.awaitTermination()
    dropped = sum(part["numRowsDroppedByWatermark"] for step in query.recentProgress for part in step["stateOperators"])
    return table, dropped


def same_rows(table: dict[tuple[Any, ...], Any], spark: SparkSession, events: Sequence[topics.Event]) -> bool:
    batch = sorted_rows(counts(raw_frame(spark, events), "2 minutes"))
    return batch == sorted(map(tuple, table.values()), key=str)


def a_meeting(seed: int) -> list[topics.Event]:
    chance = random.Random(seed)
    speech = [
        spoken(f"s{n}", n * 5, meetingId=chance.choice([5, 6]), speaker=chance.choice("AB"), endS=1 + chance.random())
        for n in range(60)
    ]
    tickets = [created(f"c{n}", n * 30, ticket(n, assignee=chance.choice([None, "Bob"]))) for n in range(10)]
    moves = [updated(f"u{n}", n * 30 + 3, ticket(n), old="TODO", new="IN_PROGRESS") for n in range(10)]
    return sorted([*speech, *tickets, *moves], key=lambda event: event.occurred_at)


def disturbed(events: Sequence[topics.Event], seed: int, *, late_s: float) -> list[list[topics.Event]]:
    """The events in arrival order: each up to `late_s` late, some twice, in micro-batches."""
    chance = random.Random(seed)
    twice = [*events, *chance.sample(list(events), len(events) // 3)]
    arrivals = sorted(twice, key=lambda event: event.occurred_at.timestamp() + chance.uniform(0, late_s))
    return [arrivals[start : start + 30] for start in range(0, len(arrivals), 30)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_doubled_and_late_events(spark: SparkSession, tmp_path: Path, seed: int) -> None:
    events = a_meeting(seed)
    table, dropped = streamed(spark, tmp_path, disturbed(events, seed, late_s=110), "2 minutes")
    assert dropped == 0
    assert same_rows(table, spark, events)


def test_events_later_than_the_watermark_are_dropped_and_counted(spark: SparkSession, tmp_path: Path) -> None:
    on_time, late = [spoken("a", 0), spoken("b", 600), spoken("c", 601)], spoken("d", 30)
    batches = [[event] for event in [*on_time, late]]  # Spark judges lateness by the watermark before the last batch
    table, dropped = streamed(spark, tmp_path, batches, "2 minutes")
    assert dropped == 1
    assert same_rows(table, spark, on_time)


def test_a_wider_watermark_keeps_them(spark: SparkSession, tmp_path: Path) -> None:
    events = [spoken("a", 0), spoken("b", 500), spoken("c", 501), spoken("d", 30)]
    table, dropped = streamed(spark, tmp_path, [[event] for event in events], "10 minutes")
    assert dropped == 0
    assert same_rows(table, spark, events)
