"""Transcripts that were made again: listed, read and chosen over HTTP, by those whose meeting it is."""

from __future__ import annotations

import pytest

from tests.gateway.conftest import World
from tests.gateway.test_gateway_routes import call, problem, speak
from vori_ray.storage.models import Segment, TranscriptVersion
from vori_ray.storage.transcript_writer import Heard, save_transcript

pytestmark = pytest.mark.integration


def hear_again(
    world: World, *, model: str = "small", audio: str = "sound", text: str = "better words"
) -> TranscriptVersion:
    """Another transcript of the owner's meeting, in which somebody has spoken."""
    meeting_id, group_id = world.owner.meeting_id, world.owner.group_id
    with world.database.unit_of_work(None) as uow:
        (session, *_) = uow.sessions.list_for_meeting(group_id, meeting_id)
    segment = Segment(
        group_id=group_id,
        meeting_id=meeting_id,
        session_id=session.id,
        utterance=0,
        part=0,
        speaker=session.speaker,
        text=text,
        start_s=0.1,
        end_s=0.9,
    )
    return save_transcript(world.database, Heard(group_id, meeting_id, model, audio, 2.0, [segment]))


@pytest.fixture
def path(world: World) -> str:
    """The owner's meeting, with two words in it."""
    speak(world, world.owner.meeting_id, seconds=2)
    return f"/api/meetings/{world.owner.meeting_id}"


def test_a_new_version_stands_beside_the_live_one_until_somebody_chooses_it(world: World, path: str) -> None:
    hear_again(world)
    listed = call(world, "GET", f"{path}/transcripts")
    assert [(one["version"], one["model"], one["segments"], one["isCurrent"]) for one in listed] == [
        (1, None, 2, True),
        (2, "small", 1, False),
    ]
    assert texts(call(world, "GET", f"{path}/transcript")) == (1, ["word0", "word1"])
    assert texts(call(world, "GET", f"{path}/transcript?version=2")) == (2, ["better words"])
    assert call(world, "PATCH", path, {"transcriptVersion": 2})["transcriptVersion"] == 2
    assert texts(call(world, "GET", f"{path}/transcript")) == (2, ["better words"])
    assert texts(call(world, "GET", f"{path}/transcript?version=1")) == (1, ["word0", "word1"])
    assert "better words" in call(world, "GET", f"{path}/transcript?format=md").text
    assert "word0" in call(world, "GET", f"{path}/transcript?format=md&version=1").text


def test_the_same_model_on_the_same_sound_is_one_version(world: World, path: str) -> None:
    first = hear_again(world)
    again = hear_again(world, text="other words")
    other = hear_again(world, model="large-v3")
    assert (first.id, first.version) == (again.id, again.version)
    assert other.version == 3
    assert texts(call(world, "GET", f"{path}/transcript?version=2")) == (2, ["better words"])


def test_a_version_that_is_not_there_is_named(world: World, path: str) -> None:
    assert problem(world, "GET", f"{path}/transcript?version=2") == (404, "not_found")
    assert problem(world, "PATCH", path, {"transcriptVersion": 2}) == (404, "not_found")


def test_strangers_see_and_choose_nothing(world: World, path: str) -> None:
    hear_again(world)
    for method, route, body in (
        ("GET", f"{path}/transcripts", None),
        ("GET", f"{path}/transcript?version=2", None),
        ("PATCH", path, {"transcriptVersion": 2}),
    ):
        assert problem(world, method, route, body, headers=world.stranger.headers) == (404, "not_found")
        assert problem(world, method, route, body, headers={"Authorization": ""}) == (401, "unauthenticated")


def test_a_deleted_meeting_takes_its_versions_along(world: World, path: str) -> None:
    hear_again(world)
    call(world, "POST", f"{path}/end")
    call(world, "DELETE", path)
    with world.database.unit_of_work(None) as uow:
        assert uow.transcripts.list(world.owner.group_id, world.owner.meeting_id) == []


def texts(transcript: dict[str, object]) -> tuple[object, list[str]]:
    """The version and its words."""
    return transcript["version"], [segment["text"] for segment in transcript["segments"]]  # type: ignore[attr-defined]
