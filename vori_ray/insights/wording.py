"""Findings as sentences in English and Korean, each with its interval and n, worded as association. PURE."""

from __future__ import annotations

from typing import Any

Bounds = tuple[float, float, float]
_SLUGS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_EN = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_DAYS_KO = ("월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일")
_FACTORS = {
    "duration_min": ("Longer meetings", "회의가 길수록"),
    "speakers": ("Meetings with more speakers", "발언자가 많은 회의일수록"),
    "hour": ("Meetings later in the day", "회의 시각이 늦을수록"),
    "blockers": ("Meetings with more blockers", "블로커가 많이 나온 회의일수록"),
    "carried_over": ("Meetings with more work carried over", "이월된 작업이 많은 회의일수록"),
}
_PARTS = {
    "decisions": ("decisions", "결정 사항"),
    "owned_blockers": ("owned blockers", "담당자가 있는 블로커"),
    "due_items_closed": ("due items closed", "기한 내 완료"),
}
_CAUTION = ("This is an association, not proof of a cause.", "연관성일 뿐 원인을 증명하지는 않습니다.")


def slot_name(weekday: int, hour: int) -> str:
    """The stable name of an hour of the week: `tue-10`."""
    return f"{_SLUGS[weekday]}-{hour:02}"


def slot_words(weekday: Any, hour: Any, bounds: Bounds, *, n: int, others: Any) -> dict[str, str]:
    """Meetings at one hour of one weekday against the group's others."""
    english, korean = _interval(bounds)
    return _both(
        f"Meetings on {_DAYS_EN[weekday]} at {hour:02}:00 had {_higher(bounds)} productivity scores than this group's "
        f"other meetings: {english}, {n} meetings against {others}.",
        f"{_DAYS_KO[weekday]} {hour}시 회의는 이 그룹의 다른 회의보다 생산성 점수가 {_higher_ko(bounds)}습니다: "
        f"{korean}, 회의 {n}건 대 {others}건.",
    )


def cause_words(factor: str, bounds: Bounds, *, n: int, left_out: Any) -> dict[str, str]:
    """One factor against the score. `left_out`: the part of the score that would have contained the factor."""
    english, korean = _interval(bounds)
    whose, whose_ko = _FACTORS[factor]
    without = without_ko = ""
    if left_out is not None:
        part, part_ko = _PARTS[left_out]
        without, without_ko = f" (without the part “{part}”)", f"(‘{part_ko}’ 항목 제외)"
    return _both(
        f"{whose} tended to have {_higher(bounds)} productivity scores{without}: rank correlation {english}, "
        f"{n} meetings.",
        f"{whose_ko} 생산성 점수{without_ko}가 {'높은' if bounds[0] > 0 else '낮은'} 경향이 있었습니다: "
        f"순위 상관 {korean}, 회의 {n}건.",
    )


def comparison_words(other: str, bounds: Bounds, *, n: int, others: Any) -> dict[str, str]:
    """A group's meetings against those of another group."""
    english, korean = _interval(bounds)
    return _both(
        f"This group's meetings had {_higher(bounds)} productivity scores than those of {other}: {english}, "
        f"{n} meetings against {others}.",
        f"이 그룹의 회의는 ‘{other}’ 그룹의 회의보다 생산성 점수가 {_higher_ko(bounds)}습니다: "
        f"{korean}, 회의 {n}건 대 {others}건.",
    )


def _interval(bounds: Bounds) -> tuple[str, str]:
    estimate, low, high = (f"{bound:+.2f}" for bound in bounds)
    return f"{estimate} (95 % interval {low} to {high})", f"{estimate}(95% 구간 {low} ~ {high})"


def _higher(bounds: Bounds) -> str:
    return "higher" if bounds[0] > 0 else "lower"


def _higher_ko(bounds: Bounds) -> str:
    return "높았" if bounds[0] > 0 else "낮았"


def _both(english: str, korean: str) -> dict[str, str]:
    return {"en": f"{english} {_CAUTION[0]}", "ko": f"{korean} {_CAUTION[1]}"}
