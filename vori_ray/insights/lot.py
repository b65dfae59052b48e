"""The facts of some groups that a recompute works on, and the rows and points made of them.

Knows nothing of where facts come from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vori_ray.insights import trends
from vori_ray.insights.calendar import GroupCalendar
from vori_ray.insights.findings import MeetingPoint
from vori_ray.insights.keywords import BEFORE_DAYS, WORD_SCHEMA, GroupSubjects, keyword_trends
from vori_ray.insights.trends import WINDOW_DAYS
from vori_ray.insights.words import base_forms, name_words, subject_words
from vori_ray.insights.workload import OpenWork

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FINDING_DAYS = 182
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lot:
    """Some groups with the facts that are computed from. `names` has every group's, for comparisons."""

    calendars: Mapping[int, GroupCalendar]
    names: Mapping[int, str]
    now: datetime
    meetings: Sequence[Row]
    moves: Sequence[Row]
    blockers: Sequence[Row]
    peers: Sequence[tuple[int, int]]
    words: Sequence[Row] = ()

    def meetings_of(self, group_id: int) -> list[Row]:
        """A group's meetings, oldest first."""
        return [row for row in self.meetings if row["group_id"] == group_id]


def window_rows(lot: Lot, *, days: int) -> list[tuple[Any, ...]]:
    """The windows of the last days of every group."""
    return [row for calendar in lot.calendars.values() for row in calendar.windows(days, now=lot.now)]


def trends_frame(spark: SparkSession, lot: Lot, windows: Sequence[tuple[Any, ...]]) -> DataFrame:
    """The trends of these windows, ready to be computed."""
    meetings = [
        (
            row["group_id"],
            lot.calendars[row["group_id"]].day_of(row["started_at"]),
            _minutes(row),
            row["score"],
            row["actionable_items"],
            row["status_updates"],
        )
        for row in lot.meetings
    ]
    days_of = {group_id: calendar.day_of for group_id, calendar in lot.calendars.items()}
    moves = [
        (row["group_id"], row["ticket_id"], days_of[row["group_id"]](row["at"]), row["at"].timestamp(), row["nth"],
         row["status"])
        for row in lot.moves
    ]  # fmt: skip
    blockers = [
        (row["group_id"], *_moment(row["created_at"], days_of[row["group_id"]]),
         *_moment(row["resolved_at"], days_of[row["group_id"]]))
        for row in lot.blockers
    ]  # fmt: skip
    return trends.group_trends(
        spark.createDataFrame(windows, trends.WINDOW_SCHEMA).coalesce(1),
        meetings=spark.createDataFrame(meetings, trends.MEETING_SCHEMA).coalesce(1),
        moves=spark.createDataFrame(moves, trends.MOVE_SCHEMA).coalesce(1),
        blockers=spark.createDataFrame(blockers, trends.BLOCKER_SCHEMA).coalesce(1),
    )


def subject_rows(rows: Sequence[Row], *, names: Mapping[int, Collection[str]]) -> list[Row]:
    """Counted words with inflections folded within each group, and without the names of its people."""
    vocabulary: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        vocabulary[row["group_id"]] |= row["terms"].keys()
    bases = {group_id: base_forms(words) for group_id, words in vocabulary.items()}
    people = {group_id: name_words(names[group_id]) for group_id in vocabulary}
    return [
        {**row, "terms": subject_words(row["terms"], bases=bases[row["group_id"]], names=people[row["group_id"]])}
        for row in rows
    ]


def keyword_frame(spark: SparkSession, lot: Lot, windows: Sequence[tuple[Any, ...]]) -> DataFrame:
    """The keyword trends of these windows, ready to be computed."""
    earliest = min(row[2] for row in windows) - timedelta(days=WINDOW_DAYS + BEFORE_DAYS)
    days_of = {group_id: calendar.day_of for group_id, calendar in lot.calendars.items()}
    words = [
        (row["group_id"], row["meeting_id"], day, row["terms"])
        for row in lot.words
        if (day := days_of[row["group_id"]](row["started_at"])) >= earliest
    ]
    return keyword_trends(
        spark.createDataFrame(words, WORD_SCHEMA).coalesce(1),
        spark.createDataFrame(windows, trends.WINDOW_SCHEMA).coalesce(1),
    )


def keyword_rows(group_id: int, subjects: GroupSubjects) -> Iterator[dict[str, Any]]:
    """Rows of `meeting_keywords`."""
    for meeting_id, terms in subjects.keywords.items():
        topic = subjects.topic_of.get(meeting_id)
        yield {"meeting_id": meeting_id, "group_id": group_id, "keywords": terms, "topic": topic}


def topic_rows(group_id: int, subjects: GroupSubjects) -> Iterator[dict[str, Any]]:
    """Rows of `group_topics`."""
    for topic, (terms, meetings) in subjects.topics.items():
        yield {"group_id": group_id, "topic": topic, "terms": terms, "meetings": meetings}


def newest_meetings(lot: Lot) -> list[Row]:
    """The newest meeting of each group that has one."""
    return list({row["group_id"]: row for row in lot.meetings}.values())


def meeting_points(lot: Lot, group_id: int) -> list[MeetingPoint]:
    """The scored meetings of a group, as `findings` wants them."""
    work = OpenWork(
        (row["ticket_id"], row["at"].timestamp(), row["status"]) for row in lot.moves if row["group_id"] == group_id
    )
    since = lot.now - timedelta(days=FINDING_DAYS)
    return [
        _point(row, lot.calendars[group_id], work)
        for row in lot.meetings_of(group_id)
        if row["score"] is not None and row["started_at"] >= since
    ]


def _point(row: Row, calendar: GroupCalendar, work: OpenWork) -> MeetingPoint:
    local = row["started_at"].astimezone(calendar.zone)
    return MeetingPoint(
        score=row["score"],
        weekday=local.weekday(),
        hour=local.hour,
        duration_min=_minutes(row),
        speakers=row["speakers"],
        blockers=row["blockers"],
        carried_over=work.before(row["started_at"].timestamp()),
        parts={part["name"]: (part["value"], part["weight"]) for part in row["parts"]},
    )


def _moment(at: datetime | None, day_of: Callable[[datetime], date]) -> tuple[date | None, float | None]:
    return (None, None) if at is None else (day_of(at), at.timestamp())


def _minutes(row: Row) -> float:
    return max(0.0, float((row["ended_at"] - row["started_at"]).total_seconds())) / 60
