"""What the streams compute, as pure functions DataFrame -> DataFrame: the same code runs live and in batch.

    raw (Kafka's columns) -> parse_events -> valid_events -> counts_per_minute -> speech_per_minute, tickets_per_minute
                                        \\-> dead_letters

Every count is an integer and every sum is of whole milliseconds, so that the order of rows never shows.
Knows nothing of where rows come from or go to.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
)

SPEECH_TOPICS = ("transcription.completed",)
TICKET_TOPICS = ("ticket.created", "ticket.updated", "meeting.ended")
WINDOW = "1 minute"
WATERMARK = "10 minutes"
_KEYS = ("group_id", "meeting_id", "window_start", "window_end")
SPEECH_COLUMNS = (*_KEYS, "speaker", "turns", "words", "talk_ms", "blockers_mentioned", "events")
TICKET_COLUMNS = (*_KEYS, "tickets_created", "actionable_items", "status_updates", "blockers", "events")
SUPPORTED_VERSION = 1
MAX_CLOCK_AHEAD = "5 minutes"  # one event from the future would move the watermark and make all others late
# A blocker as it is written or said, in English and Korean.
BLOCKER_PATTERN = (
    r"(?i)\bblock(?:er|ers|ed|ing)\b|\bstuck\b|\bwaiting (?:on|for)\b|차단|블로커|막혔|막혀|막힌|막히|진행이 안"
)
MAX_ID = 2**31 - 1
CORRUPT = "_corrupt"


def _fields(**types: DataType) -> list[StructField]:
    return [StructField(name, kind) for name, kind in types.items()]


TICKET_SCHEMA = StructType(
    _fields(
        ticketId=LongType(),
        title=StringType(),
        content=StringType(),
        status=StringType(),
        assigneeId=LongType(),
        assignee=StringType(),
        dueDate=StringType(),
        labels=ArrayType(StringType()),
    )
)
# The fields of all topics in one schema: one pass of the JSON parser, whatever the topic.
EVENT_SCHEMA = StructType(
    _fields(
        event_id=StringType(),
        version=LongType(),
        occurred_at=StringType(),
        group_id=LongType(),
        meetingId=LongType(),
        speaker=StringType(),
        transcript=StringType(),
        isPartial=BooleanType(),
        startS=DoubleType(),
        endS=DoubleType(),
        ticket=TICKET_SCHEMA,
        oldStatus=StringType(),
        newStatus=StringType(),
        **{CORRUPT: StringType()},
    )
)


def _problem(condition: Column, message: Column | str) -> Column:
    return F.when(condition, F.lit(message) if isinstance(message, str) else message)


def _missing(name: str) -> Column:
    return _problem(F.col(f"event.{name}").isNull(), f"{name}: expected a value, got none")


def _out_of_range(name: str) -> Column:
    """What the database cannot hold would fail its batch for ever."""
    value = F.col(f"event.{name}")
    wrong = ~value.between(1, MAX_ID)
    return _problem(wrong, F.concat(F.lit(f"{name}: expected 1 to {MAX_ID}, got "), value))


def _reason() -> Column:
    """Why an event cannot be used, or null. The first problem found speaks."""
    event, topic = F.col("event"), F.col("topic")
    speech, ticket = topic.isin(*SPEECH_TOPICS), topic.isin("ticket.created", "ticket.updated")
    return F.coalesce(
        _problem(F.col("value").isNull(), "value: expected a JSON object, got nothing"),
        _problem(event.isNull() | event[CORRUPT].isNotNull(), F.concat(F.lit("value: expected the JSON of "), topic)),
        *(_missing(name) for name in ("event_id", "version", "occurred_at", "group_id")),
        _problem(
            event["version"] != SUPPORTED_VERSION,
            F.concat(F.lit(f"version: expected {SUPPORTED_VERSION}, got "), event["version"]),
        ),
        _problem(
            F.col("event_time").isNull(), F.concat(F.lit("occurred_at: expected a time, got "), event["occurred_at"])
        ),
        _problem(
            F.col("event_time") > F.col("timestamp") + F.expr(f"INTERVAL {MAX_CLOCK_AHEAD}"),
            F.concat(F.lit("occurred_at: expected no later than now, got "), event["occurred_at"]),
        ),
        _problem(speech & event["meetingId"].isNull(), "meetingId: expected a value, got none"),
        _problem(speech & event["transcript"].isNull(), "transcript: expected a value, got none"),
        _problem(
            speech & ~F.coalesce(event["endS"] >= event["startS"], F.lit(False)),
            "endS: expected no less than startS",
        ),
        *(_out_of_range(name) for name in ("group_id", "meetingId")),
        _problem(F.coalesce(event["speaker"].contains("\0"), F.lit(False)), "speaker: expected text without NUL"),
        _problem(ticket & event["ticket"]["ticketId"].isNull(), "ticket: expected a ticket with its id, got none"),
    )


def parse_events(raw: DataFrame) -> DataFrame:
    """Kafka's rows (key, value, topic, partition, offset, timestamp) with `event`, `event_time` and `reason`."""
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": CORRUPT}
    event = F.from_json(F.col("value").cast("string"), EVENT_SCHEMA, options)
    # Exploding an array of one keeps the optimizer from parsing the JSON anew for every field that is looked at.
    parsed = raw.select("*", F.explode(F.array(event)).alias("event"))
    return parsed.withColumn("event_time", F.to_timestamp(F.col("event.occurred_at"))).withColumn("reason", _reason())


