"""Language: lock, switch, and when words may be settled."""

from __future__ import annotations

from vori_ray.speech.language import LanguageState, end_utterance, fixed, language_to_use, may_settle, observe


def heard(state: LanguageState, language: str, seconds: float, probability: float = 0.95) -> LanguageState:
    other = "ko" if language == "en" else "en"
    return observe(state, {language: probability, other: 1 - probability}, speech_s=seconds)


def utterance(state: LanguageState, language: str, seconds: float, probability: float = 0.95) -> LanguageState:
    return end_utterance(heard(state, language, seconds, probability))


def test_a_new_session_asks_the_recogniser() -> None:
    assert language_to_use(LanguageState()) is None
    assert not may_settle(LanguageState())


def test_a_fixed_language_needs_no_evidence() -> None:
    assert language_to_use(fixed("ko")) == "ko"
    assert may_settle(fixed("ko"))


def test_three_seconds_of_one_language_lock_it() -> None:
    assert language_to_use(heard(LanguageState(), "en", 2.0)) is None
    assert language_to_use(heard(LanguageState(), "en", 3.2)) == "en"


def test_short_utterances_add_up_to_a_lock() -> None:
    state = LanguageState()
    for _ in range(3):
        state = utterance(state, "ko", 1.2)
    assert language_to_use(state) == "ko"


def test_doubt_does_not_lock() -> None:
    assert language_to_use(utterance(LanguageState(), "en", 4.0, probability=0.6)) is None


def test_words_wait_for_the_first_second_of_evidence() -> None:
    assert not may_settle(heard(LanguageState(), "en", 0.5))
    assert may_settle(heard(LanguageState(), "en", 1.2))
    assert not may_settle(heard(LanguageState(), "en", 1.2, probability=0.6))


def test_an_utterance_clearly_in_another_language_is_heard_in_it() -> None:
    state = utterance(LanguageState(), "en", 4.0)
    for speech_s, probability in ((0.8, 0.97), (1.5, 0.85)):
        state = heard(state, "ko", speech_s, probability=probability)
        assert language_to_use(state) == "en"
        assert not may_settle(state), "its evidence disagrees and is still thin"
    assert language_to_use(heard(state, "ko", 1.1, probability=0.95)) == "ko"
    state = heard(state, "ko", 2.1, probability=0.85)
    assert language_to_use(state) == "ko"
    assert may_settle(state)
    assert language_to_use(end_utterance(state)) == "en", "one utterance does not move the lock"


def test_two_clear_utterances_move_the_lock() -> None:
    state = utterance(LanguageState(), "en", 4.0)
    for _ in range(2):
        state = utterance(state, "ko", 2.5)
    assert language_to_use(state) == "ko"


def test_a_clear_utterance_in_between_starts_the_count_again() -> None:
    state = utterance(LanguageState(), "en", 4.0)
    for language in ("ko", "en", "ko"):
        state = utterance(state, language, 2.5)
    assert language_to_use(state) == "en"


def test_short_utterances_do_not_move_the_lock() -> None:
    state = utterance(LanguageState(), "en", 4.0)
    for _ in range(5):
        state = utterance(state, "ko", 1.0)
    assert language_to_use(state) == "en"


def test_state_survives_as_data() -> None:
    state = heard(utterance(LanguageState(), "en", 4.0), "ko", 2.5)
    assert LanguageState(**state.as_dict()) == state
