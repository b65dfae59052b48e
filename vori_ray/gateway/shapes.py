"""The JSON of the API: rows of the database as camel-case documents. Shapes only; nothing is read or decided here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from vori_ray.storage.models import (
    AudioSession,
    Comment,
    Meeting,
    Minutes,
    Notification,
    Remark,
    Speaker,
    Suggestion,
    Ticket,
    TicketHistory,
    Webhook,
    WebhookDelivery,
)
from vori_ray.storage.repositories.search import Hit

Json = dict[str, Any]


class Shape(BaseModel):
    """A document of the API. Names are snake case here and camel case on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class MeetingShape(Shape):
    """A meeting. `state`: LIVE, ENDED; `extractionState`: NONE, PENDING, RUNNING, DONE."""

    meeting_id: int
    group_id: int
    title: str
    language: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    open_sessions: int
    extraction_state: str
    extraction_error: str | None
    extractor: str | None
    covered_segments: int
    total_segments: int
    transcript_version: int


class TranscriptVersionShape(Shape):
    """One transcript of a meeting. Version 1 was made live; `model` made the others from the kept sound."""

    version: int
    model: str | None
    created_at: datetime
    segments: int
    is_current: bool
    duration_s: float | None
    extractor: str | None


class TranscriptShape(Shape):
    """A transcript. `segments` are the streaming protocol's `final` messages, in meeting time."""

    meeting_id: int
    version: int
    segments: list[Json]
    speakers: list[str]


class AudioSessionShape(Shape):
    """A stream of sound, of one speaker or (`diarize`) of several; `offsetS` is where it stands in the meeting."""

    session_id: str
    speaker: str | None
    language: str
    diarize: bool
    offset_s: float
    duration_s: float
    state: str
    created_at: datetime


class SpeakerShape(Shape):
    """One voice of a stream that holds several. `number` is what its finals say as `speaker_number`."""

    speaker_id: int
    session_id: str
    number: int
    name: str


class TicketShape(Shape):
    """A ticket. `version` counts edits: send it back as `If-Match`."""

    ticket_id: int
    group_id: int
    meeting_id: int | None
    title: str
    content: str
    status: str
    priority: str | None
    assignee_id: int | None
    assignee: str | None
    due_date: date | None
    labels: list[str]
    evidence: list[Json]
    source: str
    version: int
    created_at: datetime
    updated_at: datetime


class EndedShape(Shape):
    """What the end of a meeting came to."""

    message: str
    meeting_id: int
    extraction_state: str
    tickets: list[TicketShape]


class HistoryShape(Shape):
    """One change of a ticket."""

    history_id: int
    ticket_id: int
    meeting_id: int | None
    title: str | None = None
    action: str
    old_status: str | None
    new_status: str | None
    changes: Json
    reason: str
    actor: str
    evidence: list[Json]
    extractor: str | None
    model: str | None
    undoes_id: int | None
    changed_at: datetime


class CommentShape(Shape):
    """What somebody said about a ticket."""

    comment_id: int
    ticket_id: int
    author: str
    text: str
    created_at: datetime


class SuggestionShape(Shape):
    """A change that waits for a person."""

    suggestion_id: int
    group_id: int
    meeting_id: int
    ticket_id: int | None
    operation: Json
    evidence: list[Json]
    state: str
    extractor: str | None
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class RemarkShape(Shape):
    """A blocker, decision or question that was voiced."""

    remark_id: int
    meeting_id: int
    kind: str
    text: str
    owner: str | None
    ticket_id: int | None
    evidence: list[Json]
    created_at: datetime
    resolved_at: datetime | None


class MinutesShape(Shape):
    """One version of a meeting's minutes."""

    meeting_id: int
    version: int
    template: str
    markdown: str
    author: str
    created_at: datetime


class NotificationShape(Shape):
    """Something a person should know."""

    notification_id: int
    group_id: int
    kind: str
    payload: Json
    created_at: datetime
    read_at: datetime | None


