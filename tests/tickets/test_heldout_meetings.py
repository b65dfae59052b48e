"""The offline extractor on meetings that it was not trained on: its scores may not fall far below what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from vori_ray.tickets.evaluation import Report, evaluate
from vori_ray.tickets.rules import RulesExtractor

MEETINGS = Path(__file__).parents[1] / "data" / "tickets"


@dataclass(frozen=True)
class Least:
    """The lowest F1 of new tickets and of status changes that is let pass."""

    tickets: float
    changes: float


LEAST = {
    "heldout": {"en": Least(0.8, 0.84), "ko": Least(0.68, 0.8)},
    "unseen": {"en": Least(0.74, 0.84), "ko": Least(0.68, 0.9)},
    "plain": {"en": Least(0.5, 0.5), "ko": Least(0.7, 0.75)},
}


@pytest.fixture(scope="module", params=LEAST)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Report]:
    folder: str = request.param
    return folder, evaluate(RulesExtractor(), MEETINGS / folder, tmp_path_factory.mktemp("predictions"))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_tickets_and_changes(report: tuple[str, Report], language: str) -> None:
    folder, of_meetings = report
    scores, least = of_meetings.scores[language], LEAST[folder][language]
    assert scores.tickets.f1 >= least.tickets
    assert scores.status_changes.f1 >= least.changes


def test_every_piece_of_evidence_is_in_its_meeting(report: tuple[str, Report]) -> None:
    _, of_meetings = report
    assert of_meetings.evidence_total > 0
    assert of_meetings.evidence_valid == of_meetings.evidence_total
