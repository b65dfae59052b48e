"""7-day trends on inline rows: windows, completion, time in status, carried-over work, blockers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from vori_ray.insights import trends
from vori_ray.insights.calendar import GroupCalendar
from vori_ray.insights.workload import OpenWork

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
DAY = 86_400.0
# Two windows of one group: the days 1 to 7 and 2 to 8; the second ends at noon of its last day.
WINDOWS = [
    (1, date(2026, 3, 2), date(2026, 3, 8), 1 * DAY, 8 * DAY),
    (1, date(2026, 3, 3), date(2026, 3, 9), 2 * DAY, 8.5 * DAY),
    (2, date(2026, 3, 3), date(2026, 3, 9), 2 * DAY, 8.5 * DAY),
]
MEETINGS = [
    (1, date(2026, 3, 2), 30.0, 0.4, 2, 1),
    (1, date(2026, 3, 8), 60.0, 0.8, 4, 2),
    (1, date(2026, 3, 9), 10.0, None, 0, 0),
    (1, date(2026, 3, 1), 99.0, 0.1, 9, 9),
]
MOVES = [
    # done within both windows: 2 days in TODO, 1 in progress
    (1, 10, 2 * DAY, 1, "TODO"),
    (1, 10, 4 * DAY, 2, "IN_PROGRESS"),
    (1, 10, 5 * DAY, 3, "DONE"),
    # carried over since before
    (1, 11, 0.5 * DAY, 4, "TODO"),
    # done before the windows began: not of them
    (1, 12, 0.1 * DAY, 5, "TODO"),
    (1, 12, 0.2 * DAY, 6, "DONE"),
    # deleted within: neither open nor done
    (1, 13, 3 * DAY, 7, "TODO"),
    (1, 13, 3.5 * DAY, 8, "GONE"),
    # done and opened again
    (1, 14, 3 * DAY, 9, "TODO"),
    (1, 14, 3 * DAY, 10, "DONE"),
    (1, 14, 8.2 * DAY, 11, "IN_PROGRESS"),
]
BLOCKERS = [(1, 7 * DAY, None), (1, 6 * DAY, 6.5 * DAY), (1, 0.0, 0.5 * DAY), (2, 9 * DAY, None)]


def day(at_s: float | None) -> date | None:
    return None if at_s is None else date(2026, 3, 1) + timedelta(days=at_s // DAY)


def computed(spark: SparkSession) -> dict[tuple[int, int], dict[str, Any]]:
    frame = trends.group_trends(
        spark.createDataFrame(WINDOWS, trends.WINDOW_SCHEMA),
        meetings=spark.createDataFrame(MEETINGS, trends.MEETING_SCHEMA),
        moves=spark.createDataFrame([(g, t, day(at), at, *more) for g, t, at, *more in MOVES], trends.MOVE_SCHEMA),
        blockers=spark.createDataFrame(
            [(g, day(raised), raised, day(resolved), resolved) for g, raised, resolved in BLOCKERS],
            trends.BLOCKER_SCHEMA,
        ),
    )
    return {(row["group_id"], row["last_day"].day): row.asDict() for row in frame.collect()}


def test_seven_days_slide_by_day(spark: SparkSession) -> None:
    rows = computed(spark)
    assert sorted(rows) == [(1, 8), (1, 9), (2, 9)]
    first = {"group_id": 1, "first_day": date(2026, 3, 2), "last_day": date(2026, 3, 8)}
    assert rows[1, 8] == pytest.approx(
        first
        | {
            "meeting_count": 2,
            "avg_productivity": 0.6,
            "avg_actionable_items": 3.0,
            "avg_status_updates": 1.5,
            "meeting_minutes": 90.0,
            "completion_rate": 2 / 3,  # 10 and 14 of 10, 11, 14
            "todo_hours": (48 + 0) / 2,
            "in_progress_hours": 24.0,
            "carried_over": 1,
            "blocker_open_hours": (24 + 12) / 2,
        }
    )
    second = rows[1, 9]
    assert (second["meeting_count"], second["avg_productivity"], second["meeting_minutes"]) == (2, 0.8, 70.0)
    assert second["completion_rate"] == pytest.approx(1 / 3)  # 14 is open again
    assert second["blocker_open_hours"] == pytest.approx((36 + 12) / 2)


def test_a_window_without_anything_is_a_row_of_zeros_and_unknowns(spark: SparkSession) -> None:
    row = computed(spark)[2, 9]
    zeros = ("meeting_count", "avg_actionable_items", "avg_status_updates", "meeting_minutes", "carried_over")
    assert [row[name] for name in zeros] == [0] * 5
    unknown = ("avg_productivity", "completion_rate", "todo_hours", "in_progress_hours", "blocker_open_hours")
    assert [row[name] for name in unknown] == [None] * 5


def test_days_are_those_of_the_groups_zone() -> None:
    first = datetime(2026, 3, 27, 14, 0, tzinfo=UTC)  # still the 27th in Berlin, the 28th in Seoul from 15:00
    seoul = GroupCalendar(1, ZoneInfo("Asia/Seoul"), first + timedelta(hours=1))
    assert seoul.day_of(first + timedelta(hours=1)) == date(2026, 3, 28)
    berlin = GroupCalendar(2, ZoneInfo("Europe/Berlin"), first)
    windows = berlin.windows(56, now=datetime(2026, 3, 30, 12, 0, tzinfo=UTC))
    assert [row[2].day for row in windows] == [27, 28, 29, 30]
    spring = windows[-2]  # the clocks went forward on the 29th: seven days less one hour
    assert spring[4] - spring[3] == 7 * DAY - 3600
    assert windows[-1][4] == datetime(2026, 3, 30, 12, 0, tzinfo=UTC).timestamp()
    assert GroupCalendar(3, ZoneInfo("UTC")).windows(56, now=first) == []


def test_open_work_is_counted_just_before_a_moment() -> None:
    work = OpenWork([(1, 10.0, "TODO"), (1, 20.0, "DONE"), (2, 15.0, "TODO"), (2, 18.0, "IN_PROGRESS")])
    assert [work.before(at) for at in (10.0, 10.1, 16.0, 20.0, 20.1)] == [0, 1, 2, 2, 1]
