"""Error rates and word latencies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vori_ray.speech.scoring import (
    TimedWord,
    error_kind,
    error_rate,
    final_latencies,
    percentiles,
    word_latencies,
)


def test_kinds() -> None:
    assert error_kind("en") == "wer"
    assert error_kind("ko") == "cer"


def test_case_and_punctuation_do_not_count() -> None:
    assert error_rate("Hello, Alice.", "hello alice", "en") == 0.0


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("a b c d", "a b c d", 0.0),
        ("a b c d", "a x c d", 0.25),
        ("a b c d", "a c d", 0.25),
        ("a b c d", "a b z c d", 0.25),
        ("a b c d", "", 1.0),
        ("a", "x y z", 3.0),
        ("", "", 0.0),
        ("", "x", 1.0),
    ],
)
def test_word_error_rate(reference: str, hypothesis: str, expected: float) -> None:
    assert error_rate(reference, hypothesis, "en") == expected


def test_korean_is_scored_by_syllables_without_spaces() -> None:
    assert error_rate("회의를 시작하겠습니다.", "회의를시작 하겠습니다", "ko") == 0.0
    assert error_rate("가나다라", "가나마라", "ko") == 0.25


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_distance_is_symmetric_and_bounded(left: list[str], right: list[str]) -> None:
    one = error_rate(" ".join(left), " ".join(right), "en") * max(1, len(left))
    other = error_rate(" ".join(right), " ".join(left), "en") * max(1, len(right))
    if left and right:
        assert one == pytest.approx(other)
        assert abs(len(left) - len(right)) - 1e-9 <= one <= max(len(left), len(right)) + 1e-9


def test_latency_is_the_settling_time_minus_the_true_end_of_words_heard_right() -> None:
    truth = [TimedWord("we", 1.0), TimedWord("need", 1.5), TimedWord("it", 2.0)]
    settled = [TimedWord("We", 2.0), TimedWord("read", 2.1), TimedWord("it.", 3.5)]
    assert word_latencies(truth, settled, "en") == [1.0, 1.5]


def test_a_korean_word_counts_when_all_its_syllables_were_heard() -> None:
    truth = [TimedWord("회의를", 1.0), TimedWord("시작", 2.0)]
    settled = [TimedWord("회의", 1.5), TimedWord("를", 2.5), TimedWord("사작", 3.0)]
    assert word_latencies(truth, settled, "ko") == [1.5]


def test_final_latency_looks_at_the_last_word_of_each_utterance() -> None:
    utterances = [[TimedWord("we", 1.0), TimedWord("go", 1.5)], [TimedWord("yes", 3.0)], [TimedWord("lost", 4.0)]]
    settled = [TimedWord("we", 1.2), TimedWord("go", 2.25), TimedWord("yes", 3.5)]
    assert final_latencies(utterances, settled, "en") == [0.75, 0.5]


def test_percentiles() -> None:
    assert percentiles([]) == {"n": 0, "p50": None, "p95": None}
    assert percentiles([1.0, 2.0, 3.0]) == {"n": 3, "p50": 2.0, "p95": 2.9}
