"""What can be said of one meeting: who spoke when, and what its score is made of. PURE.

Speakers stand in the order in which they first spoke: nothing here ranks people. Rows are those of
`storage.repositories.insight_reads`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vori_ray.insights.estimates import balance
from vori_ray.insights.report import Language, Report
from vori_ray.insights.report_words import columns, part_text, pick
from vori_ray.insights.score import MIN_ITEMS

Row = Mapping[str, Any]
Rows = Sequence[Row]


def report_timeline(speech: Rows, language: Language, *, started_at: datetime) -> Report:
    """Seconds of speech of each speaker in each minute of the meeting."""
    begun = started_at.replace(second=0, microsecond=0)
    nobody = pick(language, en="Somebody", ko="이름 없음")
    rows = [
        {
            "minute": int((row["window_start"] - begun).total_seconds() // 60),
            "speaker": row["speaker"] or nobody,
            "talk_s": row["talk_ms"] / 1000,
        }
        for row in speech
    ]
    talk_s: dict[str, float] = {}
    for row in rows:
        talk_s[row["speaker"]] = talk_s.get(row["speaker"], 0.0) + row["talk_s"]
    return Report(
        name="timeline",
        title=pick(language, en="Who spoke when", ko="발화 시간"),
        sentence=_timeline_sentence(rows, talk_s, language),
        note=_timeline_note(speech, talk_s, language) if rows else "",
        n=sum(row["turns"] for row in speech),
        is_enough=bool(rows),
        columns=columns(language, "minute", "speaker", "talk_s"),
        rows=tuple(rows),
    )


def _timeline_sentence(rows: Rows, talk_s: Mapping[str, float], language: Language) -> str:
    if not rows:
        return pick(
            language,
            en="Nothing has been counted for this meeting yet.",
            ko="이 회의에서 아직 집계된 내용이 없습니다.",
        )
    minutes = sum(talk_s.values()) / 60
    people = len(talk_s)
    return pick(
        language,
        en=f"{people} speaker{'' if people == 1 else 's'} spoke for {minutes:.1f} minutes in all.",
        ko=f"화자 {people}명이 모두 {minutes:.1f}분 동안 말했습니다.",
    )


def _timeline_note(speech: Rows, talk_s: Mapping[str, float], language: Language) -> str:
    turns = sum(row["turns"] for row in speech)
    evenness = balance(list(talk_s.values()))
    shared_en = "" if evenness is None else f" Balance of speech: {evenness:.2f} (1 is equal shares)."
    shared_ko = "" if evenness is None else f" 발화 균형: {evenness:.2f} (1은 균등)."
    return pick(
        language,
        en=f"n = {turns} turns, measured, so there is no interval.{shared_en} "
        "Speakers stand in the order of the minutes in which they first spoke.",
        ko=f"발화 n = {turns}회를 잰 값이므로 구간이 없습니다.{shared_ko} 화자는 처음 말한 분의 순서입니다.",
    )


def report_score(score: Row | None, language: Language) -> Report:
    """The parts of a meeting's score."""
    parts = score["parts"] if score else []
    rows = [
        {
            "part": part_text(language, part["name"]),
            "value": part["value"],
            "weight": part["weight"],
            "counted": _counted(part, language),
        }
        for part in parts
    ]
    items, value = (score["items"], score["value"]) if score else (0, None)
    return Report(
        name="score",
        title=pick(language, en="Score and its parts", ko="점수와 구성 요소"),
        sentence=_score_sentence(value, items, language),
        note=pick(
            language,
            en=f"n = {items} items (tickets, due items, blockers, decisions), counted, so there is no interval. "
            "Parts with nothing to measure are left out.",
            ko=f"항목 n = {items}개(티켓, 기한 항목, 블로커, 결정)를 센 값이므로 구간이 없습니다. "
            "잴 것이 없는 요소는 뺍니다.",
        ),
        n=items,
        is_enough=value is not None,
        columns=columns(language, "part", "value", "weight", "counted"),
        rows=tuple(rows),
    )


def _counted(part: Row, language: Language) -> str:
    return pick(language, en=f"{part['have']:g} of {part['of']:.3g}", ko=f"{part['of']:.3g} 중 {part['have']:g}")


def _score_sentence(value: float | None, items: int, language: Language) -> str:
    if value is None:
        return pick(
            language,
            en=f"Not enough data yet: {items} item{'' if items == 1 else 's'}, at least {MIN_ITEMS} needed.",
            ko=f"아직 데이터가 부족합니다: 항목 {items}개, 최소 {MIN_ITEMS}개가 필요합니다.",
        )
    return pick(
        language,
        en=f"This meeting scores {value:.2f} out of 1, from {items} items.",
        ko=f"이 회의의 점수는 항목 {items}개를 바탕으로 1점 만점에 {value:.2f}점입니다.",
    )
