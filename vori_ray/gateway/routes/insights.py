"""The analytics: figures of a meeting, trends, words, findings, and the data of each chart.

A group or a meeting of others is not there (404). What has too little to go by answers with `isEnough: false`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.insight_shapes import (
    FindingShape,
    HourShape,
    KeywordTrendShape,
    MeetingKeywordsShape,
    RealtimeShape,
    ReportShape,
    SummaryShape,
    TicketPatternsShape,
    TopicShape,
    TrendShape,
    finding_shape,
    hour_shape,
    keyword_trend_shape,
    meeting_keywords_shape,
    patterns_shape,
    realtime_shape,
    report_shape,
    summary_shape,
    topic_shape,
    trend_shape,
)
from vori_ray.insights.report import Language
from vori_ray.insights.service import GROUP_REPORTS, LONGEST_DAYS, MEETING_REPORTS, InsightService

GroupChart = Literal["productivity", "meetings", "completion", "keywords", "topics", "hours"]
MeetingChart = Literal["score", "timeline", "keywords"]
GroupId = Annotated[int | None, Query(alias="groupId", description="One group; all of the caller's if not given.")]
Days = Annotated[int, Query(ge=1, le=LONGEST_DAYS, description="How many days back, today included.")]
InTheme = Annotated[Literal["light", "dark"], Query(description="Colours of the picture.")]
OfSize = Annotated[Literal["wide", "narrow"], Query(description="`narrow` suits a phone.")]
SVG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/svg+xml": {}}, "description": "The picture."}}
InLanguage = Annotated[Language, Query(description="Language of sentences and headings.")]

router = APIRouter(prefix="/api/analytics", tags=["insights"])


@router.get("/meetings/{meeting_id}/realtime")
def read_realtime(meeting_id: int, ports: Ports, principal: SignedIn) -> RealtimeShape:
    """What a meeting came to so far: its score with the parts, and its minutes."""
    return realtime_shape(InsightService(ports.database).figures(principal.group_ids, meeting_id))


@router.get("/meetings/{meeting_id}/ticket-patterns")
def read_ticket_patterns(meeting_id: int, ports: Ports, principal: SignedIn) -> TicketPatternsShape:
    """How long the tickets of a meeting stayed in each status, and its blockers."""
    return patterns_shape(InsightService(ports.database).ticket_patterns(principal.group_ids, meeting_id))


@router.get("/meetings/{meeting_id}/keywords")
def read_meeting_keywords(meeting_id: int, ports: Ports, principal: SignedIn) -> MeetingKeywordsShape:
    """The words that set a meeting apart from the others of its group."""
    return meeting_keywords_shape(*InsightService(ports.database).meeting_keywords(principal.group_ids, meeting_id))


@router.get("/productivity/hourly")
def read_hourly(
    ports: Ports, principal: SignedIn, group_id: GroupId = None, days: Days = LONGEST_DAYS
) -> list[HourShape]:
    """Mean score by the hour of the day at which meetings began, in each group's time zone."""
    asked = principal.scope(group_id)
    return [hour_shape(hour) for hour in InsightService(ports.database).hourly(principal.group_ids, asked, days=days)]


@router.get("/groups/{group_id}/trends")
def read_trends(group_id: int, ports: Ports, principal: SignedIn, days: Days = 56) -> list[TrendShape]:
    """Seven days at a time, sliding by day, oldest first."""
    principal.require_member(group_id)
    rows = InsightService(ports.database).trends(principal.group_ids, group_id, days=days)
    return [trend_shape(row) for row in rows]


@router.get("/groups/{group_id}/keywords")
def read_keyword_trends(group_id: int, ports: Ports, principal: SignedIn) -> list[KeywordTrendShape]:
    """Words that are said more or less than in the 28 days before, the surest change first."""
    principal.require_member(group_id)
    rows = InsightService(ports.database).keyword_trends(principal.group_ids, group_id)
    return [keyword_trend_shape(row) for row in rows]


@router.get("/groups/{group_id}/topics")
def read_topics(group_id: int, ports: Ports, principal: SignedIn) -> list[TopicShape]:
    """The subjects that the group's meetings come back to, the most frequent first."""
    principal.require_member(group_id)
    return [topic_shape(row) for row in InsightService(ports.database).topics(principal.group_ids, group_id)]


