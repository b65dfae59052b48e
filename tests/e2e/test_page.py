"""The page in a real headless Chromium: sign in, play the demo, watch words and cards arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect, sync_playwright

from tests.browser import CHROMIUM, QUIET, signed_in_page
from tests.e2e.conftest import ROOT, RunningService
from vori_ray.client import VoriClient

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the browser test was left out"),
]


@pytest.fixture
def page(service: RunningService) -> Iterator[Page]:
    """A signed-in page; every error that the page reports fails the test."""
    with signed_in_page(service.url, service.token) as page:
        yield page


def is_change(response: Response) -> bool:
    return response.request.method == "PATCH"


def play_file(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)


def test_a_wrong_token_is_told_in_plain_words(service: RunningService) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(locale="en-GB")
        page.goto(service.url)
        page.get_by_label("Access token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert").filter(has_text="not known")).to_be_visible()
        browser.close()


def test_words_and_cards_arrive_while_people_speak(page: Page, tmp_path: Path) -> None:
    page.get_by_placeholder("Title").fill("Browser meeting")
    page.get_by_role("button", name="Start a meeting").click()
    expect(page.get_by_role("heading", name="Browser meeting")).to_be_visible()
    play_file(page, ROOT / "vori_ray" / "data" / "meetings" / "meeting-ko.flac")
    expect(page.locator(".connection")).to_have_text("live", timeout=15_000)
    expect(page.locator(".segment").first).to_be_visible(timeout=20_000)
    expect(page.locator(".room .card").first).to_be_visible(timeout=60_000)
    page.screenshot(path=tmp_path / "room.png")
    page.locator(".room .card").first.click()
    with page.expect_response(lambda response: response.url.endswith("/audio")) as sound:
        page.get_by_role("button", name="Play what was said").first.click()
    assert sound.value.status == 200
    page.keyboard.press("Escape")
    page.get_by_role("button", name="End meeting").click()
    expect(page.locator(".minutes .prose")).to_be_visible(timeout=60_000)


def test_a_ticket_is_made_and_moved_by_hand(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.get_by_role("button", name="New ticket").click()
    panel = page.get_by_role("dialog")
    panel.locator("input.title").fill("Order new microphones")
    panel.get_by_role("button", name="Save").click()
    card = page.locator(".lane[data-status=TODO] .card", has_text="Order new microphones")
    expect(card).to_be_visible()
    card.focus()
    with page.expect_response(is_change):  # shown at once, saved a little later: a page that is left before loses it
        page.keyboard.press("2")
    expect(page.locator(".lane[data-status=IN_PROGRESS] .card", has_text="Order new microphones")).to_be_visible()
    page.reload()
    expect(page.locator(".lane[data-status=IN_PROGRESS] .card", has_text="Order new microphones")).to_be_visible()


def test_a_ticket_that_somebody_else_has_moved_can_be_moved_on(page: Page, service: RunningService) -> None:
    with VoriClient(service.url, service.token) as others:
        ticket = others.create_ticket(others.groups()[0]["groupId"], "Label the fuse box")
        page.keyboard.press("g")
        page.keyboard.press("b")
        expect(page.locator(".card", has_text="Label the fuse box")).to_be_visible()
        page.reload()
        expect(page.locator(".lane[data-status=TODO] .card", has_text="Label the fuse box")).to_be_visible()
        others.update_ticket(ticket["ticketId"], status="IN_PROGRESS")
        card = page.locator(".lane[data-status=IN_PROGRESS] .card", has_text="Label the fuse box")
        expect(card).to_be_visible()
        card.focus()
        with page.expect_response(is_change) as changed:
            page.keyboard.press("3")
        assert changed.value.status == 200
        expect(page.locator(".lane[data-status=DONE] .card", has_text="Label the fuse box")).to_be_visible()


LEAVE = """card => {
  card.dispatchEvent(new KeyboardEvent("keydown", { key: "3", bubbles: true }));
  location.href = "about:blank";
}"""


def status_of(client: VoriClient, group_id: int, ticket_id: int) -> str:
    return next(each["status"] for each in client.tickets(group_id=group_id) if each["ticketId"] == ticket_id)


def test_a_move_is_saved_though_the_page_is_left_at_once(page: Page, service: RunningService) -> None:
    with VoriClient(service.url, service.token) as client:
        group_id = client.groups()[0]["groupId"]
        ticket = client.create_ticket(group_id, "Oil the hinges")
        page.keyboard.press("g")
        page.keyboard.press("b")
        card = page.locator(".lane[data-status=TODO] .card", has_text="Oil the hinges")
        expect(card).to_be_visible()
        card.evaluate(LEAVE)
        page.wait_for_url("about:blank")
        deadline = time.monotonic() + 10
        while status_of(client, group_id, ticket["ticketId"]) != "DONE":
            assert time.monotonic() < deadline, "the move is lost"
            time.sleep(0.1)
