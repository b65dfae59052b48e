"""The JSON of the analytics. Shapes only; nothing is read or decided here.

`isEnough` says whether there is enough to go by. Where it is false the numbers are null or the lists empty, and that
is an answer like any other, not an error. Scores and shares lie in 0..1; n is always said.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

from vori_ray.gateway.shapes import Json, Shape
from vori_ray.insights.estimates import Estimate
from vori_ray.insights.group_reports import finding_words
from vori_ray.insights.report import MIN_MEETINGS, Kind, Language, Report
from vori_ray.insights.report_words import terms_of
from vori_ray.insights.service import GroupSummary, HourlyScore, MeetingFigures, TicketPatterns
from vori_ray.storage.models import Meeting
from vori_ray.storage.repositories.insight_reads import PlainRow, PlainRows


class EstimateShape(Shape):
    """A mean with its 95 % interval; one value alone has no interval."""

    mean: float
    low: float | None
    high: float | None
    n: int


class PartShape(Shape):
    """One part of a score: `value` = `have` / `of`, at most 1; the weights of all parts sum to 1."""

    name: str
    value: float
    weight: float
    have: float
    of: float


class WindowShape(Shape):
    """One minute of a meeting."""

    window_start: datetime
    window_end: datetime
    ticket_count: int
    actionable_count: int
    status_updates: int
    blockers: int
    turns: int
    words: int
    talk_s: float


class RealtimeShape(Shape):
    """What a meeting came to so far. `productivityScore` is null with fewer than five items."""

    meeting_id: int
    group_id: int
    state: str
    productivity_score: float | None
    is_enough: bool
    items: int
    ticket_count: int
    actionable_count: int
    parts: list[PartShape]
    windows: list[WindowShape]


class TicketPatternsShape(Shape):
    """How a meeting's tickets moved. Durations are mean seconds of the stays in a status that have ended."""

    meeting_id: int
    group_id: int
    avg_status_change_duration: float | None
    avg_duration_by_status: dict[str, float]
    status_changes: int
    blocker_count: int
    open_blockers: int
    is_enough: bool


class HourShape(Shape):
    """The meetings that began in one hour of the day. `isEnough`: at least eight of them have a score."""

    hour_of_day: int
    avg_score: float | None
    low: float | None
    high: float | None
    meeting_count: int
    scored_count: int
    is_enough: bool


class TrendShape(Shape):
    """Seven days of a group, in days of its time zone."""

    first_day: date
    last_day: date
    meeting_count: int
    avg_productivity: float | None
    avg_actionable_items: float
    avg_status_updates: float
    meeting_minutes: float
    completion_rate: float | None
    todo_hours: float | None
    in_progress_hours: float | None
    carried_over: int
    blocker_open_hours: float | None


class KeywordTrendShape(Shape):
    """How much more a word was said in the seven days to `lastDay` than in the 28 days before."""

    keyword: str
    last_day: date
    mentions: int
    meetings: int
    mentions_before: int
    log_odds: float
    z_score: float


class TermShape(Shape):
    """A word and its weight."""

    term: str
    weight: float


class MeetingKeywordsShape(Shape):
    """The words that set a meeting apart; empty until they were computed."""

    meeting_id: int
    group_id: int
    keywords: list[TermShape]
    topic: int | None
    is_enough: bool


class TopicShape(Shape):
    """A subject that meetings come back to."""

    topic: int
    terms: list[TermShape]
    meetings: int


class FindingShape(Shape):
    """An association that held after shrinkage and correction: the sentence, and the numbers behind it."""

    kind: str
    subject: str
    sentence: str
    estimate: float
    low: float
    high: float
    n: int
    q_value: float
    details: Json


class SummaryShape(Shape):
    """Where a group stands: tickets by status now, the newest seven days, meetings and mean score of the period."""

    group_id: int
    days: int
    meeting_count: int
    productivity: EstimateShape | None
    is_enough: bool
    tickets: dict[str, int]
    last_seven_days: TrendShape | None


class ColumnShape(Shape):
    """A column of a report's table. `kind` says how its values are written."""

    name: str
    label: str
    kind: Kind


class ReportShape(Shape):
    """A chart's data: what it shows in a sentence, n and interval in a note, and its rows (column name -> value)."""

    name: str
    title: str
    sentence: str
    note: str
    n: int
    is_enough: bool
    columns: list[ColumnShape]
    rows: list[Json]


