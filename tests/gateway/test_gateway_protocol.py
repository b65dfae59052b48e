"""What may be said on the audio socket: every refusal has a code, and a close code where the session cannot go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vori_ray.errors import BadAudioError, ConflictError, NotFoundError, OverloadedError, VoriError
from vori_ray.gateway.protocol import (
    MAX_FRAME_BYTES,
    MAX_TEXT_BYTES,
    Refusal,
    Start,
    check_frame,
    close_code_of,
    error_message,
    parse_command,
    parse_start,
)

LANGUAGES = ("en", "ko")


def start(**changes: Any) -> str:
    return json.dumps({"type": "start"} | changes)


def test_a_start_needs_nothing_but_its_type() -> None:
    assert parse_start(start(), LANGUAGES) == Start()


def test_a_start_is_read_whole() -> None:
    given_start = {
        "encoding": "pcm_f32le",
        "sample_rate": 44_100,
        "channels": 2,
        "language": "ko",
        "session_id": "abc",
        "last_segment_id": 7,
        "speaker": "지민",
        "diarize": True,
    }
    assert parse_start(start(**given_start), LANGUAGES) == Start(**given_start)


@pytest.mark.parametrize(
    ("text", "code", "close_code"),
    [
        ("not json", "bad_json", 1007),
        ("[]", "bad_json", 1007),
        ("[" * 60_000, "bad_json", 1007),
        ('{"type":"stop"}', "start_expected", 1008),
        ("{}", "start_expected", 1008),
        (start(encoding="mp3"), "unknown_encoding", 1003),
        (start(encoding=None), "unknown_encoding", 1003),
        (start(diarize="yes"), "bad_diarize", 1003),
        (start(diarize=1), "bad_diarize", 1003),
        (start(diarize=None), "bad_diarize", 1003),
        (start(sample_rate=4_000), "bad_sample_rate", 1003),
        (start(sample_rate="16000"), "bad_sample_rate", 1003),
        (start(sample_rate=True), "bad_sample_rate", 1003),
        (start(sample_rate=1e9), "bad_sample_rate", 1003),
        (start(channels=0), "bad_channels", 1003),
        (start(language="xx"), "unknown_language", 1003),
        (start(language=["en"]), "unknown_language", 1003),
        (start(session_id=5), "bad_session_id", 1007),
        (start(session_id=""), "bad_session_id", 1007),
        (start(speaker="a\nb"), "bad_speaker", 1007),
        (start(speaker="x" * 101), "bad_speaker", 1007),
        (start(last_segment_id=-1), "bad_last_segment_id", 1003),
        ("x" * (MAX_TEXT_BYTES + 1), "frame_too_large", 1009),
    ],
)
def test_a_start_that_cannot_be_used_is_refused(text: str, code: str, close_code: int) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_start(text, LANGUAGES)
    assert (refusal.value.error_code, refusal.value.close_code) == (code, close_code)
    assert "expected" in refusal.value.message


@pytest.mark.parametrize("kind", ["finalize", "stop", "ping"])
def test_commands_are_understood(kind: str) -> None:
    assert parse_command(json.dumps({"type": kind, "extra": 1})) == kind


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", "bad_json"), ('"stop"', "bad_json"), ('{"type":"shout"}', "unknown_type"), (start(), "already_started")],
)
def test_a_session_goes_on_after_a_message_that_it_does_not_know(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_command(text)
    assert (refusal.value.error_code, refusal.value.close_code) == (code, None)


def test_frames_have_a_bound() -> None:
    check_frame(MAX_FRAME_BYTES)
    with pytest.raises(Refusal) as refusal:
        check_frame(MAX_FRAME_BYTES + 1)
    assert refusal.value.close_code == 1009


@pytest.mark.parametrize(
    ("error", "close_code"),
    [
        (NotFoundError(), 1008),
        (ConflictError(), 1008),
        (OverloadedError(), 1013),
        (BadAudioError(), 1007),
        (VoriError(), 1011),
    ],
)
def test_every_error_has_a_close_code(error: VoriError, close_code: int) -> None:
    assert close_code_of(error) == close_code


def test_an_error_is_said_with_its_code() -> None:
    said = error_message(ConflictError("Meeting 1 is over.", code="meeting_ended"))
    assert said == {"type": "error", "code": "meeting_ended", "message": "Meeting 1 is over."}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.sampled_from(["type", "encoding", "sample_rate", "channels", "language", "session_id", "speaker"])


@given(st.text() | st.dictionaries(fields, json_values).map(json.dumps))
def test_no_text_does_anything_but_be_understood_or_refused(text: str) -> None:
    for parse in (lambda: parse_start(text, LANGUAGES), lambda: parse_command(text)):
        assert close_code(parse) in (None, 1003, 1007, 1008, 1009)


def close_code(parse: Callable[[], object]) -> int | None:
    try:
        parse()
    except Refusal as exc:
        return exc.close_code
    return None
