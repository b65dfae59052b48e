"""The analytics' tables: forgotten with their meeting, and a comparison seen only by who may see both groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel
from storage_world import AT, Place, make_place, opened

from vori_ray.storage import insight_models as models
from vori_ray.storage.database import Database
from vori_ray.storage.repositories.insight_writes import InsightWrites

pytestmark = pytest.mark.integration


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url, pool_size=2) as database:
        yield database


@pytest.fixture
def mine(database: Database) -> Place:
    return make_place(database, "mine")


@pytest.fixture
def theirs(database: Database) -> Place:
    return make_place(database, "theirs")


def write(database: Database, model: type[SQLModel], **row: Any) -> None:
    with database.unit_of_work(None) as uow:
        InsightWrites(uow.session).replace(model, [row])


def count(database: Database, group_ids: list[int] | None, table: str) -> int:
    with database.unit_of_work(group_ids) as uow:
        return int(uow.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def write_all_of_a_meeting(database: Database, place: Place) -> None:
    row: dict[str, Any] = {"meeting_id": place.meeting_id, "group_id": place.group_id}
    minute = row | {"window_start": AT, "window_end": AT, "events": 1}
    with database.unit_of_work(None) as uow:
        writes = InsightWrites(uow.session)
        spoken = {"speaker": "Ada", "turns": 1, "words": 2, "talk_ms": 3, "blockers_mentioned": 0}
        writes.upsert_streamed(models.SpeechMetric, [minute | spoken])
        counted = {"tickets_created": 1, "actionable_items": 1, "status_updates": 0, "blockers": 0}
        writes.upsert_streamed(models.TicketMetric, [minute | counted])
    score = {"value": 0.5, "items": 5, "parts": [], "ticket_count": 1, "actionable_tickets": 1}
    write(database, models.MeetingScore, **row, **score)
    write(database, models.MeetingKeywords, **row, keywords=[{"term": "secret", "weight": 1.0}])
    write(database, models.MeetingTerms, **row, source="x", terms={"secret": 3})


TABLES = ("speech_metrics", "ticket_metrics", "meeting_scores", "meeting_keywords", "meeting_terms")


def test_a_forgotten_meeting_is_forgotten_by_the_analytics(database: Database, mine: Place, theirs: Place) -> None:
    for place in (mine, theirs):
        write_all_of_a_meeting(database, place)
    assert [count(database, None, table) for table in TABLES] == [2] * len(TABLES)
    with database.unit_of_work([mine.group_id]) as uow:
        uow.meetings.forget(mine.group_id, mine.meeting_id)
    assert [count(database, None, table) for table in TABLES] == [1] * len(TABLES)
    assert [count(database, [mine.group_id], table) for table in TABLES] == [0] * len(TABLES)


def test_a_comparison_is_seen_by_who_may_see_both_groups(database: Database, mine: Place, theirs: Place) -> None:
    found = {"estimate": 0.1, "low": 0.05, "high": 0.15, "n": 20, "q_value": 0.01, "group_id": mine.group_id}
    write(database, models.Finding, kind="best_time", subject="tue-10", details={}, **found)
    other = {"subject": f"group-{theirs.group_id}", "other_group_id": theirs.group_id}
    write(database, models.Finding, kind="comparison", details={}, **found, **other)
    assert count(database, [mine.group_id], "findings") == 1
    assert count(database, [theirs.group_id], "findings") == 0
    assert count(database, [mine.group_id, theirs.group_id], "findings") == 2
    assert count(database, None, "findings") == 2