class NotificationsShape(Shape):
    """The newest notifications, and how many are unread in all."""

    unread: int
    notifications: list[NotificationShape]


class WebhookShape(Shape):
    """An address that gets signed events; no topics means all of them."""

    webhook_id: int
    group_id: int
    url: str
    topics: list[str]
    created_at: datetime


class NewWebhookShape(WebhookShape):
    """A fresh webhook with its secret: the only time that it is shown."""

    secret: str


class DeliveryShape(Shape):
    """One event on its way to a webhook."""

    delivery_id: int
    event_id: str
    topic: str
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_error: str | None
    created_at: datetime


class HitShape(Shape):
    """Something that a search found."""

    kind: str
    group_id: int
    meeting_id: int | None
    ticket_id: int | None
    segment_id: int | None
    text: str
    title: str
    status: str | None
    speaker: str | None
    start_s: float | None


class EventsShape(Shape):
    """A page of a group's events; `firstSeq` is the oldest that is still kept."""

    events: list[Json]
    last_seq: int
    first_seq: int | None


def meeting_shape(meeting: Meeting) -> MeetingShape:
    """A meeting."""
    return MeetingShape(meeting_id=meeting.id, **columns(meeting, MeetingShape))


def audio_session_shape(session: AudioSession) -> AudioSessionShape:
    """A stream of sound."""
    return AudioSessionShape(session_id=session.id, **columns(session, AudioSessionShape))


def speaker_shape(speaker: Speaker) -> SpeakerShape:
    """One voice of a stream."""
    return SpeakerShape(speaker_id=speaker.id, **columns(speaker, SpeakerShape))


def ticket_shape(ticket: Ticket) -> TicketShape:
    """A ticket."""
    return TicketShape(ticket_id=ticket.id, **columns(ticket, TicketShape))


def history_shape(entry: TicketHistory, *, title: str | None = None) -> HistoryShape:
    """One change of a ticket, with the ticket's title where it does not stand beside it."""
    return HistoryShape(history_id=entry.id, title=title, **columns(entry, HistoryShape))


def comment_shape(comment: Comment) -> CommentShape:
    """A comment."""
    return CommentShape(comment_id=comment.id, **columns(comment, CommentShape))


def suggestion_shape(suggestion: Suggestion) -> SuggestionShape:
    """A suggestion."""
    return SuggestionShape(suggestion_id=suggestion.id, **columns(suggestion, SuggestionShape))


def remark_shape(remark: Remark) -> RemarkShape:
    """A remark."""
    return RemarkShape(remark_id=remark.id, **columns(remark, RemarkShape))


def minutes_shape(minutes: Minutes) -> MinutesShape:
    """Minutes."""
    return MinutesShape(**columns(minutes, MinutesShape))


def notification_shape(notification: Notification) -> NotificationShape:
    """A notification."""
    return NotificationShape(notification_id=notification.id, **columns(notification, NotificationShape))


def webhook_shape(webhook: Webhook) -> WebhookShape:
    """A webhook, without its secret."""
    return WebhookShape(webhook_id=webhook.id, **columns(webhook, WebhookShape))


def delivery_shape(delivery: WebhookDelivery) -> DeliveryShape:
    """A delivery."""
    return DeliveryShape(delivery_id=delivery.id, **columns(delivery, DeliveryShape))


def hit_shape(hit: Hit) -> HitShape:
    """A hit."""
    is_ticket = hit.kind == "ticket"
    return HitShape(
        kind=hit.kind,
        group_id=hit.group_id,
        meeting_id=hit.meeting_id,
        ticket_id=hit.id if is_ticket else None,
        segment_id=None if is_ticket else hit.id,
        text=hit.title if is_ticket else hit.text,
        title=hit.title,
        status=hit.status,
        speaker=hit.speaker,
        start_s=hit.start_s,
    )


def columns(row: Any, shape: type[Shape]) -> Json:
    """The columns of a row that a shape shows under the same name."""
    return {name: getattr(row, name) for name in shape.model_fields if name in type(row).model_fields}
