"""The notebooks on the running service: a week of made-up groups, and the demo meetings played by the notebook."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.conftest import RunningService
from tests.notebooks import FOLDER, execute

pytestmark = pytest.mark.e2e
HISTORY = ("demo", "--history", "--weeks", "1", "--seed", "7")


@pytest.fixture(scope="module")
def history(service: RunningService) -> RunningService:
    """A service with a week of synthetic groups; making it again costs nothing."""
    service.installation.run(*HISTORY)
    return service


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_its_outputs(path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_insights_of_a_week_say_what_they_have(history: RunningService) -> None:
    said = execute("insights", url=history.url, token=history.token)
    assert "actionable items" in said
    assert re.search(r"실행 가능한 항목 \d+건", said)


def test_tickets_rest_on_words_of_the_transcript(history: RunningService) -> None:
    said = execute("transcripts_and_tickets", url=history.url, token=history.token)
    rests = re.search(r"(\d+) of (\d+) tickets that VORI made rest on words", said)
    assert rests
    assert rests[1] == rests[2] != "0"


@pytest.mark.slow
def test_recognition_is_measured_against_the_truth(service: RunningService) -> None:
    said = execute("recognition_quality", url=service.url, token=service.token, VORI_SECONDS="14")
    assert "WER" in said
    assert "CER" in said
    assert re.search(r"\[en\] written: .*\w", said)
    assert re.search(r"\[ko\] written: .*[가-힣]", said)
