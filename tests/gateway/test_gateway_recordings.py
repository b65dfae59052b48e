"""Recordings over HTTP: any container becomes words of its meeting; what is no recording leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.gateway.conftest import Person, World
from tests.speech.speech_support import demo_batcher, demo_recognizer, load_meeting
from vori_ray.gateway.http import create_app
from vori_ray.gateway.ports import GatewayLimits
from vori_ray.gateway.routes.sound import wav
from vori_ray.speech.journal import FileJournal, session_folder
from vori_ray.speech.ports import SessionConfig, Sink
from vori_ray.speech.runner import LiveSession
from vori_ray.speech.windows import SAMPLE_RATE

pytestmark = pytest.mark.integration
SPOKEN_S = 12


@pytest.fixture
def limits() -> GatewayLimits:
    return GatewayLimits(max_body_bytes=1024, max_upload_bytes=1024 * 1024)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """The application with the real recogniser behind it."""
    recognizer = demo_recognizer()
    batcher = demo_batcher(recognizer)

    def open_stream(config: SessionConfig, sink: Sink) -> LiveSession:
        journal = FileJournal(session_folder(world.ports.journal_url, config.session_id))
        return LiveSession(config, transcribe=batcher.submit, journal=journal, sink=sink)

    template = SessionConfig(session_id="", card=recognizer.card)
    ports = replace(world.ports, open_stream=open_stream, session_template=template)
    with TestClient(create_app(ports)) as client:
        yield client
    batcher.close()


def upload(client: TestClient, person: Person, data: bytes, *, meeting_id: int | None = None, **form: Any) -> Any:
    path = f"/api/meetings/{meeting_id or person.meeting_id}/recordings"
    return client.post(path, files={"file": ("talk.wav", data)}, data=form, headers=person.headers)


def wait_for(condition: Callable[[], bool], *, timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_recording_is_kept_heard_and_read(client: TestClient, world: World) -> None:
    samples, _ = load_meeting("en")
    answer = upload(client, world.owner, wav(samples[: SPOKEN_S * SAMPLE_RATE]), speaker="Kim", language="en")
    assert answer.status_code == 202, answer.text
    session = answer.json()
    assert (session["speaker"], session["durationS"]) == ("Kim", SPOKEN_S)
    path = f"/api/meetings/{world.owner.meeting_id}"
    client.post(f"{path}/end?wait_s=0", headers=world.owner.headers)
    told = len(world.keeper.told)

    def is_heard() -> bool:
        listed = client.get(f"{path}/sessions", headers=world.owner.headers).json()
        return [one["state"] for one in listed] == ["CLOSED"] and len(world.keeper.told) > told

    wait_for(is_heard)
    segments = client.get(f"{path}/transcript", headers=world.owner.headers).json()["segments"]
    text = " ".join(segment["text"] for segment in segments)
    assert text.lower().startswith("good morning, everyone")
    assert {segment["speaker"] for segment in segments} == {"Kim"}
    sound = client.get(f"{path}/sessions/{session['sessionId']}/audio", headers=world.owner.headers)
    assert len(sound.content) == 44 + SPOKEN_S * SAMPLE_RATE * 2


def test_the_speakers_of_a_recording_are_told_apart(client: TestClient, world: World) -> None:
    samples, truth = load_meeting("en")
    answer = upload(client, world.owner, wav(samples[: 25 * SAMPLE_RATE]), language="en", diarize=True)
    assert answer.json()["diarize"] is True
    path = f"/api/meetings/{world.owner.meeting_id}"

    def is_heard() -> bool:
        listed = client.get(f"{path}/sessions", headers=world.owner.headers).json()
        return [one["state"] for one in listed] == ["CLOSED"]

    wait_for(is_heard)
    segments = client.get(f"{path}/transcript", headers=world.owner.headers).json()["segments"]
    by_label: dict[str, set[str]] = {}
    for segment in segments:
        at_s = (segment["start_s"] + segment["end_s"]) / 2
        said = min(truth["utterances"], key=lambda each: max(each["start"] - at_s, at_s - each["end"]))
        by_label.setdefault(segment["speaker"], set()).add(said["speaker"])
    assert list(by_label) == ["Speaker 1", "Speaker 2", "Speaker 3"]
    assert sorted(by_label.values(), key=str) == [{"Alice"}, {"David"}, {"Priya"}]


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"this is no sound" * 99, "bad_audio"), (b"", "empty_file"), (wav(load_meeting("en")[0][:0]), "empty_audio")],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(
    client: TestClient, world: World, data: bytes, code: str
) -> None:
    answer = upload(client, world.owner, data)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert list(Path(world.ports.journal_url).iterdir()) == []
    with world.database.unit_of_work(None) as uow:
        assert uow.sessions.list_for_meeting(world.owner.group_id, world.owner.meeting_id) == []


def test_a_recording_that_is_too_large_is_refused(client: TestClient, world: World) -> None:
    answer = upload(client, world.owner, b"RIFF" + bytes(2 * 1024 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_language_that_is_not_known_is_named(client: TestClient, world: World) -> None:
    answer = upload(client, world.owner, wav(load_meeting("en")[0][:16000]), language="xx")
    assert answer.status_code == 422
    assert "one of auto, en, ko" in answer.json()["detail"]


def test_strangers_and_ended_meetings_take_no_recording(client: TestClient, world: World) -> None:
    sound = wav(load_meeting("en")[0][:16000])
    answer = upload(client, world.stranger, sound, meeting_id=world.owner.meeting_id)
    assert answer.status_code == 404
    client.post(f"/api/meetings/{world.owner.meeting_id}/end?wait_s=0", headers=world.owner.headers)
    answer = upload(client, world.owner, sound)
    assert (answer.status_code, answer.json()["code"]) == (409, "meeting_ended")
    assert list(Path(world.ports.journal_url).iterdir()) == []