@router.get("/groups/{group_id}/findings")
def read_findings(group_id: int, ports: Ports, principal: SignedIn, language: InLanguage = "en") -> list[FindingShape]:
    """Best times, possible causes and comparisons that held; an empty list: nothing can be said."""
    principal.require_member(group_id)
    rows = InsightService(ports.database).findings(principal.group_ids, group_id)
    return [finding_shape(row, language) for row in rows]


@router.get("/groups/{group_id}/summary")
def read_summary(group_id: int, ports: Ports, principal: SignedIn, days: Days = 56) -> SummaryShape:
    """Where the group stands: tickets by status, completion rate and time in status, mean score."""
    principal.require_member(group_id)
    summary = InsightService(ports.database).summary(principal.group_ids, group_id, days=days)
    return summary_shape(summary, group_id, days)


@router.get("/groups/{group_id}/charts")
def read_group_charts(
    group_id: int, ports: Ports, principal: SignedIn, language: InLanguage = "en", days: Days = 56
) -> list[ReportShape]:
    """The data of all charts of a group."""
    principal.require_member(group_id)
    service = InsightService(ports.database)
    reports = (
        service.group_report(principal.group_ids, group_id, name, language=language, days=days)
        for name in GROUP_REPORTS
    )
    return [report_shape(report) for report in reports]


@router.get("/groups/{group_id}/charts/{name}.svg", response_class=Response, responses=SVG)
def draw_group_chart(
    group_id: int,
    name: GroupChart,
    ports: Ports,
    principal: SignedIn,
    language: InLanguage = "en",
    days: Days = 56,
    theme: InTheme = "light",
    size: OfSize = "wide",
) -> Response:
    """One chart as a picture; without enough data the picture says what is missing."""
    principal.require_member(group_id)
    service = InsightService(ports.database)
    report = service.group_report(principal.group_ids, group_id, name, language=language, days=days)
    return Response(ports.painter.paint(report, language=language, theme=theme, size=size), media_type="image/svg+xml")


@router.get("/groups/{group_id}/charts/{name}")
def read_group_chart(
    group_id: int, name: GroupChart, ports: Ports, principal: SignedIn, language: InLanguage = "en", days: Days = 56
) -> ReportShape:
    """The data of one chart: the same rows as the picture `{name}.svg`."""
    principal.require_member(group_id)
    service = InsightService(ports.database)
    return report_shape(service.group_report(principal.group_ids, group_id, name, language=language, days=days))


@router.get("/meetings/{meeting_id}/charts")
def read_meeting_charts(
    meeting_id: int, ports: Ports, principal: SignedIn, language: InLanguage = "en"
) -> list[ReportShape]:
    """The data of all charts of a meeting."""
    service = InsightService(ports.database)
    reports = (
        service.meeting_report(principal.group_ids, meeting_id, name, language=language) for name in MEETING_REPORTS
    )
    return [report_shape(report) for report in reports]


@router.get("/meetings/{meeting_id}/charts/{name}.svg", response_class=Response, responses=SVG)
def draw_meeting_chart(
    meeting_id: int,
    name: MeetingChart,
    ports: Ports,
    principal: SignedIn,
    language: InLanguage = "en",
    theme: InTheme = "light",
    size: OfSize = "wide",
) -> Response:
    """One chart as a picture; without enough data the picture says what is missing."""
    report = InsightService(ports.database).meeting_report(principal.group_ids, meeting_id, name, language=language)
    return Response(ports.painter.paint(report, language=language, theme=theme, size=size), media_type="image/svg+xml")


@router.get("/meetings/{meeting_id}/charts/{name}")
def read_meeting_chart(
    meeting_id: int, name: MeetingChart, ports: Ports, principal: SignedIn, language: InLanguage = "en"
) -> ReportShape:
    """The data of one chart: the same rows as the picture `{name}.svg`."""
    service = InsightService(ports.database)
    return report_shape(service.meeting_report(principal.group_ids, meeting_id, name, language=language))
