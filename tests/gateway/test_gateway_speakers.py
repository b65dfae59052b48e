"""Speakers of one stream over the gateway: finals with labels, who is renamed where, and what strangers see of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.gateway.conftest import Person, World
from tests.gateway.fakes import SECOND
from tests.gateway.test_gateway_audio_socket import begin, closed, connected, until
from vori_ray.cli import app
from vori_ray.client import VoriClient
from vori_ray.gateway.orphans import Settling
from vori_ray.gateway.routes.sound import wav
from vori_ray.meetings.service import MeetingService
from vori_ray.speech.windows import SAMPLE_RATE

pytestmark = pytest.mark.integration


def path(world: World) -> str:
    return f"/api/meetings/{world.owner.meeting_id}/speakers"


def listed(world: World, person: Person | None = None) -> list[dict[str, Any]]:
    answer = world.client.get(path(world), headers=(person or world.owner).headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def rename(world: World, speaker_id: int, name: Any, person: Person | None = None) -> Any:
    headers = (person or world.owner).headers
    return world.client.patch(f"{path(world)}/{speaker_id}", json={"name": name}, headers=headers)


def talk(world: World, seconds: int = 4) -> list[dict[str, Any]]:
    """The finals of a whole stream with two speakers in turn."""
    with connected(world) as socket:
        begin(socket, diarize=True)
        socket.send_bytes(bytes(SECOND * seconds))
        socket.send_json({"type": "stop"})
        return [message for message in until(socket, "stopped") if message["type"] == "final"]


def transcript(world: World) -> list[tuple[str, str]]:
    answer = world.client.get(f"/api/meetings/{world.owner.meeting_id}/transcript", headers=world.owner.headers)
    return [(segment["text"], segment["speaker"]) for segment in answer.json()["segments"]]


def test_each_final_says_who_spoke(world: World) -> None:
    finals = talk(world)
    assert [final["speaker"] for final in finals] == ["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"]
    assert [final["speaker_number"] for final in finals] == [1, 2, 1, 2]
    speakers = listed(world)
    assert [(one["number"], one["name"]) for one in speakers] == [(1, "Speaker 1"), (2, "Speaker 2")]
    assert {one["sessionId"] for one in speakers} == {finals[0]["session_id"]}


def test_a_stream_that_does_not_ask_has_one_speaker(world: World) -> None:
    with connected(world) as socket:
        begin(socket, speaker="Ada")
        socket.send_bytes(bytes(SECOND * 2))
        socket.send_json({"type": "stop"})
        finals = [message for message in until(socket, "stopped") if message["type"] == "final"]
    assert [final["speaker"] for final in finals] == ["Ada", "Ada"]
    assert all("speaker_number" not in final for final in finals)
    assert [config.diarize for config in world.speech.configs] == [False]
    assert listed(world) == []


@pytest.mark.parametrize("value", ["true", 1, None, []])
def test_a_wish_that_is_no_yes_or_no_is_refused(world: World, value: Any) -> None:
    with connected(world) as socket:
        refusal = begin(socket, diarize=value)
        assert (refusal["type"], refusal["code"]) == ("error", "bad_diarize")
        assert "expected diarize to be true or false" in refusal["message"]
        assert closed(socket) == 1003


def test_a_name_holds_for_what_was_said_and_what_comes(world: World) -> None:
    with connected(world) as socket:
        begin(socket, diarize=True)
        socket.send_bytes(bytes(SECOND * 2))
        until(socket, "final")
        until(socket, "final")
        answer = rename(world, listed(world)[0]["speakerId"], "  Dana  Kim ")
        assert answer.status_code == 200, answer.text
        assert answer.json()["name"] == "Dana Kim"
        socket.send_bytes(bytes(SECOND * 2))
        socket.send_json({"type": "stop"})
        finals = [message for message in until(socket, "stopped") if message["type"] == "final"]
    assert [final["speaker"] for final in finals] == ["Dana Kim", "Speaker 2"]
    assert [speaker for _, speaker in transcript(world)] == ["Dana Kim", "Speaker 2", "Dana Kim", "Speaker 2"]


def test_a_resumed_stream_goes_on_as_it_was_begun(world: World) -> None:
    with connected(world) as socket:
        ready = begin(socket, diarize=True)
        socket.send_bytes(bytes(SECOND * 3))
        missed = [until(socket, "final")[-1] for _ in range(3)][-1]
    rename(world, listed(world)[0]["speakerId"], "Dana")
    with connected(world) as socket:
        begin(socket, session_id=ready["session_id"], last_segment_id=missed["segment_id"] - 1)
        assert until(socket, "final")[-1] | {"part": 0} == missed | {"speaker": "Dana", "part": 0}
        socket.send_bytes(bytes(SECOND))
        socket.send_json({"type": "stop"})
        until(socket, "stopped")
    assert [config.diarize for config in world.speech.configs] == [True, True]
    assert [speaker for _, speaker in transcript(world)] == ["Dana", "Speaker 2", "Dana", "Speaker 2"]


async def test_an_abandoned_stream_is_settled_as_it_was_begun(world: World) -> None:
    with connected(world) as socket:
        session_id = begin(socket, diarize=True)["session_id"]
        socket.send_bytes(bytes(SECOND))
        until(socket, "final")
    with world.database.unit_of_work(None) as uow:
        session = uow.sessions.find_by_id(session_id)
    assert session is not None
    await Settling(world.ports, session).run()
    assert [config.diarize for config in world.speech.configs] == [True, True]


def test_two_streams_have_speakers_of_their_own(world: World) -> None:
    talk(world, seconds=2)
    second = talk(world, seconds=2)
    assert [final["speaker"] for final in second] == ["Speaker 3", "Speaker 4"]
    assert [final["speaker_number"] for final in second] == [1, 2]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\x1bb"])
def test_what_is_no_name_is_refused(world: World, name: str) -> None:
    talk(world, seconds=1)
    answer = rename(world, listed(world)[0]["speakerId"], name)
    assert answer.status_code == 422
    assert "expected a name of 1 to 100 printable characters" in answer.json()["detail"]
    assert rename(world, listed(world)[0]["speakerId"], None).status_code == 422
    assert [one["name"] for one in listed(world)] == ["Speaker 1"]


def test_a_member_may_rename_and_a_stranger_finds_nothing(world: World) -> None:
    talk(world, seconds=1)
    speaker_id = listed(world)[0]["speakerId"]
    assert rename(world, speaker_id, "Mine", person=world.stranger).status_code == 404
    assert world.client.get(path(world), headers=world.stranger.headers).status_code == 404
    own = f"/api/meetings/{world.stranger.meeting_id}/speakers"
    assert world.client.get(own, headers=world.stranger.headers).json() == []
    theirs = world.client.patch(f"{own}/{speaker_id}", json={"name": "Mine"}, headers=world.stranger.headers)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found")
    assert [one["name"] for one in listed(world)] == ["Speaker 1"]
    assert rename(world, speaker_id, "Dana", person=world.member).status_code == 200
    assert transcript(world) == [("word0", "Dana")]


def test_a_speaker_of_another_meeting_is_not_there(world: World) -> None:
    talk(world, seconds=1)
    speaker_id = listed(world)[0]["speakerId"]
    other = MeetingService(world.database).create(world.owner.group_id, title="Other")
    answer = world.client.patch(
        f"/api/meetings/{other.id}/speakers/{speaker_id}", json={"name": "x"}, headers=world.owner.headers
    )
    assert answer.status_code == 404
    assert rename(world, 999_999, "x").status_code == 404


def test_the_sdk_and_the_command_line_ask_for_speakers(world: World, url: str, tmp_path: Path) -> None:
    file = tmp_path / "talk.wav"
    file.write_bytes(wav(np.zeros(2 * SAMPLE_RATE, np.int16)))
    arguments = ["stream", str(file), "--diarize", "--meeting", str(world.owner.meeting_id), "--speed", "50"]
    connection = ["--no-end", "--url", url, "--token", world.owner.token]
    told = CliRunner().invoke(app, [*arguments, *connection])
    assert told.exit_code == 0, told.output
    assert re.findall(r"Speaker \d: word\d", told.output) == ["Speaker 1: word0", "Speaker 2: word1"]
    with VoriClient(url, world.owner.token) as client:
        first, _ = client.speakers(world.owner.meeting_id)
        renamed = client.rename_speaker(world.owner.meeting_id, first["speakerId"], "Dana")
        assert renamed == first | {"name": "Dana"}
        assert client.transcript(world.owner.meeting_id)["speakers"] == ["Dana", "Speaker 2"]
