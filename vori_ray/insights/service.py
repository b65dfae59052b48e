"""Reads the analytics for people: opens a unit of work, reads rows, hands them to the pure reports.

`group_ids` are the groups that the caller belongs to: a comparison of two groups is seen by who belongs to both.
Blocking. Knows nothing of HTTP, of Spark, or of how a chart is drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import fmean

from vori_ray import clock
from vori_ray.errors import NotFoundError
from vori_ray.insights import group_reports, meeting_reports, word_reports
from vori_ray.insights.estimates import Estimate, estimate_share
from vori_ray.insights.report import Language, Report
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import Meeting
from vori_ray.storage.repositories.insight_reads import InsightReads, PlainRow, PlainRows
from vori_ray.storage.time_zones import zone_named

GROUP_REPORTS = ("productivity", "meetings", "completion", "keywords", "topics", "hours")
MEETING_REPORTS = ("score", "timeline", "keywords")
LONGEST_DAYS = 366
"""How far back hours of the week are compared: they need many meetings."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the group's time zone, both ends included, and the moment at which the first begins."""

    first_day: date
    last_day: date
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class MeetingFigures:
    """What was counted of a meeting so far: score (None: not yet), minutes of tickets and of speech."""

    meeting: Meeting
    score: PlainRow | None
    ticket_minutes: PlainRows
    speech: PlainRows


@dataclass(frozen=True, slots=True)
class TicketPatterns:
    """How a meeting's tickets moved: mean length in seconds of the stays in each status that have ended, and n."""

    meeting: Meeting
    mean_s: float | None
    mean_s_by_status: dict[str, float]
    changes: int
    blockers: int
    open_blockers: int


@dataclass(frozen=True, slots=True)
class HourlyScore:
    """The meetings of one hour of the day: how many, and the mean score of those that have one."""

    hour: int
    meetings: int
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """Where a group stands: its tickets by status now, its newest seven days (None: not computed yet), its meetings."""

    tickets: dict[str, int]
    meetings: int
    score: Estimate | None
    trend: PlainRow | None


