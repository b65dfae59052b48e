"""The audio socket: what comes back for sound, for commands, for bad input, and after a lost connection."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from tests.gateway.conftest import Person, World
from tests.gateway.fakes import SECOND
from vori_ray.gateway.ports import GatewayLimits
from vori_ray.meetings.service import MeetingService

pytestmark = pytest.mark.integration
DEADLINE_S = 20.0


@contextmanager
def connected(
    world: World, person: Person | None = None, meeting_id: int | None = None
) -> Iterator[WebSocketTestSession]:
    who = person or world.owner
    path = f"/ws/meetings/{meeting_id or world.owner.meeting_id}/audio"
    with world.client.websocket_connect(path, headers=who.headers) as socket:
        yield socket


def begin(socket: WebSocketTestSession, **changes: Any) -> dict[str, Any]:
    socket.send_json({"type": "start"} | changes)
    return dict(socket.receive_json())


def until(socket: WebSocketTestSession, kind: str) -> list[dict[str, Any]]:
    """All messages up to and with the first of a kind."""
    messages = [socket.receive_json()]
    while messages[-1]["type"] != kind:
        messages.append(socket.receive_json())
    return messages


def closed(socket: WebSocketTestSession) -> int:
    """The code with which the server closes; nothing may come before."""
    with pytest.raises(WebSocketDisconnect) as end:
        socket.receive_json()
    return end.value.code


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        threading.Event().wait(0.01)


def transcript(world: World, person: Person | None = None) -> list[dict[str, Any]]:
    who = person or world.owner
    answer = world.client.get(f"/api/meetings/{world.owner.meeting_id}/transcript", headers=who.headers)
    return list(answer.json()["segments"])


def test_a_session_from_start_to_stop(world: World) -> None:
    with connected(world) as socket:
        ready = begin(socket, language="en")
        assert ready["type"] == "ready"
        assert ready["meeting_id"] == world.owner.meeting_id
        assert ready["resume_from_s"] == 0.0
        assert ready["model"]
        socket.send_bytes(bytes(2 * SECOND))
        socket.send_json({"type": "stop"})
        messages = until(socket, "stopped")
        assert closed(socket) == 1000
    finals = [message for message in messages if message["type"] == "final"]
    assert [final["text"] for final in finals] == ["word0", "word1"]
    assert all(final["speaker"] == world.owner.name for final in finals)
    assert messages[-1]["duration_s"] == 2.0
    segments = transcript(world)
    assert [{**segment} for segment in segments] == finals
    assert (
        world.client.get(f"/api/meetings/{world.owner.meeting_id}", headers=world.owner.headers).json()["openSessions"]
        == 0
    )


def test_ping_finalize_and_unknown_messages_keep_the_session(world: World) -> None:
    with connected(world) as socket:
        begin(socket)
        socket.send_json({"type": "ping"})
        assert socket.receive_json() == {"type": "pong"}
        for text, code in (
            ("{", "bad_json"),
            ('{"type":"shout"}', "unknown_type"),
            ('{"type":"start"}', "already_started"),
        ):
            socket.send_text(text)
            assert socket.receive_json()["code"] == code
        socket.send_json({"type": "finalize"})
        assert socket.receive_json()["code"] == "finalized"
        socket.send_bytes(bytes(SECOND))
        assert until(socket, "final")[-1]["text"] == "word0"


@pytest.mark.parametrize(
    ("frame", "code", "close_code"),
    [
        ("hello", "bad_json", 1007),
        ({"type": "stop"}, "start_expected", 1008),
        ({"type": "finalize"}, "start_expected", 1008),
        (b"sound without a start", "start_expected", 1008),
        ({"type": "start", "language": "xx"}, "unknown_language", 1003),
        ({"type": "start", "encoding": "mp3"}, "unknown_encoding", 1003),
        ({"type": "start", "sample_rate": 1}, "bad_sample_rate", 1003),
        ({"type": "start", "session_id": "of nobody"}, "not_found", 1008),
    ],
)
def test_a_bad_beginning_is_refused_with_its_code(world: World, frame: Any, code: str, close_code: int) -> None:
    with connected(world) as socket:
        send(socket, frame)
        assert socket.receive_json()["code"] == code
        assert closed(socket) == close_code
    still_works(world)


@pytest.mark.parametrize(
    ("encoding", "frame", "code", "close_code"),
    [
        ("pcm_s16le", b"odd", "odd_bytes", 1007),
        ("container", b"this is no sound at all", "bad_audio", 1007),
        ("pcm_s16le", bytes(1024 * 1024 + 2), "frame_too_large", 1009),
        ("pcm_s16le", "x" * 70_000, "frame_too_large", 1009),
    ],
)
def test_bad_sound_ends_the_session_and_what_was_acked_stays(
    world: World, encoding: str, frame: Any, code: str, close_code: int
) -> None:
    with connected(world) as socket:
        session_id = begin(socket, encoding=encoding)["session_id"]
        if encoding == "pcm_s16le":
            socket.send_bytes(bytes(SECOND))
            until(socket, "final")
        send(socket, frame)
        assert socket.receive_json()["code"] == code
        assert closed(socket) == close_code
    wait_for(lambda: session_id in world.speech.over)
    assert len(transcript(world)) == (1 if encoding == "pcm_s16le" else 0)
    still_works(world)


def send(socket: WebSocketTestSession, frame: Any) -> None:
    if isinstance(frame, bytes):
        socket.send_bytes(frame)
    else:
        socket.send_text(frame if isinstance(frame, str) else json.dumps(frame))


def still_works(world: World) -> None:
    """The server goes on: another session is served."""
    with connected(world) as socket:
        assert begin(socket)["type"] == "ready"
        socket.send_json({"type": "stop"})
        assert until(socket, "stopped")[-1]["duration_s"] == 0.0
        assert closed(socket) == 1000


class TestSilentClient:
    @pytest.fixture
    def limits(self) -> GatewayLimits:
        return GatewayLimits(start_timeout_s=0.05)

    def test_a_client_that_never_starts_is_sent_away(self, world: World) -> None:
        with connected(world) as socket:
            assert socket.receive_json()["code"] == "start_expected"
            assert closed(socket) == 1008


class TestFullServer:
    @pytest.fixture
    def limits(self) -> GatewayLimits:
        return GatewayLimits(max_sessions=1)

    def test_a_session_too_many_is_told_to_come_back(self, world: World) -> None:
        with connected(world) as first:
            begin(first)
            with connected(world) as second:
                assert second.receive_json()["code"] == "overloaded"
                assert closed(second) == 1013
            first.send_json({"type": "stop"})
            until(first, "stopped")
        wait_for(lambda: len(world.client.app.state.sessions) == 0)  # type: ignore[attr-defined]
        with connected(world) as third:
            assert begin(third)["type"] == "ready"


class TestFlood:
    @pytest.fixture
    def limits(self) -> GatewayLimits:
        return GatewayLimits(max_waiting_bytes=100_000)

    def test_sound_that_comes_faster_than_it_can_be_taken_is_not_gathered_without_a_bound(self, world: World) -> None:
        with connected(world) as socket:
            begin(socket)
            socket.send_bytes(bytes(200_000))
            with pytest.raises(WebSocketDisconnect) as end:
                until(socket, "never")
            assert end.value.code == 1013


def test_a_lost_connection_resumes_where_the_sound_is_durable(world: World) -> None:
    with connected(world) as socket:
        session_id = begin(socket)["session_id"]
        socket.send_bytes(bytes(3 * SECOND // 2))
        first = until(socket, "final")[-1]
    with connected(world) as socket:
        ready = begin(socket, session_id=session_id, last_segment_id=first["segment_id"])
        assert ready["session_id"] == session_id
        assert ready["resume_from_s"] == 1.5
        socket.send_bytes(bytes(SECOND // 2))
        socket.send_json({"type": "stop"})
        messages = until(socket, "stopped")
    assert [message["text"] for message in messages if message["type"] == "final"] == ["word1"]
    assert [segment["text"] for segment in transcript(world)] == ["word0", "word1"]


def test_a_resume_brings_the_finals_that_were_missed(world: World) -> None:
    with connected(world) as socket:
        session_id = begin(socket)["session_id"]
        socket.send_bytes(bytes(2 * SECOND))
        sent = [message for message in until(socket, "final") + until(socket, "final") if message["type"] == "final"]
    with connected(world) as socket:
        begin(socket, session_id=session_id, last_segment_id=sent[0]["segment_id"])
        assert socket.receive_json() == sent[1]


def test_nobody_else_can_take_a_session_up(world: World) -> None:
    with connected(world) as socket:
        session_id = begin(socket)["session_id"]
        with connected(world, world.member) as other:
            assert begin(other, session_id=session_id)["code"] == "not_found"
            assert closed(other) == 1008


def test_two_speakers_share_a_meeting_on_one_clock(world: World) -> None:
    with connected(world) as first, connected(world, world.member) as second:
        assert begin(first, speaker="Alice")["offset_s"] == 0.0
        first.send_bytes(bytes(SECOND))
        until(first, "final")
        offset_s = begin(second)["offset_s"]
        assert 0 < offset_s < DEADLINE_S
        second.send_bytes(bytes(SECOND))
        final = until(second, "final")[-1]
        assert final["start_s"] == pytest.approx(offset_s + 0.1, abs=0.002)
        assert final["words"][0]["end_s"] == pytest.approx(offset_s + 0.9, abs=0.002)
    assert {segment["speaker"] for segment in transcript(world)} == {"Alice", world.member.name}


def test_the_words_of_the_group_and_the_meetings_language_reach_the_recogniser(world: World) -> None:
    headers = world.owner.headers
    world.client.patch(f"/api/groups/{world.owner.group_id}", json={"vocabulary": ["Kubernetes"]}, headers=headers)
    world.client.patch(f"/api/meetings/{world.owner.meeting_id}", json={"language": "ko"}, headers=headers)
    with connected(world) as socket:
        begin(socket, encoding="pcm_f32le", sample_rate=48_000, channels=2)
    config = world.speech.configs[-1]
    assert (config.vocabulary, config.language) == (("Kubernetes",), "ko")
    assert (config.encoding, config.sample_rate, config.channels) == ("pcm_f32le", 48_000, 2)


def test_the_end_of_the_meeting_settles_its_streams_and_takes_no_new_ones(world: World) -> None:
    with connected(world) as socket:
        begin(socket)
        socket.send_bytes(bytes(SECOND))
        until(socket, "final")
        MeetingService(world.database).end([world.owner.group_id], world.owner.meeting_id)
        assert until(socket, "stopped")[-1]["segments"] == 1
        assert closed(socket) == 1000
    with connected(world) as socket:
        assert begin(socket)["code"] == "meeting_ended"
        assert closed(socket) == 1008


def test_a_stopping_replica_asks_its_clients_to_come_back(world: World) -> None:
    with connected(world) as socket:
        session_id = begin(socket)["session_id"]
        world.client.portal.call(move_all, world)  # type: ignore[union-attr]
        assert socket.receive_json()["code"] == "moving"
        assert closed(socket) == 1012
        wait_for(lambda: session_id in world.speech.over)
    with connected(world) as socket:
        assert socket.receive_json()["code"] == "moving"
        assert closed(socket) == 1013


async def move_all(world: World) -> None:
    world.client.app.state.sessions.move_all()  # type: ignore[attr-defined]
    await asyncio.sleep(0)


def test_a_store_that_is_away_is_said_and_can_be_tried_again(world: World) -> None:
    world.store.is_away = True
    with connected(world) as socket:
        assert begin(socket)["code"] == "unavailable"
        assert closed(socket) == 1013
    world.store.is_away = False
    still_works(world)


def test_a_listened_meeting_is_touched_without_a_call_for_each_frame(world: World) -> None:
    with connected(world) as socket:
        begin(socket)
        for _ in range(200):
            socket.send_bytes(bytes(320))
        socket.send_json({"type": "stop"})
        until(socket, "stopped")
    assert 1 <= len(world.store.touches) <= 3
    assert {meeting_id for meeting_id, _ in world.store.touches} == {world.owner.meeting_id}
