"""Guards against text that nobody said."""

from __future__ import annotations

import numpy as np
import pytest

from vori_ray.speech.guards import Guard, compression_ratio, guard_sound, guard_words, loudness, without_loops
from vori_ray.speech.windows import SAMPLE_RATE, WindowResult, Word, join_words

SECOND = SAMPLE_RATE


def result(text: str, *, avg_logprob: float = -0.2, no_speech: float = 0.0) -> WindowResult:
    words = tuple(Word(word, index * 0.3, index * 0.3 + 0.3) for index, word in enumerate(text.split()))
    return WindowResult(words=words, language="en", avg_logprob=avg_logprob, no_speech_probability=no_speech)


def tone(level: float, seconds: float = 1.0) -> np.ndarray:
    time_s = np.arange(int(seconds * SECOND)) / SECOND
    return (np.sin(2 * np.pi * 220 * time_s) * level * 32767).astype(np.int16)


def test_too_little_speech_is_not_decoded() -> None:
    assert guard_sound(tone(0.5), SECOND // 5) is Guard.TOO_SHORT


def test_too_quiet_sound_is_not_decoded() -> None:
    assert guard_sound(tone(0.002), SECOND) is Guard.TOO_QUIET
    assert guard_sound(tone(0.1), SECOND) is None


def test_a_short_loud_word_in_a_long_quiet_window_is_heard() -> None:
    window = np.concatenate([tone(0.0005, 8.0), tone(0.1, 0.4)])
    assert guard_sound(window, int(0.4 * SECOND)) is None


def test_loudness_of_a_full_scale_tone() -> None:
    assert loudness(tone(1.0)) == pytest.approx(2**-0.5, abs=1e-3)
    assert loudness(np.empty(0, np.int16)) == 0.0


def test_text_of_a_window_without_speech_is_dropped() -> None:
    assert guard_words(result("thanks", avg_logprob=-1.2, no_speech=0.8), SECOND) == ((), Guard.NO_SPEECH)
    assert guard_words(result("thanks", avg_logprob=-0.3, no_speech=0.8), SECOND)[1] is None


def test_a_phrase_of_the_list_is_dropped_only_where_little_was_said() -> None:
    assert guard_words(result("Thank you."), SECOND // 2) == ((), Guard.PHRASE)
    words, guard = guard_words(result("Thank you."), 2 * SECOND)
    assert (join_words(words), guard) == ("Thank you.", None)


@pytest.mark.parametrize("size", [3, 4, 5, 6])
def test_loops_are_kept_once(size: int) -> None:
    loop = [f"word{number}" for number in range(size)]
    text = result(" ".join(["before", *loop * 4, "after"]))
    kept = without_loops(text.words)
    assert [word.text for word in kept] == ["before", *loop]
    assert guard_words(text, 5 * SECOND)[1] is Guard.REPETITION


def test_saying_something_twice_is_no_loop() -> None:
    text = result("we need it now we need it now please")
    assert without_loops(text.words) == text.words


def test_looping_text_compresses_well() -> None:
    assert compression_ratio(result("no no no no " * 20).words) > 2.4
    assert compression_ratio(result("Let us create a ticket for the login page and give it to Priya").words) < 2.4
