"""Cutting and packing: no voice is lost, nothing is too long, any reading of the sound gives the same windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vori_ray.reanalysis.cutting import CutPiece, Cutter, Packer, Piece, spread
from vori_ray.speech import silero
from vori_ray.speech.vad import HOP
from vori_ray.speech.windows import SAMPLE_RATE, Samples, Word

LONGEST = 10 * SAMPLE_RATE
VOICES = st.lists(st.tuples(st.integers(1, 900), st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.95])), min_size=1, max_size=12)


def sound_of(runs: list[tuple[int, float]]) -> tuple[Samples, list[float]]:
    """Runs of hops with one probability each; every sample is its own hop's number, so that it can be told."""
    probabilities = [value for count, value in runs for _ in range(count)]
    samples = np.repeat(np.arange(len(probabilities), dtype=np.int16), HOP)
    return samples, probabilities


def cut(samples: Samples, probabilities: list[float], *, hops_a_read: int = 10_000) -> list[CutPiece]:
    cutter, found = Cutter(LONGEST), []
    for start in range(0, len(probabilities), hops_a_read):
        end = start + hops_a_read
        found += cutter.hear(samples[start * HOP : end * HOP], probabilities[start:end])
    return found + cutter.end()


@given(VOICES, st.integers(1, 500))
@settings(max_examples=40, deadline=None)
def test_pieces_are_short_apart_and_the_same_for_any_reading(runs: list[tuple[int, float]], hops_a_read: int) -> None:
    samples, probabilities = sound_of(runs)
    pieces = cut(samples, probabilities)
    assert [one.piece for one in cut(samples, probabilities, hops_a_read=hops_a_read)] == [one.piece for one in pieces]
    for one in pieces:
        assert 0 < one.piece.end - one.piece.start <= LONGEST + HOP
        assert np.array_equal(one.audio, samples[one.piece.start : one.piece.end])
    identities = [(one.piece.utterance, one.piece.part) for one in pieces]
    assert identities == sorted(set(identities))


@given(VOICES)
@settings(max_examples=40, deadline=None)
def test_every_voice_is_in_a_piece(runs: list[tuple[int, float]]) -> None:
    samples, probabilities = sound_of(runs)
    covered = np.zeros(len(samples), bool)
    for one in cut(samples, probabilities):
        covered[one.piece.start : one.piece.end] = True
    voiced = np.repeat([probability >= 0.5 for probability in probabilities], HOP)
    assert not (voiced & ~covered).any()


def test_a_long_utterance_is_cut_where_the_voice_is_weakest() -> None:
    runs = [(250, 0.9), (1, 0.4), (200, 0.9)]
    first, second = cut(*sound_of(runs))
    assert (first.piece.end, second.piece.start) == (250 * HOP, 250 * HOP)
    assert [(one.piece.utterance, one.piece.part) for one in (first, second)] == [(0, 0), (0, 1)]


def test_windows_hold_as_many_pieces_as_fit() -> None:
    packer = Packer(100)
    pieces = [
        CutPiece(Piece(number, 0, 1000 * number, 1000 * number + 40, 40), np.full(40, number, np.int16))
        for number in range(5)
    ]
    windows = [window for piece in pieces for window in packer.add(piece)] + packer.end()
    assert [[piece.utterance for piece in window.pieces] for window in windows] == [[0, 1], [2, 3], [4]]
    assert [len(window.audio) for window in windows] == [80, 80, 40]
    assert [window.speech for window in windows] == [80, 80, 40]
    assert packer.end() == []


def test_words_go_back_to_their_pieces_and_to_the_time_of_the_stream() -> None:
    second = SAMPLE_RATE
    pieces = (Piece(3, 0, 10 * second, 12 * second, second), Piece(4, 0, 50 * second, 53 * second, second))
    words = [Word("one", 0.2, 0.6), Word("two", 1.7, 2.2), Word("three", 2.5, 3.0), Word("late", 5.5, 6.0)]
    (first, ours), (second_piece, theirs) = spread(words, pieces)
    assert (first.utterance, [(word.text, word.start_s, word.end_s) for word in ours]) == (
        3,
        [("one", 10.2, 10.6), ("two", 11.7, 12.0)],
    )
    assert (second_piece.utterance, [word.text for word in theirs]) == (4, ["three", "late"])
    assert theirs[0].start_s == pytest.approx(50.5)
    assert theirs[1].end_s == 53.0
    assert spread([], pieces) == []


def test_probabilities_in_bulk_are_those_of_one_hop_after_the_other() -> None:
    noise = np.random.default_rng(7).normal(0, 3000, 40 * HOP).astype(np.int16)
    state, one_by_one = silero.initial_state(), []
    for start in range(0, len(noise), HOP):
        probability, state = silero.speech_probability(noise[start : start + HOP], state)
        one_by_one.append(probability)
    first, between = silero.speech_probabilities(noise[: 13 * HOP], silero.initial_state())
    rest, after = silero.speech_probabilities(noise[13 * HOP :], between)
    assert np.allclose([*first, *rest], one_by_one, atol=1e-6)
    assert np.allclose(after.hidden, state.hidden, atol=1e-6)
