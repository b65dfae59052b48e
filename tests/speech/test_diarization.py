"""Voices grouped to speakers: by hand-made voices, and on the demo meetings as one mixed recording each."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speech.speech_support import load_meeting
from vori_ray.speech.diarization import Speakers, Voice, assign, learn
from vori_ray.speech.scoring import speaker_error_rate
from vori_ray.speech.voices import AcousticVoices
from vori_ray.speech.windows import SAMPLE_RATE

PEOPLE = st.lists(st.integers(0, 3), min_size=1, max_size=30)


def voice(person: int, seed: int = 0) -> Voice:
    """Four people at the corners of a square of side 10, each of their voices within 0.5 of the corner."""
    corner = np.array([10.0 * (person % 2), 10.0 * (person // 2)])
    return (corner + np.random.default_rng(seed).uniform(-0.35, 0.35, 2)).astype(np.float32)


def numbered(people: list[int]) -> list[int]:
    order = list(dict.fromkeys(people))
    return [order.index(person) + 1 for person in people]


@given(PEOPLE)
def test_each_stretch_is_given_to_whoever_it_sounds_like(people: list[int]) -> None:
    speakers, given_to = Speakers(), []
    for seed, person in enumerate(people):
        speakers = assign(speakers, voice(person, seed), duration_s=2.0, threshold=3.0)
        given_to.append(speakers.last)
    assert given_to == numbered(people)


@given(PEOPLE, st.integers(0, 30))
def test_speakers_kept_as_json_go_on_as_if_nothing_had_happened(people: list[int], at: int) -> None:
    undisturbed = kept = Speakers()
    for seed, person in enumerate(people):
        if seed == at:
            kept = Speakers.from_dict(json.loads(json.dumps(kept.as_dict())))
        undisturbed = assign(undisturbed, voice(person, seed), duration_s=1.7, threshold=3.0)
        kept = assign(kept, voice(person, seed), duration_s=1.7, threshold=3.0)
    assert kept == undisturbed


def test_a_short_stretch_makes_no_new_speaker() -> None:
    speakers = assign(Speakers(), voice(0), duration_s=2.0, threshold=3.0)
    assert assign(speakers, voice(3), duration_s=0.5, threshold=3.0).last == 1
    assert assign(speakers, voice(3), duration_s=2.0, threshold=3.0).last == 2


def test_numbers_go_on_where_another_engine_has_given_some() -> None:
    speakers = Speakers(last=2, first=3)
    assert assign(speakers, None, duration_s=2.0, threshold=3.0).last == 2
    given_to = []
    for person in (0, 3, 0):
        speakers = assign(speakers, voice(person), duration_s=2.0, threshold=3.0)
        given_to.append(speakers.last)
    assert given_to == [3, 4, 3]


def test_where_nothing_can_be_measured_whoever_spoke_goes_on() -> None:
    speakers = assign(Speakers(), None, duration_s=2.0, threshold=3.0)
    assert (speakers.last, speakers.heard) == (1, ())
    speakers = assign(
        assign(Speakers(), voice(0), duration_s=2.0, threshold=3.0), voice(3), duration_s=2.0, threshold=3.0
    )
    assert assign(speakers, None, duration_s=2.0, threshold=3.0).last == 2


def test_another_voice_in_the_same_utterance_does_not_spoil_the_speaker() -> None:
    speakers = assign(Speakers(), voice(0), duration_s=2.0, threshold=3.0)
    assert learn(speakers, voice(3), duration_s=2.0, threshold=3.0) == speakers
    assert learn(speakers, voice(0, 1), duration_s=2.0, threshold=3.0).heard[0].weight_s == 4.0


def test_the_error_is_the_share_of_time_given_to_the_wrong_speaker() -> None:
    truth, durations_s = ["a", "b", "a", "b"], [1.0, 1.0, 2.0, 4.0]
    assert speaker_error_rate(truth, [7, 3, 7, 3], durations_s) == 0.0
    assert speaker_error_rate(truth, [1, 2, 2, 2], durations_s) == 0.25
    assert speaker_error_rate(truth, [1, 1, 1, 1], durations_s) == pytest.approx(3 / 8)
    assert speaker_error_rate(truth, [1, 2, 3, 4], durations_s) == pytest.approx(2 / 8)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_speakers_of_a_demo_meeting(language: str) -> None:
    sound, truth = load_meeting(language)
    engine, speakers, found = AcousticVoices(), Speakers(), []
    spans = [(each["start"], each["end"]) for each in truth["utterances"]]
    for start_s, end_s in spans:
        voice = engine.embed(sound[round(start_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)])
        speakers = assign(speakers, voice, duration_s=end_s - start_s, threshold=engine.threshold)
        found.append(speakers.last)
    durations_s = [end_s - start_s for start_s, end_s in spans]
    assert speaker_error_rate([each["speaker"] for each in truth["utterances"]], found, durations_s) <= 0.1
