"""Settling policies: which words of growing hypotheses are settled."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vori_ray.speech.hypothesis import (
    HypothesisState,
    SettlingOptions,
    settle_agreed,
    settle_all,
    settle_before_gap,
    trim_boundary,
    without_repeats,
)
from vori_ray.speech.windows import Word, join_words

AGREEMENT = SettlingOptions(edge_guard_s=0.5)
ATTENTION = SettlingOptions(policy="attention", edge_guard_s=0.5, attention_guard_s=0.8, attention_probability=0.9)


def words(text: str, *, start_s: float = 0.0, each_s: float = 0.4, probability: float = 1.0) -> tuple[Word, ...]:
    return tuple(
        Word(word, start_s + index * each_s, start_s + (index + 1) * each_s, probability, (index,))
        for index, word in enumerate(text.split())
    )


def test_words_are_settled_by_the_second_decode_that_says_them() -> None:
    state, settled = settle_agreed(HypothesisState(), words("we need a"), window_end_s=2.0, options=AGREEMENT)
    assert settled == ()
    state, settled = settle_agreed(state, words("we need a ticket"), window_end_s=2.5, options=AGREEMENT)
    assert join_words(settled) == "we need a"
    assert join_words(state.pending) == "ticket"


def test_case_and_punctuation_do_not_matter_and_the_newer_spelling_wins() -> None:
    state, _ = settle_agreed(HypothesisState(), words("hello alice"), window_end_s=2.0, options=AGREEMENT)
    _, settled = settle_agreed(state, words("Hello, Alice."), window_end_s=2.5, options=AGREEMENT)
    assert join_words(settled) == "Hello, Alice."


def test_agreement_ends_at_the_first_difference() -> None:
    state, _ = settle_agreed(HypothesisState(), words("the end of file"), window_end_s=3.0, options=AGREEMENT)
    _, settled = settle_agreed(state, words("the and of file"), window_end_s=3.5, options=AGREEMENT)
    assert join_words(settled) == "the"


def test_words_near_the_windows_end_wait() -> None:
    state, _ = settle_agreed(HypothesisState(), words("one two three"), window_end_s=1.3, options=AGREEMENT)
    state, settled = settle_agreed(state, words("one two three"), window_end_s=1.6, options=AGREEMENT)
    assert join_words(settled) == "one two"
    _, settled = settle_agreed(state, words("three", start_s=0.8), window_end_s=1.8, options=AGREEMENT)
    assert join_words(settled) == "three"


def test_attention_settles_sure_words_at_once_and_the_rest_by_agreement() -> None:
    sure, unsure = words("we need"), words("paper now", start_s=0.8, probability=0.5)
    state, settled = settle_agreed(HypothesisState(), sure + unsure, window_end_s=3.0, options=ATTENTION)
    assert join_words(settled) == "we need"
    _, settled = settle_agreed(state, unsure, window_end_s=3.5, options=ATTENTION)
    assert join_words(settled) == "paper now"


def test_an_ended_utterance_settles_everything() -> None:
    state = HypothesisState(pending=words("and that is it"))
    after, settled = settle_all(state)
    assert join_words(settled) == "and that is it"
    assert after.pending == ()
    assert after.prefix == (0, 1, 2, 3)


def test_forcing_stops_at_the_largest_gap() -> None:
    pending = words("one two") + words("three four", start_s=1.5)
    state, settled = settle_before_gap(HypothesisState(pending=pending), window_end_s=4.0, options=AGREEMENT)
    assert join_words(settled) == "one two"
    assert join_words(state.pending) == "three four"


def test_forcing_leaves_the_edge_alone() -> None:
    pending = words("one two three")
    _, settled = settle_before_gap(HypothesisState(pending=pending), window_end_s=1.0, options=AGREEMENT)
    assert join_words(settled) == "one"
    _, settled = settle_before_gap(HypothesisState(pending=pending), window_end_s=0.5, options=AGREEMENT)
    assert settled == ()


def test_repeats_at_the_border_are_dropped() -> None:
    settled = words("we need a new ticket")
    again = (Word("ticket.", 1.7, 2.0), Word("For", 2.1, 2.3))
    assert join_words(without_repeats(settled, again)) == "For"


def test_a_word_that_is_really_said_twice_stays() -> None:
    settled = words("it is very")
    again = (Word("very", 1.3, 1.7), Word("good", 1.7, 2.0))
    assert join_words(without_repeats(settled, again)) == "very good"


def test_a_long_repeated_tail_is_dropped_whatever_its_times() -> None:
    settled = words("we need a new ticket")
    again = words("a new ticket for", start_s=3.0)
    assert join_words(without_repeats(settled, again)) == "for"


def test_leading_punctuation_belongs_to_what_is_settled() -> None:
    assert join_words(without_repeats(words("stop"), (Word(".", 0.4, 0.5), Word("Go", 0.6, 0.8)))) == "Go"


def test_trimming_prefers_a_sentence_end_then_the_largest_gap() -> None:
    settled = words("We are done. Next comes") + words("the board now", start_s=2.5)
    state = HypothesisState(settled=settled)
    assert trim_boundary(state, earliest_s=0.0, latest_s=5.0) == 3
    assert trim_boundary(state, earliest_s=1.5, latest_s=5.0) == 5
    assert trim_boundary(state, earliest_s=9.0, latest_s=9.5) == 0


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1)), min_size=1, max_size=12), st.integers(0, 12))
def test_a_settled_word_never_begins_before_the_one_ahead_of_it(times: list[tuple[float, float]], first: int) -> None:
    spoken = tuple(Word(f"w{n}", start_s, start_s + long_s, 1.0, (n,)) for n, (start_s, long_s) in enumerate(times))
    state, settled = settle_all(HypothesisState(pending=spoken[:first]))
    _, rest = settle_all(replace(state, pending=spoken[first:]))
    found = [*settled, *rest]
    assert [word.text for word in found] == [word.text for word in spoken]
    assert all(before.start_s <= after.start_s <= after.end_s for before, after in pairwise(found))


def test_state_survives_as_data() -> None:
    state = HypothesisState(settled=words("a b"), pending=words("c", start_s=0.8))
    assert HypothesisState.from_dict(state.as_dict()) == state


texts = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6)


@given(st.lists(texts, max_size=8))
def test_settled_words_are_append_only_and_nothing_pending_is_lost(hypotheses: list[list[str]]) -> None:
    state, said = HypothesisState(), []
    for step, text in enumerate(hypotheses):
        start_s = state.settled_end_s or 0.0
        fresh = words(" ".join(text), start_s=start_s + 0.5)
        before = state.settled
        state, settled = settle_agreed(state, fresh, window_end_s=start_s + 2.0 + step, options=AGREEMENT)
        said += settled
        assert state.settled == before + settled
        kept = without_repeats(before, fresh)
        assert settled + state.pending == kept
    _, rest = settle_all(state)
    assert state.settled + rest == tuple(said) + rest
