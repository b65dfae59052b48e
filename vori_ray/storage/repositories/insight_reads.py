"""What people may see of the analytics: plain rows of one group or of one meeting, oldest first.

Knows nothing of how rows were computed, nor of how they are shown. Days and hours are those of the group's time zone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Select, func, select, text
from sqlmodel import SQLModel, col

from vori_ray.storage.insight_models import (
    Finding,
    GroupTopic,
    GroupTrend,
    KeywordTrend,
    MeetingKeywords,
    MeetingScore,
    SpeechMetric,
    TicketMetric,
)
from vori_ray.storage.models import Remark, Ticket
from vori_ray.storage.repositories.base import Repository, in_groups

PlainRow: TypeAlias = dict[str, Any]
PlainRows: TypeAlias = list[PlainRow]

_MEETINGS = """
SELECT m.id AS meeting_id, m.group_id, m.title, m.started_at AT TIME ZONE g.time_zone AS local_start,
       EXTRACT(EPOCH FROM m.ended_at - m.started_at)::float / 60 AS duration_min,
       s.value, COALESCE(s.items, 0) AS items, COALESCE(s.ticket_count, 0) AS tickets,
       COALESCE(s.actionable_tickets, 0) AS actionable_tickets
FROM meetings m JOIN groups g ON g.id = m.group_id
LEFT JOIN meeting_scores s ON s.meeting_id = m.id AND s.group_id = m.group_id
WHERE m.group_id = ANY(:group_ids) AND m.state = 'ENDED' AND m.started_at >= :since
ORDER BY m.started_at, m.id
"""

# How long each status lasted that a ticket of the meeting has left.
_STATUS_SPELLS = """
SELECT old_status AS status, EXTRACT(EPOCH FROM lasted)::float AS lasted_s FROM (
    SELECT h.old_status, h.changed_at, h.id, h.changed_at - COALESCE(
        lag(h.changed_at) OVER (PARTITION BY h.ticket_id ORDER BY h.changed_at, h.id), t.created_at) AS lasted
    FROM tickets t JOIN ticket_history h ON h.ticket_id = t.id AND h.group_id = t.group_id
    WHERE t.group_id = :group_id AND t.meeting_id = :meeting_id AND t.deleted_at IS NULL
        AND h.old_status IS NOT NULL AND h.new_status IS NOT NULL AND h.old_status <> h.new_status
) spells ORDER BY changed_at, id
"""


class InsightReads(Repository):
    """Rows of the analytics as dictionaries: column name -> value."""

    def meetings(self, group_ids: Collection[int], *, since: datetime) -> PlainRows:
        """Ended meetings with their local start, length in minutes and score (`value` None: not enough to go by)."""
        found = self._session.execute(text(_MEETINGS), {"group_ids": list(group_ids), "since": since})
        return [dict(row) for row in found.mappings()]

    def trends(self, group_id: int, *, since: date) -> PlainRows:
        """The sliding seven days that end on `since` or later."""
        query = select(GroupTrend).where(col(GroupTrend.group_id) == group_id, col(GroupTrend.last_day) >= since)
        return self._plain(query.order_by(col(GroupTrend.last_day)))

    def keyword_trends(self, group_id: int) -> PlainRows:
        """The newest trend of each word, the surest change first."""
        newest = select(func.max(col(KeywordTrend.last_day))).where(col(KeywordTrend.group_id) == group_id)
        query = select(KeywordTrend).where(
            col(KeywordTrend.group_id) == group_id, col(KeywordTrend.last_day) == newest.scalar_subquery()
        )
        return self._plain(query.order_by(func.abs(col(KeywordTrend.z_score)).desc(), col(KeywordTrend.keyword)))

    def topics(self, group_id: int) -> PlainRows:
        """What the meetings come back to, the most frequent first."""
        query = select(GroupTopic).where(col(GroupTopic.group_id) == group_id)
        return self._plain(query.order_by(col(GroupTopic.meetings).desc(), col(GroupTopic.topic)))

    def findings(self, group_id: int) -> PlainRows:
        """Associations that held, the surest first."""
        query = select(Finding).where(col(Finding.group_id) == group_id)
        return self._plain(query.order_by(col(Finding.q_value), col(Finding.kind), col(Finding.subject)))

    def ticket_counts(self, group_id: int) -> dict[str, int]:
        """How many tickets stand in each status now."""
        counted = select(col(Ticket.status), func.count()).where(
            col(Ticket.group_id) == group_id, col(Ticket.deleted_at).is_(None)
        )
        return {row[0]: row[1] for row in self._session.execute(counted.group_by(col(Ticket.status)))}

    def score(self, group_id: int, meeting_id: int) -> PlainRow | None:
        """The score of a meeting with its parts, or None when nothing was counted yet."""
        return next(iter(self._of_meeting(MeetingScore, group_id, meeting_id)), None)

    def keywords(self, group_id: int, meeting_id: int) -> PlainRow | None:
        """The words that set a meeting apart, or None when they were not computed yet."""
        return next(iter(self._of_meeting(MeetingKeywords, group_id, meeting_id)), None)

    def speech(self, group_id: int, meeting_id: int) -> PlainRows:
        """What each speaker said in each minute."""
        return self._of_meeting(SpeechMetric, group_id, meeting_id, "window_start", "speaker")

    def ticket_minutes(self, group_id: int, meeting_id: int) -> PlainRows:
        """What happened to tickets in each minute."""
        return self._of_meeting(TicketMetric, group_id, meeting_id, "window_start")

    def status_spells(self, group_id: int, meeting_id: int) -> PlainRows:
        """How long a ticket of the meeting stayed in a status before it left it: `status`, `lasted_s`."""
        found = self._session.execute(text(_STATUS_SPELLS), {"group_id": group_id, "meeting_id": meeting_id})
        return [dict(row) for row in found.mappings()]

    def blockers(self, group_id: int, meeting_id: int) -> PlainRows:
        """The blockers that were voiced in a meeting."""
        query = select(Remark).where(in_groups(Remark.group_id, [group_id]), col(Remark.meeting_id) == meeting_id)
        return self._plain(query.where(col(Remark.kind) == "blocker").order_by(col(Remark.id)))

    def _of_meeting(self, model: type[SQLModel], group_id: int, meeting_id: int, *order: str) -> PlainRows:
        columns: Any = model
        query = select(model).where(columns.group_id == group_id, columns.meeting_id == meeting_id)
        return self._plain(query.order_by(*(getattr(columns, name) for name in order)))

    def _plain(self, query: Select[Any]) -> PlainRows:
        rows: Sequence[SQLModel] = self._session.scalars(query).all()
        return [row.model_dump() for row in rows]
