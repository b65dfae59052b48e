"""A week of made-up groups through the real service: what was said weeks ago is counted as what is said now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import RunningService

pytestmark = pytest.mark.e2e
DEADLINE_S = 420


def make_history(service: RunningService, path: Path) -> dict[str, Any]:
    arguments = ("demo", "--history", "--weeks", "1", "--seed", "7", "--json", str(path))
    service.installation.run(*arguments, deadline_s=DEADLINE_S)
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def report(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return make_history(service, tmp_path_factory.mktemp("history") / "report.json")


def get(service: RunningService, path: str) -> Any:
    headers = {"Authorization": f"Bearer {service.token}"}
    return httpx.get(f"{service.url}{path}", headers=headers, timeout=30).raise_for_status().json()


def test_groups_say_that_they_are_synthetic(service: RunningService, report: dict[str, Any]) -> None:
    names = {group["groupId"]: group["name"] for group in get(service, "/api/groups")}
    assert len(report["groups"]) == 4
    for group in report["groups"]:
        assert names[group["group_id"]] == group["name"]
        assert "synthetic" in group["name"]
    assert {group["language"] for group in report["groups"]} == {"en", "ko"}


def test_every_event_of_the_past_is_counted(service: RunningService, report: dict[str, Any]) -> None:
    assert report["meetings"] == report["events"]["meeting.ended"] == 18
    assert report["tickets"] > 18
    turns = created = 0
    for group in report["groups"]:
        for meeting in get(service, f"/api/meetings?groupId={group['group_id']}"):
            windows = get(service, f"/api/analytics/meetings/{meeting['meetingId']}/realtime")["windows"]
            turns += sum(window["turns"] for window in windows)
            created += sum(window["ticketCount"] for window in windows)
    assert turns == report["events"]["transcription.completed"]
    assert created == report["events"]["ticket.created"]


def test_a_history_is_made_once(service: RunningService, report: dict[str, Any], tmp_path: Path) -> None:
    again = make_history(service, tmp_path / "again.json")
    assert again["was_there"]
    assert (again["groups"], again["events"]) == (report["groups"], report["events"])
