"""The HTTP part of the SDK, and the way to a stream. Every call has a deadline; errors are of `vori_ray.errors`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from vori_ray import errors
from vori_ray.client.problems import error_for, refusal_of
from vori_ray.client.sound import BYTES_PER_SECOND, MICROPHONE, SAMPLE_RATE, stream_pcm
from vori_ray.client.stream import AudioStream, Message

Json = dict[str, Any]

_TRIES = 4
_RETRY_S = 0.4
_CLOSE_TIMEOUT_S = 2.0
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class VoriClient:
    """A client of one VORI. `url` is http(s)://host:port; `token` is a bearer token."""

    def __init__(self, url: str, token: str, *, timeout_s: float = 30.0) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout_s = timeout_s
        self._http = httpx.Client(base_url=self.url, headers=self._headers, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    # -- groups and meetings

    def me(self) -> Json:
        """Who the token is, with its groups and roles."""
        return self._one("/api/users/me")

    def groups(self) -> list[Json]:
        """The groups of the token's user."""
        return self._many("/api/groups")

    def create_group(self, name: str) -> Json:
        """Make a group; its maker is its ADMIN."""
        return self._send("POST", "/api/groups", {"name": name})

    def meetings(self, group_id: int | None = None) -> list[Json]:
        """Meetings of one group or of all, newest first."""
        return self._many("/api/meetings", groupId=group_id)

    def create_meeting(self, group_id: int, title: str, *, language: str = "auto") -> Json:
        """Begin a meeting; the answer carries `meetingId`."""
        return self._send("POST", "/api/meetings", {"groupId": group_id, "title": title, "language": language})

    def meeting(self, meeting_id: int) -> Json:
        """One meeting, with the state of its extraction."""
        return self._one(f"/api/meetings/{meeting_id}")

    def end_meeting(self, meeting_id: int) -> Json:
        """End a meeting; doing it again changes nothing."""
        return self._send("POST", f"/api/meetings/{meeting_id}/end", is_repeatable=True)

    def wait_until_extracted(self, meeting_id: int, *, timeout_s: float = 120.0) -> Json:
        """Wait until the ended meeting's tickets and minutes are complete; UnavailableError when they are late."""
        deadline = time.monotonic() + timeout_s
        while (meeting := self.meeting(meeting_id))["extractionState"] != "DONE":
            if time.monotonic() > deadline:
                state = meeting["extractionState"]
                raise errors.UnavailableError(f"meeting {meeting_id}: extraction is {state} after {timeout_s:g} s")
            time.sleep(0.2)
        return meeting

    def transcript(self, meeting_id: int) -> Json:
        """`segments` as the streaming protocol sends them, in meeting time, and `speakers`."""
        return self._one(f"/api/meetings/{meeting_id}/transcript")

    def speakers(self, meeting_id: int) -> list[Json]:
        """Those who were told apart in streams with `diarize`: `speakerId`, `number`, `name`, `sessionId`."""
        return self._many(f"/api/meetings/{meeting_id}/speakers")

    def rename_speaker(self, meeting_id: int, speaker_id: int, name: str) -> Json:
        """Say who a speaker is; the name goes into the transcript, their tickets and VORI's minutes."""
        return self._send("PATCH", f"/api/meetings/{meeting_id}/speakers/{speaker_id}", {"name": name})

    def export(self, meeting_id: int, format_name: str) -> str:
        """The transcript as `srt`, `vtt`, `csv`, `json` or `md`."""
        return self._request("GET", f"/api/meetings/{meeting_id}/transcript", params={"format": format_name}).text

    def minutes(self, meeting_id: int) -> Json:
        """The current minutes: `markdown`, `version`, `author`."""
        return self._one(f"/api/meetings/{meeting_id}/minutes")

    # -- tickets

    def tickets(self, *, meeting_id: int | None = None, group_id: int | None = None) -> list[Json]:
        """Tickets of a meeting, or of a group, or of all groups."""
        path = "/api/tickets" if meeting_id is None else f"/api/meetings/{meeting_id}/tickets"
        return self._many(path, groupId=group_id)

    def create_ticket(self, group_id: int, title: str, **fields: Any) -> Json:
        """Make a ticket by hand; `fields` are those of the API (content, status, assigneeId, dueDate, ...)."""
        return self._send("POST", "/api/tickets", {"groupId": group_id, "title": title, **fields})

    def update_ticket(self, ticket_id: int, *, version: int | None = None, **changes: Any) -> Json:
        """Change a ticket; with `version`, only if nobody changed it since (else ConflictError)."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self._send("PATCH", f"/api/tickets/{ticket_id}", changes, headers=headers)

    def status_changes(self, meeting_id: int) -> list[Json]:
        """Status changes that were made by what was said in this meeting, with their evidence."""
        return self._many(f"/api/meetings/{meeting_id}/status-changes")

    # -- insights

    def trends(self, group_id: int, *, days: int = 56) -> list[Json]:
        """Seven days at a time, sliding by day, oldest first."""
        return self._many(f"/api/analytics/groups/{group_id}/trends", days=days)

    def findings(self, group_id: int, *, language: str = "en") -> list[Json]:
        """What goes together in a group, each with its `sentence`; empty where nothing can be said."""
        return self._many(f"/api/analytics/groups/{group_id}/findings", language=language)

    def summary(self, group_id: int, *, days: int = 56) -> Json:
        """Where a group stands: meetings, mean score, tickets by status, the newest seven days."""
        return self._one(f"/api/analytics/groups/{group_id}/summary", days=days)

    def group_reports(self, group_id: int, *, language: str = "en", days: int = 56) -> list[Json]:
        """The data of a group's charts: `sentence`, `note`, `columns`, `rows`, and `isEnough`."""
        return self._many(f"/api/analytics/groups/{group_id}/charts", language=language, days=days)

    def meeting_reports(self, meeting_id: int, *, language: str = "en") -> list[Json]:
        """The data of a meeting's charts."""
        return self._many(f"/api/analytics/meetings/{meeting_id}/charts", language=language)

    def meeting_figures(self, meeting_id: int) -> Json:
        """What a meeting came to so far: score with its parts, and minute by minute."""
        return self._one(f"/api/analytics/meetings/{meeting_id}/realtime")

    # -- events

    def last_seq(self, group_id: int) -> int:
        """The number of the group's newest event."""
        seq: int = self._one("/api/events", group_id=group_id, limit=0)["lastSeq"]
        return seq

    def events_after(self, group_id: int, seq: int) -> list[Json]:
        """All events of a group after number `seq`, in order."""
        events: list[Json] = []
        while True:
            page = self._one("/api/events", group_id=group_id, after_seq=seq)
            events += page["events"]
            if not page["events"] or page["events"][-1]["seq"] >= page["lastSeq"]:
                return events
            seq = page["events"][-1]["seq"]

    # -- sound

    def stream(
        self,
        meeting_id: int,
        *,
        encoding: str = "pcm_s16le",
        sample_rate: int = SAMPLE_RATE,
        channels: int = 1,
        language: str = "auto",
        speaker: str | None = None,
        diarize: bool = False,
        patience_s: float = 60.0,
    ) -> AudioStream:
        """A resumable stream of raw PCM into a meeting; use it with `async with`.

        `diarize` tells the speakers of one stream apart: finals then carry `speaker_number`, and a name in `speaker`.
        """
        start = {
            "type": "start",
            "encoding": encoding,
            "sample_rate": sample_rate,
            "channels": channels,
            "language": language,
            "speaker": speaker,
            "diarize": diarize,
        }
        path = f"/ws/meetings/{meeting_id}/audio"
        return AudioStream(lambda: self._open(path), start, patience_s=patience_s)

    async def stream_file(
        self,
        meeting_id: int,
        source: str | Path,
        *,
        language: str = "auto",
        speaker: str | None = None,
        diarize: bool = False,
        speed: float = 1.0,
        patience_s: float = 60.0,
    ) -> AsyncIterator[Message]:
        """Play a recording of any format, or `mic`, into a meeting; yields the server's messages until all is settled.

        A recording is sent as it would have been spoken, `speed` times as fast: the sound of second t leaves when t has
        passed.
        The microphone is sent until the task is cancelled (Ctrl-C); what was said by then is still settled.
        """
        async with self.stream(
            meeting_id, language=language, speaker=speaker, diarize=diarize, patience_s=patience_s
        ) as stream:
            player = asyncio.create_task(_play(stream, source, speed))
            player.add_done_callback(lambda _: None)
            try:
                async for message in _until_stopped(stream, player, is_live=str(source) == MICROPHONE):
                    yield message
                await player
            finally:
                player.cancel()

    async def events(self, group_id: int, *, after_seq: int | None = None) -> AsyncIterator[Message]:
        """A group's events as they happen, first those after `after_seq`; reconnects, gives each numbered one once."""
        seq = after_seq
        while True:
            query = "" if seq is None else f"?after_seq={seq}"
            try:
                async with await self._open(f"/ws/groups/{group_id}/events{query}") as socket:
                    async for text in socket:
                        message = json.loads(text)
                        if message["type"] == "hello" and seq is None:
                            seq = message["seq"]
                        elif message["type"] == "event":
                            seq = message["seq"] or seq
                            yield message
            except InvalidStatus as exc:
                refusal = refusal_of(exc)
                if not refusal.retryable:
                    raise refusal from exc
            except (OSError, WebSocketException):
                pass
            await asyncio.sleep(_RETRY_S)

    async def _open(self, path: str) -> ClientConnection:
        return await connect(
            "ws" + self.url.removeprefix("http") + path,
            additional_headers=self._headers,
            compression=None,
            max_size=_MAX_MESSAGE_BYTES,
            open_timeout=self._timeout_s,
            close_timeout=_CLOSE_TIMEOUT_S,
        )

    # -- requests

    def _one(self, path: str, **params: Any) -> Json:
        found: Json = self._read(path, params).json()
        return found

    def _many(self, path: str, **params: Any) -> list[Json]:
        found: list[Json] = self._read(path, params).json()
        return found

    def _read(self, path: str, params: Json) -> httpx.Response:
        return self._request("GET", path, params={name: value for name, value in params.items() if value is not None})

    def _send(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        headers: dict[str, str] | None = None,
        is_repeatable: bool = False,
    ) -> Json:
        response = self._request(method, path, json=body or {}, headers=headers, is_repeatable=is_repeatable)
        answer: Json = response.json() if response.content else {}
        return answer

    def _request(self, method: str, path: str, *, is_repeatable: bool = False, **kwargs: Any) -> httpx.Response:
        """One request, tried again where that is harmless: reads always, the rest only if nothing was sent."""
        is_harmless = is_repeatable or method == "GET"
        for attempt in range(_TRIES):
            is_last = attempt == _TRIES - 1
            try:
                response = self._http.request(method, path, **kwargs)
            except httpx.TransportError as exc:
                if is_last or not (is_harmless or isinstance(exc, httpx.ConnectError)):
                    raise errors.UnavailableError(f"could not reach {self.url}: {exc}") from exc
            else:
                if response.is_success:
                    return response
                if is_last or not (is_harmless and response.status_code >= 500):
                    raise error_for(response.status_code, response.content, subject=f"{method} {path}")
            time.sleep(_RETRY_S * 2**attempt)
        raise AssertionError("unreachable")


async def _play(stream: AudioStream, source: str | Path, speed: float) -> Message:
    """Send a recording at its pace, then stop; returns `stopped`."""
    stream.start_clock()
    started_at = time.monotonic()
    spoken_bytes = 0
    async for chunk in stream_pcm(source):
        spoken_bytes += len(chunk)
        due_s = spoken_bytes / BYTES_PER_SECOND / speed
        if str(source) != MICROPHONE:
            await asyncio.sleep(started_at + due_s - time.monotonic())
        await stream.send(chunk)
    return await stream.stop()


async def _until_stopped(
    stream: AudioStream, player: asyncio.Task[Message], *, is_live: bool
) -> AsyncIterator[Message]:
    """The messages of a stream; a player that fails ends them, and so does Ctrl-C at a microphone, gently."""
    messages = aiter(stream)
    while True:
        following = asyncio.ensure_future(anext(messages, None))
        try:
            await asyncio.wait(
                {following, *({player} if not player.done() else ())}, return_when=asyncio.FIRST_COMPLETED
            )
            if player.done() and player.exception() is not None:
                following.cancel()
                await player
            message = await following
        except asyncio.CancelledError:
            if not is_live or player.done():
                following.cancel()
                raise
            player.cancel()
            player = asyncio.ensure_future(stream.stop())
            message = await following
        if message is None:
            return
        yield message
