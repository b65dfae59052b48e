"""Sound in, board out: the demo meeting through the real service, by the command that users type."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.conftest import Installation, RunningService

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def report(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What `vori demo --json` wrote, played at real time."""
    path = tmp_path_factory.mktemp("demo") / "report.json"
    service.installation.run("demo", "--language", "en", "--json", str(path), deadline_s=420)
    return json.loads(path.read_text())


def test_the_words_are_those_that_were_said(report: dict) -> None:
    (meeting,) = report["meetings"]
    assert meeting["error_kind"] == "wer"
    assert meeting["error_rate"] < 0.2
    assert "documentation" in " ".join(segment["text"] for segment in meeting["transcript"]).lower()


def test_latencies_are_counted_for_most_words(report: dict) -> None:
    (meeting,) = report["meetings"]
    assert meeting["word_latency_s"]["n"] > 200
    assert meeting["word_latency_s"]["p50"] <= meeting["word_latency_s"]["p95"]


def test_work_that_was_spoken_of_is_on_the_board(report: dict) -> None:
    (meeting,) = report["meetings"]
    titles = " | ".join(ticket["title"].lower() for ticket in meeting["tickets"])
    assert "documentation" in titles
    made_here = [ticket for ticket in meeting["tickets"] if ticket["meetingId"] == meeting["meeting_id"]]
    assert made_here
    assert all(ticket["evidence"] for ticket in made_here)


def test_an_earlier_ticket_moved_because_somebody_said_so(report: dict) -> None:
    (meeting,) = report["meetings"]
    moved = {change["title"]: change["newStatus"] for change in meeting["status_changes"]}
    assert moved.get("Upgrade the search index") == "DONE"


def test_minutes_name_the_decision(report: dict) -> None:
    (meeting,) = report["meetings"]
    assert "database" in meeting["minutes"].lower()


def test_every_event_went_out(report: dict) -> None:
    (meeting,) = report["meetings"]
    assert report["events"]["meeting.ended"] == 1
    assert report["events"]["ticket.created"] >= len(meeting["tickets"])
    assert report["events"]["transcription.completed"] >= len(meeting["transcript"])


def test_ending_again_makes_nothing_twice(service: RunningService, report: dict) -> None:
    (meeting,) = report["meetings"]
    headers = {"Authorization": f"Bearer {service.token}"}
    path = f"{service.url}/api/meetings/{meeting['meeting_id']}"
    again = httpx.post(f"{path}/end", headers=headers, timeout=30)
    assert again.status_code == 200
    tickets = httpx.get(f"{path}/tickets", headers=headers, timeout=30).json()
    assert {ticket["ticketId"] for ticket in tickets} == {ticket["ticketId"] for ticket in meeting["tickets"]}


def test_status_names_every_process(service: RunningService) -> None:
    rows = service.installation.json("status")
    servers = [row for row in rows if row["name"] in ("postgres", "kafka java")]
    assert len(servers) == 2
    assert all(psutil.pid_exists(row["pid"]) for row in servers)  # others come and go meanwhile


def test_up_again_finds_what_runs(service: RunningService) -> None:
    assert service.installation.json("up", "--detach")["url"] == service.url


def test_a_second_home_has_nothing_running(tmp_path: Path) -> None:
    assert Installation(tmp_path).json("status") == []