def realtime_shape(figures: MeetingFigures) -> RealtimeShape:
    """What a meeting came to so far."""
    score = figures.score or {}
    return RealtimeShape(
        meeting_id=figures.meeting.id or 0,
        group_id=figures.meeting.group_id,
        state=figures.meeting.state,
        productivity_score=score.get("value"),
        is_enough=score.get("value") is not None,
        items=score.get("items", 0),
        ticket_count=score.get("ticket_count", 0),
        actionable_count=score.get("actionable_tickets", 0),
        parts=[PartShape(**part) for part in score.get("parts", [])],
        windows=_windows(figures),
    )


def _windows(figures: MeetingFigures) -> list[WindowShape]:
    """The minutes of tickets and of speech, as one list in time."""
    starts = {row["window_start"]: row["window_end"] for row in (*figures.ticket_minutes, *figures.speech)}
    return [_window(start, starts[start], figures) for start in sorted(starts)]


def _window(start: datetime, end: datetime, figures: MeetingFigures) -> WindowShape:
    tickets: PlainRow = next((row for row in figures.ticket_minutes if row["window_start"] == start), {})
    speech = [row for row in figures.speech if row["window_start"] == start]
    return WindowShape(
        window_start=start,
        window_end=end,
        ticket_count=tickets.get("tickets_created", 0),
        actionable_count=tickets.get("actionable_items", 0),
        status_updates=tickets.get("status_updates", 0),
        blockers=tickets.get("blockers", 0),
        turns=sum(row["turns"] for row in speech),
        words=sum(row["words"] for row in speech),
        talk_s=sum(row["talk_ms"] for row in speech) / 1000,
    )


def patterns_shape(patterns: TicketPatterns) -> TicketPatternsShape:
    """How a meeting's tickets moved."""
    return TicketPatternsShape(
        meeting_id=patterns.meeting.id or 0,
        group_id=patterns.meeting.group_id,
        avg_status_change_duration=patterns.mean_s,
        avg_duration_by_status=patterns.mean_s_by_status,
        status_changes=patterns.changes,
        blocker_count=patterns.blockers,
        open_blockers=patterns.open_blockers,
        is_enough=patterns.changes > 0,
    )


def hour_shape(hour: HourlyScore) -> HourShape:
    """One hour of the day."""
    estimate = hour.estimate
    return HourShape(
        hour_of_day=hour.hour,
        avg_score=estimate.mean if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        meeting_count=hour.meetings,
        scored_count=estimate.n if estimate else 0,
        is_enough=estimate is not None and estimate.n >= MIN_MEETINGS,
    )


def trend_shape(row: PlainRow) -> TrendShape:
    """Seven days."""
    return TrendShape(**{name: row[name] for name in TrendShape.model_fields})


def keyword_trend_shape(row: PlainRow) -> KeywordTrendShape:
    """One word."""
    return KeywordTrendShape(**{name: row[name] for name in KeywordTrendShape.model_fields})


def topic_shape(row: PlainRow) -> TopicShape:
    """One subject."""
    return TopicShape(topic=row["topic"], terms=_terms(row["terms"]), meetings=row["meetings"])


def meeting_keywords_shape(meeting: Meeting, row: PlainRow | None) -> MeetingKeywordsShape:
    """The words of a meeting."""
    keywords = _terms(row["keywords"]) if row else []
    return MeetingKeywordsShape(
        meeting_id=meeting.id or 0,
        group_id=meeting.group_id,
        keywords=keywords,
        topic=row["topic"] if row else None,
        is_enough=bool(keywords),
    )


def _terms(terms: PlainRows) -> list[TermShape]:
    return [TermShape(term=term, weight=weight) for term, weight in terms_of(terms)]


def finding_shape(row: PlainRow, language: Language) -> FindingShape:
    """One finding, its sentence in the language asked for."""
    kept = {name: row[name] for name in FindingShape.model_fields if name != "sentence"}
    return FindingShape(sentence=finding_words(row, language), **kept)


def estimate_shape(estimate: Estimate | None) -> EstimateShape | None:
    """A mean with its interval."""
    return EstimateShape(**asdict(estimate)) if estimate else None


def summary_shape(summary: GroupSummary, group_id: int, days: int) -> SummaryShape:
    """Where a group stands."""
    return SummaryShape(
        group_id=group_id,
        days=days,
        meeting_count=summary.meetings,
        productivity=estimate_shape(summary.score),
        is_enough=summary.score is not None and summary.score.n >= MIN_MEETINGS,
        tickets=summary.tickets,
        last_seven_days=trend_shape(summary.trend) if summary.trend else None,
    )


def report_shape(report: Report) -> ReportShape:
    """A chart's data."""
    return ReportShape(
        name=report.name,
        title=report.title,
        sentence=report.sentence,
        note=report.note,
        n=report.n,
        is_enough=report.is_enough,
        columns=[ColumnShape(**asdict(column)) for column in report.columns],
        rows=[dict(row) for row in report.rows],
    )
