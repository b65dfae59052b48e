"""Full-text search in English and Korean, by the same function, through row-level security and with its indexes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import text
from storage_world import AT, Place, make_place, opened, segment_row

from vori_ray.storage.database import Database
from vori_ray.storage.models import Ticket
from vori_ray.storage.segment_writer import SegmentWriter

pytestmark = pytest.mark.integration

SPOKEN = (
    "We decided to deploy the new servers on Friday",
    "로그인 페이지를 금요일까지 고치겠습니다",
    "Nothing to see here, 100% sure",
    "결제 오류를 확인했어요",
    unicodedata.normalize("NFD", "문서를 저장했습니다"),
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    place = make_place(database, "team")
    rows = [segment_row(place, n, text=words) for n, words in enumerate(SPOKEN)]
    SegmentWriter(database).save_segments([rows])
    with database.unit_of_work([place.group_id]) as uow:
        uow.tickets.add(Ticket(group_id=place.group_id, title="Deploy servers", content="로그인 서버 배포"))
        uow.tickets.add(Ticket(group_id=place.group_id, title="Deploy deleted", deleted_at=AT))
    return place


def found(database: Database, place: Place, query: str, language: str | None = None) -> Sequence[str]:
    with database.unit_of_work([place.group_id]) as uow:
        hits = uow.search([place.group_id], query, language=language)
    return sorted(hit.title or hit.text for hit in hits)


@pytest.mark.parametrize(
    ("query", "language", "expected"),
    [
        ("deploying server", "en", ["Deploy servers", SPOKEN[0]]),
        ("DECISION", "en", []),
        ("decide friday", "en", [SPOKEN[0]]),
        ("server -friday", "en", ["Deploy servers"]),
        ("로그인", "ko", ["Deploy servers", SPOKEN[1]]),
        ("페이지 금요일", "ko", [SPOKEN[1]]),
        ("로그인 결제", "ko", []),
        ("결제", None, [SPOKEN[3]]),
        ("deploys", None, ["Deploy servers", SPOKEN[0]]),
        ("ploy", None, ["Deploy servers", SPOKEN[0]]),
        ("오", "ko", [SPOKEN[3]]),
        ("100%", None, [SPOKEN[2]]),
        ("100_", "ko", []),
        ("", None, []),
        ("'; DROP TABLE tickets; --", None, []),
        ("nul\x00l", None, []),
        (unicodedata.normalize("NFD", "결제"), "ko", [SPOKEN[3]]),
        ("저장", "ko", [SPOKEN[4]]),
    ],
)
def test_words_are_found(
    database: Database, place: Place, query: str, language: str | None, expected: Sequence[str]
) -> None:
    assert found(database, place, query, language) == expected


def test_the_better_match_comes_first(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        uow.tickets.add(Ticket(group_id=place.group_id, title="deploy deploy deploy"))
        hits = uow.search([place.group_id], "deploy", language="en")
        assert hits[0].title == "deploy deploy deploy"
        assert [hit.rank for hit in hits] == sorted((hit.rank for hit in hits), reverse=True)
        assert len(uow.search([place.group_id], "deploy", limit=1)) == 2  # one segment, one ticket


def test_a_correction_is_searched_in_place_of_what_was_heard(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        segment = next(iter(uow.segments.list(place.group_id, place.meeting_id)))
        segment.corrected_text = "We decided to destroy the old servers"
    assert found(database, place, "destroy") == ["We decided to destroy the old servers"]
    assert found(database, place, "friday") == []


def test_a_search_uses_the_indexes_through_row_level_security(database: Database, place: Place) -> None:
    rows = [segment_row(place, n, text=f"filler number {n}") for n in range(100, 3100)]
    SegmentWriter(database).save_segments([rows])
    with database._engine.begin() as connection:
        connection.execute(text("ANALYZE segments"))
    with database.unit_of_work([place.group_id]) as uow:
        assert len(uow.search([place.group_id], "결제", language="ko")) == 1
        assert len(uow.search([place.group_id], "filler 1234", language="en")) == 1
        uow.session.execute(text("SELECT pg_stat_force_next_flush()"))
    query = text("SELECT indexrelname, idx_scan FROM pg_stat_user_indexes WHERE indexrelname LIKE 'search_segments_%'")
    with database.unit_of_work(None) as uow:
        scans = dict(uow.session.execute(query).tuples().all())
    assert scans.keys() == {"search_segments_english", "search_segments_pairs"}
    assert all(scans.values())


def test_the_finding_functions_do_not_look_into_other_groups(database: Database, place: Place) -> None:
    call = text("SELECT count(*) FROM vori_find_segments(:groups, 'deploy', NULL, NULL, 9)")
    with database.unit_of_work([place.group_id]) as uow:
        assert uow.session.execute(call, {"groups": [place.group_id]}).scalar_one() == 1
    with database.unit_of_work([place.group_id + 1]) as uow:
        assert uow.session.execute(call, {"groups": [place.group_id]}).scalar_one() == 0
