"""OpenAI's Realtime transcription, `WS /v1/realtime?intent=transcription`, so that its clients work unchanged.

One utterance (with turn detection) or one commit (without) is one item. Deltas are settled words only: they are never
taken back. Knows nothing of how words are found.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket

from vori_ray.errors import BadInputError, ProtocolError, VoriError
from vori_ray.gateway.dependencies import admit, get_ports
from vori_ray.gateway.foreign import Command, ForeignConnection, Message, Request
from vori_ray.gateway.sockets import deny
from vori_ray.speech.ports import SessionConfig

SUBPROTOCOL = "realtime"
FORMATS = {"audio/pcm": ("pcm_s16le", 24_000), "audio/pcmu": ("pcm_mulaw", 8_000), "audio/pcma": ("pcm_alaw", 8_000)}
LONGEST_SILENCE_MS = 10_000
_EVENT = "conversation.item.input_audio_transcription"

router = APIRouter()


@router.websocket("/v1/realtime")
async def realtime(websocket: WebSocket) -> None:
    """Transcribe live sound in OpenAI's Realtime protocol."""
    try:
        await admit(websocket)
        if websocket.query_params.get("intent", "transcription") != "transcription":
            raise BadInputError(f"expected intent=transcription, came {websocket.query_params['intent'][:40]!r}")
    except VoriError as exc:
        await deny(websocket, exc)
        return
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
    ports = get_ports(websocket)
    dialect = RealtimeDialect(websocket.query_params.get("model"), ports.session_template)
    connection = ForeignConnection(websocket, ports, websocket.app.state.metrics, dialect)
    await websocket.app.state.sessions.run(connection.run(websocket.app.state.sessions))


class _Item:
    """One piece of speech in the client's conversation."""

    def __init__(self, previous_id: str | None) -> None:
        self.id = f"item_{uuid.uuid4().hex[:20]}"
        self.previous_id = previous_id
        self.words: list[str] = []
        self.start_s: float | None = None
        self.end_s = 0.0
        self.is_committed = False


