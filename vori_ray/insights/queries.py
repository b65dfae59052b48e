"""The streaming queries: Kafka -> windows -> PostgreSQL and Kafka. The one file with readStream and writeStream.

    name           topics             watermark    trigger   sink
    metrics        all four           10 minutes   1 s       speech_metrics, ticket_metrics, scores, analytics.*
    dead_letters   the same           -            10 s      vori.dead_letter

Update mode: a window's row is right at every moment and needs no closing. One query counts speech and tickets: a
micro-batch costs the same whether it holds one event or a thousand, so two queries would be twice as slow. Each query
has its own checkpoint. What is computed stands in transforms.py, what is written in sink.py. Knows nothing of who
supervises the queries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from pyspark.sql import functions as F

from vori_ray.insights import transforms
from vori_ray.insights.late import OffsetRange, Offsets
from vori_ray.messaging import topics

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import StreamingQuery

METRICS = "metrics"
DEAD_LETTERS = "dead_letters"
DEAD_LETTERS_EVERY_S = 10.0
ALL_TOPICS = (*transforms.SPEECH_TOPICS, *transforms.TICKET_TOPICS)
CLOCKS_APART = timedelta(minutes=5)  # Kafka's time of an event may be this much before the event's own


class Sink(Protocol):
    """Takes a batch's rows. Must bear to see a batch again."""

    def write(self, checkpoint_id: str, batch_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write one batch."""
        ...


@dataclass(frozen=True, slots=True)
class KafkaSource:
    """Which Kafka, and how much of it a micro-batch may take."""

    bootstrap_servers: str
    max_events_per_batch: int = 10_000
    tasks: int = 2

    def options(self) -> dict[str, str]:
        """Options of Spark's Kafka source."""
        return {
            "kafka.bootstrap.servers": self.bootstrap_servers,
            "subscribe": ",".join(ALL_TOPICS),
            "failOnDataLoss": "true",
        }


def counted(raw: DataFrame) -> DataFrame:
    """The metric rows of Kafka's rows, live or in batch."""
    return transforms.counts_per_minute(transforms.valid_events(transforms.parse_events(raw)))


def start_metrics(
    spark: SparkSession, source: KafkaSource, *, sink: Sink, checkpoint_root: str, trigger_s: float = 1.0
) -> StreamingQuery:
    """Start counting; resumes where its checkpoint stands."""

    def write(frame: DataFrame, batch_id: int) -> None:
        sink.write(_checkpoint_id(spark, METRICS), batch_id, _rows(frame))

    stream = counted(_read_stream(spark, source)).writeStream.queryName(METRICS)
    stream = stream.outputMode("update").option("checkpointLocation", f"{checkpoint_root}/{METRICS}")
    return stream.trigger(processingTime=f"{trigger_s} seconds").foreachBatch(write).start()


def start_dead_letters(
    spark: SparkSession, source: KafkaSource, *, checkpoint_root: str, trigger_s: float = DEAD_LETTERS_EVERY_S
) -> StreamingQuery:
    """Start sending what cannot be read to the dead-letter topic, each with its reason."""
    parsed = transforms.parse_events(_read_stream(spark, source))
    stream = transforms.dead_letters(parsed).writeStream.queryName(DEAD_LETTERS).format("kafka")
    stream = stream.options(**{"kafka.bootstrap.servers": source.bootstrap_servers, "topic": topics.DEAD_LETTER})
    stream = stream.option("checkpointLocation", f"{checkpoint_root}/{DEAD_LETTERS}")
    return stream.trigger(processingTime=f"{trigger_s} seconds").start()


def recompute(
    spark: SparkSession, source: KafkaSource, *, touched_by: OffsetRange | None = None
) -> list[dict[str, Any]]:
    """The metric rows of what Kafka still has, in one batch: what the stream must have written.

    `touched_by`: only the minutes of meetings that have an event in this piece of the topics.
    """
    if touched_by is None:
        return _rows(counted(_read_batch(spark, source)))
    piece = counted(_read_batch(spark, source, start=touched_by.start, end=touched_by.end))
    touched = piece.select("meeting_id", "window_start").distinct().cache()
    earliest = touched.agg(F.min("window_start")).first()
    if earliest is None or earliest[0] is None:
        return []
    since = earliest[0].astimezone(UTC) - CLOCKS_APART
    whole = counted(_read_batch(spark, source, since=since))
    return _rows(whole.join(touched, on=["meeting_id", "window_start"], how="left_semi"))


def _rows(frame: DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries. Spark hands times over in this machine's zone, without saying so."""
    return [
        {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.asDict().items()}
        for row in frame.collect()
    ]


def _read_stream(spark: SparkSession, source: KafkaSource) -> DataFrame:
    options = source.options() | {"startingOffsets": "earliest"}
    options["maxOffsetsPerTrigger"] = str(source.max_events_per_batch)
    # One task a core reads all partitions in turn: sixteen tasks for a handful of events cost more than the events.
    return spark.readStream.format("kafka").options(**options).load().coalesce(source.tasks)


def _read_batch(
    spark: SparkSession,
    source: KafkaSource,
    *,
    start: Offsets | None = None,
    end: Offsets | None = None,
    since: datetime | None = None,
) -> DataFrame:
    options = source.options()
    if since is not None:  # a partition with nothing that new has nothing to give
        options |= {"startingTimestamp": str(int(since.timestamp() * 1000))}
        options |= {"startingOffsetsByTimestampStrategy": "latest"}
    else:
        options["startingOffsets"] = json.dumps(start) if start else "earliest"
    options["endingOffsets"] = json.dumps(end) if end else "latest"
    return spark.read.format("kafka").options(**options).load()


def _checkpoint_id(spark: SparkSession, name: str) -> str:
    """The id that Spark keeps in the query's checkpoint: another one means that a new checkpoint was begun."""
    return next(str(query.id) for query in spark.streams.active if query.name == name)
