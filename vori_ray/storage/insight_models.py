"""The tables of the analytics. Every row can be computed again from events and from the other tables.

Rows refer to meetings without a foreign key: events may arrive after their meeting was deleted, and must not stop
a stream. Sums of time are whole milliseconds. Times are UTC with a zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _time(**kwargs: Any) -> Any:
    return Field(sa_type=DateTime(timezone=True), **kwargs)


def _now() -> Any:
    return _time(default_factory=lambda: datetime.now(UTC))


def _json(default: type[list[Any]] | type[dict[str, Any]]) -> Any:
    return Field(default_factory=default, sa_column=Column(JSONB, nullable=False))


class SpeechMetric(SQLModel, table=True):
    """What one speaker said in one minute of a meeting. `events` counts the events behind the row."""

    __tablename__ = "speech_metrics"
    meeting_id: int = Field(primary_key=True)
    window_start: datetime = _time(primary_key=True)
    speaker: str = Field(primary_key=True)
    group_id: int
    window_end: datetime = _time()
    turns: int
    words: int
    talk_ms: int = Field(sa_type=BigInteger)
    blockers_mentioned: int
    events: int
    updated_at: datetime = _now()


class TicketMetric(SQLModel, table=True):
    """What happened to tickets in one minute of a meeting. `events` counts the events behind the row."""

    __tablename__ = "ticket_metrics"
    meeting_id: int = Field(primary_key=True)
    window_start: datetime = _time(primary_key=True)
    group_id: int
    window_end: datetime = _time()
    tickets_created: int
    actionable_items: int
    status_updates: int
    blockers: int
    events: int
    updated_at: datetime = _now()


class StreamBatch(SQLModel, table=True):
    """How far a streaming query has written. `checkpoint_id` tells a new checkpoint from a resumed one."""

    __tablename__ = "stream_batches"
    query: str = Field(primary_key=True)
    checkpoint_id: str
    batch_id: int = Field(sa_type=BigInteger)
    updated_at: datetime = _now()


class MeetingScore(SQLModel, table=True):
    """A meeting's productivity score with its parts; without a value when there is too little to go by."""

    __tablename__ = "meeting_scores"
    meeting_id: int = Field(primary_key=True)
    group_id: int = Field(index=True)
    value: float | None = None
    items: int
    parts: list[dict[str, Any]] = _json(list)
    ticket_count: int
    actionable_tickets: int
    computed_at: datetime = _now()


class GroupTrend(SQLModel, table=True):
    """Seven days of a group, ending with the day `last_day` in the group's time zone.

    `meeting_minutes` is the sum; `avg_*` are means over the meetings. `completion_rate`: of the tickets that were open
    in these days, the share that is done at their end. `*_hours`: mean length of the stays in a status that ended in
    these days. `carried_over`: tickets open at the end that were open before the first day. `blocker_open_hours`: mean
    time that the blockers open in these days had been open, until they were resolved or the days ended.
    """

    __tablename__ = "group_trends"
    group_id: int = Field(primary_key=True)
    last_day: date = Field(primary_key=True)
    first_day: date
    meeting_count: int
    avg_productivity: float | None = None
    avg_actionable_items: float
    avg_status_updates: float
    meeting_minutes: float
    completion_rate: float | None = None
    todo_hours: float | None = None
    in_progress_hours: float | None = None
    carried_over: int
    blocker_open_hours: float | None = None
    computed_at: datetime = _now()


class KeywordTrend(SQLModel, table=True):
    """How much more a word was used in the seven days up to `last_day` than in the 28 days before."""

    __tablename__ = "keyword_trends"
    group_id: int = Field(primary_key=True)
    last_day: date = Field(primary_key=True)
    keyword: str = Field(primary_key=True)
    mentions: int
    meetings: int
    mentions_before: int
    log_odds: float
    z_score: float
    computed_at: datetime = _now()


class MeetingTerms(SQLModel, table=True):
    """How often each word was said in a meeting: term -> count. `source` tells the text that was counted."""

    __tablename__ = "meeting_terms"
    meeting_id: int = Field(primary_key=True)
    group_id: int = Field(index=True)
    source: str
    terms: dict[str, int] = _json(dict)
    computed_at: datetime = _now()


class MeetingKeywords(SQLModel, table=True):
    """The words that set a meeting apart from the others of its group, the weightiest first."""

    __tablename__ = "meeting_keywords"
    meeting_id: int = Field(primary_key=True)
    group_id: int = Field(index=True)
    keywords: list[dict[str, Any]] = _json(list)
    topic: int | None = None
    computed_at: datetime = _now()


class GroupTopic(SQLModel, table=True):
    """A subject that a group's meetings keep coming back to, as its weightiest words."""

    __tablename__ = "group_topics"
    group_id: int = Field(primary_key=True)
    topic: int = Field(primary_key=True)
    terms: list[dict[str, Any]] = _json(list)
    meetings: int
    computed_at: datetime = _now()


class Finding(SQLModel, table=True):
    """An association that holds after shrinkage and correction, in words and in figures.

    `kind`: best_time, cause, comparison. A comparison tells of two groups: only who may see both sees the row.
    """

    __tablename__ = "findings"
    group_id: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    estimate: float
    low: float
    high: float
    n: int
    q_value: float
    other_group_id: int | None = None
    details: dict[str, Any] = _json(dict)
    computed_at: datetime = _now()
