"""Small words of the reports in English and Korean: names of columns, dates, hours, lists. PURE.

Sentences stand beside what they are made of, in the two files of reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from vori_ray.insights.report import MIN_MEETINGS, Column, Kind, Language

_WEEKDAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "ko": ("월", "화", "수", "목", "금", "토", "일")}
_LABELS: dict[str, tuple[str, str, Kind]] = {
    "day": ("Day", "날짜", "day"),
    "last_day": ("Seven days to", "7일의 마지막 날", "day"),
    "score": ("Score (0 to 1)", "점수 (0~1)", "number"),
    "low": ("95 % interval, low", "95% 구간 하한", "number"),
    "high": ("95 % interval, high", "95% 구간 상한", "number"),
    "scored": ("Scored meetings", "점수가 있는 회의", "count"),
    "meetings": ("Meetings", "회의", "count"),
    "items": ("Actionable items", "실행 가능한 항목", "count"),
    "completion": ("Completed", "완료율", "share"),
    "todo_hours": ("To do (hours)", "할 일 (시간)", "number"),
    "in_progress_hours": ("In progress (hours)", "진행 중 (시간)", "number"),
    "carried_over": ("Carried over", "이월", "count"),
    "keyword": ("Word", "단어", "text"),
    "log_odds": ("Log-odds", "로그 오즈", "number"),
    "mentions": ("Mentions, 7 days", "최근 7일 언급", "count"),
    "mentions_before": ("Mentions, 28 days before", "이전 28일 언급", "count"),
    "topic": ("Subject", "주제", "text"),
    "weekday": ("Day of the week", "요일", "text"),
    "hour": ("Hour", "시각", "text"),
    "minute": ("Minute", "분", "count"),
    "speaker": ("Speaker", "화자", "text"),
    "talk_s": ("Speech (seconds)", "발화 (초)", "number"),
    "part": ("Part", "요소", "text"),
    "value": ("Value (0 to 1)", "값 (0~1)", "number"),
    "weight": ("Weight", "가중치", "share"),
    "counted": ("Counted", "집계", "text"),
    "strength": ("Weight", "가중치", "number"),
}
_PARTS = {
    "actionable_tickets": ("Tickets one can act on", "실행 가능한 티켓"),
    "due_items_closed": ("Due items closed", "기한 내 완료"),
    "owned_blockers": ("Blockers with an owner", "담당자가 있는 블로커"),
    "decisions": ("Decisions per 10 minutes", "10분당 결정"),
}


def pick(language: Language, *, en: str, ko: str) -> str:
    """The text in one of the two languages."""
    return ko if language == "ko" else en


def columns(language: Language, *names: str) -> tuple[Column, ...]:
    """Columns with their headings."""
    return tuple(
        Column(name, pick(language, en=_LABELS[name][0], ko=_LABELS[name][1]), _LABELS[name][2]) for name in names
    )


def day_text(language: Language, day: date) -> str:
    """A day as people write it: `Nov 12`, `11월 12일`."""
    return pick(language, en=f"{day:%b} {day.day}", ko=f"{day.month}월 {day.day}일")


def weekday_text(language: Language, weekday: int) -> str:
    """The short name of a day of the week; 0 is Monday."""
    return _WEEKDAYS[language][weekday]


def hour_text(weekday: int, hour: int, language: Language) -> str:
    """An hour of the week: `Tue 10:00`, `화 10:00`."""
    return f"{weekday_text(language, weekday)} {hour}:00"


def part_text(language: Language, name: str) -> str:
    """What a part of the score measures."""
    en, ko = _PARTS.get(name, (name, name))
    return pick(language, en=en, ko=ko)


def interval_text(low: float | None, high: float | None) -> str:
    """An interval: `0.51 to 0.64`; a dash where there is none."""
    return "–" if low is None or high is None else f"{low:.2f}–{high:.2f}"


def hours_text(language: Language, hours: float | None) -> str:
    """A length of time: `5.3 h`, and days from two days on."""
    if hours is None:
        return "–"
    if hours < 48:
        return pick(language, en=f"{hours:.1f} h", ko=f"{hours:.1f}시간")
    return pick(language, en=f"{hours / 24:.1f} days", ko=f"{hours / 24:.1f}일")


def not_enough(language: Language, n: int, needed: int = MIN_MEETINGS) -> str:
    """What is missing, in meetings with a score."""
    return pick(
        language,
        en=f"Not enough data yet: {n} scored meeting{'' if n == 1 else 's'}, at least {needed} needed.",
        ko=f"아직 데이터가 부족합니다: 점수가 있는 회의 {n}건, 최소 {needed}건이 필요합니다.",
    )


def terms_of(terms: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """Words and weights as the analytics keep them: [{"term", "weight"}]."""
    return [(str(term["term"]), float(term["weight"])) for term in terms]
