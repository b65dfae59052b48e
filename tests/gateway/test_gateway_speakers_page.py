"""Who spoke, on the page in a real Chromium: voices are told apart where asked, and a click says who one is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser import CHROMIUM, signed_in_page
from tests.gateway.conftest import World
from tests.gateway.test_gateway_speakers import listed, talk
from vori_ray.gateway.routes.sound import wav
from vori_ray.speech.windows import SAMPLE_RATE

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the browser test was left out"),
]


@pytest.fixture
def page(world: World, url: str) -> Iterator[Page]:
    with signed_in_page(url, world.owner.token) as page:
        yield page


def test_a_voice_gets_its_name_by_a_click(world: World, page: Page, url: str) -> None:
    talk(world)
    page.goto(f"{url}/#/meetings/{world.owner.meeting_id}")
    speakers = page.locator(".turn .speaker")
    expect(speakers).to_have_text(["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"])
    speakers.nth(1).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Dana")
    dialog.get_by_role("button", name="Save").click()
    expect(speakers).to_have_text(["Speaker 1", "Dana", "Speaker 1", "Dana"])
    assert [one["name"] for one in listed(world)] == ["Speaker 1", "Dana"]
    page.reload()
    expect(speakers).to_have_text(["Speaker 1", "Dana", "Speaker 1", "Dana"])


@pytest.mark.parametrize("is_asked", [True, False])
def test_voices_are_told_apart_where_it_is_asked(world: World, page: Page, url: str, is_asked: bool) -> None:
    page.goto(f"{url}/#/meetings/{world.owner.meeting_id}")
    page.get_by_label("Several people").set_checked(is_asked)
    sound = wav(np.zeros(2 * SAMPLE_RATE, np.int16))
    page.locator("input[type=file]").set_input_files({"name": "talk.wav", "mimeType": "audio/wav", "buffer": sound})
    expect(page.locator(".turn .speaker").first).to_have_text("Speaker 1" if is_asked else world.owner.name)
    assert [config.diarize for config in world.speech.configs] == [is_asked]
