"""The real demo model on CTranslate2: batches, prefixes, languages, silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.speech.speech_support import demo_recognizer, load_meeting
from vori_ray.errors import BadInputError, UnavailableError
from vori_ray.speech.model_card import ModelCard, read_model_card
from vori_ray.speech.recognizer import DEMO_DIRECTORY, PreparedWindow, Recognizer, RecognizerOptions, locate_model
from vori_ray.speech.scoring import error_rate
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowRequest, WindowResult, join_words


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return demo_recognizer()


def utterance(language: str, number: int) -> tuple[Samples, str]:
    samples, truth = load_meeting(language)
    said = truth["utterances"][number]
    start, end = int((said["start"] - 0.2) * SAMPLE_RATE), int((said["end"] + 0.2) * SAMPLE_RATE)
    return samples[start:end], said["text"]


def request(audio: Samples, language: str | None = "en", **changes: object) -> WindowRequest:
    return WindowRequest(audio=audio, start_s=10.0, language=language, languages=("en", "ko"), **changes)  # type: ignore[arg-type]


def decode(recognizer: Recognizer, *requests: WindowRequest) -> list[WindowResult]:
    return recognizer.decode([recognizer.prepare(item) for item in requests])


def same(left: WindowResult, right: WindowResult) -> bool:
    return (left.words, left.language, left.avg_logprob) == (right.words, right.language, right.avg_logprob)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_utterance_is_understood_with_times_and_probabilities(recognizer: Recognizer, language: str) -> None:
    audio, text = utterance(language, 0)
    (result,) = decode(recognizer, request(audio, language, beam_size=5))
    assert error_rate(text, join_words(result.words), language) < 0.3
    assert all(10.0 <= word.start_s <= word.end_s <= 10.0 + len(audio) / SAMPLE_RATE + 0.02 for word in result.words)
    assert [word.start_s for word in result.words] == sorted(word.start_s for word in result.words)
    assert all(0 < word.probability <= 1 for word in result.words)


def test_an_answer_does_not_depend_on_its_company(recognizer: Recognizer) -> None:
    windows = [request(utterance("en", number)[0][: 3 * SAMPLE_RATE], wants_language=True) for number in range(4)]
    windows += [request(utterance("ko", number)[0][: 3 * SAMPLE_RATE], "ko") for number in range(2)]
    windows = [window for window in windows if window.duration_s > 2]
    together = decode(recognizer, *windows)
    for window, result in zip(windows, together, strict=True):
        assert same(decode(recognizer, window)[0], result)


def test_a_prefix_is_continued_and_not_repeated(recognizer: Recognizer) -> None:
    audio, _ = utterance("en", 0)
    (whole,) = decode(recognizer, request(audio))
    prefix = tuple(token for word in whole.words[:3] for token in word.tokens)
    (rest,) = decode(recognizer, request(audio, prefix=prefix))
    assert [word.text for word in rest.words] == [word.text for word in whole.words[3:]]
    assert rest.words[0].start_s == pytest.approx(whole.words[3].start_s, abs=0.1)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_language_is_found_among_the_allowed_ones(recognizer: Recognizer, language: str) -> None:
    (result,) = decode(recognizer, request(utterance(language, 1)[0], None))
    assert result.language == language
    assert set(result.language_probabilities) == {"en", "ko"}
    assert sum(result.language_probabilities.values()) == pytest.approx(1.0)


def test_languages_can_be_mixed_in_a_batch(recognizer: Recognizer) -> None:
    english, korean = utterance("en", 1)[0][: 2 * SAMPLE_RATE], utterance("ko", 1)[0][: 2 * SAMPLE_RATE]
    results = decode(recognizer, request(english, None), request(korean, None))
    assert [result.language for result in results] == ["en", "ko"]
    assert all(result.words for result in results)


def test_windows_are_padded_to_the_buckets_of_the_card(recognizer: Recognizer) -> None:
    keys = [
        recognizer.prepare(request(np.zeros(int(s * SAMPLE_RATE), np.int16))).key.frames for s in (0.5, 2, 2.5, 9, 29)
    ]
    assert keys == [200, 200, 400, 1000, 3000]


@pytest.mark.parametrize("noise", [0, 100])
def test_silence_gives_no_text(recognizer: Recognizer, noise: int) -> None:
    audio = np.random.default_rng(0).integers(-noise - 1, noise + 1, 10 * SAMPLE_RATE).astype(np.int16)
    (result,) = decode(recognizer, request(audio))
    assert result.words == ()


@pytest.mark.parametrize("seconds", [0, 30.1])
def test_a_window_of_impossible_length_is_refused(recognizer: Recognizer, seconds: float) -> None:
    with pytest.raises(BadInputError, match="at most 30 s"):
        recognizer.prepare(request(np.zeros(int(seconds * SAMPLE_RATE), np.int16)))


def test_an_unknown_language_is_refused(recognizer: Recognizer) -> None:
    with pytest.raises(BadInputError, match="no language 'xx'"):
        decode(recognizer, request(utterance("en", 0)[0], "xx"))


def test_prompts_are_cut_to_exact_buckets(tmp_path: Path) -> None:
    card = json.loads((DEMO_DIRECTORY / "vori.json").read_text(encoding="utf-8"))
    for file in DEMO_DIRECTORY.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "vori.json").unlink()
    (tmp_path / "vori.json").write_text(json.dumps({**card, "uses_prompt": True}), encoding="utf-8")
    prompted = Recognizer(RecognizerOptions(model=str(tmp_path), device="cpu", compute_type="int8"))
    audio = utterance("en", 0)[0]
    lengths = {
        count: len(prompted.prepare(request(audio, prompt=tuple(range(300, 300 + count)))).prompt)
        for count in (0, 5, 16, 40, 48, 200)
    }
    assert lengths == {0: 0, 5: 0, 16: 16, 40: 16, 48: 48, 200: 48}
    with_names = prompted.prepare(request(audio, prompt=tuple(range(300, 340)), vocabulary=("Kafka", "Priya Sharma")))
    assert len(with_names.prompt) == 48
    (result,) = prompted.decode([with_names])
    assert result.words


def test_a_directory_without_a_card_is_taken_for_genuine_whisper(tmp_path: Path) -> None:
    card = read_model_card(tmp_path)
    assert card == ModelCard(name=tmp_path.name)
    assert (card.uses_prompt, card.longest_window_s, card.frame_buckets_s) == (True, 30.0, (30.0,))


@pytest.mark.parametrize("text", ["not json", '{"surprise": 1}', '{"frame_buckets_s": []}', '{"longest_window_s": 40}'])
def test_a_card_that_cannot_be_understood_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "vori.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match="model card"):
        read_model_card(tmp_path)


def test_models_are_found_by_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locate_model("demo") == DEMO_DIRECTORY
    assert locate_model(str(tmp_path)) == tmp_path
    with pytest.raises(BadInputError, match="no-such-model"):
        locate_model("no-such-model")
    monkeypatch.setattr("vori_ray.speech.recognizer.download_model", lambda name: str(tmp_path / name))
    assert locate_model("small") == tmp_path / "small"


def test_a_hub_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str) -> str:
        raise ConnectionError("no route")

    monkeypatch.setattr("vori_ray.speech.recognizer.download_model", away)
    with pytest.raises(UnavailableError, match=r"small.*no route"):
        locate_model("small")


def test_the_warm_up_decodes_every_length_of_a_live_window_and_every_batch_is_there_to_be_encoded(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, batches = recognizer.encode, []

    def noted(batch: Sequence[PreparedWindow]) -> Any:
        batches.append(batch)
        return encode(batch)

    monkeypatch.setattr(recognizer, "encode", noted)
    recognizer.warm_up()
    recognizer.encode(next(recognizer.silent_batches(windows=3)))
    live = [seconds for seconds in recognizer.card.frame_buckets_s if seconds <= recognizer.card.longest_window_s]
    assert len({batch[0].features.shape for batch in batches}) == len(live)
    assert [len(batch) for batch in batches] == [1] * (2 * len(live)) + [2]
    assert [len(batch) for batch in recognizer.silent_batches(windows=3)] == [2, 3] * len(live)


def test_a_window_between_two_lengths_is_warmed_up_as_the_longer_one(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognizer, "card", replace(recognizer.card, longest_window_s=20.0, frame_buckets_s=(30.0,)))
    assert [len(batch) for batch in recognizer.silent_batches(windows=3)] == [2, 3]
