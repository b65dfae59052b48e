"""The session machine with a recogniser that reads words from symbolic sound.

A hop holds one value: 0 is silence, any other the number of the word that is being spoken. The recogniser says a word
wrongly while its end has not been heard, as Whisper does; everything else it hears exactly. So every word that is
lost, doubled or split is the machine's fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vori_ray.errors import ProtocolError
from vori_ray.speech import signals
from vori_ray.speech.options import SessionOptions
from vori_ray.speech.ports import SettledSegment
from vori_ray.speech.progress import Checkpoint
from vori_ray.speech.session import Phase, SpeechSession
from vori_ray.speech.vad import HOP
from vori_ray.speech.windows import SAMPLE_RATE, WindowRequest, WindowResult, Word

FIRST_WORD = 1000
FAST = settings(deadline=None, max_examples=60)
OPTIONS = SessionOptions(session_id="s1", language="en", languages=("en",))


def hear(request: WindowRequest) -> WindowResult:
    """The perfect recogniser of symbolic sound."""
    words, position = [], 0
    for value, run in groupby(request.audio.tolist()):
        length = len(list(run))
        start_s = request.start_s + position / SAMPLE_RATE
        position += length
        if value:
            is_cut = position == len(request.audio)
            text = f"w{value}" + (f"cut{length}" if is_cut else "")
            words.append(Word(text, start_s, start_s + length / SAMPLE_RATE, 0.95, (value,)))
    assert [word.tokens[0] for word in words[: len(request.prefix)]] == list(request.prefix)
    return WindowResult(words=tuple(words[len(request.prefix) :]), language="en")


def sound(pieces: Iterable[tuple[bool, int]]) -> list[int]:
    """Hops from (is word, length in hops); the words are numbered."""
    values, number = [], FIRST_WORD
    for is_word, length in pieces:
        if is_word:
            values += [number] * length + [0]
            number += 1
        else:
            values += [0] * length
    return values


@dataclass
class Player:
    """Plays hops into a session; answers come `delays` hops late, one by one."""

    session: SpeechSession
    delays: list[int] = field(default_factory=list)
    recognise: Callable[[WindowRequest], WindowResult] = hear
    effects: list[signals.Effect] = field(default_factory=list)
    waiting: tuple[int, WindowRequest] | None = None

    def play(self, hops: Iterable[int]) -> None:
        for value in hops:
            self.take(self.session.receive(hop_event(value)))
            self.answer_due()

    def answer_due(self) -> None:
        while self.waiting and self.waiting[0] <= 0:
            self.answer()
        if self.waiting:
            self.waiting = (self.waiting[0] - 1, self.waiting[1])

    def answer(self) -> None:
        assert self.waiting
        request, self.waiting = self.waiting[1], None
        self.take(self.session.receive(signals.WindowDecoded(self.recognise(request))))

    def finish(self) -> None:
        self.take(self.session.receive(signals.Stop()))
        while self.waiting:
            self.answer()

    def take(self, effects: list[signals.Effect]) -> None:
        self.effects += effects
        for effect in effects:
            if isinstance(effect, signals.DecodeWindow):
                assert self.waiting is None, "one decode in flight"
                assert effect.request.duration_s <= OPTIONS.window.longest / SAMPLE_RATE
                self.waiting = (self.delays.pop() if self.delays else 0, effect.request)

    def of_type(self, kind: type) -> list:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def segments(self) -> list[SettledSegment]:
        return [effect.segment for effect in self.of_type(signals.SegmentSettled)]

    @property
    def said(self) -> list[str]:
        return [word.text for segment in self.segments for word in segment.words]


def hop_event(value: int) -> signals.HopHeard:
    return signals.HopHeard(np.full(HOP, value, np.int16), 1.0 if value else 0.0, vad_state=None)


def player(options: SessionOptions = OPTIONS, **kwargs: object) -> Player:
    session = SpeechSession(options)
    session.receive(signals.Opened())
    return Player(session, **kwargs)  # type: ignore[arg-type]


def play(hops: list[int], **kwargs: object) -> Player:
    made = player(**kwargs)  # type: ignore[arg-type]
    made.play(hops)
    made.finish()
    return made


def spoken(hops: list[int]) -> list[str]:
    return [f"w{value}" for value, _ in groupby(hops) if value]


# Words last 0.26 to 0.64 s, so that each is long enough to be an utterance of its own; some hops of silence between.
words = st.tuples(st.just(True), st.integers(9, 20))
pauses = st.tuples(st.just(False), st.integers(1, 40))
sounds = st.lists(st.one_of(words, words, words, pauses), max_size=60).map(sound)
delay_lists = st.lists(st.integers(0, 60), max_size=80)


def test_an_utterance_in_another_language_is_decoded_again_in_it_before_any_word_is_settled() -> None:
    options = replace(OPTIONS, language=None, languages=("en", "ko"))
    asked: list[tuple[int, str | None]] = []

    def bilingual(request: WindowRequest) -> WindowResult:
        spoken = "en" if request.utterance < 2 else "ko"
        language = request.language or spoken
        asked.append((request.utterance, language))
        heard = {one: 0.95 if one == spoken else 0.05 for one in ("en", "ko")}
        return replace(hear(request), language=language, language_probabilities=heard)

    machine = player(options, recognise=bilingual)
    machine.play(sound([(True, 8), (True, 8)] * 5 + [(False, 30)] + [(True, 8)] * 10 + [(False, 30)]))
    machine.play(sound([(True, 8)] * 10 + [(False, 30)]))
    machine.finish()
    spoken = {segment.utterance: segment.language for segment in machine.segments if segment.words}
    assert [{segment.language for segment in machine.segments if segment.utterance == n} for n in spoken] == [
        {"en"},
        {"en"},
        {"ko"},
    ]
    assert (2, "en") in asked, "its first windows are taken for the locked language"


def test_the_way_of_one_utterance() -> None:
    done = play(sound([(False, 20), (True, 12), (True, 12), (True, 12), (True, 12), (False, 40)]))
    assert done.said == ["w1000", "w1001", "w1002", "w1003"]
    kinds = [type(effect) for effect in done.effects if not isinstance(effect, signals.CheckpointReached)]
    assert kinds[0] is signals.SpeechStarted
    assert kinds[-1] is signals.Drained
    assert signals.InterimChanged in kinds
    assert [segment.part for segment in done.segments] == list(range(len(done.segments)))
    assert [segment.is_last for segment in done.segments] == [False] * (len(done.segments) - 1) + [True]


def test_the_final_is_ready_when_the_endpoint_is_confirmed() -> None:
    made = player()
    made.play(sound([(True, 12), (False, 40)]))
    requests = [effect.request for effect in made.of_type(signals.DecodeWindow)]
    assert requests[-1].is_final
    assert requests[-1].beam_size == OPTIONS.final_beam
    ended = made.effects.index(made.of_type(signals.SpeechEnded)[0])
    after = made.effects[ended:]
    assert not any(isinstance(effect, signals.DecodeWindow) for effect in after), "no decode is needed at the endpoint"
    assert any(isinstance(effect, signals.SegmentSettled) and effect.segment.is_last for effect in after)


def test_words_are_settled_while_the_speaker_goes_on() -> None:
    made = player()
    made.play(sound([(True, 12)] * 12))
    assert len(made.said) >= 6
    assert not any(segment.is_last for segment in made.segments)


def test_finalize_settles_all_at_once_and_goes_on() -> None:
    made = player()
    made.play(sound([(True, 12)] * 4)[:-6])
    made.take(made.session.receive(signals.Finalize()))
    while made.waiting:
        made.answer()
    assert made.segments[-1].is_last
    assert isinstance(made.effects[-1], signals.Drained)
    made.play([FIRST_WORD + 50] * 15 + [0] * 30)
    assert made.said[-1] == "w1050"


def test_a_click_is_not_decoded() -> None:
    done = play([0] * 10 + [FIRST_WORD] * 4 + [0] * 40)
    assert done.of_type(signals.DecodeWindow) == []
    assert [effect.guard.value for effect in done.of_type(signals.GuardFired)] == ["too_short"]
    assert done.segments == []


def test_a_window_never_outgrows_the_model_while_nothing_is_understood() -> None:
    nothing = WindowResult(words=(), language="en")
    done = play([FIRST_WORD] * 1500, recognise=lambda request: nothing)
    assert len(done.of_type(signals.DecodeWindow)) > 20
    assert done.segments == []


def test_a_repetition_is_tried_again_without_prompt() -> None:
    options = SessionOptions(session_id="s1", language="en", uses_prompt=True)
    prompts = []

    def loop_when_prompted(request: WindowRequest) -> WindowResult:
        prompts.append(request.prompt)
        answer = hear(request)
        looping = tuple(Word(text, 0, 0) for text in "a b c a b c a b c".split())
        return WindowResult(words=looping if request.prompt else answer.words, language="en")

    done = play(
        sound([(True, 12), (False, 30), (True, 12), (False, 30)]), options=options, recognise=loop_when_prompted
    )
    assert done.said == ["w1000", "w1001"]
    assert (1000,) in prompts
    assert prompts[-1] == ()


def test_the_prompt_is_forgotten_after_a_long_silence() -> None:
    options = SessionOptions(session_id="s1", language="en", uses_prompt=True)
    prompts = []
    for pause in (30, 120):
        done = play(sound([(True, 12), (False, pause), (True, 12), (False, 30)]), options=options)
        prompts.append([effect.request.prompt for effect in done.of_type(signals.DecodeWindow)][-1])
    assert prompts == [(1000,), ()]


def test_overload_drops_interim_decodes_and_no_words() -> None:
    hops = sound([(True, 12)] * 20 + [(False, 40)])
    made = player(delays=[80] * 100)
    made.play(hops[:150])
    made.take(made.session.receive(signals.ChangeCadence(4)))
    made.play(hops[150:])
    made.finish()
    assert sum(effect.count for effect in made.of_type(signals.PointsDropped)) > 0
    assert made.said == spoken(hops)


def test_events_in_the_wrong_phase_are_refused() -> None:
    session = SpeechSession(OPTIONS)
    with pytest.raises(ProtocolError, match="connecting takes no HopHeard"):
        session.receive(hop_event(0))
    session.receive(signals.Opened())
    session.receive(signals.Stop())
    assert session.phase is Phase.CLOSED
    with pytest.raises(ProtocolError, match="closed takes no Stop"):
        session.receive(signals.Stop())


@FAST
@given(sounds)
def test_every_word_is_said_once_in_order(hops: list[int]) -> None:
    assert play(hops).said == spoken(hops)


@FAST
@given(sounds, delay_lists)
def test_the_words_do_not_depend_on_when_answers_come(hops: list[int], delays: list[int]) -> None:
    assert play(hops, delays=delays).segments == play(hops).segments


@FAST
@given(sounds, delay_lists, st.data())
def test_a_session_made_from_any_checkpoint_goes_on_as_if_nothing_had_happened(
    hops: list[int], delays: list[int], data: st.DataObject
) -> None:
    whole = play(hops, delays=list(delays))
    checkpoints = whole.of_type(signals.CheckpointReached)
    if not checkpoints:
        return
    chosen = data.draw(st.sampled_from(checkpoints))
    before = [e for e in whole.effects[: whole.effects.index(chosen)] if isinstance(e, signals.SegmentSettled)]
    checkpoint = Checkpoint.from_dict(chosen.checkpoint.as_dict())
    resumed = Player(SpeechSession(OPTIONS, checkpoint))
    stream = np.repeat(np.array(hops, np.int16), HOP)
    assert resumed.session.clock == chosen.at
    resumed.session.preload(stream[resumed.session.needs_from : chosen.at])
    resumed.session.receive(signals.Opened(tuple(whole.segments[len(before) :])))
    resumed.play(hops[chosen.at // HOP :])
    resumed.finish()
    assert [e.segment for e in before] + resumed.segments == whole.segments


@FAST
@given(sounds, st.data())
def test_words_that_an_earlier_life_stored_differently_are_kept_and_not_said_twice(
    hops: list[int], data: st.DataObject
) -> None:
    whole = play(hops)
    spoken_segments = [segment for segment in whole.segments if segment.words]
    if not spoken_segments:
        return
    other = data.draw(st.sampled_from(spoken_segments))
    stored = SettledSegment(
        "s1",
        other.utterance,
        other.part,
        tuple(Word("stored", word.start_s, word.end_s) for word in other.words),
        other.start_s,
        other.end_s,
        "en",
        other.is_last,
    )
    again = player()
    again.session = SpeechSession(OPTIONS)
    again.session.receive(signals.Opened((stored,)))
    again.play(hops)
    again.finish()
    expected = [
        "stored" if any(word is kept for kept in other.words) else word.text
        for segment in whole.segments
        for word in segment.words
    ]
    assert again.said == expected
