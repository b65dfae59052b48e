"""The tables. Every row of a tenant carries `group_id`; row-level security stands behind the queries.

Times are UTC with a zone. Offsets named `_s` are seconds since the meeting's start.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from vori_ray import clock


def utc_now() -> datetime:
    """The time now, in UTC."""
    return clock.now()


def _time(**kwargs: Any) -> Any:
    return Field(sa_type=DateTime(timezone=True), **kwargs)


def _created() -> Any:
    return _time(default_factory=utc_now)


def _json(default: type[list[Any]] | type[dict[str, Any]]) -> Any:
    return Field(default_factory=default, sa_column=Column(JSONB, nullable=False))


class Group(SQLModel, table=True):
    """A tenant: a team with its members, meetings and tickets."""

    __tablename__ = "groups"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    time_zone: str = "UTC"
    language: str | None = None
    vocabulary: list[str] = _json(list)
    event_seq: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = _created()


class User(SQLModel, table=True):
    """A person. `external_id` is the subject of an OIDC or Firebase login."""

    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    name: str
    external_id: str | None = Field(default=None, unique=True)
    created_at: datetime = _created()


class Member(SQLModel, table=True):
    """A person's role in a group: ADMIN or MEMBER."""

    __tablename__ = "members"
    group_id: int = Field(foreign_key="groups.id", primary_key=True)
    user_id: int = Field(foreign_key="users.id", primary_key=True, index=True)
    role: str = "MEMBER"
    created_at: datetime = _created()


class ApiToken(SQLModel, table=True):
    """A bearer token, kept as SHA-256 only."""

    __tablename__ = "api_tokens"
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    name: str
    token_hash: str = Field(unique=True)
    created_at: datetime = _created()
    last_used_at: datetime | None = _time(default=None)
    revoked_at: datetime | None = _time(default=None)


