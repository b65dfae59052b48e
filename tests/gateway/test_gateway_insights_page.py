"""The Insights view in a real Chromium, on rows in a real database: sentence, chart and table, in any look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import CHROMIUM, signed_in_page
from tests.gateway.conftest import World
from tests.insight_data import BEST_TIME, write_history
from vori_ray.storage.insight_models import SpeechMetric
from vori_ray.storage.repositories.insight_writes import InsightWrites

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the browser test was left out"),
]
DRAWN_MS = 60_000
CHARTS = 6


@pytest.fixture
def page(world: World, url: str) -> Iterator[Page]:
    with signed_in_page(url, world.owner.token) as page:
        yield page


def open_insights(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.locator(".reports .report")).to_have_count(CHARTS)


def expect_drawn(page: Page, *, count: int = CHARTS) -> None:
    """All pictures are there, and are pictures."""
    expect(page.locator("img.chart")).to_have_count(count, timeout=DRAWN_MS)
    widths = page.locator("img.chart").evaluate_all("images => images.map((image) => image.naturalWidth)")
    assert all(width > 100 for width in widths)


def test_every_chart_has_its_sentence_its_picture_and_its_table(world: World, page: Page, tmp_path: Path) -> None:
    write_history(world.database, world.owner.group_id)
    open_insights(page)
    expect_drawn(page)
    path = f"/api/analytics/groups/{world.owner.group_id}/charts"
    for report in world.client.get(path, headers=world.owner.headers).json():
        card = page.locator(f".report[data-name={report['name']}]")
        expect(card.locator(".sentence")).to_have_text(report["sentence"])
        expect(card.locator("img.chart")).to_have_attribute("alt", report["sentence"])
        expect(card.get_by_text(report["note"])).to_be_visible()
        card.get_by_text("Table", exact=True).click()
        expect(card.locator("tbody tr")).to_have_count(len(report["rows"]))
        expect(card.locator("th").first).to_have_text(report["columns"][0]["label"])
    expect(page.get_by_label("What goes together")).to_contain_text(BEST_TIME["en"])
    page.screenshot(path=tmp_path / "insights.png", full_page=True)


def test_it_fits_a_phone_in_korean_and_in_the_dark(world: World, url: str) -> None:
    write_history(world.database, world.owner.group_id)
    with signed_in_page(url, world.owner.token, width=390, height=844) as page:
        page.get_by_label("Language").first.select_option("ko")
        page.get_by_role("button", name="밝게 / 어둡게").click()
        page.get_by_role("link", name="인사이트").click()
        expect(page.get_by_role("heading", name="인사이트")).to_be_visible()
        expect_drawn(page)
        for look in ("language=ko", "theme=dark", "size=narrow"):
            expect(page.locator("img.chart").first).to_have_attribute("src", re.compile(look))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        expect(page.locator(".findings")).to_contain_text(BEST_TIME["ko"])
        page.get_by_role("button", name="밝게 / 어둡게").click()
        expect(page.locator("img.chart[src*='theme=light']")).to_have_count(CHARTS, timeout=DRAWN_MS)


def test_a_running_meeting_is_counted_without_a_jump(world: World, page: Page) -> None:
    write_history(world.database, world.owner.group_id)
    open_insights(page)
    expect_drawn(page)
    box = page.get_by_label("Planning", exact=True)
    expect(box).to_contain_text("Live")
    reports = page.locator(".reports")
    before = reports.bounding_box()
    start = datetime.now(UTC).replace(second=0, microsecond=0)
    minute = {
        "meeting_id": world.owner.meeting_id, "window_start": start, "speaker": "Mina", "turns": 3, "words": 40,
        "group_id": world.owner.group_id, "window_end": start + timedelta(minutes=1), "talk_ms": 30_000,
        "blockers_mentioned": 0, "events": 3,
    }  # fmt: skip
    with world.database.unit_of_work(None) as uow:
        InsightWrites(uow.session).upsert_streamed(SpeechMetric, [minute])
    speech = box.locator(".tile", has_text="Speech (minutes)").locator(".figure")
    expect(speech).to_have_text("0")
    world.hub.tell("analytics.ticket.metrics", world.owner.group_id, meetingId=world.owner.meeting_id)
    expect(speech).to_have_text("0.5")
    assert reports.bounding_box() == before


def test_one_meeting_by_itself(world: World, page: Page) -> None:
    meeting_id = write_history(world.database, world.owner.group_id)[-1]
    open_insights(page)
    page.locator(f".by-meeting a[href='#/insights/meetings/{meeting_id}']").click()
    expect(page.locator(".report[data-name=timeline] img.chart")).to_be_visible(timeout=DRAWN_MS)
    expect(page.locator(".report[data-name=keywords] .sentence")).to_contain_text("migration")
    page.get_by_role("link", name="Room", exact=True).click()
    expect(page.locator(".room")).to_be_visible()
    page.locator(".bar").get_by_role("link", name="Insights", exact=True).click()
    expect(page.locator(".report[data-name=score]")).to_be_visible()


def test_too_little_is_said_and_nothing_is_drawn(page: Page) -> None:
    open_insights(page)
    expect(page.locator(".report[data-name=productivity] .sentence")).to_have_text(
        "Not enough data yet: 0 scored meetings, at least 8 needed."
    )
    expect(page.locator("img.chart")).to_have_count(0)
    expect(page.get_by_label("What goes together")).to_contain_text("Nothing stands out so far.")


def test_a_group_without_meetings_is_offered_the_demo(world: World, page: Page) -> None:
    headers = world.owner.headers
    group = world.client.post("/api/groups", json={"name": "New team"}, headers=headers).json()
    page.reload()
    page.get_by_label("Group").select_option(str(group["groupId"]))
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Insights").click()
    expect(page.get_by_text("vori demo --history")).to_be_visible()
    expect(page.get_by_role("button", name="Play the demo meeting")).to_be_visible()
    expect(page.locator(".report")).to_have_count(CHARTS)
    expect(page.locator(".report").first).to_be_hidden()
