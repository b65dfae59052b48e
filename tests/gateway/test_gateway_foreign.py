"""OpenAI's and Deepgram's protocols, message by message: what comes back for sound, commands, and nonsense."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from tests.gateway.conftest import World
from tests.gateway.fakes import SECOND
from vori_ray.gateway.ports import GatewayLimits

pytestmark = pytest.mark.integration

REALTIME = "/v1/realtime?intent=transcription"
LISTEN = "/v1/listen?encoding=linear16&sample_rate=16000&interim_results=true"
FLAC = b"fLaC" + bytes(2 * SECOND)


def collect(socket: WebSocketTestSession, last: str) -> list[dict[str, Any]]:
    messages = [socket.receive_json()]
    while messages[-1]["type"] != last:
        messages.append(socket.receive_json())
    return messages


def append(seconds: float) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(int(seconds * SECOND))).decode()}


class TestRealtime:
    def test_each_utterance_is_an_item_and_deltas_are_never_taken_back(self, world: World) -> None:
        with world.client.websocket_connect(REALTIME, headers=world.owner.headers) as socket:
            created = socket.receive_json()
            assert created["type"] == "session.created"
            update = {"audio": {"input": {"transcription": {"language": "en"}}}}
            socket.send_json({"type": "session.update", "session": update})
            updated = socket.receive_json()
            assert updated["session"]["audio"]["input"]["transcription"]["language"] == "en"
            socket.send_json(append(2))
            first = collect(socket, "conversation.item.input_audio_transcription.completed")
            second = collect(socket, "conversation.item.input_audio_transcription.completed")
        for number, messages in enumerate((first, second)):
            deltas = [message["delta"] for message in messages if message["type"].endswith(".delta")]
            assert "".join(deltas) == messages[-1]["transcript"] == f"word{number}"
        assert first[-1]["item_id"] != second[-1]["item_id"]

    @pytest.mark.parametrize(
        "message",
        [
            "no json",
            [],
            {"type": ["x"]},
            {"type": "session.update", "session": [1]},
            {"type": "session.update", "session": {"audio": "x"}},
            {"type": "session.update", "session": {"audio": {"input": {"format": {"type": ["x"]}}}}},
            {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 8}}}}},
            {"type": "session.update", "session": {"audio": {"input": {"transcription": ["x"]}}}},
            {"type": "session.update", "session": {"audio": {"input": {"transcription": {"language": ["en"]}}}}},
            {"type": "session.update", "session": {"audio": {"input": {"transcription": {"prompt": 5}}}}},
            {"type": "session.update", "session": {"audio": {"input": {"turn_detection": "x"}}}},
            {
                "type": "session.update",
                "session": {"audio": {"input": {"turn_detection": {"silence_duration_ms": "x"}}}},
            },
            {"type": "input_audio_buffer.append", "audio": "not base64!"},
            {"type": "input_audio_buffer.append", "audio": 5},
            {"type": "input_audio_buffer.commit"},
        ],
    )
    def test_nonsense_is_an_error_and_the_session_goes_on(self, world: World, message: Any) -> None:
        with world.client.websocket_connect(REALTIME, headers=world.owner.headers) as socket:
            socket.receive_json()
            socket.send_text(message if isinstance(message, str) else json.dumps(message))
            error = socket.receive_json()
            assert error["type"] == "error"
            assert error["error"]["code"]
            socket.send_json(append(1))
            collect(socket, "conversation.item.input_audio_transcription.completed")

    def test_the_model_is_optional_and_the_intent_is_checked(self, world: World) -> None:
        with world.client.websocket_connect("/v1/realtime?model=whisper-1", headers=world.owner.headers) as socket:
            session = socket.receive_json()["session"]
        assert session["audio"]["input"]["transcription"]["model"] == "whisper-1"


class TestDeepgram:
    def test_results_interim_and_final(self, world: World) -> None:
        headers = {"Authorization": f"Token {world.owner.token}"}
        with world.client.websocket_connect(LISTEN, headers=headers) as socket:
            socket.send_bytes(bytes(2 * SECOND))
            socket.send_json({"type": "KeepAlive"})
            socket.send_json({"type": "CloseStream"})
            messages = collect(socket, "Metadata")
        results = [message for message in messages if message["type"] == "Results"]
        finals = [message["channel"]["alternatives"][0] for message in results if message["is_final"]]
        assert [final["transcript"] for final in finals] == ["word0", "word1"]
        assert finals[0]["words"][0]["confidence"] == 0.9
        assert any(not message["is_final"] for message in results)
        assert messages[-1]["duration"] == 2.0

    @pytest.mark.parametrize("text", ["{", "[]", '{"type":["x"]}', '{"type":"Shout"}', '"x"', "[" * 20_000])
    def test_nonsense_is_an_error_and_the_session_goes_on(self, world: World, text: str) -> None:
        with world.client.websocket_connect(LISTEN, headers=world.owner.headers) as socket:
            socket.send_text(text)
            assert socket.receive_json()["type"] == "Error"
            socket.send_bytes(bytes(SECOND))
            socket.send_json({"type": "CloseStream"})
            collect(socket, "Metadata")

    def test_sound_that_cannot_be_used_ends_it(self, world: World) -> None:
        with world.client.websocket_connect(LISTEN, headers=world.owner.headers) as socket:
            socket.send_bytes(b"odd")
            assert socket.receive_json()["variant"] == "odd_bytes"
            with pytest.raises(WebSocketDisconnect) as end:
                socket.receive_json()
        assert end.value.code == 1007


class TestFiles:
    def post(self, world: World, **data: Any) -> Any:
        content = data.pop("content", FLAC)
        files = {"file": ("a.flac", content)}
        return world.client.post("/v1/audio/transcriptions", files=files, data=data, headers=world.owner.headers)

    def test_the_formats_of_an_answer(self, world: World) -> None:
        assert self.post(world).json()["text"] == "word0 word1"
        assert self.post(world, response_format="text").text == "word0 word1\n"
        assert self.post(world, response_format="srt").text.startswith("1\n00:00:00,100 --> 00:00:00,900\nword0")
        assert self.post(world, response_format="vtt").text.startswith("WEBVTT")
        verbose = self.post(
            world, response_format="verbose_json", **{"timestamp_granularities[]": ["word", "segment"]}
        ).json()
        assert [word["word"] for word in verbose["words"]] == ["word0", "word1"]
        assert len(verbose["segments"]) == 2

    def test_an_answer_as_it_comes(self, world: World) -> None:
        text = self.post(world, stream="true").text
        events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line]
        assert [event["type"] for event in events] == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
        assert events[-1]["text"] == "word0 word1"

    @pytest.mark.parametrize("stream", ["false", "true"])
    def test_what_is_no_recording_is_refused_and_leaves_nothing_running(self, world: World, stream: str) -> None:
        for content, code in ((b"", "empty_file"), (b"no sound", "bad_audio")):
            answer = self.post(world, content=content, stream=stream)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert len(world.client.app.state.sessions) == 0  # type: ignore[attr-defined]

    def test_an_unknown_language_is_refused(self, world: World) -> None:
        assert self.post(world, language="xx").status_code == 422

    def test_the_model_has_a_name(self, world: World) -> None:
        models = world.client.get("/v1/models", headers=world.owner.headers).json()
        assert models["object"] == "list"
        assert models["data"][0]["id"]


class TestFullServer:
    @pytest.fixture
    def limits(self) -> GatewayLimits:
        return GatewayLimits(max_sessions=1)

    @pytest.mark.parametrize("stream", ["false", "true"])
    def test_a_file_waits_for_a_place_like_a_speaker(self, world: World, stream: str) -> None:
        with world.client.websocket_connect(REALTIME, headers=world.owner.headers) as socket:
            socket.receive_json()
            answer = world.client.post(
                "/v1/audio/transcriptions",
                files={"file": ("a.flac", FLAC)},
                data={"stream": stream},
                headers=world.owner.headers,
            )
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
