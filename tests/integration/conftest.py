"""What several files of this folder use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.room import Room
from vori_ray.storage.database import Database


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    """A group in a meeting of its own, on a real PostgreSQL."""
    database = Database(database_url, pool_size=4)
    yield Room(database)
    database.close()
