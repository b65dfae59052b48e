"""Groups are kept apart whoever VORI logs in as: its own role, a superuser, a user who may make no roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import text
from storage_world import make_place, opened, segment_row

from vori_ray.errors import UnavailableError
from vori_ray.local.postgres import PostgresServer
from vori_ray.storage import migrate
from vori_ray.storage.database import Database
from vori_ray.storage.segment_writer import SegmentWriter

pytestmark = pytest.mark.integration

DATABASE = "vori_roles"
PLAIN = "vori_plain"


@pytest.fixture(params=["superuser", "plain"])
def empty_url(postgres_server: PostgresServer, template_database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database that nobody has migrated, on a server where VORI's own role has made the roles first."""
    admin_url = postgres_server.admin_url
    owner = PLAIN if request.param == "plain" else "postgres"
    with closing(psycopg2.connect(admin_url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"CREATE ROLE {PLAIN} LOGIN NOCREATEROLE NOSUPERUSER PASSWORD 'plain'")
        cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {owner}")
        place = admin_url.rpartition("/")[0]
        if request.param == "plain":
            place = f"postgresql://{PLAIN}:plain@{place.rpartition('@')[2]}"
        yield f"{place}/{DATABASE}"
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {PLAIN}")


def raw_groups(database: Database, group_ids: list[int] | None) -> set[int]:
    with database.unit_of_work(group_ids) as uow:
        return set(uow.session.execute(text("SELECT group_id FROM segments")).scalars())


def test_groups_are_kept_apart(empty_url: str) -> None:
    with opened(empty_url) as database:
        with pytest.raises(UnavailableError, match="vori migrate"):
            database.check()
        migrate.upgrade(empty_url)
        database.check()
        places = [make_place(database, name) for name in ("one", "two")]
        for place in places:
            SegmentWriter(database).save_segments([[segment_row(place, 0, text="로그인 page")]])
        one, two = (place.group_id for place in places)
        assert raw_groups(database, None) == {one, two}
        assert raw_groups(database, [one]) == {one}
        for query in ("pages", "로그인"):
            with database.unit_of_work([one]) as uow:
                assert {hit.group_id for hit in uow.search([one, two], query)} == {one}
