"""What a recompute tells Kafka: the newest seven days of each group, and its findings with its newest meeting. PURE.

The same content has the same event ids, however often it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from vori_ray.insights.announcer import content_id
from vori_ray.insights.calendar import GroupCalendar
from vori_ray.insights.findings import Association
from vori_ray.insights.lot import Lot, Row
from vori_ray.messaging.topics import GroupTrends, MeetingInsights, Window


def trend_events(rows: Sequence[Row], lot: Lot) -> list[GroupTrends]:
    """The newest seven days of each group."""
    newest = {row["group_id"]: row for row in sorted(rows, key=lambda row: row["last_day"])}
    return [_trend_event(row, lot.calendars[row["group_id"]]) for row in newest.values()]


def _trend_event(row: Row, calendar: GroupCalendar) -> GroupTrends:
    names = ("avg_productivity", "avg_actionable_items", "avg_status_updates", "meeting_count")
    values = {name: row[name] for name in names}
    start = datetime.fromtimestamp(calendar.starts_s(row["first_day"]), UTC)
    end = datetime.fromtimestamp(calendar.starts_s(row["last_day"] + timedelta(days=1)), UTC)
    return GroupTrends(
        event_id=content_id("trends", row["group_id"], row["last_day"], *values.values()),
        group_id=row["group_id"],
        period=Window(start=start, end=end),
        **values,
    )


def insight_event(row: Row, *, keywords: Sequence[str], found: Sequence[Association]) -> MeetingInsights:
    """What a meeting came to, with its keywords and its group's findings as kind:subject."""
    findings = [f"{one.kind}:{one.subject}" for one in found]
    return MeetingInsights(
        event_id=content_id("recomputed", row["meeting_id"], row["score"], row["tickets"], *keywords, *findings),
        group_id=row["group_id"],
        meetingId=row["meeting_id"],
        window=Window(start=row["started_at"], end=row["ended_at"]),
        productivity_score=row["score"],
        ticket_count=row["tickets"],
        actionable_tickets=row["actionable_items"],
        parts={part["name"]: part["value"] for part in row["parts"]},
        keywords=list(keywords),
        findings=findings,
    )
