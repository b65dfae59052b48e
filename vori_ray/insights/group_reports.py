"""What can be said of a group's meetings over time: four reports, from plain rows to sentence, note and table. PURE.

Meetings and groups are spoken of, never people. Averages need `MIN_MEETINGS` meetings with a score; n and the 95 %
interval are always said. Rows are those of `storage.repositories.insight_reads`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import fmean
from typing import Any

from vori_ray.insights.estimates import Estimate, estimate_share, is_different
from vori_ray.insights.report import MIN_MEETINGS, Language, Report
from vori_ray.insights.report_words import (
    columns,
    day_text,
    hour_text,
    hours_text,
    interval_text,
    not_enough,
    pick,
    weekday_text,
)

Row = Mapping[str, Any]
Rows = Sequence[Row]

WEEK = timedelta(days=7)
COMPARED_WITH = timedelta(days=28)


def scores_of(meetings: Rows) -> list[float]:
    """The scores of the meetings that have one."""
    return [meeting["value"] for meeting in meetings if meeting["value"] is not None]


def report_productivity(meetings: Rows, trends: Rows, language: Language) -> Report:
    """The mean score of the sliding seven days with its interval."""
    scores = {row["last_day"]: scores_of(_between(meetings, row["first_day"], row["last_day"])) for row in trends}
    rows = [
        _score_row(row, estimate_share(scores[row["last_day"]]))
        for row in trends
        if row["avg_productivity"] is not None
    ]
    n = len(scores_of(meetings))
    is_enough = n >= MIN_MEETINGS and bool(rows)
    return Report(
        name="productivity",
        title=pick(language, en="Productivity of meetings", ko="회의 생산성"),
        sentence=_productivity_sentence(rows, scores, language) if is_enough else _lack(n, rows, language),
        note=_productivity_note(rows, n, language) if is_enough else "",
        n=n,
        is_enough=is_enough,
        columns=columns(language, "last_day", "score", "low", "high", "scored"),
        rows=tuple(_iso(row, "last_day") for row in rows),
    )


def _score_row(trend: Row, estimate: Estimate | None) -> dict[str, Any]:
    """The stored mean, and the interval of the scores behind it."""
    low, high, n = (estimate.low, estimate.high, estimate.n) if estimate else (None, None, 0)
    return {"last_day": trend["last_day"], "score": trend["avg_productivity"], "low": low, "high": high, "scored": n}


def _lack(n: int, rows: Rows, language: Language) -> str:
    if n >= MIN_MEETINGS and not rows:
        return pick(
            language,
            en="The seven-day trends have not been computed yet; they are within the hour.",
            ko="7일 추세가 아직 계산되지 않았습니다. 한 시간 안에 계산됩니다.",
        )
    return not_enough(language, n)


def _productivity_sentence(rows: Rows, scores: Mapping[date, Sequence[float]], language: Language) -> str:
    last = rows[-1]
    day = day_text(language, last["last_day"])
    now = pick(
        language,
        en=f"In the seven days to {day} meetings scored {last['score']:.2f} out of 1",
        ko=f"{day}까지 7일간 회의 점수는 1점 만점에 {last['score']:.2f}점",
    )
    before = [row for row in rows if row["last_day"] <= last["last_day"] - COMPARED_WITH]
    if not before:
        return pick(language, en=f"{now}.", ko=f"{now}입니다.")
    then, then_day = before[-1], day_text(language, before[-1]["last_day"])
    if not is_different(scores[last["last_day"]], scores[then["last_day"]]):
        return pick(
            language,
            en=f"{now}, not clearly different from the seven days to {then_day} ({then['score']:.2f}).",
            ko=f"{now}으로, {then_day}까지 7일({then['score']:.2f}점)과 뚜렷한 차이가 없습니다.",
        )
    is_higher = last["score"] > then["score"]
    return pick(
        language,
        en=f"{now}, {'higher' if is_higher else 'lower'} than in the seven days to {then_day} ({then['score']:.2f}).",
        ko=f"{now}으로, {then_day}까지 7일({then['score']:.2f}점)보다 {'높습니다' if is_higher else '낮습니다'}.",
    )


def _productivity_note(rows: Rows, n: int, language: Language) -> str:
    last = rows[-1]
    interval = interval_text(last["low"], last["high"])
    return pick(
        language,
        en=f"n = {last['scored']} scored meetings in the last seven days, 95 % interval {interval}; {n} in all. "
        "The band is the interval of each seven days' mean.",
        ko=f"최근 7일 n = {last['scored']}건, 95% 구간 {interval}, 전체 {n}건. 띠는 각 7일 평균의 구간입니다.",
    )


def report_meetings(meetings: Rows, language: Language, *, first_day: date, last_day: date) -> Report:
    """How many meetings each day had, and how many actionable items came of them."""
    by_day: dict[date, list[Row]] = defaultdict(list)
    for meeting in meetings:
        by_day[meeting["local_start"].date()].append(meeting)
    days = [first_day + timedelta(days=count) for count in range((last_day - first_day).days + 1)]
    rows = [_day_row(day, by_day.get(day, ())) for day in days]
    n, items = len(meetings), sum(row["items"] for row in rows)
    return Report(
        name="meetings",
        title=pick(language, en="Meetings and what came of them", ko="회의와 결과"),
        sentence=_meetings_sentence(n, items, len(days), language),
        note=pick(
            language,
            en=f"n = {n} meetings, counted, so there is no interval. An item is actionable when it has an owner or a "
            "due date, or was started.",
            ko=f"회의 n = {n}건을 센 값이므로 구간이 없습니다. "
            "담당자나 기한이 있거나 시작된 항목이 실행 가능한 항목입니다.",
        ),
        n=n,
        is_enough=n > 0,
        columns=columns(language, "day", "meetings", "items"),
        rows=tuple(rows) if n else (),
    )


def _day_row(day: date, meetings: Rows) -> dict[str, Any]:
    items = sum(meeting["actionable_tickets"] for meeting in meetings)
    return {"day": day.isoformat(), "meetings": len(meetings), "items": items}


def _meetings_sentence(n: int, items: int, days: int, language: Language) -> str:
    if n == 0:
        return pick(
            language, en=f"No meeting ended in the last {days} days.", ko=f"최근 {days}일간 끝난 회의가 없습니다."
        )
    each = items / n
    return pick(
        language,
        en=f"{n} meeting{'' if n == 1 else 's'} in {days} days brought {items} actionable items, {each:.1f} a meeting.",
        ko=f"{days}일간 회의 {n}건에서 실행 가능한 항목 {items}건이 나왔습니다. 회의당 {each:.1f}건입니다.",
    )


def report_completion(trends: Rows, language: Language) -> Report:
    """Which share of the open work was completed in seven days, and how long tickets stayed in a status."""
    rows = [_completion_row(row) for row in trends if row["completion_rate"] is not None]
    return Report(
        name="completion",
        title=pick(language, en="Completion and time in status", ko="완료율과 상태별 시간"),
        sentence=_completion_sentence(rows, language),
        note=_completion_note(rows, language) if rows else "",
        n=rows[-1]["meetings"] if rows else 0,
        is_enough=bool(rows),
        columns=columns(
            language, "last_day", "completion", "todo_hours", "in_progress_hours", "carried_over", "meetings"
        ),
        rows=tuple(_iso(row, "last_day") for row in rows),
    )


def _completion_row(trend: Row) -> dict[str, Any]:
    kept = {name: trend[name] for name in ("last_day", "todo_hours", "in_progress_hours", "carried_over")}
    return kept | {"completion": trend["completion_rate"], "meetings": trend["meeting_count"]}


def _completion_sentence(rows: Rows, language: Language) -> str:
    if not rows:
        return pick(
            language,
            en="Not enough data yet: no seven days in which a ticket was open have been counted.",
            ko="아직 데이터가 부족합니다: 티켓이 열려 있던 7일이 아직 집계되지 않았습니다.",
        )
    last = rows[-1]
    day, share = day_text(language, last["last_day"]), f"{last['completion']:.0%}"
    todo, doing = hours_text(language, last["todo_hours"]), hours_text(language, last["in_progress_hours"])
    return pick(
        language,
        en=f"{share} of the tickets that were open in the seven days to {day} were done at their end; "
        f"a ticket stayed {todo} in To do and {doing} in In progress on average.",
        ko=f"{day}까지 7일간 열려 있던 티켓의 {share}가 완료되었습니다. "
        f"평균 체류 시간은 할 일 {todo}, 진행 중 {doing}입니다.",
    )


def _completion_note(rows: Rows, language: Language) -> str:
    last = rows[-1]
    return pick(
        language,
        en=f"All tickets of the group are counted, so there is no interval; {last['carried_over']} were carried over, "
        f"n = {last['meetings']} meetings in these seven days. A dash: no ticket left that status.",
        ko=f"그룹의 모든 티켓을 센 값이므로 구간이 없습니다. 이월 {last['carried_over']}건, 해당 7일 회의 "
        f"n = {last['meetings']}건. 줄표는 그 상태를 떠난 티켓이 없음을 뜻합니다.",
    )


def report_hours(meetings: Rows, findings: Rows, language: Language) -> Report:
    """The mean score of each hour of the week, with n; hours with fewer than `MIN_MEETINGS` show only n."""
    cells: dict[tuple[int, int], list[float]] = defaultdict(list)
    for meeting in meetings:
        if meeting["value"] is not None:
            cells[meeting["local_start"].weekday(), meeting["local_start"].hour].append(meeting["value"])
    rows = [_cell_row(weekday, hour, cells[weekday, hour], language) for weekday, hour in sorted(cells)]
    fullest = max(map(len, cells.values()), default=0)
    n = sum(map(len, cells.values()))
    return Report(
        name="hours",
        title=pick(language, en="Scores by hour of the week", ko="요일과 시각별 점수"),
        sentence=_hours_sentence(cells, findings, language),
        note=pick(
            language,
            en=f"n = {n} scored meetings, the fullest hour has {fullest}. Hours with fewer than {MIN_MEETINGS} "
            "show their n only; intervals are in the table.",
            ko=f"점수가 있는 회의 n = {n}건, 가장 많은 시각은 {fullest}건. {MIN_MEETINGS}건 미만인 시각은 건수만 "
            "표시하며 구간은 표에 있습니다.",
        ),
        n=n,
        is_enough=fullest >= MIN_MEETINGS,
        columns=columns(language, "weekday", "hour", "score", "low", "high", "scored"),
        rows=tuple(rows),
    )


def _cell_row(weekday: int, hour: int, scores: Sequence[float], language: Language) -> dict[str, Any]:
    estimate = estimate_share(scores) if len(scores) >= MIN_MEETINGS else None
    return {
        "weekday": weekday_text(language, weekday),
        "hour": f"{hour:02}:00",
        "score": estimate and estimate.mean,
        "low": estimate and estimate.low,
        "high": estimate and estimate.high,
        "scored": len(scores),
    }


def _hours_sentence(cells: Mapping[tuple[int, int], Sequence[float]], findings: Rows, language: Language) -> str:
    best = next((finding for finding in findings if finding["kind"] == "best_time"), None)
    if best is not None:
        return finding_words(best, language)
    full = {cell: scores for cell, scores in cells.items() if len(scores) >= MIN_MEETINGS}
    if not full:
        return not_enough_in_an_hour(language, max(map(len, cells.values()), default=0))
    (weekday, hour), scores = max(full.items(), key=lambda item: fmean(item[1]))
    where = hour_text(weekday, hour, language)
    return pick(
        language,
        en=f"No hour of the week stands out clearly. The highest average is {fmean(scores):.2f}, "
        f"{where} (n = {len(scores)}).",
        ko="뚜렷하게 두드러지는 시각은 없습니다. "
        f"가장 높은 평균은 {where}의 {fmean(scores):.2f}점(n = {len(scores)})입니다.",
    )


def not_enough_in_an_hour(language: Language, fullest: int) -> str:
    """What is missing before hours of the week can be compared."""
    return pick(
        language,
        en=f"Not enough data yet: the fullest hour of the week has {fullest} scored meetings, {MIN_MEETINGS} needed.",
        ko="아직 데이터가 부족합니다: "
        f"가장 많은 시각의 점수 있는 회의가 {fullest}건이며 {MIN_MEETINGS}건이 필요합니다.",
    )


def finding_words(finding: Row, language: Language) -> str:
    """The sentence of a finding."""
    words: str = finding["details"]["words"][language]
    return words


def _between(meetings: Rows, first_day: date, last_day: date) -> Rows:
    return [meeting for meeting in meetings if first_day <= meeting["local_start"].date() <= last_day]


def _iso(row: Row, name: str) -> dict[str, Any]:
    return {**row, name: row[name].isoformat()}
