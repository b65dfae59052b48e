"""Transcripts as SRT, VTT, CSV, JSON and Markdown; tickets as CSV and ICS.

Pure: values in, text out. Knows nothing of the database, of HTTP, or of who asks.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

_MINIMUM_CUE_S = 0.001
_ICS_LINE_BYTES = 75
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """Settled words of one speaker. Times are seconds since the meeting's start."""

    id: int
    text: str
    start_s: float
    end_s: float
    speaker: str | None = None
    language: str | None = None
    words: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket as an export shows it."""

    id: int
    title: str
    status: str
    updated_at: datetime
    assignee: str | None = None
    due_date: date | None = None
    priority: str | None = None
    content: str = ""
    labels: Sequence[str] = field(default_factory=tuple)
    meeting_id: int | None = None


def clock(seconds: float, *, decimal: str = ".", with_ms: bool = True) -> str:
    """`3723.5` as `01:02:03.500`."""
    ms = max(0, round(seconds * 1000))
    hours, rest = divmod(ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole = f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}"
    return f"{whole}{decimal}{rest % 1000:03d}" if with_ms else whole


def one_line(text: str) -> str:
    """All white space folded to single blanks."""
    return " ".join(text.split())


def to_srt(lines: Iterable[TranscriptLine]) -> str:
    """SubRip subtitles; the speaker stands before the words."""
    cues = []
    for number, line in enumerate(lines, start=1):
        span = f"{clock(line.start_s, decimal=',')} --> {clock(_cue_end_s(line), decimal=',')}"
        said = one_line(line.text).replace("-->", "→")
        cues.append(f"{number}\n{span}\n{line.speaker + ': ' if line.speaker else ''}{said}\n")
    return "\n".join(cues)


def to_vtt(lines: Iterable[TranscriptLine]) -> str:
    """WebVTT subtitles with voice spans. https://www.w3.org/TR/webvtt1/"""
    cues = ["WEBVTT\n"]
    for line in lines:
        voice = f"<v {_vtt_escape(line.speaker)}>" if line.speaker else ""
        span = f"{clock(line.start_s)} --> {clock(_cue_end_s(line))}"
        cues.append(f"{line.id}\n{span}\n{voice}{_vtt_escape(line.text)}\n")
    return "\n".join(cues)


def _cue_end_s(line: TranscriptLine) -> float:
    return max(line.end_s, line.start_s + _MINIMUM_CUE_S)


def _vtt_escape(text: str) -> str:
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_csv(lines: Iterable[TranscriptLine]) -> str:
    """One row a segment: id, start_s, end_s, speaker, language, text."""
    rows = [(x.id, x.start_s, x.end_s, x.speaker or "", x.language or "", one_line(x.text)) for x in lines]
    return _csv(("id", "start_s", "end_s", "speaker", "language", "text"), rows)


def to_json(lines: Iterable[TranscriptLine], *, meeting: dict[str, Any]) -> str:
    """The meeting's facts and all segments with their words."""
    segments = [
        {
            "id": line.id,
            "start_s": line.start_s,
            "end_s": line.end_s,
            "speaker": line.speaker,
            "language": line.language,
            "text": line.text,
            "words": list(line.words),
        }
        for line in lines
    ]
    return json.dumps({"meeting": meeting, "segments": segments}, ensure_ascii=False, indent=2, default=str)


def to_markdown(lines: Iterable[TranscriptLine], *, title: str) -> str:
    """Turns by speaker, each with the time of its first words."""
    out = [f"# {markdown_escape(title)}", ""]
    speaker: str | None = None
    for number, line in enumerate(lines):
        if number == 0 or line.speaker != speaker:
            out += ["", f"**{markdown_escape(line.speaker or '?')}** `{clock(line.start_s, with_ms=False)}`", ""]
        out.append(markdown_escape(line.text))
        speaker = line.speaker
    return "\n".join(out).strip() + "\n"


def markdown_escape(text: str) -> str:
    """One line of plain words: nothing in it is read as markup or as a table's edge."""
    folded = one_line(text)
    for sign in ("\\", "`", "*", "_", "[", "]", "<", ">", "|", "#"):
        folded = folded.replace(sign, "\\" + sign)
    return folded


def tickets_to_csv(tickets: Iterable[TicketLine]) -> str:
    """One row a ticket."""
    rows = [
        (
            t.id,
            one_line(t.title),
            t.status,
            t.assignee or "",
            t.due_date.isoformat() if t.due_date else "",
            t.priority or "",
            ", ".join(t.labels),
            t.content,
            "" if t.meeting_id is None else t.meeting_id,
            t.updated_at.isoformat(),
        )
        for t in tickets
    ]
    header = ("id", "title", "status", "assignee", "due", "priority", "labels", "content", "meeting_id", "updated_at")
    return _csv(header, rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue()


def _harmless(cell: object) -> object:
    """A spreadsheet runs a text that starts like a formula; a leading quote keeps it a text (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def tickets_to_ics(tickets: Iterable[TicketLine], *, calendar: str) -> str:
    """All-day events on the due dates of tickets that are not done (RFC 5545)."""
    out = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//VORI//tickets//EN", f"X-WR-CALNAME:{_ics_escape(calendar)}"]
    for ticket in tickets:
        if ticket.due_date is not None and ticket.status != "DONE":
            out += _ics_event(ticket, ticket.due_date)
    return "\r\n".join(_folded(line) for line in [*out, "END:VCALENDAR"]) + "\r\n"


def _ics_event(ticket: TicketLine, due: date) -> list[str]:
    stamp = ticket.updated_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    owner = f" ({ticket.assignee})" if ticket.assignee else ""
    return [
        "BEGIN:VEVENT",
        f"UID:ticket-{ticket.id}@vori",
        f"DTSTAMP:{stamp}",
        f"DTSTART;VALUE=DATE:{due:%Y%m%d}",
        f"DTEND;VALUE=DATE:{due + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_ics_escape(ticket.title + owner)}",
        f"DESCRIPTION:{_ics_escape(ticket.content)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _ics_escape(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, never cut inside a character."""
    pieces, piece, size = [], "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > _ICS_LINE_BYTES:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + sign, size + octets
    return "\r\n".join([*pieces, piece])
