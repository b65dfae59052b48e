"""Commands about meetings: stream sound into one, list them, show tickets and minutes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from vori_ray.cli.connection import TokenOption, UrlOption, connect
from vori_ray.cli.output import JsonFlag, console, notes, print_json, print_rows

GroupOption = Annotated[int | None, typer.Option("--group", help="Group; the first one if not given.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("stream")(stream)
    app.command("meetings")(meetings)
    app.command("tickets")(tickets)
    app.command("minutes")(minutes)


def stream(
    file: Annotated[str, typer.Argument(help="A recording in any format, or `mic` for the microphone.")],
    meeting: Annotated[int | None, typer.Option(help="Meeting to speak in; a new one if not given.")] = None,
    group: GroupOption = None,
    title: Annotated[str | None, typer.Option(help="Title of the new meeting.")] = None,
    language: Annotated[str, typer.Option(help="auto, en or ko.")] = "auto",
    speaker: Annotated[str | None, typer.Option(help="Who speaks.")] = None,
    diarize: Annotated[bool, typer.Option("--diarize", help="Several people speak: tell them apart.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, help="1 is real time.")] = 1.0,
    end: Annotated[bool, typer.Option(help="End the meeting afterwards.")] = True,
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonFlag = False,
) -> None:
    """Play a file or the microphone into a meeting and show the transcript live."""
    with connect(url, token) as client:
        group_id = group or client.groups()[0]["groupId"]
        name = title or ("Microphone" if file == "mic" else Path(file).stem)
        meeting_id = meeting or client.create_meeting(group_id, name, language=language)["meetingId"]
        show = print_json if json else Transcript().show
        sound = client.stream_file(meeting_id, file, language=language, speaker=speaker, diarize=diarize, speed=speed)
        asyncio.run(play(sound, show))
        if end:
            client.end_meeting(meeting_id)
        if not json:
            console.print(f"meeting {meeting_id}: `vori tickets {meeting_id}`, `vori minutes {meeting_id}`")


async def play(messages: AsyncIterator[dict[str, Any]], show: Callable[[dict[str, Any]], None]) -> None:
    """Hand every message of the server to `show`, until the file or (with Ctrl-C) the microphone has ended."""
    async for message in messages:
        show(message)


class Transcript:
    """Prints a transcript as it comes: whole utterances as lines, running ones where a terminal can replace them."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}

    def show(self, message: dict[str, Any]) -> None:
        """Print one message of the server."""
        kind, session = message["type"], message.get("session_id", "")
        words = self._said.setdefault(session, [])
        if kind == "final":
            words += [message["text"]] if message["text"] else []
            if message["is_last"] and words:
                who = f"{message['speaker']}: " if message.get("speaker") else ""
                console.print(f"{message['end_s']:7.1f}  {who}{' '.join(words)}", markup=False)
                words.clear()
        elif kind in ("warning", "error"):
            notes.print(f"{kind} ({message['code']}): {message['message']}", markup=False)
        elif kind == "interim" and console.is_terminal:
            console.print(f"[dim]         {' '.join([*words, message['text']])[-100:]}[/dim]", end="\r")


def meetings(
    group: GroupOption = None, url: UrlOption = None, token: TokenOption = None, json: JsonFlag = False
) -> None:
    """List meetings, newest first."""
    with connect(url, token) as client:
        rows = client.meetings(group_id=group)
    print_rows(rows, ["meetingId", "title", "state", "language", "startedAt"], as_json=json)


def tickets(
    meeting: Annotated[int | None, typer.Argument(help="Meeting; all of the group's tickets if not given.")] = None,
    group: GroupOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonFlag = False,
) -> None:
    """List the tickets of a meeting or of a group."""
    with connect(url, token) as client:
        rows = client.tickets(meeting_id=meeting, group_id=group)
    print_rows(rows, ["ticketId", "status", "title", "assignee", "dueDate"], as_json=json)


def minutes(
    meeting: Annotated[int, typer.Argument(help="Meeting.")],
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonFlag = False,
) -> None:
    """Print the minutes of a meeting."""
    with connect(url, token) as client:
        found = client.minutes(meeting)
    if json:
        print_json(found)
    else:
        console.print(found["markdown"], markup=False)