class Meeting(SQLModel, table=True):
    """A meeting. `state`: LIVE, ENDED. `extraction_state`: NONE, PENDING, RUNNING, DONE.

    `transcript_version` is the version that people read: 1, the live one, until somebody chooses another.
    """

    __tablename__ = "meetings"
    __table_args__ = (Index("meetings_by_start", "group_id", "started_at"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    title: str
    language: str = "auto"
    state: str = Field(default="LIVE", index=True)
    started_at: datetime = _created()
    ended_at: datetime | None = _time(default=None)
    end_reason: str | None = None
    last_audio_at: datetime | None = _time(default=None)
    last_speech_at: datetime | None = _time(default=None)
    open_sessions: int = 0
    extraction_state: str = Field(default="NONE", index=True)
    extraction_error: str | None = None
    extractor: str | None = None
    live_cursor: int = 0
    covered_segments: int = 0
    total_segments: int = 0
    transcript_version: int = 1


class AudioSession(SQLModel, table=True):
    """A stream of sound, of one speaker or (`diarize`) of several. `offset_s` is its start within the meeting."""

    __tablename__ = "audio_sessions"
    id: str = Field(primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    speaker: str | None = None
    user_id: int | None = Field(default=None, foreign_key="users.id")
    language: str = "auto"
    diarize: bool = False
    offset_s: float = 0.0
    duration_s: float = 0.0
    state: str = "OPEN"
    draft: dict[str, Any] = _json(dict)
    created_at: datetime = _created()
    updated_at: datetime = _created()


class Speaker(SQLModel, table=True):
    """One voice of a stream that holds several: its number in the stream, and what people call it."""

    __tablename__ = "speakers"
    __table_args__ = (UniqueConstraint("session_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    session_id: str = Field(foreign_key="audio_sessions.id")
    number: int
    name: str
    created_at: datetime = _created()


class Segment(SQLModel, table=True):
    """Settled words. `part` counts the pieces of one utterance; `transcript_version` 1 is the live one.

    `speaker_number` is set where the stream's speakers are told apart: `speaker` is then that `Speaker`'s name.
    """

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("session_id", "utterance", "part", "transcript_version"),
        Index("segments_in_time", "meeting_id", "transcript_version", "start_s", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    session_id: str = Field(foreign_key="audio_sessions.id")
    transcript_version: int = 1
    utterance: int
    part: int
    speaker: str | None = None
    speaker_number: int | None = None
    text: str
    start_s: float
    end_s: float
    language: str | None = None
    words: list[dict[str, Any]] = _json(list)
    is_last: bool = True
    corrected_text: str | None = None
    created_at: datetime = _created()


class TranscriptVersion(SQLModel, table=True):
    """A transcript made again from the kept sound. Version 1, the live one, has no row.

    `audio` is the fingerprint of the sound that was heard: the same model on the same sound is one version.
    `extractor` is who has read it for suggestions; None: nobody has.
    """

    __tablename__ = "transcript_versions"
    __table_args__ = (UniqueConstraint("meeting_id", "version"), UniqueConstraint("meeting_id", "model", "audio"))
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    version: int
    model: str
    audio: str
    duration_s: float
    segments: int
    extractor: str | None = None
    created_at: datetime = _created()


class Ticket(SQLModel, table=True):
    """A piece of work. `version` counts edits, for optimistic concurrency."""

    __tablename__ = "tickets"
    __table_args__ = (Index("tickets_by_status", "group_id", "status"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int | None = Field(default=None, foreign_key="meetings.id", index=True)
    title: str
    content: str = ""
    status: str = "TODO"
    priority: str | None = None
    assignee_id: int | None = Field(default=None, foreign_key="users.id")
    assignee: str | None = None
    due_date: date | None = None
    labels: list[str] = _json(list)
    evidence: list[dict[str, Any]] = _json(list)
    source: str = "manual"
    edited_fields: list[str] = _json(list)
    version: int = 1
    created_at: datetime = _created()
    updated_at: datetime = _created()
    deleted_at: datetime | None = _time(default=None)


class TicketHistory(SQLModel, table=True):
    """Append-only: who changed what, why, and on what evidence. `operation_key` makes an operation act once."""

    __tablename__ = "ticket_history"
    __table_args__ = (UniqueConstraint("group_id", "operation_key"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    ticket_id: int = Field(foreign_key="tickets.id", index=True)
    meeting_id: int | None = Field(default=None, foreign_key="meetings.id", index=True)
    action: str
    old_status: str | None = None
    new_status: str | None = None
    changes: dict[str, Any] = _json(dict)
    reason: str = ""
    actor: str
    evidence: list[dict[str, Any]] = _json(list)
    extractor: str | None = None
    model: str | None = None
    operation_key: str | None = None
    undoes_id: int | None = None
    changed_at: datetime = _created()


class Suggestion(SQLModel, table=True):
    """An operation that waits for a person. `state`: PENDING, ACCEPTED, REJECTED."""

    __tablename__ = "suggestions"
    __table_args__ = (UniqueConstraint("group_id", "operation_key"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    ticket_id: int | None = Field(default=None, foreign_key="tickets.id")
    operation: dict[str, Any] = _json(dict)
    evidence: list[dict[str, Any]] = _json(list)
    state: str = Field(default="PENDING", index=True)
    operation_key: str
    extractor: str | None = None
    model: str | None = None
    created_at: datetime = _created()
    decided_at: datetime | None = _time(default=None)
    decided_by: str | None = None


class Remark(SQLModel, table=True):
    """A blocker, decision or question that was voiced."""

    __tablename__ = "remarks"
    __table_args__ = (UniqueConstraint("group_id", "operation_key"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    kind: str
    text: str
    owner: str | None = None
    ticket_id: int | None = Field(default=None, foreign_key="tickets.id")
    evidence: list[dict[str, Any]] = _json(list)
    operation_key: str
    created_at: datetime = _created()
    resolved_at: datetime | None = _time(default=None)


class Comment(SQLModel, table=True):
    """A person's remark on a ticket."""

    __tablename__ = "comments"
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    ticket_id: int = Field(foreign_key="tickets.id", index=True)
    author: str
    text: str
    created_at: datetime = _created()


class Minutes(SQLModel, table=True):
    """One version of a meeting's minutes, in Markdown. The highest version is the current one."""

    __tablename__ = "minutes"
    __table_args__ = (UniqueConstraint("meeting_id", "version"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    version: int = 1
    template: str = "general"
    markdown: str
    author: str
    created_at: datetime = _created()


class Notification(SQLModel, table=True):
    """Something a person should know."""

    __tablename__ = "notifications"
    __table_args__ = (Index("notifications_by_user", "user_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    kind: str
    payload: dict[str, Any] = _json(dict)
    created_at: datetime = _created()
    read_at: datetime | None = _time(default=None)


class Webhook(SQLModel, table=True):
    """An address of a group that gets signed events."""

    __tablename__ = "webhooks"
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    url: str
    secret: str
    topics: list[str] = _json(list)
    is_active: bool = True
    created_at: datetime = _created()


class WebhookDelivery(SQLModel, table=True):
    """One event on its way to one webhook."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_due", "next_attempt_at", postgresql_where=text("delivered_at IS NULL")),
    )
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    webhook_id: int = Field(foreign_key="webhooks.id", index=True)
    event_id: str
    topic: str
    payload: dict[str, Any] = _json(dict)
    attempts: int = 0
    next_attempt_at: datetime | None = _time(default_factory=utc_now)
    delivered_at: datetime | None = _time(default=None)
    last_error: str | None = None
    created_at: datetime = _created()


class LlmUsage(SQLModel, table=True):
    """What one extraction cost."""

    __tablename__ = "llm_usage"
    __table_args__ = (Index("llm_usage_by_time", "group_id", "created_at"),)
    id: int | None = Field(default=None, primary_key=True)
    group_id: int = Field(foreign_key="groups.id", index=True)
    meeting_id: int | None = Field(default=None, foreign_key="meetings.id", index=True)
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    created_at: datetime = _created()


class Outbox(SQLModel, table=True):
    """An event that was committed with the state it tells of. `seq` counts events of a group without gaps."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("group_id", "seq"),
        Index("outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
        Index("outbox_by_time", "occurred_at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    group_id: int = Field(foreign_key="groups.id")
    seq: int = Field(sa_type=BigInteger)
    event_id: str = Field(unique=True)
    topic: str
    key: str
    payload: dict[str, Any] = _json(dict)
    occurred_at: datetime = _created()
    published_at: datetime | None = _time(default=None)
