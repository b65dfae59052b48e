"""The long view computed from a real database on a real Spark, twice, and told to Kafka's callers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from past import NOW, Past
from sqlalchemy import text

from vori_ray import clock
from vori_ray.errors import BadInputError, NotFoundError, UnavailableError
from vori_ray.insights.recompute import Recompute
from vori_ray.messaging.topics import Event, GroupTrends, MeetingInsights
from vori_ray.storage.database import Database

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.integration]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GOOD_HOUR = 1  # 10 in Seoul


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def rows(database: Database, statement: str, group_ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    with database.unit_of_work(group_ids) as uow:
        return [dict(row) for row in uow.session.execute(text(statement)).mappings()]


def recomputed(
    spark: SparkSession, database: Database, *, at: datetime = NOW, **options: Any
) -> tuple[dict[str, Any], list[Event]]:
    told: list[Event] = []
    with clock.at(at):
        report = Recompute(spark, database, tell=told.extend).run(**options)
    return report.as_dict(), told


def eight_weeks(past: Past) -> None:
    """Two meetings a week: on Tuesdays at ten tasks find owners and are done, on Thursdays at four they do not."""
    for week in range(8):
        tuesday = NOW - 55 * DAY + week * 7 * DAY - HOUR * 2
        thursday = tuesday + 2 * DAY + 6 * HOUR
        for at, is_good in ((tuesday, True), (thursday, False)):
            meeting_id = past.meeting(at, minutes=30 if is_good else 75)
            for n in range(5):
                moves = [(at + DAY, "DONE", None)] if is_good and n % 2 else []
                past.ticket(at + HOUR / 2, *moves, meeting_id=meeting_id, owner="Mo" if is_good or not n else "")
            past.remark(meeting_id, "blocker", at + HOUR / 2, owner="Mo" if is_good else None)
            if is_good:
                past.remark(meeting_id, "decision", at + HOUR / 2)
                past.remark(meeting_id, "decision", at + HOUR / 3)


def test_trends_and_findings_come_from_the_database_and_stay_the_same(spark: SparkSession, database: Database) -> None:
    past, small = Past.of(database), Past.of(database, "Kitchen", time_zone="UTC")
    eight_weeks(past)
    small.meeting(NOW - DAY)
    report, _ = recomputed(spark, database)
    assert (report["groups"], report["meetings"]) == (2, 17)
    assert report["skipped"] == [
        f"topics of group {past.group_id}: 0 meetings with words, at least 8 needed",
        f"topics of group {small.group_id}: 0 meetings with words, at least 8 needed",
        f"findings of group {small.group_id}: 0 scored meetings, at least 8 needed",
    ]
    trends = rows(database, "SELECT * FROM group_trends ORDER BY group_id, last_day")
    own = [row for row in trends if row["group_id"] == past.group_id]
    assert len(own) == 56
    assert own[-1]["last_day"] == date(2026, 3, 30)
    last_full = own[-5]
    assert (last_full["meeting_count"], last_full["meeting_minutes"]) == (2, 105.0)
    assert last_full["avg_productivity"] is not None
    found = rows(database, "SELECT * FROM findings", [past.group_id])
    assert {(row["kind"], row["subject"]) for row in found} >= {("best_time", "tue-10"), ("cause", "duration_min")}
    best = next(row for row in found if row["subject"] == "tue-10")
    assert (best["n"], best["low"] > 0) == (8, True)
    assert "Tuesdays at 10:00" in best["details"]["words"]["en"]
    assert "화요일 10시" in best["details"]["words"]["ko"]
    again, _ = recomputed(spark, database)
    assert again["skipped"] == report["skipped"][-1:]  # no words are new
    counts = ("groups", "meetings", "trends", "keyword_trends", "findings")
    assert [again[name] for name in counts] == [report[name] for name in counts]
    same = rows(database, "SELECT * FROM group_trends ORDER BY group_id, last_day")
    assert [row | {"computed_at": 0} for row in same] == [row | {"computed_at": 0} for row in trends]


def test_events_tell_the_newest_week_and_the_newest_meeting(spark: SparkSession, database: Database) -> None:
    past = Past.of(database)
    eight_weeks(past)
    _, told = recomputed(spark, database, days=1)
    _, again = recomputed(spark, database, days=1)
    assert [event.event_id for event in told] == [event.event_id for event in again]
    trend, insight = told
    assert isinstance(trend, GroupTrends)
    assert isinstance(insight, MeetingInsights)
    assert (trend.group_id, trend.period.end - trend.period.start) == (past.group_id, 7 * DAY)
    assert "best_time:tue-10" in insight.findings


def test_words_are_counted_once_and_again_when_corrected(spark: SparkSession, database: Database) -> None:
    past, other = Past.of(database), Past.of(database, "Kitchen")
    for n in range(12):
        subject = ("The invoice export is stuck, invoices wait.", "The rocket engine burns, engines roar.")[n % 2]
        past.meeting(NOW - n * 2 * DAY - HOUR, said=(subject, "Mo fixes it."))
    other.meeting(NOW - DAY, said=("Soup.",))
    report, told = recomputed(spark, database, days=7)
    assert (report["meeting_keywords"], report["topics"]) == (13, 2)
    assert report["keyword_trends"] == len(rows(database, "SELECT * FROM keyword_trends")) == 0
    words = {row["meeting_id"]: row["keywords"] for row in rows(database, "SELECT * FROM meeting_keywords")}
    terms = {word["term"] for found in words.values() for word in found}
    assert terms >= {"invoice", "engine", "soup"}
    assert not terms & {"mo", "invoices", "engines"}
    newest = next(event for event in told if isinstance(event, MeetingInsights) and event.group_id == past.group_id)
    assert "invoice" in newest.keywords
    again, _ = recomputed(spark, database, days=7)
    assert (again["meeting_keywords"], again["topics"]) == (0, 0)
    with database.unit_of_work(None) as uow:
        uow.session.execute(text("UPDATE segments SET corrected_text = 'The balloon.' WHERE text = 'Soup.'"))
    corrected, _ = recomputed(spark, database, at=NOW + HOUR, days=7)
    assert corrected["meeting_keywords"] == 1
    assert "balloon" in str(rows(database, "SELECT keywords FROM meeting_keywords", [other.group_id]))


def test_what_is_gone_is_taken_back(spark: SparkSession, database: Database) -> None:
    past = Past.of(database)
    eight_weeks(past)
    recomputed(spark, database)
    with database.unit_of_work(None) as uow:
        for meeting in uow.meetings.list([past.group_id]):
            uow.meetings.forget(past.group_id, meeting.id or 0)
    report, _ = recomputed(spark, database)
    assert (report["trends"], report["findings"]) == (0, 0)
    for table in ("group_trends", "findings", "meeting_scores"):
        assert rows(database, f"SELECT * FROM {table}") == []


def test_what_cannot_be_computed_is_refused(spark: SparkSession, database: Database) -> None:
    with pytest.raises(BadInputError, match="days: expected 1 to 3660, got 0"):
        recomputed(spark, database, days=0)
    with pytest.raises(NotFoundError, match="no group 99"):
        recomputed(spark, database, group_ids=[99])


def test_without_kafka_the_results_stand(spark: SparkSession, database: Database) -> None:
    past = Past.of(database)
    past.meeting(NOW - DAY)

    def refuse(events: Sequence[Event]) -> None:
        raise UnavailableError("Kafka is away.")

    with clock.at(NOW):
        report = Recompute(spark, database, tell=refuse).run(days=3)
    assert "telling of 2 results: Kafka is away." in report.skipped
    assert len(rows(database, "SELECT * FROM group_trends")) == report.trends == 2
