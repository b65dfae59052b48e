"""Endpointer: from probabilities to points."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from vori_ray.speech.vad import HOP, Endpointer, EndpointerOptions, EndpointerState, Point, PointKind

OPTIONS = EndpointerOptions()
SPEECH, SILENCE, BETWEEN = 0.9, 0.1, 0.4


def hops(seconds: float) -> int:
    return round(seconds * 16_000 / HOP)


def run(probabilities: Iterable[float], options: EndpointerOptions = OPTIONS) -> list[Point]:
    endpointer = Endpointer(options)
    return [point for probability in probabilities for point in endpointer.advance(probability)]


def spoken(speech_s: float, silence_s: float = 1.0, lead_s: float = 1.0) -> list[float]:
    return [SILENCE] * hops(lead_s) + [SPEECH] * hops(speech_s) + [SILENCE] * hops(silence_s)


def kinds(points: Iterable[Point]) -> list[PointKind]:
    return [point.kind for point in points]


def test_an_utterance_starts_is_decoded_on_the_grid_speculated_on_and_ends() -> None:
    points = run(spoken(1.2))
    assert kinds(points) == [
        PointKind.SPEECH_STARTED,
        PointKind.PARTIAL,
        PointKind.PARTIAL,
        PointKind.SPECULATION,
        PointKind.UTTERANCE_END,
    ]


def test_the_utterance_begins_with_the_pre_roll() -> None:
    start = run(spoken(1.0))[0]
    assert start.at == hops(1.0) * HOP
    assert start.start == start.at - OPTIONS.pre_roll


def test_the_pre_roll_never_reaches_into_the_voice_before() -> None:
    pause = [SILENCE] * hops(0.5)
    points = run([SPEECH] * hops(1.0) + pause + [SILENCE] * 2 + [SPEECH] * hops(1.0))
    first_end = next(point for point in points if point.kind is PointKind.UTTERANCE_END)
    second = [point for point in points if point.kind is PointKind.SPEECH_STARTED][1]
    assert second.start >= first_end.voice_end


def test_the_end_comes_after_the_configured_silence_and_knows_where_the_voice_ended() -> None:
    end = run(spoken(1.0))[-1]
    voice_end = (hops(1.0) + hops(1.0)) * HOP
    assert end.voice_end == voice_end
    assert OPTIONS.end_silence <= end.at - voice_end < OPTIONS.end_silence + HOP


def test_a_probability_between_the_thresholds_goes_on_with_what_was() -> None:
    assert run([SILENCE] * 10 + [BETWEEN] * 50) == []
    points = run([SPEECH] * hops(0.3) + [BETWEEN] * hops(1.0))
    assert PointKind.UTTERANCE_END not in kinds(points)
    points = run([SPEECH] * hops(0.3) + [SILENCE] + [BETWEEN] * hops(1.0))
    assert points[-1].kind is PointKind.UTTERANCE_END


def test_a_short_pause_is_speculated_on_and_the_grid_goes_on_after_it() -> None:
    points = run([SPEECH] * hops(0.7) + [SILENCE] * hops(0.3) + [SPEECH] * hops(1.0))
    assert kinds(points) == [
        PointKind.SPEECH_STARTED,
        PointKind.PARTIAL,
        PointKind.SPECULATION,
        PointKind.PARTIAL,
        PointKind.PARTIAL,
    ]
    later = [point.at for point in points[3:]]
    assert all(at % OPTIONS.decode_interval < HOP for at in later), "the grid counts from the utterance's start"


def test_speech_counts_only_samples_with_voice() -> None:
    end = run(spoken(1.0))[-1]
    assert end.speech == hops(1.0) * HOP


def test_end_stops_the_utterance_and_the_next_voice_begins_a_new_one() -> None:
    endpointer = Endpointer(OPTIONS)
    for _ in range(hops(1.0)):
        endpointer.advance(SPEECH)
    (point,) = endpointer.end()
    assert (point.kind, point.utterance) == (PointKind.UTTERANCE_END, 0)
    assert endpointer.end() == []
    (start,) = endpointer.advance(SPEECH)
    assert (start.kind, start.utterance, start.start) == (PointKind.SPEECH_STARTED, 1, point.voice_end)


def test_silence_gives_idle_points_only() -> None:
    points = run([SILENCE] * hops(12))
    assert set(kinds(points)) == {PointKind.IDLE}
    assert len(points) == 2


def test_a_wider_stride_decodes_less_often_on_the_same_grid() -> None:
    endpointer = Endpointer(OPTIONS)
    endpointer.widen(4)
    points = [point for _ in range(hops(6.1)) for point in endpointer.advance(SPEECH)]
    partial = [point.at for point in points if point.kind is PointKind.PARTIAL]
    assert [round(at / 16_000) for at in partial] == [2, 4, 6]


probability_lists = st.lists(st.sampled_from([0.0, 0.2, 0.36, 0.45, 0.5, 0.8, 1.0]), max_size=400)


@given(probability_lists)
def test_points_are_in_order_and_every_utterance_that_starts_ends_once(probabilities: list[float]) -> None:
    endpointer = Endpointer(OPTIONS)
    points = [point for probability in probabilities for point in endpointer.advance(probability)] + endpointer.end()
    assert [point.at for point in points] == sorted(point.at for point in points)
    started = [point.utterance for point in points if point.kind is PointKind.SPEECH_STARTED]
    ended = [point.utterance for point in points if point.kind is PointKind.UTTERANCE_END]
    assert started == ended == list(range(len(started)))


@given(probability_lists, st.data())
def test_going_on_from_any_state_gives_the_same_points(probabilities: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(probabilities)))
    whole = run(probabilities)
    first = Endpointer(OPTIONS)
    before = [point for probability in probabilities[:cut] for point in first.advance(probability)]
    second = Endpointer(OPTIONS, EndpointerState(**first.state.as_dict()))
    assert before + [point for probability in probabilities[cut:] for point in second.advance(probability)] == whole
