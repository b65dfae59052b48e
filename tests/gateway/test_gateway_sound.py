"""The sound of a meeting over HTTP: the seconds of a segment, a whole stream, and nothing once it is deleted."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pytest

from tests.gateway.conftest import World
from vori_ray.speech.journal import FileJournal, session_folder

pytestmark = pytest.mark.integration

RATE = 16_000


async def speak(world: World) -> tuple[str, list[dict[str, Any]]]:
    """A session of three seconds whose sound counts its samples; returns its id and the transcript."""
    path = f"/ws/meetings/{world.owner.meeting_id}/audio"
    with world.client.websocket_connect(path, headers=world.owner.headers) as socket:
        socket.send_json({"type": "start"})
        session_id = socket.receive_json()["session_id"]
        socket.send_bytes(bytes(3 * 2 * RATE))
        socket.send_json({"type": "stop"})
        while socket.receive_json()["type"] != "stopped":
            pass
    journal = FileJournal(session_folder(world.ports.journal_url, session_id))
    await journal.open()
    await journal.append((np.arange(3 * RATE) % 30_000).astype(np.int16))
    await journal.flush()
    answer = world.client.get(f"/api/meetings/{world.owner.meeting_id}/transcript", headers=world.owner.headers)
    return session_id, answer.json()["segments"]


def samples(content: bytes) -> Any:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


async def test_the_seconds_of_a_segment_can_be_heard(world: World) -> None:
    _, segments = await speak(world)
    path = f"/api/meetings/{world.owner.meeting_id}/segments/{segments[1]['segment_id']}/audio"
    answer = world.client.get(path, headers=world.owner.headers)
    assert answer.headers["content-type"] == "audio/wav"
    heard = samples(answer.content)
    assert heard[0] == round(0.8 * RATE)
    assert len(heard) == round(1.4 * RATE)
    assert world.client.get(path, headers=world.stranger.headers).status_code == 404
    other = path.replace(f"meetings/{world.owner.meeting_id}", f"meetings/{world.member.meeting_id}")
    assert world.client.get(other, headers=world.owner.headers).status_code == 404


async def test_a_whole_stream_or_a_part_of_it(world: World) -> None:
    session_id, _ = await speak(world)
    base = f"/api/meetings/{world.owner.meeting_id}/sessions"
    (session,) = world.client.get(base, headers=world.owner.headers).json()
    assert (session["sessionId"], session["durationS"], session["state"]) == (session_id, 3.0, "CLOSED")
    path = f"{base}/{session_id}/audio"
    assert len(samples(world.client.get(path, headers=world.owner.headers).content)) == 3 * RATE
    part = world.client.get(path, headers=world.owner.headers, params={"from_s": 1, "to_s": 1.5})
    assert samples(part.content)[0] == RATE
    for params in ({"from_s": 5}, {"from_s": 2, "to_s": 1}):
        assert world.client.get(path, headers=world.owner.headers, params=params).status_code == 404
    assert world.client.get(path, headers=world.owner.headers, params={"from_s": "nan"}).status_code == 422
    assert world.client.get(f"{base}/..%2f..%2fx/audio", headers=world.owner.headers).status_code == 404


async def test_a_deleted_meeting_leaves_no_word_and_no_sound(world: World) -> None:
    session_id, _ = await speak(world)
    path = f"/api/meetings/{world.owner.meeting_id}"
    assert world.client.delete(path, headers=world.member.headers).status_code == 403
    assert world.client.delete(path, headers=world.owner.headers).status_code == 409
    world.client.post(f"{path}/end", headers=world.owner.headers)
    assert world.client.delete(path, headers=world.owner.headers).status_code == 204
    assert world.client.get(path, headers=world.owner.headers).status_code == 404
    assert session_folder(world.ports.journal_url, session_id).sizes() == {}
