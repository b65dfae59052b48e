"""The inbox of suggestions on the page, in a real Chromium: accepted, accepted and edited, or turned down by a key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import CHROMIUM, signed_in_page
from tests.gateway.conftest import World
from vori_ray.storage.models import Suggestion

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the browser test was left out"),
]
TITLE = "Order spare cables"


@pytest.fixture
def page(world: World, url: str) -> Iterator[Page]:
    """The room of a meeting in which one thing was half said."""
    operation = {"op": "create", "title": TITLE, "status": "TODO"}
    made = Suggestion(
        group_id=world.owner.group_id, meeting_id=world.owner.meeting_id, operation_key="k", operation=operation
    )
    with world.database.unit_of_work([world.owner.group_id]) as uow:
        uow.suggestions.add(made)
    with signed_in_page(url, world.owner.token) as page:
        page.goto(f"{url}/#/meetings/{world.owner.meeting_id}")
        page.locator(".suggestion").focus()
        yield page


@pytest.mark.parametrize(("key", "cards"), [("y", 1), ("n", 0)])
def test_a_key_decides(page: Page, key: str, cards: int) -> None:
    page.keyboard.press(key)
    expect(page.locator(".suggestion")).to_have_count(0)
    expect(page.locator(".card", has_text=TITLE)).to_have_count(cards)


def test_it_is_edited_as_it_is_accepted(page: Page) -> None:
    page.keyboard.press("e")
    panel = page.get_by_role("dialog")
    expect(panel.locator("input.title")).to_have_value(TITLE)
    panel.locator("input.title").fill("Order ten spare cables")
    panel.get_by_role("button", name="Save").click()
    expect(page.locator(".card", has_text="Order ten spare cables")).to_be_visible()
