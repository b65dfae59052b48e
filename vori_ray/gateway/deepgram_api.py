"""Deepgram's live transcription, `WS /v1/listen`, so that its clients work unchanged.

Knows nothing of how words are found: it reads Deepgram's frames and words our messages as Deepgram does.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket

from vori_ray.errors import BadInputError, ProtocolError, VoriError
from vori_ray.gateway.dependencies import SUBPROTOCOL, admit, get_ports
from vori_ray.gateway.foreign import Command, ForeignConnection, Message, Request
from vori_ray.gateway.protocol import MAX_CHANNELS, SAMPLE_RATES
from vori_ray.gateway.sockets import deny
from vori_ray.speech.ports import SessionConfig

ENCODINGS = {"linear16": "pcm_s16le", "linear32": "pcm_f32le", "mulaw": "pcm_mulaw", "alaw": "pcm_alaw"}
COMMANDS: dict[str, Command] = {"KeepAlive": "none", "Finalize": "finalize", "CloseStream": "stop"}
CHANNEL = [0, 1]

router = APIRouter()


@router.websocket("/v1/listen")
async def listen(websocket: WebSocket) -> None:
    """Transcribe live sound in Deepgram's protocol."""
    try:
        await admit(websocket)
        ports = get_ports(websocket)
        dialect = DeepgramDialect(websocket.query_params, ports.session_template)
    except VoriError as exc:
        await deny(websocket, exc)
        return
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
    connection = ForeignConnection(websocket, ports, websocket.app.state.metrics, dialect)
    await websocket.app.state.sessions.run(connection.run(websocket.app.state.sessions))


class DeepgramDialect:
    """Deepgram's words for ours. Query parameters that we do not know are ignored, as Deepgram does."""

    def __init__(self, query: Mapping[str, str], template: SessionConfig) -> None:
        self._request_id = str(uuid.uuid4())
        self._model = template.card.name
        self._encoding = _encoding(query.get("encoding"))
        self._sample_rate = _whole(query, "sample_rate", SAMPLE_RATES, 16_000)
        self._channels = _whole(query, "channels", (1, MAX_CHANNELS), 1)
        self._language = _language(query.get("language"), template.languages)
        self._end_silence_ms = _end_silence_ms(query, template.end_silence_ms)
        self._wants_interim = query.get("interim_results") == "true"
        self._wants_speech = query.get("vad_events") == "true"
        self._wants_utterance_end = "utterance_end_ms" in query
        self._is_finalizing = False
        self._digest = hashlib.sha256()
        self._duration_s = 0.0

    def greeting(self) -> Iterable[Message]:
        """Deepgram waits for sound."""
        return ()

    def configure(self, template: SessionConfig) -> SessionConfig:
        """The query's parameters."""
        return replace(
            template,
            encoding=self._encoding,  # type: ignore[arg-type]
            sample_rate=self._sample_rate,
            channels=self._channels,
            language=self._language,
            end_silence_ms=self._end_silence_ms,
        )

    def read(self, frame: bytes | str) -> Request:
        """Sound is binary, commands are JSON; an empty binary frame ends the stream."""
        if isinstance(frame, bytes):
            self._digest.update(frame)
            return Request(sound=frame) if frame else Request(command="stop")
        try:
            kind = json.loads(frame)["type"]
            command = COMMANDS[kind]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ProtocolError(f"expected one of {', '.join(COMMANDS)}, came {frame[:60]!r}") from None
        self._is_finalizing = command == "finalize"
        return Request(command=command)

    def settled(self, command: Command) -> Iterable[Message]:
        """After a finalize an empty last result, so that the client knows; after the end, what was heard in all."""
        was_finalizing, self._is_finalizing = self._is_finalizing, False
        if command == "finalize" and was_finalizing:
            yield self._results(
                {"words": [], "text": "", "start_s": self._duration_s, "end_s": self._duration_s},
                is_final=True,
                is_last=True,
                from_finalize=True,
            )
        if command == "stop":
            yield self._metadata()

    def translate(self, message: Message) -> Iterable[Message]:
        """Our message in Deepgram's words."""
        kind = message["type"]
        if kind == "interim" and self._wants_interim:
            yield self._results({"words": [], **message}, is_final=False, is_last=False)
        elif kind == "final":
            self._duration_s = max(self._duration_s, message["end_s"])
            yield self._results(message, is_final=True, is_last=message["is_last"], from_finalize=self._is_finalizing)
            if message["is_last"] and self._wants_utterance_end:
                yield {"type": "UtteranceEnd", "channel": CHANNEL, "last_word_end": message["end_s"]}
        elif kind == "speech_started" and self._wants_speech:
            yield {"type": "SpeechStarted", "channel": CHANNEL, "timestamp": message["at_s"]}
        elif kind == "stopped":
            self._duration_s = message["duration_s"]

    def refuse(self, error: VoriError) -> Message:
        """An error in Deepgram's words."""
        return {"type": "Error", "description": error.message, "message": error.message, "variant": error.error_code}

    def _results(self, said: Message, *, is_final: bool, is_last: bool, from_finalize: bool = False) -> Message:
        words = [_word(word) for word in said["words"]]
        confidence = sum(word["confidence"] for word in words) / len(words) if words else 0.0
        return {
            "type": "Results",
            "channel_index": CHANNEL,
            "start": said["start_s"],
            "duration": round(said["end_s"] - said["start_s"], 3),
            "is_final": is_final,
            "speech_final": is_last,
            "from_finalize": from_finalize,
            "channel": {
                "alternatives": [{"transcript": said["text"], "confidence": round(confidence, 4), "words": words}]
            },
            "metadata": {
                "request_id": self._request_id,
                "model_info": {"name": self._model, "version": "1", "arch": "whisper"},
                "model_uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, self._model)),
            },
        }

    def _metadata(self) -> Message:
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self._request_id,
            "sha256": self._digest.hexdigest(),
            "created": datetime.now(UTC).isoformat(),
            "duration": self._duration_s,
            "channels": self._channels,
        }


def _word(word: dict[str, Any]) -> dict[str, Any]:
    return {
        "word": word["word"].strip(".,!?").lower(),
        "punctuated_word": word["word"],
        "start": word["start_s"],
        "end": word["end_s"],
        "confidence": word["probability"],
    }


def _encoding(name: str | None) -> str:
    if name is None:
        return "container"
    if name not in ENCODINGS:
        raise BadInputError(f"expected encoding to be one of {', '.join(ENCODINGS)}, came {name[:40]!r}")
    return ENCODINGS[name]


def _language(name: str | None, allowed: tuple[str, ...]) -> str:
    """`en-US` is `en`; `multi` and none detect."""
    if name in (None, "", "multi"):
        return "auto"
    code = str(name).split("-")[0].lower()
    if code not in allowed:
        raise BadInputError(f"expected language to be one of multi, {', '.join(allowed)}, came {str(name)[:40]!r}")
    return code


def _end_silence_ms(query: Mapping[str, str], default: int) -> int:
    if query.get("endpointing") in (None, "true", "false"):
        return default
    return max(100, _whole(query, "endpointing", (0, 10_000), default))


def _whole(query: Mapping[str, str], name: str, bounds: tuple[int, int], default: int) -> int:
    text = query.get(name, str(default))
    low, high = bounds
    if not text.isascii() or not text.isdigit() or not low <= int(text[:9]) <= high:
        raise BadInputError(f"expected {name} to be a whole number from {low} to {high}, came {text[:40]!r}")
    return int(text)
