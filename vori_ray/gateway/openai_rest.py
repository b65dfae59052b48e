"""OpenAI's transcription of files, `POST /v1/audio/transcriptions`, and `GET /v1/models`.

A file goes through the very stream that live sound goes through, as fast as it can be heard.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from vori_ray.errors import BadInputError
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.foreign import TransientSink, transient_config
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.speech.ports import SessionConfig, SpeechStream

CHUNK_BYTES = 64 * 1024
LANGUAGE_NAMES = {"en": "english", "ko": "korean"}
Format = Literal["json", "text", "srt", "verbose_json", "vtt"]

router = APIRouter(prefix="/v1", tags=["OpenAI"])


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcribed file: finals of the protocol, and its length in seconds."""

    finals: list[dict[str, Any]]
    duration_s: float

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(final["text"] for final in self.finals)


@router.get("/models")
def models(ports: Ports, _: SignedIn) -> dict[str, Any]:
    """The one model that serves; any name is taken by the other routes."""
    name = ports.session_template.card.name
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 0, "owned_by": "vori"}]}


@router.post("/audio/transcriptions")
async def transcribe(
    request: Request,
    ports: Ports,
    _: SignedIn,
    file: Annotated[UploadFile, File()],
    model: Annotated[str, Form()] = "",  # noqa: ARG001
    language: Annotated[str | None, Form()] = None,
    prompt: Annotated[str | None, Form()] = None,
    response_format: Annotated[Format, Form()] = "json",
    granularities: Annotated[list[str] | None, Form(alias="timestamp_granularities[]")] = None,
    stream: Annotated[bool, Form()] = False,
) -> Response:
    """Transcribe a recording of any common format. `model` is accepted and not looked at."""
    config = _config(ports, language, prompt)
    messages = _hear(ports, config, file, sessions=request.app.state.sessions)
    if stream:
        return StreamingResponse(_as_events(await _begun(messages)), media_type="text/event-stream")
    finals, duration_s = [], 0.0
    async for message in messages:
        if message["type"] == "final" and message["text"]:
            finals.append(message)
        elif message["type"] == "stopped":
            duration_s = message["duration_s"]
    return _answer(Heard(finals, duration_s), response_format, granularities or [])


def _config(ports: GatewayPorts, language: str | None, prompt: str | None) -> SessionConfig:
    template = transient_config(ports.session_template)
    if language and language not in template.languages:
        raise BadInputError(f"expected language to be one of {', '.join(template.languages)}, came {language[:40]!r}")
    vocabulary = (*template.vocabulary, prompt) if prompt else template.vocabulary
    return replace(template, encoding="container", language=language or "auto", vocabulary=vocabulary)


class _Upload:
    """A file that is being heard takes a place like a speaker does; nothing ends it early."""

    meeting_id = 0
    session_id = ""

    def end(self) -> None:
        """No meeting ends it."""

    def move(self) -> None:
        """It is over before the replica is."""


async def _hear(
    ports: GatewayPorts, config: SessionConfig, file: UploadFile, *, sessions: LiveSessions
) -> AsyncIterator[dict[str, Any]]:
    """The messages of a session that is fed the file. Raises BadAudioError for no recording, OverloadedError."""
    if not file.size:
        raise BadInputError("expected a recording, came an empty file", code="empty_file")
    with sessions.place(_Upload()):
        sink = TransientSink()
        stream = ports.open_stream(config, sink)
        await stream.start(resume=False)
        feeding = asyncio.create_task(_feed(stream, file))
        try:
            async for message in _until_fed(sink, feeding):
                yield message
            await feeding
        except BaseException:
            feeding.cancel()
            await stream.disconnect()
            raise


async def _begun(messages: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """The same messages once the first has come: a refusal comes before the answer's status."""
    first = await anext(messages, None)

    async def rest() -> AsyncIterator[dict[str, Any]]:
        if first is not None:
            yield first
        async for message in messages:
            yield message

    return rest()


async def _feed(stream: SpeechStream, file: UploadFile) -> None:
    while chunk := await file.read(CHUNK_BYTES):
        await stream.feed(chunk)
    await stream.stop()


async def _until_fed(sink: TransientSink, feeding: asyncio.Task[None]) -> AsyncIterator[dict[str, Any]]:
    while not (feeding.done() and sink.messages.empty()):
        following = asyncio.ensure_future(sink.messages.get())
        await asyncio.wait({following, feeding}, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            yield following.result()
        else:
            following.cancel()


async def _as_events(messages: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    said: list[str] = []
    async for message in messages:
        if message["type"] == "final" and message["text"]:
            delta = (" " if said else "") + message["text"]
            said.append(message["text"])
            yield _sse({"type": "transcript.text.delta", "delta": delta})
    yield _sse({"type": "transcript.text.done", "text": " ".join(said)})


def _sse(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"


def _answer(heard: Heard, response_format: Format, granularities: list[str]) -> Response:
    if response_format == "text":
        return PlainTextResponse(heard.text + "\n")
    if response_format in ("srt", "vtt"):
        return PlainTextResponse(_subtitles(heard, response_format))
    if response_format == "json":
        usage = {"type": "duration", "seconds": heard.duration_s}
        return JSONResponse({"text": heard.text, "usage": usage})
    return JSONResponse(_verbose(heard, granularities))


def _verbose(heard: Heard, granularities: list[str]) -> dict[str, Any]:
    code = heard.finals[0]["language"] if heard.finals else "en"
    answer: dict[str, Any] = {
        "task": "transcribe",
        "language": LANGUAGE_NAMES.get(code, code),
        "duration": heard.duration_s,
        "text": heard.text,
    }
    if "word" in granularities:
        answer["words"] = [
            {"word": word["word"], "start": word["start_s"], "end": word["end_s"]}
            for final in heard.finals
            for word in final["words"]
        ]
    if "segment" in granularities or not granularities:
        answer["segments"] = [
            {"id": index, "start": final["start_s"], "end": final["end_s"], "text": final["text"]}
            for index, final in enumerate(heard.finals)
        ]
    return answer


def _subtitles(heard: Heard, name: Literal["srt", "vtt"]) -> str:
    comma = "," if name == "srt" else "."
    blocks = [
        (f"{index}\n" if name == "srt" else "")
        + f"{_clock(final['start_s'], comma)} --> {_clock(final['end_s'], comma)}\n{final['text']}\n"
        for index, final in enumerate(heard.finals, start=1)
    ]
    return "\n".join((["WEBVTT\n"] if name == "vtt" else []) + blocks)


def _clock(seconds: float, comma: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{comma}{rest % 1000:03}"
