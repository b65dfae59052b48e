"""Keywords and their trends on inline rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from vori_ray.insights import keywords
from vori_ray.insights.trends import WINDOW_SCHEMA

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
TODAY = date(2026, 3, 30)
Word = tuple[int, int, date, Mapping[str, int]]


def windows(*days: date, group_id: int = 1) -> list[tuple[Any, ...]]:
    return [(group_id, day - timedelta(days=6), day, 0.0, 0.0) for day in days]


def trends(spark: SparkSession, words: list[Word], *days: date) -> dict[tuple[str, int], dict[str, Any]]:
    frame = keywords.keyword_trends(
        spark.createDataFrame(words, keywords.WORD_SCHEMA), spark.createDataFrame(windows(*days), WINDOW_SCHEMA)
    )
    return {(row["keyword"], row["last_day"].day): row.asDict() for row in frame.collect()}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_a_word_on_the_rise_has_the_log_odds_of_its_counts(spark: SparkSession) -> None:
    words: list[Word] = [
        *[(1, n, ago(n), {"outage": 4, "backlog": 10}) for n in range(3)],  # seven days: 12 and 30
        *[(1, 10 + n, ago(7 + 7 * n), {"outage": 1, "backlog": 20}) for n in range(4)],  # before: 4 and 80
        (1, 20, ago(35), {"outage": 99}),  # too long ago
        (1, 21, ago(1), {"typo": 9}),  # in one meeting only
        (2, 30, ago(1), {"outage": 500}),  # another group's
    ]
    found = trends(spark, words, TODAY)
    assert set(found) == {("outage", 30), ("backlog", 30)}
    row = found["outage", 30]
    assert (row["mentions"], row["meetings"], row["mentions_before"]) == (12, 3, 4)
    now, before = 12 + 30 + 9, 4 + 80
    prior = 100 * (12 + 4) / (now + before)
    odds = [math.log((count + prior) / (total + 100 - count - prior)) for count, total in ((12, now), (4, before))]
    assert row["log_odds"] == pytest.approx(odds[0] - odds[1])
    assert row["z_score"] == pytest.approx((odds[0] - odds[1]) / math.sqrt(1 / (12 + prior) + 1 / (4 + prior)))
    assert found["backlog", 30]["z_score"] < 0 < row["z_score"]


def test_windows_slide_and_days_without_words_count_too(spark: SparkSession) -> None:
    words: list[Word] = [(1, n, ago(10 - n), {"launch": 2}) for n in range(3)] + [(1, 9, ago(25), {"other": 3})]
    found = trends(spark, words, *(ago(n) for n in range(9)))
    # said 10, 9 and 8 days ago: three meetings lie within seven days on the days 8 to 4 before today
    assert sorted(day for _, day in found) == sorted(ago(n).day for n in range(4, 9))


def test_without_any_words_before_there_is_nothing_to_compare_with(spark: SparkSession) -> None:
    words: list[Word] = [(1, n, ago(n), {"launch": 5}) for n in range(4)]
    assert trends(spark, words, TODAY) == {}


SUBJECTS = ({"invoice": 6, "tax": 4, "payment": 5}, {"rocket": 6, "engine": 4, "fuel": 5})


def test_keywords_set_a_meeting_apart_and_topics_gather_meetings(spark: SparkSession) -> None:
    words = {n: {"status": 5, f"one{n}": 1} | SUBJECTS[n % 2] for n in range(12)} | {12: {}}
    subjects = keywords.fit_group(spark, words)
    terms = [word["term"] for word in subjects.keywords[0]]
    assert terms[:3] == ["invoice", "payment", "tax"]
    assert terms.index("status") < terms.index("one0")  # said once: perhaps misheard
    assert subjects.keywords[12] == []
    assert 12 not in subjects.topic_of
    assert {len({subjects.topic_of[n] for n in range(first, 12, 2)}) for first in (0, 1)} == {1}
    assert subjects.topic_of[0] != subjects.topic_of[1]
    assert sum(meetings for _, meetings in subjects.topics.values()) == 12
    assert all(terms for terms, _ in subjects.topics.values())


def test_few_meetings_have_keywords_and_no_topics(spark: SparkSession) -> None:
    alone = keywords.fit_group(spark, {1: {"tax": 2, "invoice": 3}})
    assert [word["term"] for word in alone.keywords[1]] == ["invoice", "tax"]
    four = keywords.fit_group(spark, {n: SUBJECTS[n % 2] for n in range(4)})
    assert four.keywords[1][0]["term"] == "rocket"
    assert (alone.topics, four.topics, four.topic_of) == ({}, {}, {})


def test_meetings_in_which_nothing_was_said_have_no_keywords(spark: SparkSession) -> None:
    silent = keywords.fit_group(spark, {n: {} for n in range(9)})
    assert silent == keywords.GroupSubjects({n: [] for n in range(9)}, {}, {})


def test_words_are_counted_on_the_workers(spark: SparkSession) -> None:
    texts = [(1, 7, "a", "the login page"), (2, 7, "b", "로그인 페이지"), (3, 7, "c", "")]
    frame = spark.createDataFrame(texts, keywords.TEXT_SCHEMA).repartition(2)
    rows = {row["meeting_id"]: (row["source"], row["terms"]) for row in keywords.counted_words(frame).collect()}
    assert rows == {
        1: ("a", '{"login": 1, "page": 1}'),
        2: ("b", '{"로그인": 1, "페이지": 1}'),
        3: ("c", "{}"),
    }
