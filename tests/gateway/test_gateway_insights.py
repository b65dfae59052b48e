"""The analytics over HTTP: what a group and a meeting came to, who may see it, and what is said without data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.gateway.conftest import Person, World
from tests.insight_data import BEST_TIME, write_history
from vori_ray.storage.database import Database
from vori_ray.storage.insight_models import Finding
from vori_ray.storage.models import Ticket, TicketHistory
from vori_ray.storage.repositories.insight_writes import InsightWrites

pytestmark = pytest.mark.integration

OF_GROUP = ("trends", "keywords", "topics", "findings", "summary", "charts", "charts/hours", "charts/hours.svg")
OF_MEETING = ("realtime", "ticket-patterns", "keywords", "charts", "charts/timeline", "charts/timeline.svg")
GROUP_CHARTS = ["productivity", "meetings", "completion", "keywords", "topics", "hours"]


def read(world: World, path: str, *, by: Person | None = None, **params: Any) -> Any:
    """A document of the analytics, which must be there."""
    answer = world.client.get(f"/api/analytics/{path}", headers=(by or world.owner).headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(world: World, path: str, headers: Mapping[str, str], **params: Any) -> tuple[int, str, str]:
    """Status, code and detail of a request that must fail."""
    answer = world.client.get(f"/api/analytics/{path}", headers=headers, params=params)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


def paths_of(person: Person) -> list[str]:
    return [f"groups/{person.group_id}/{name}" for name in OF_GROUP] + [
        f"meetings/{person.meeting_id}/{name}" for name in OF_MEETING
    ]


def test_nobody_sees_anything_without_a_token(world: World) -> None:
    for path in (*paths_of(world.owner), "productivity/hourly"):
        assert refusal(world, path, {})[:2] == (401, "unauthenticated"), path


def test_what_others_have_is_not_there(world: World) -> None:
    write_history(world.database, world.owner.group_id)
    for path in paths_of(world.owner):
        assert refusal(world, path, world.stranger.headers)[:2] == (404, "not_found"), path
    asked = {"groupId": world.owner.group_id}
    assert refusal(world, "productivity/hourly", world.stranger.headers, **asked)[0] == 404
    assert read(world, "productivity/hourly", by=world.stranger) == []
    assert read(world, f"groups/{world.owner.group_id}/summary", by=world.member)["meetingCount"] > 0


@pytest.mark.parametrize(
    ("path", "params", "detail"),
    [
        ("groups/{group}/trends", {"days": 0}, "days"),
        ("groups/{group}/trends", {"days": "x"}, "'x'"),
        ("groups/{group}/summary", {"days": 367}, "days"),
        ("groups/{group}/charts", {"language": "fr"}, "'fr'"),
        ("groups/{group}/charts/ranking", {}, "'ranking'"),
        ("groups/{group}/charts/ranking.svg", {}, "'ranking'"),
        ("groups/{group}/charts/hours.svg", {"theme": "pink"}, "'pink'"),
        ("groups/x/trends", {}, "'x'"),
        ("meetings/{meeting}/charts/people", {}, "'timeline'"),
    ],
)
def test_bad_input_is_named(world: World, path: str, params: dict[str, Any], detail: str) -> None:
    filled = path.format(group=world.owner.group_id, meeting=world.owner.meeting_id)
    status, code, said = refusal(world, filled, world.owner.headers, **params)
    assert (status, code) == (422, "bad_input")
    assert detail in said


def test_a_group_without_data_is_told_what_is_missing(world: World) -> None:
    group, meeting = f"groups/{world.owner.group_id}", f"meetings/{world.owner.meeting_id}"
    for name in ("trends", "keywords", "topics", "findings"):
        assert read(world, f"{group}/{name}") == []
    summary = read(world, f"{group}/summary")
    assert (summary["isEnough"], summary["meetingCount"], summary["productivity"]) == (False, 0, None)
    assert summary["lastSevenDays"] is None
    for language, words in (("en", "Not enough data yet"), ("ko", "아직 데이터가 부족합니다")):
        charts = {chart["name"]: chart for chart in read(world, f"{group}/charts", language=language)}
        assert list(charts) == GROUP_CHARTS
        assert not any(chart["isEnough"] for chart in charts.values())
        assert charts["productivity"]["sentence"].startswith(words)
        assert all(chart["sentence"] and chart["rows"] == [] for chart in charts.values())
    realtime = read(world, f"{meeting}/realtime")
    assert (realtime["productivityScore"], realtime["isEnough"], realtime["windows"]) == (None, False, [])
    patterns = read(world, f"{meeting}/ticket-patterns")
    assert (patterns["avgStatusChangeDuration"], patterns["blockerCount"], patterns["isEnough"]) == (None, 0, False)
    assert read(world, f"{meeting}/keywords")["keywords"] == []
    assert not any(chart["isEnough"] for chart in read(world, f"{meeting}/charts"))


def test_eight_weeks_of_a_group(world: World) -> None:
    meeting_ids = write_history(world.database, world.owner.group_id)
    group = f"groups/{world.owner.group_id}"
    trends = read(world, f"{group}/trends")
    assert [trend["lastDay"] for trend in trends] == sorted(trend["lastDay"] for trend in trends)
    assert len(trends) == 56
    assert len(read(world, f"{group}/trends", days=7)) == 7
    assert read(world, f"{group}/keywords")[0]["keyword"] == "migration"
    assert read(world, f"{group}/topics")[0]["terms"][0] == {"term": "release", "weight": 0.1}
    summary = read(world, f"{group}/summary")
    assert summary["meetingCount"] == len(meeting_ids)
    assert summary["productivity"]["low"] < summary["productivity"]["mean"] < summary["productivity"]["high"]
    assert summary["lastSevenDays"] == trends[-1]
    (finding,) = read(world, f"{group}/findings", language="ko")
    assert (finding["sentence"], finding["n"], finding["kind"]) == (BEST_TIME["ko"], 16, "best_time")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_chart_says_what_it_shows(world: World, language: str) -> None:
    write_history(world.database, world.owner.group_id)
    charts = {one["name"]: one for one in read(world, f"groups/{world.owner.group_id}/charts", language=language)}
    assert list(charts) == GROUP_CHARTS
    for name, chart in charts.items():
        assert chart["isEnough"], chart
        assert "n = " in chart["note"], chart["note"]
        assert set(chart["rows"][0]) == {column["name"] for column in chart["columns"]}
        assert read(world, f"groups/{world.owner.group_id}/charts/{name}", language=language) == chart
    assert charts["hours"]["sentence"] == BEST_TIME[language]
    assert "migration" in charts["keywords"]["sentence"]


def test_charts_come_as_pictures_of_the_same_rows(world: World) -> None:
    meeting_id = write_history(world.database, world.owner.group_id)[-1]
    pictures = {
        f"groups/{world.owner.group_id}/charts/keywords.svg": "배포",
        f"meetings/{meeting_id}/charts/timeline.svg": "지훈",
        f"meetings/{world.owner.meeting_id}/charts/score.svg": "아직 데이터가 부족합니다",
    }
    for path, text in pictures.items():
        params = {"language": "ko", "theme": "dark", "size": "narrow"}
        answer = world.client.get(f"/api/analytics/{path}", headers=world.owner.headers, params=params)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert text in answer.text


def test_the_hours_of_the_day(world: World) -> None:
    meeting_ids = write_history(world.database, world.owner.group_id)
    hours = {hour["hourOfDay"]: hour for hour in read(world, "productivity/hourly")}
    assert set(hours) == {9, 10, 15}
    assert sum(hour["meetingCount"] for hour in hours.values()) == len(meeting_ids)
    assert hours[10]["isEnough"]
    assert hours[10]["low"] <= hours[10]["avgScore"] <= hours[10]["high"]


def test_a_meeting_while_it_is_counted(world: World) -> None:
    meeting_id = write_history(world.database, world.owner.group_id)[-1]
    realtime = read(world, f"meetings/{meeting_id}/realtime")
    assert realtime["ticketCount"] == sum(window["ticketCount"] for window in realtime["windows"])
    assert len(realtime["windows"]) == 24
    assert realtime["parts"][0]["name"] == "actionable_tickets"
    assert [window["windowStart"] for window in realtime["windows"]] == sorted(
        window["windowStart"] for window in realtime["windows"]
    )
    assert read(world, f"meetings/{meeting_id}/keywords")["keywords"][0]["term"] == "migration"
    timeline = read(world, f"meetings/{meeting_id}/charts/timeline")
    assert timeline["rows"][0]["minute"] == 0
    assert {row["speaker"] for row in timeline["rows"]} <= {"Mina", "Jonas", "지훈"}


def test_how_long_tickets_stayed_where_they_were(world: World) -> None:
    group_id, meeting_id = world.owner.group_id, world.owner.meeting_id
    move_a_ticket(world.database, group_id, meeting_id)
    patterns = read(world, f"meetings/{meeting_id}/ticket-patterns")
    assert patterns["avgDurationByStatus"] == {"TODO": 3600.0, "IN_PROGRESS": 7200.0}
    assert (patterns["avgStatusChangeDuration"], patterns["statusChanges"]) == (5400.0, 2)


def move_a_ticket(database: Database, group_id: int, meeting_id: int) -> None:
    """A ticket that waits for an hour and is worked on for two."""
    with database.unit_of_work(None) as uow:
        ticket = uow.tickets.add(Ticket(group_id=group_id, meeting_id=meeting_id, title="Fix the login"))
        moves = [(None, "TODO", 0), ("TODO", "IN_PROGRESS", 1), ("IN_PROGRESS", "DONE", 3)]
        for old, new, hours in moves:
            uow.session.add(
                TicketHistory(
                    group_id=group_id,
                    ticket_id=ticket.id or 0,
                    action="moved",
                    actor="x",
                    old_status=old,
                    new_status=new,
                    changed_at=ticket.created_at + timedelta(hours=hours),
                )
            )


def test_a_comparison_is_seen_only_by_who_belongs_to_both_groups(world: World) -> None:
    with world.database.unit_of_work(None) as uow:
        InsightWrites(uow.session).replace(Finding, [{
            "group_id": world.owner.group_id, "kind": "comparison", "subject": f"group-{world.stranger.group_id}",
            "estimate": 0.1, "low": 0.02, "high": 0.18, "n": 20, "q_value": 0.02,
            "other_group_id": world.stranger.group_id, "details": {"words": {"en": "Higher.", "ko": "높습니다."}},
        }])  # fmt: skip
    path = f"groups/{world.owner.group_id}/findings"
    assert read(world, path) == []
    with world.database.unit_of_work(None) as uow:
        uow.groups.add_member(world.stranger.group_id, world.owner.user_id, role="MEMBER")
    assert [finding["sentence"] for finding in read(world, path)] == ["Higher."]


def test_the_api_describes_the_analytics(world: World) -> None:
    paths = world.client.get("/openapi.json").json()["paths"]
    for path in ("/meetings/{meeting_id}/realtime", "/productivity/hourly", "/groups/{group_id}/charts/{name}"):
        assert paths[f"/api/analytics{path}"]["get"]["tags"] == ["insights"]