class RealtimeDialect:
    """OpenAI's words for ours."""

    def __init__(self, model: str | None, template: SessionConfig) -> None:
        self._languages = template.languages
        self._session: dict[str, Any] = {
            "id": f"sess_{uuid.uuid4().hex[:20]}",
            "object": "realtime.transcription_session",
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24_000},
                    "transcription": {"model": model or template.card.name},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": template.end_silence_ms},
                }
            },
        }
        self._items: dict[int, _Item] = {}  # by utterance; a client that commits has one at a time
        self._last_item_id: str | None = None
        self._has_sound = False
        self._uncommitted_bytes = 0
        self._is_cleared = False

    @property
    def _input(self) -> dict[str, Any]:
        found: dict[str, Any] = self._session["audio"]["input"]
        return found

    @property
    def _detects_turns(self) -> bool:
        return self._input["turn_detection"] is not None

    # -- from the client

    def greeting(self) -> Iterable[Message]:
        """The session as it is set up."""
        yield _event("session.created", session=self._session)

    def configure(self, template: SessionConfig) -> SessionConfig:
        """The session's audio input."""
        encoding, rate = FORMATS[self._input["format"]["type"]]
        transcription, turns = self._input["transcription"] or {}, self._input["turn_detection"] or {}
        prompt = transcription.get("prompt")
        return replace(
            template,
            encoding=encoding,  # type: ignore[arg-type]
            sample_rate=rate,
            channels=1,
            language=transcription.get("language") or "auto",
            vocabulary=(*template.vocabulary, prompt) if prompt else template.vocabulary,
            end_silence_ms=max(100, int(turns.get("silence_duration_ms") or template.end_silence_ms)),
        )

    def read(self, frame: bytes | str) -> Request:
        """Understand one client event."""
        message = _parse(frame)
        readers = {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
        }
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in readers:
            raise ProtocolError(f"expected one of {', '.join(readers)}, came {str(kind)[:60]!r}", code="unknown_event")
        return readers[kind](message)

    def _update(self, message: Message) -> Request:
        given = _object(_object(_object(message, "session"), "audio"), "input")
        merged = {**self._input, **{name: value for name, value in given.items() if name in self._input}}
        merged["format"] = _format(merged["format"])
        _check_transcription(_object(merged, "transcription"), self._languages)
        _check_turns(_object(merged, "turn_detection"))
        if self._has_sound and merged["format"] != self._input["format"]:
            raise ProtocolError("expected the format to stay as it is once sound has come", code="format_is_fixed")
        self._session["audio"]["input"] = merged
        return Request(before=(_event("session.updated", session=self._session),))

    def _append(self, message: Message) -> Request:
        try:
            sound = base64.b64decode(message["audio"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise ProtocolError("expected `audio` to be base64", code="invalid_audio") from None
        self._has_sound = True
        self._uncommitted_bytes += len(sound)
        return Request(sound=sound)

    def _commit(self, _: Message) -> Request:
        if not self._uncommitted_bytes:
            raise ProtocolError(
                "expected sound before a commit, the buffer is empty", code="input_audio_buffer_commit_empty"
            )
        self._uncommitted_bytes = 0
        return Request(command="finalize")

    def _clear(self, _: Message) -> Request:
        """Sound that was heard cannot be unheard: it is settled, and what comes of it is not said."""
        self._uncommitted_bytes = 0
        self._is_cleared = True
        return Request(command="finalize", after=(_event("input_audio_buffer.cleared"),))

    # -- to the client

    def settled(self, command: Command) -> Iterable[Message]:
        """A commit ends its item, and what was said before it has been heard out."""
        if self._is_cleared:
            self._items, self._is_cleared = {}, False
        elif command == "finalize" and not self._detects_turns:
            yield from self._complete(0, self._find(0))
        elif command != "none":
            yield from self._complete_all([number for number, item in self._items.items() if item.is_committed])

    def translate(self, message: Message) -> Iterable[Message]:
        """Our message in OpenAI's words."""
        kind = message["type"]
        if self._is_cleared:
            return
        if kind == "speech_started" and self._detects_turns:
            item = self._find(message["utterance"])
            yield _event("input_audio_buffer.speech_started", audio_start_ms=_ms(message["at_s"]), item_id=item.id)
        elif kind == "speech_ended" and self._detects_turns:
            item = self._find(message["utterance"])
            yield _event("input_audio_buffer.speech_stopped", audio_end_ms=_ms(message["at_s"]), item_id=item.id)
            yield from self._committed(item)
        elif kind == "final":
            yield from self._final(message)

    def _final(self, message: Message) -> Iterable[Message]:
        number = message["utterance"] if self._detects_turns else 0
        # Utterances are heard out in their order: an earlier one without words, a cough, has none to come.
        yield from self._complete_all([earlier for earlier in self._items if earlier < number])
        item = self._find(number)
        item.start_s = message["start_s"] if item.start_s is None else item.start_s
        item.end_s = max(item.end_s, message["end_s"])
        if message["text"]:
            delta = (" " if item.words else "") + message["text"]
            item.words.append(message["text"])
            yield _event(f"{_EVENT}.delta", item_id=item.id, content_index=0, delta=delta)
        if message["is_last"] and self._detects_turns:
            yield from self._complete(number, item)

    def _find(self, number: int) -> _Item:
        """The item of an utterance; the next utterance may begin before this one is heard out."""
        if number not in self._items:
            self._items[number] = _Item(self._last_item_id)
            self._last_item_id = self._items[number].id
        return self._items[number]

    def _committed(self, item: _Item) -> Iterable[Message]:
        if item.is_committed:
            return
        item.is_committed = True
        self._uncommitted_bytes = 0
        yield _event("input_audio_buffer.committed", item_id=item.id, previous_item_id=item.previous_id)
        content = [{"type": "input_audio", "transcript": None}]
        said = {"id": item.id, "type": "message", "role": "user", "status": "completed", "content": content}
        yield _event("conversation.item.added", item=said, previous_item_id=item.previous_id)

    def _complete(self, number: int, item: _Item) -> Iterable[Message]:
        yield from self._committed(item)
        yield _event(
            f"{_EVENT}.completed",
            item_id=item.id,
            content_index=0,
            transcript=" ".join(item.words),
            usage={"type": "duration", "seconds": round(item.end_s - (item.start_s or 0.0), 3)},
        )
        self._items.pop(number, None)

    def _complete_all(self, numbers: list[int]) -> Iterable[Message]:
        for number in numbers:
            yield from self._complete(number, self._items[number])

    def refuse(self, error: VoriError) -> Message:
        """An error in OpenAI's words."""
        kind = "server_error" if error.status_code >= 500 else "invalid_request_error"
        return _event("error", error={"type": kind, "code": error.error_code, "message": error.message})


def _event(kind: str, **fields: Any) -> Message:
    return {"type": kind, "event_id": f"event_{uuid.uuid4().hex[:20]}", **fields}


def _parse(frame: bytes | str) -> Message:
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise ProtocolError(f"expected a JSON object, came {frame[:40]!r}", code="bad_json")
    return message


def _format(given: Any) -> dict[str, Any]:
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in FORMATS:
        raise ProtocolError(
            f"expected a format of {', '.join(FORMATS)}, came {str(given)[:60]!r}", code="unknown_format"
        )
    rate = given.get("rate") or FORMATS[kind][1]
    if rate != FORMATS[kind][1]:
        raise ProtocolError(f"expected {kind} at {FORMATS[kind][1]} Hz, came {str(rate)[:20]}", code="unknown_format")
    return {"type": kind, "rate": rate}


def _object(message: Message, name: str) -> Message:
    """A part of a message; null and none are empty."""
    part = message.get(name)
    if part is not None and not isinstance(part, dict):
        raise ProtocolError(f"expected {name} to be an object or null, came {str(part)[:40]!r}")
    return part or {}


def _check_transcription(transcription: Message, languages: tuple[str, ...]) -> None:
    language, prompt = transcription.get("language"), transcription.get("prompt")
    if language and language not in languages:
        raise ProtocolError(
            f"expected language to be one of {', '.join(languages)}, came {str(language)[:40]!r}",
            code="unknown_language",
        )
    if prompt is not None and not isinstance(prompt, str):
        raise ProtocolError(f"expected prompt to be a text, came {str(prompt)[:40]!r}")


def _check_turns(turns: Message) -> None:
    silence_ms = turns.get("silence_duration_ms")
    if silence_ms is not None and (isinstance(silence_ms, bool) or not isinstance(silence_ms, int)):
        raise ProtocolError(f"expected silence_duration_ms to be a whole number, came {str(silence_ms)[:40]!r}")
    if silence_ms is not None and not 0 <= silence_ms <= LONGEST_SILENCE_MS:
        raise ProtocolError(f"expected silence_duration_ms from 0 to {LONGEST_SILENCE_MS}, came {silence_ms}")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
