"""Exports: SRT, VTT, CSV, JSON, Markdown, ICS."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from vori_ray.meetings.exports import (
    TicketLine,
    TranscriptLine,
    clock,
    tickets_to_csv,
    tickets_to_ics,
    to_csv,
    to_json,
    to_markdown,
    to_srt,
    to_vtt,
)

LINES = (
    TranscriptLine(7, "Good  morning.", 0.0, 1.25, "Ada", "en", ({"word": "Good"},)),
    TranscriptLine(8, "안녕하세요 <모두>", 3723.5, 3725.0, "서연", "ko"),
)
TICKET = TicketLine(3, "Order the filters", "TODO", datetime(2026, 11, 2, 9, tzinfo=UTC), "Mo", date(2026, 11, 5))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00.000"), (59.9996, "00:01:00.000"), (3723.5, "01:02:03.500"), (360_000, "100:00:00.000")],
)
def test_times(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_srt() -> None:
    assert to_srt(LINES) == (
        "1\n00:00:00,000 --> 00:00:01,250\nAda: Good morning.\n\n"
        "2\n01:02:03,500 --> 01:02:05,000\n서연: 안녕하세요 <모두>\n"
    )


def test_an_arrow_in_the_words_ends_no_srt_cue() -> None:
    assert to_srt([replace(LINES[0], text="a --> b")]).count("-->") == 1


def test_vtt_escapes_and_names_the_voice() -> None:
    text = to_vtt(LINES)
    assert text.startswith("WEBVTT\n\n7\n00:00:00.000 --> 00:00:01.250\n<v Ada>Good morning.\n")
    assert "<v 서연>안녕하세요 &lt;모두&gt;" in text


def test_a_cue_never_ends_before_it_begins() -> None:
    assert "00:00:05.000 --> 00:00:05.001" in to_vtt([replace(LINES[0], start_s=5.0, end_s=4.0)])


def test_csv_reads_back_and_runs_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(to_csv([replace(LINES[0], text='=SUM(A1) "x", y')]))))
    assert rows[0] == ["id", "start_s", "end_s", "speaker", "language", "text"]
    assert rows[1] == ["7", "0.0", "1.25", "Ada", "en", '\'=SUM(A1) "x", y']


def test_json_holds_words_and_facts() -> None:
    read = json.loads(to_json(LINES, meeting={"title": "주간 회의"}))
    assert read["meeting"] == {"title": "주간 회의"}
    assert [segment["text"] for segment in read["segments"]] == ["Good  morning.", "안녕하세요 <모두>"]
    assert read["segments"][0]["words"] == [{"word": "Good"}]


def test_markdown_joins_turns_and_escapes() -> None:
    text = to_markdown([LINES[0], replace(LINES[0], text="*More* | here"), LINES[1]], title="Week # 1")
    assert text.startswith("# Week \\# 1\n")
    assert text.count("**Ada**") == 1
    assert "\\*More\\* \\| here" in text
    assert "**서연** `01:02:03`" in text


def test_ics_has_an_all_day_event_for_each_open_due_date() -> None:
    done = replace(TICKET, id=4, status="DONE")
    undated = replace(TICKET, id=5, due_date=None)
    lines = tickets_to_ics([TICKET, done, undated], calendar="Garden, Inc").split("\r\n")
    assert lines.count("BEGIN:VEVENT") == 1
    assert "DTSTART;VALUE=DATE:20261105" in lines
    assert "DTEND;VALUE=DATE:20261106" in lines
    assert "SUMMARY:Order the filters (Mo)" in lines
    assert "X-WR-CALNAME:Garden\\, Inc" in lines
    assert lines[-2:] == ["END:VCALENDAR", ""]


def test_ics_lines_are_folded_inside_no_character() -> None:
    text = tickets_to_ics([replace(TICKET, title="가나다라마바사" * 10, content="a;b\nc")], calendar="x")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "가나다라마바사" * 10 in text.replace("\r\n ", "")
    assert "DESCRIPTION:a\\;b\\nc" in text


def test_ticket_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(tickets_to_csv([replace(TICKET, labels=("a", "b"))]))))
    assert (rows[0]["title"], rows[0]["due"], rows[0]["labels"]) == ("Order the filters", "2026-11-05", "a, b")
