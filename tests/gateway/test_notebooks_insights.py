"""The notebook of the insights on eight weeks of a group, in a fresh database."""

from __future__ import annotations

import pytest

from tests.gateway.conftest import World
from tests.insight_data import BEST_TIME, write_history
from tests.notebooks import execute

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_the_insights_of_eight_weeks(world: World, url: str) -> None:
    write_history(world.database, world.owner.group_id)
    said = execute("insights", url=url, token=world.owner.token)
    assert BEST_TIME["en"] in said
    assert "화요일 10시" in said
    path = f"/api/analytics/groups/{world.owner.group_id}/charts"
    for report in world.client.get(path, headers=world.owner.headers).json():
        assert report["sentence"] in said
    assert said.count("<svg") == 6