class InsightService:
    """What people may see of the analytics."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def trends(self, group_ids: Collection[int], group_id: int, *, days: int) -> PlainRows:
        """The sliding seven days that end in the last `days` days, oldest first."""
        with self._reads(group_ids) as (uow, reads):
            return reads.trends(group_id, since=_period(uow, group_id, days).first_day)

    def keyword_trends(self, group_ids: Collection[int], group_id: int) -> PlainRows:
        """The newest trend of each word, the surest change first."""
        with self._reads(group_ids) as (_, reads):
            return reads.keyword_trends(group_id)

    def topics(self, group_ids: Collection[int], group_id: int) -> PlainRows:
        """The subjects that meetings come back to, the most frequent first."""
        with self._reads(group_ids) as (_, reads):
            return reads.topics(group_id)

    def findings(self, group_ids: Collection[int], group_id: int) -> PlainRows:
        """Associations that held, the surest first; none is no error: there is nothing to say."""
        with self._reads(group_ids) as (_, reads):
            return reads.findings(group_id)

    def summary(self, group_ids: Collection[int], group_id: int, *, days: int) -> GroupSummary:
        """Where the group stands."""
        with self._reads(group_ids) as (uow, reads):
            period = _period(uow, group_id, days)
            meetings = reads.meetings([group_id], since=period.starts_at)
            trends = reads.trends(group_id, since=period.first_day)
            scores = group_reports.scores_of(meetings)
            return GroupSummary(
                tickets=reads.ticket_counts(group_id),
                meetings=len(meetings),
                score=estimate_share(scores),
                trend=trends[-1] if trends else None,
            )

    def hourly(self, group_ids: Collection[int], asked_ids: Collection[int], *, days: int) -> list[HourlyScore]:
        """The hours of the day in which meetings began, each group's in its own time zone."""
        by_hour: dict[int, PlainRows] = defaultdict(list)
        with self._reads(group_ids) as (_, reads):
            for meeting in reads.meetings(asked_ids, since=clock.now() - timedelta(days=days)):
                by_hour[meeting["local_start"].hour].append(meeting)
        return [
            HourlyScore(hour, len(meetings), estimate_share(group_reports.scores_of(meetings)))
            for hour, meetings in sorted(by_hour.items())
        ]

    def figures(self, group_ids: Collection[int], meeting_id: int) -> MeetingFigures:
        """What was counted of a meeting so far. Raises NotFoundError."""
        with self._reads(group_ids) as (uow, reads):
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            key = (meeting.group_id, meeting_id)
            return MeetingFigures(meeting, reads.score(*key), reads.ticket_minutes(*key), reads.speech(*key))

    def ticket_patterns(self, group_ids: Collection[int], meeting_id: int) -> TicketPatterns:
        """How a meeting's tickets moved. Raises NotFoundError."""
        with self._reads(group_ids) as (uow, reads):
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            spells = reads.status_spells(meeting.group_id, meeting_id)
            blockers = reads.blockers(meeting.group_id, meeting_id)
        by_status: dict[str, list[float]] = defaultdict(list)
        for spell in spells:
            by_status[spell["status"]].append(spell["lasted_s"])
        return TicketPatterns(
            meeting=meeting,
            mean_s=fmean(spell["lasted_s"] for spell in spells) if spells else None,
            mean_s_by_status={status: fmean(lengths) for status, lengths in by_status.items()},
            changes=len(spells),
            blockers=len(blockers),
            open_blockers=sum(blocker["resolved_at"] is None for blocker in blockers),
        )

    def meeting_keywords(self, group_ids: Collection[int], meeting_id: int) -> tuple[Meeting, PlainRow | None]:
        """The words that set a meeting apart, None when they were not computed yet. Raises NotFoundError."""
        with self._reads(group_ids) as (uow, reads):
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            return meeting, reads.keywords(meeting.group_id, meeting_id)

    def group_report(
        self, group_ids: Collection[int], group_id: int, name: str, *, language: Language, days: int
    ) -> Report:
        """One report of a group; `name` is one of GROUP_REPORTS. Raises NotFoundError."""
        with self._reads(group_ids) as (uow, reads):
            return _group_report(reads, group_id, name, language, _period(uow, group_id, days), _period(uow, group_id))

    def meeting_report(self, group_ids: Collection[int], meeting_id: int, name: str, *, language: Language) -> Report:
        """One report of a meeting; `name` is one of MEETING_REPORTS. Raises NotFoundError."""
        with self._reads(group_ids) as (uow, reads):
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            key = (meeting.group_id, meeting_id)
            if name == "score":
                return meeting_reports.report_score(reads.score(*key), language)
            if name == "timeline":
                return meeting_reports.report_timeline(reads.speech(*key), language, started_at=meeting.started_at)
            if name == "keywords":
                return word_reports.report_meeting_keywords(reads.keywords(*key), language)
        raise _unknown(name, MEETING_REPORTS)

    @contextmanager
    def _reads(self, group_ids: Collection[int]) -> Iterator[tuple[UnitOfWork, InsightReads]]:
        with self._database.unit_of_work(group_ids) as uow:
            yield uow, InsightReads(uow.session)


def _group_report(
    reads: InsightReads, group_id: int, name: str, language: Language, period: Period, longest: Period
) -> Report:
    if name == "keywords":
        return word_reports.report_keywords(reads.keyword_trends(group_id), language)
    if name == "topics":
        return word_reports.report_topics(reads.topics(group_id), language)
    if name == "completion":
        return group_reports.report_completion(reads.trends(group_id, since=period.first_day), language)
    if name == "hours":
        meetings = reads.meetings([group_id], since=longest.starts_at)
        return group_reports.report_hours(meetings, reads.findings(group_id), language)
    if name == "productivity":
        # The first seven days reach back before the period.
        meetings = reads.meetings([group_id], since=period.starts_at - group_reports.WEEK)
        return group_reports.report_productivity(meetings, reads.trends(group_id, since=period.first_day), language)
    if name == "meetings":
        meetings = reads.meetings([group_id], since=period.starts_at)
        return group_reports.report_meetings(meetings, language, first_day=period.first_day, last_day=period.last_day)
    raise _unknown(name, GROUP_REPORTS)


def _period(uow: UnitOfWork, group_id: int, days: int = LONGEST_DAYS) -> Period:
    """The last `days` days of a group, today included."""
    zone = zone_named(uow.groups.get(group_id).time_zone)
    last_day = clock.now().astimezone(zone).date()
    first_day = last_day - timedelta(days=days - 1)
    return Period(first_day, last_day, datetime.combine(first_day, time(), zone))


def _unknown(name: str, known: Collection[str]) -> NotFoundError:
    return NotFoundError(f"There is no report {name!r}; expected one of {', '.join(known)}.")