def valid_events(parsed: DataFrame) -> DataFrame:
    """The events that can be used, flat: topic, event_time and the fields of `EVENT_SCHEMA`."""
    names = [field.name for field in EVENT_SCHEMA if field.name not in (CORRUPT, "occurred_at", "version")]
    fields = [F.col(f"event.{name}").alias(name) for name in names]
    return parsed.where(F.col("reason").isNull()).select("topic", "event_time", *fields)


def dead_letters(parsed: DataFrame) -> DataFrame:
    """What could not be read, as rows for the dead-letter topic: key, value (a `topics.DeadLetter` as JSON)."""
    letter = F.struct(
        F.concat_ws("/", "topic", "partition", "offset").alias("event_id"),
        F.lit(1).alias("version"),
        F.current_timestamp().alias("occurred_at"),
        F.col("event.group_id").alias("group_id"),
        "reason",
        "topic",
        "partition",
        "offset",
        F.col("timestamp").alias("produced_at"),
        F.col("key").cast("string").alias("key"),
        F.col("value").cast("string").alias("value"),
    )
    return parsed.where(F.col("reason").isNotNull()).select(
        F.col("key").cast("string").alias("key"), F.to_json(letter).alias("value")
    )


def counts_per_minute(events: DataFrame, *, watermark: str = WATERMARK) -> DataFrame:
    """Per meeting, minute and speaker (null: the meeting's tickets): all the counts, and `events` behind them.

    What each event adds is kept as a set, so an event that comes twice counts once and no order shows: one stateful
    operator and one shuffle do both the deduplication and the counting. Events whose minute is older than the
    watermark are dropped by a stream.
    """
    keys = ("group_id", "meeting_id", F.window("event_time", WINDOW).alias("window"), "speaker")
    gathered = (
        _facts(events)
        .withWatermark("event_time", watermark)
        .groupBy(*keys)
        .agg(F.collect_set("fact").alias("facts"))
        .withColumn("spoken", F.filter("facts", lambda fact: fact["turn"]))
    )
    return gathered.select(
        "group_id",
        "meeting_id",
        F.col("window.start").alias("window_start"),
        F.col("window.end").alias("window_end"),
        "speaker",
        F.size("spoken").alias("turns"),
        _sum("spoken", "words"),
        _sum("spoken", "talk_ms"),
        _how_many("spoken", "blocks").alias("blockers_mentioned"),
        _how_many("facts", "creates").alias("tickets_created"),
        _distinct_tickets("acts").alias("actionable_items"),
        _how_many("facts", "moves").alias("status_updates"),
        _distinct_tickets("blocks").alias("blockers"),
        F.size("facts").alias("events"),
    )


def speech_per_minute(counts: DataFrame) -> DataFrame:
    """Of `counts_per_minute`: what each speaker said."""
    return counts.where(F.col("speaker").isNotNull()).select(*SPEECH_COLUMNS)


def tickets_per_minute(counts: DataFrame) -> DataFrame:
    """Of `counts_per_minute`: what happened to tickets. A ticket that changes twice is one actionable item."""
    return counts.where(F.col("speaker").isNull()).select(*TICKET_COLUMNS)


def _facts(events: DataFrame) -> DataFrame:
    """What each event adds to its minute. Partial speech and work without a meeting add nothing."""
    speech, ticket = F.col("topic").isin(*SPEECH_TOPICS), F.col("ticket")
    partial = speech & F.coalesce(F.col("isPartial"), F.lit(False))
    fact = F.struct(
        F.xxhash64("event_id").alias("id"),  # 64 bits are plenty to tell apart the events of one minute
        speech.alias("turn"),
        F.size(F.filter(F.split(F.trim("transcript"), r"\s+"), lambda word: word != "")).alias("words"),
        F.round((F.col("endS") - F.col("startS")) * 1000).cast("long").alias("talk_ms"),
        (F.col("topic") == "ticket.created").alias("creates"),
        (F.col("oldStatus") != F.col("newStatus")).alias("moves"),
        _is_actionable().alias("acts"),
        _is_blocked().alias("blocks"),
        ticket["ticketId"].alias("ticket_id"),
    )
    return events.where(~partial & F.col("meetingId").isNotNull()).select(
        "group_id",
        F.col("meetingId").alias("meeting_id"),
        "event_time",
        F.when(speech, F.coalesce(F.col("speaker"), F.lit(""))).alias("speaker"),
        fact.alias("fact"),
    )


def _is_actionable() -> Column:
    """Work that somebody can act on: it has an owner or a due date, or it has been started."""
    ticket = F.col("ticket")
    has_owner = ticket["assigneeId"].isNotNull() | (F.coalesce(ticket["assignee"], F.lit("")) != "")
    return has_owner | ticket["dueDate"].isNotNull() | (ticket["status"] != "TODO")


def _is_blocked() -> Column:
    """Whether the words, or the ticket's title, content or labels, speak of a blocker."""
    ticket = F.col("ticket")
    text = F.concat_ws("\n", F.col("transcript"), ticket["title"], ticket["content"])
    return text.rlike(BLOCKER_PATTERN) | F.coalesce(F.array_contains(ticket["labels"], "blocker"), F.lit(False))


def _sum(facts: str, name: str) -> Column:
    return F.aggregate(facts, F.lit(0).cast("long"), lambda total, fact: total + fact[name]).alias(name)


def _how_many(facts: str, name: str) -> Column:
    return F.size(F.filter(facts, lambda fact: fact[name]))


def _distinct_tickets(name: str) -> Column:
    chosen = F.filter("facts", lambda fact: fact[name] & fact["ticket_id"].isNotNull())
    return F.size(F.array_distinct(F.transform(chosen, lambda fact: fact["ticket_id"])))
