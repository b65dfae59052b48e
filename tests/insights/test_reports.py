"""Reports say what the rows say, no more, in both languages; estimates agree with the textbook."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vori_ray.insights.estimates import balance, estimate_share, is_different
from vori_ray.insights.group_reports import report_completion, report_hours, report_meetings, report_productivity
from vori_ray.insights.meeting_reports import report_score, report_timeline
from vori_ray.insights.report import Language
from vori_ray.insights.word_reports import report_keywords, report_meeting_keywords, report_topics

TODAY = date(2026, 3, 31)
LANGUAGES: tuple[Language, ...] = ("en", "ko")


def meeting(days_ago: int, value: float | None, *, hour: int = 10) -> dict[str, Any]:
    start = datetime(TODAY.year, TODAY.month, TODAY.day, hour, tzinfo=UTC) - timedelta(days=days_ago)
    return {"local_start": start, "value": value, "actionable_tickets": 3}


def trend(days_ago: int, average: float | None) -> dict[str, Any]:
    last_day = TODAY - timedelta(days=days_ago)
    return {"last_day": last_day, "first_day": last_day - timedelta(days=6), "avg_productivity": average}


def test_an_estimate_agrees_with_the_textbook() -> None:
    estimate = estimate_share([0.4, 0.5, 0.6])
    assert estimate is not None
    assert (estimate.mean, estimate.n) == (pytest.approx(0.5), 3)
    assert estimate.high == pytest.approx(0.5 + 4.303 * 0.1 / 3**0.5)
    assert estimate_share([]) is None
    alone = estimate_share([0.3])
    assert alone is not None
    assert (alone.low, alone.high) == (None, None)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_an_interval_lies_in_zero_to_one_around_its_mean(values: list[float]) -> None:
    estimate = estimate_share(values)
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= estimate.mean + 1e-9
    assert estimate.mean - 1e-9 <= estimate.high <= 1


def test_means_differ_only_when_they_clearly_do() -> None:
    assert is_different([0.4, 0.42, 0.41, 0.43], [0.8, 0.79, 0.82, 0.81])
    assert not is_different([0.2, 0.9, 0.4], [0.5, 0.6, 0.3])
    assert not is_different([0.1], [0.9, 0.91])
    assert is_different([0.5, 0.5], [0.6, 0.6])


def test_balance_is_one_for_equal_shares_and_low_for_a_monologue() -> None:
    assert balance([10, 10, 10]) == pytest.approx(1)
    lopsided = balance([100, 1, 1])
    assert lopsided is not None
    assert lopsided < 0.2
    assert balance([5]) is None
    assert balance([0, 0]) is None


@pytest.mark.parametrize(("scored", "is_enough"), [(7, False), (8, True)])
def test_productivity_needs_eight_scored_meetings(scored: int, is_enough: bool) -> None:
    meetings = [meeting(n, 0.5) for n in range(scored)] + [meeting(1, None)]
    report = report_productivity(meetings, [trend(0, 0.5)], "en")
    assert report.is_enough is is_enough
    assert report.sentence == (
        "In the seven days to Mar 31 meetings scored 0.50 out of 1."
        if is_enough
        else "Not enough data yet: 7 scored meetings, at least 8 needed."
    )


def test_productivity_says_higher_only_of_a_clear_difference() -> None:
    low = [meeting(n, value) for n, value in ((28, 0.3), (29, 0.31), (30, 0.29), (31, 0.3))]
    high = [meeting(n, value) for n, value in ((0, 0.7), (1, 0.71), (2, 0.69), (3, 0.7))]
    mixed = [meeting(n, value) for n, value in ((0, 0.1), (1, 0.9), (2, 0.2), (3, 0.8))]
    trends = [trend(28, 0.3), trend(0, 0.7)]
    assert "higher than in the seven days to Mar 3 (0.30)" in report_productivity(low + high, trends, "en").sentence
    assert "보다 높습니다" in report_productivity(low + high, trends, "ko").sentence
    assert "not clearly different" in report_productivity(low + mixed, trends, "en").sentence


def test_the_band_is_the_interval_of_each_window() -> None:
    meetings = [meeting(n, 0.4 + n / 100) for n in range(10)]
    (row,) = report_productivity(meetings, [trend(0, 0.43)], "en").rows
    assert (row["scored"], row["last_day"]) == (7, "2026-03-31")
    assert row["low"] < 0.43 < row["high"]


def test_every_day_is_there_also_without_a_meeting() -> None:
    report = report_meetings([meeting(2, 0.5)], "en", first_day=TODAY - timedelta(days=4), last_day=TODAY)
    assert [row["meetings"] for row in report.rows] == [0, 0, 1, 0, 0]
    assert report.sentence == "1 meeting in 5 days brought 3 actionable items, 3.0 a meeting."


def test_hours_with_few_meetings_show_their_n_and_no_score() -> None:
    meetings = [meeting(7 * n, 0.6, hour=9) for n in range(8)] + [meeting(7 * n, 0.9, hour=15) for n in range(7)]
    report = report_hours(meetings, [], "en")
    assert [(row["hour"], row["scored"], row["score"]) for row in report.rows] == [
        ("09:00", 8, pytest.approx(0.6)),
        ("15:00", 7, None),
    ]
    assert report.sentence.startswith("No hour of the week stands out clearly.")
    few = report_hours(meetings[8:], [], "en")
    assert not few.is_enough
    assert "7 scored meetings, 8 needed" in few.sentence


def test_speakers_stand_in_the_order_in_which_they_first_spoke() -> None:
    start = datetime(2026, 3, 2, 9, 0, 40, tzinfo=UTC)
    minutes = [("Zoe", 0, 5_000), ("Adam", 0, 60_000), ("", 1, 1_000)]
    speech = [
        {
            "window_start": start.replace(second=0) + timedelta(minutes=minute),
            "speaker": speaker,
            "talk_ms": talk_ms,
            "turns": 1,
        }
        for speaker, minute, talk_ms in minutes
    ]
    report = report_timeline(speech, "en", started_at=start)
    assert [row["speaker"] for row in report.rows] == ["Zoe", "Adam", "Somebody"]
    assert [row["minute"] for row in report.rows] == [0, 0, 1]
    assert report.sentence == "3 speakers spoke for 1.1 minutes in all."


def test_a_score_without_enough_items_says_so_and_still_shows_its_parts() -> None:
    part = {"name": "decisions", "value": 0.5, "weight": 1.0, "have": 1, "of": 2}
    report = report_score({"value": None, "items": 3, "parts": [part]}, "en")
    assert report.sentence == "Not enough data yet: 3 items, at least 5 needed."
    assert report.rows[0]["counted"] == "1 of 2"


def test_a_word_that_is_not_surely_more_frequent_is_not_called_so() -> None:
    row = {"keyword": "x", "mentions": 6, "meetings": 3, "mentions_before": 9, "log_odds": 0.4, "z_score": 1.2}
    report = report_keywords([row], "en")
    assert report.sentence == "No word is said clearly more often than in the four weeks before."
    assert report.rows[0]["low"] < 0 < report.rows[0]["high"]
    assert report_keywords([row | {"log_odds": 0.0, "z_score": 0.0}], "en").rows[0]["low"] is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_to_go_by_is_said_and_never_drawn(language: Language) -> None:
    reports = [
        report_productivity([], [], language),
        report_meetings([], language, first_day=TODAY, last_day=TODAY),
        report_completion([], language),
        report_keywords([], language),
        report_topics([], language),
        report_hours([], [], language),
        report_score(None, language),
        report_timeline([], language, started_at=datetime(2026, 3, 2, tzinfo=UTC)),
        report_meeting_keywords(None, language),
    ]
    for report in reports:
        assert not report.is_enough
        assert report.sentence.endswith(".")
        assert report.rows == ()
