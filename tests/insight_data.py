"""Eight weeks of a group as the analytics leave them: meetings, scores, minutes, trends, words, findings.

Written through the repositories, so that the tests of what people see need neither Spark nor a week's patience.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

from vori_ray.storage.database import Database, UnitOfWork
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
from vori_ray.storage.repositories.insight_writes import InsightWrites

HOURS = ((1, 10), (1, 10), (3, 15), (4, 9))
"""Weekday and hour of a week's meetings; one hour is used twice, so that it has enough meetings to speak of."""
BEST_TIME = {
    "en": "Meetings on Tuesdays at 10:00 had higher productivity scores than this group's other meetings: +0.12 "
    "(95 % interval +0.05 to +0.19), 16 meetings against 16. This is an association, not proof of a cause.",
    "ko": "화요일 10시 회의는 이 그룹의 다른 회의보다 생산성 점수가 높았습니다: +0.12(95% 구간 +0.05 ~ +0.19), "
    "회의 16건 대 16건. 연관성일 뿐 원인을 증명하지는 않습니다.",
}


def write_history(database: Database, group_id: int, *, weeks: int = 8, now: datetime | None = None) -> list[int]:
    """Write `weeks` weeks of meetings and everything computed from them; returns the meetings' ids, oldest first."""
    today = (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
    chance = random.Random(7)
    with database.unit_of_work(None) as uow:
        writes = InsightWrites(uow.session)
        scores: list[tuple[datetime, dict[str, Any]]] = []
        for started_at in _starts(today, weeks):
            scores.append((started_at, _write_meeting(uow, writes, group_id, started_at, chance)))
        writes.replace(GroupTrend, [_trend(group_id, today - timedelta(days=n), scores) for n in range(weeks * 7)])
        _write_words(writes, group_id, today)
    return [score["meeting_id"] for _, score in scores]


def _starts(today: datetime, weeks: int) -> list[datetime]:
    monday = today - timedelta(days=today.weekday())
    starts = [
        monday - timedelta(weeks=week) + timedelta(days=weekday, hours=hour)
        for week in range(weeks + 1)
        for weekday, hour in HOURS
    ]
    first_day = today - timedelta(days=weeks * 7 - 1)
    return sorted(start for start in starts if first_day <= start < today)


def _write_meeting(
    uow: UnitOfWork, writes: InsightWrites, group_id: int, started_at: datetime, chance: random.Random
) -> dict[str, Any]:
    meeting = uow.meetings.add(group_id, title="Weekly planning", language="en", started_at=started_at)
    meeting.state, meeting.ended_at, meeting.end_reason = "ENDED", started_at + timedelta(minutes=24), "asked"
    uow.session.flush()
    assert meeting.id is not None
    tickets = chance.randint(4, 8)
    actionable = min(tickets, chance.randint(2, 5) + (2 if started_at.weekday() == 1 else 0))
    score = _score(meeting.id, group_id, tickets, actionable)
    writes.replace(MeetingScore, [score])
    writes.upsert_streamed(TicketMetric, [_ticket_minute(meeting.id, group_id, started_at, tickets, actionable)])
    writes.upsert_streamed(SpeechMetric, _speech(meeting.id, group_id, started_at, chance))
    keywords = [{"term": "migration", "weight": 0.41}, {"term": "배포", "weight": 0.33}]
    writes.replace(
        MeetingKeywords, [{"meeting_id": meeting.id, "group_id": group_id, "keywords": keywords, "topic": 0}]
    )
    return score


def _score(meeting_id: int, group_id: int, tickets: int, actionable: int) -> dict[str, Any]:
    parts = [
        {"name": "actionable_tickets", "value": actionable / tickets, "weight": 0.6, "have": actionable, "of": tickets},
        {"name": "decisions", "value": 0.5, "weight": 0.4, "have": 1.2, "of": 2.4},
    ]
    value = sum(part["value"] * part["weight"] for part in parts) if tickets >= 5 else None
    return {
        "meeting_id": meeting_id, "group_id": group_id, "value": value, "items": tickets, "parts": parts,
        "ticket_count": tickets, "actionable_tickets": actionable,
    }  # fmt: skip


def _ticket_minute(
    meeting_id: int, group_id: int, started_at: datetime, tickets: int, actionable: int
) -> dict[str, Any]:
    start = started_at + timedelta(minutes=3)
    return {
        "meeting_id": meeting_id, "group_id": group_id, "window_start": start,
        "window_end": start + timedelta(minutes=1), "tickets_created": tickets, "actionable_items": actionable,
        "status_updates": 2, "blockers": 1, "events": tickets + 2,
    }  # fmt: skip


def _speech(meeting_id: int, group_id: int, started_at: datetime, chance: random.Random) -> list[dict[str, Any]]:
    rows = []
    for minute in range(24):
        for speaker in chance.sample(["Mina", "Jonas", "지훈"], k=chance.randint(1, 3)):
            talk_ms = chance.randint(4_000, 20_000)
            start = started_at + timedelta(minutes=minute)
            rows.append({
                "meeting_id": meeting_id, "group_id": group_id, "speaker": speaker, "window_start": start,
                "window_end": start + timedelta(minutes=1), "turns": 2, "words": talk_ms // 400, "talk_ms": talk_ms,
                "blockers_mentioned": 0, "events": 2,
            })  # fmt: skip
    return rows


def _trend(group_id: int, last: datetime, scores: list[tuple[datetime, dict[str, Any]]]) -> dict[str, Any]:
    first = last - timedelta(days=6)
    inside = [score for at, score in scores if first <= at < last + timedelta(days=1)]
    values = [score["value"] for score in inside if score["value"] is not None]
    waited = 30.0 + last.toordinal() % 11
    return {
        "group_id": group_id, "last_day": last.date(), "first_day": first.date(), "meeting_count": len(inside),
        "avg_productivity": fmean(values) if values else None,
        "avg_actionable_items": fmean(score["actionable_tickets"] for score in inside) if inside else 0.0,
        "avg_status_updates": 2.0, "meeting_minutes": 24.0 * len(inside),
        "completion_rate": 0.4 + (last.toordinal() % 9) / 30 if inside else None, "todo_hours": waited,
        "in_progress_hours": waited / 3, "carried_over": 3, "blocker_open_hours": 20.0,
    }  # fmt: skip


def _write_words(writes: InsightWrites, group_id: int, today: datetime) -> None:
    words = [("migration", 14, 4, 2, 1.9, 4.1), ("배포", 9, 3, 3, 1.1, 2.4), ("roadmap", 6, 3, 22, -0.7, -1.6)]
    names = ("keyword", "mentions", "meetings", "mentions_before", "log_odds", "z_score")
    key = {"group_id": group_id, "last_day": today.date()}
    writes.replace(KeywordTrend, [key | dict(zip(names, word, strict=True)) for word in words])
    topics = [("release deploy rollback test", 12), ("결제 카드 환불 오류", 9), ("hiring interview offer team", 5)]
    writes.replace(GroupTopic, [
        {"group_id": group_id, "topic": number, "meetings": meetings,
         "terms": [{"term": term, "weight": 0.1} for term in terms.split()]}
        for number, (terms, meetings) in enumerate(topics)
    ])  # fmt: skip
    writes.replace(Finding, [{
        "group_id": group_id, "kind": "best_time", "subject": "tue-10", "estimate": 0.12, "low": 0.05, "high": 0.19,
        "n": 16, "q_value": 0.01, "details": {"words": BEST_TIME, "others": 16},
    }])  # fmt: skip
