"""Topic names, keys and versioned payloads of everything that VORI says to the world.

The payloads keep the field names of the original system (camel case) and add an envelope:
`event_id`, `version`, `occurred_at`, `group_id`. This module knows nothing of Kafka.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from vori_ray import clock

TRANSCRIPTION_COMPLETED = "transcription.completed"
MEETING_ENDED = "meeting.ended"
TICKET_CREATED = "ticket.created"
TICKET_UPDATED = "ticket.updated"
ANALYTICS_TICKET_METRICS = "analytics.ticket.metrics"
ANALYTICS_INSIGHTS = "analytics.insights"
ANALYTICS_TRENDS_PREFIX = "analytics.trends.group."
DEAD_LETTER = "vori.dead_letter"
AUDIO_BRIDGE = "voriAudioStream"

TicketStatus = Literal["TODO", "IN_PROGRESS", "DONE"]


def group_trends_topic(group_id: int) -> str:
    """Name of the topic that carries one group's 7-day trends."""
    return f"{ANALYTICS_TRENDS_PREFIX}{group_id}"


class Event(BaseModel):
    """What every payload carries. `key` orders events of one meeting (or group) in Kafka."""

    model_config = ConfigDict(extra="forbid")
    topic: ClassVar[str]

    event_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    version: int = 1
    occurred_at: datetime = Field(default_factory=clock.now)
    group_id: int

    @property
    def key(self) -> str:
        """Kafka key: the meeting's id where there is one, else the group's."""
        meeting_id = getattr(self, "meetingId", None)
        return str(meeting_id if meeting_id is not None else self.group_id)


class TranscriptionCompleted(Event):
    """Words of a meeting were settled (or, with `isPartial`, saved on the way)."""

    topic = TRANSCRIPTION_COMPLETED
    meetingId: int
    groupId: int
    segmentId: int | None = None
    speaker: str | None = None
    transcript: str
    isPartial: bool = False
    startS: float
    endS: float
    language: str | None = None


class MeetingEnded(Event):
    """A meeting ended: asked for, disconnected, or silent."""

    topic = MEETING_ENDED
    meetingId: int
    groupId: int
    startedAt: datetime
    endedAt: datetime
    reason: Literal["asked", "disconnected", "silent"]


class TicketPayload(BaseModel):
    """A ticket as the API and the topics show it."""

    ticketId: int
    title: str
    content: str = ""
    status: TicketStatus
    meetingId: int | None = None
    assigneeId: int | None = None
    assignee: str | None = None
    dueDate: str | None = None
    priority: str | None = None
    labels: list[str] = Field(default_factory=list)
    ticketVersion: int = 1
    createdAt: datetime
    updatedAt: datetime


class TicketCreated(Event):
    """A ticket came into being."""

    topic = TICKET_CREATED
    meetingId: int | None = None
    groupId: int
    ticket: TicketPayload
    actor: str
    reason: str = ""
    evidence: list[dict[str, Any]] = Field(default_factory=list)


class TicketUpdated(Event):
    """A ticket changed. `meetingId` is the meeting in which the change was said, else the ticket's own."""

    topic = TICKET_UPDATED
    meetingId: int | None = None
    groupId: int
    ticket: TicketPayload
    oldStatus: TicketStatus
    newStatus: TicketStatus
    changed: list[str] = Field(default_factory=list)
    actor: str
    reason: str = ""
    evidence: list[dict[str, Any]] = Field(default_factory=list)


class Window(BaseModel):
    """A half-open time window."""

    start: datetime
    end: datetime


class TicketMetrics(Event):
    """Counts of one meeting in one minute."""

    topic = ANALYTICS_TICKET_METRICS
    window: Window
    meetingId: int
    actionableItemsCount: int
    statusUpdatesCount: int
    blockersMentioned: int


class MeetingInsights(Event):
    """What one meeting came to so far."""

    topic = ANALYTICS_INSIGHTS
    window: Window
    meetingId: int
    productivity_score: float | None
    ticket_count: int
    actionable_tickets: int
    parts: dict[str, float] = Field(default_factory=dict)
    keywords: list[str] = Field(default_factory=list)
    findings: list[str] = Field(default_factory=list)


class GroupTrends(Event):
    """Seven days of one group. Published on the group's own topic."""

    topic = ANALYTICS_TRENDS_PREFIX
    period: Window
    avg_productivity: float | None
    avg_actionable_items: float
    avg_status_updates: float
    meeting_count: int


class DeadLetter(BaseModel):
    """Something that could not be read or sent, and why.

    `topic`, `partition`, `offset` say where it came from or was to go. Lies in the topic `vori.dead_letter`. `value` is
    the text of the message, as far as it can be told.
    """

    event_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    version: int = 1
    occurred_at: datetime = Field(default_factory=clock.now)
    group_id: int | None = None
    reason: str
    topic: str
    partition: int | None = None
    offset: int | None = None
    produced_at: datetime | None = None
    key: str | None = None
    value: str | None = None


EVENT_TYPES: dict[str, type[Event]] = {
    event.topic: event
    for event in (
        TranscriptionCompleted,
        MeetingEnded,
        TicketCreated,
        TicketUpdated,
        TicketMetrics,
        MeetingInsights,
    )
}


def event_type(topic: str) -> type[Event] | None:
    """What lies in a topic, or None for a topic that is not VORI's."""
    return GroupTrends if topic.startswith(ANALYTICS_TRENDS_PREFIX) else EVENT_TYPES.get(topic)


def parse_event(topic: str, value: bytes | str) -> Event:
    """Read a message. Raises ValueError that says what was expected."""
    expected = event_type(topic)
    if expected is None:
        raise ValueError(f"Expected a topic of VORI, got {topic!r}.")
    return expected.model_validate_json(value)
