"""The offline extractor on meetings that nothing was tuned on: its scores may not fall far below what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from vori_ray.tickets.evaluation import Report, evaluate
from vori_ray.tickets.rules import RulesExtractor

FOLDER = Path(__file__).parents[1] / "data" / "tickets" / "heldout"
TICKETS_F1 = {"en": 0.7, "ko": 0.67}
CHANGES_F1 = {"en": 0.8, "ko": 0.78}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return evaluate(RulesExtractor(), FOLDER, tmp_path_factory.mktemp("predictions"))


@pytest.mark.parametrize("language", TICKETS_F1)
def test_tickets_and_changes(report: Report, language: str) -> None:
    scores = report.scores[language]
    assert scores.tickets.f1 >= TICKETS_F1[language]
    assert scores.status_changes.f1 >= CHANGES_F1[language]


def test_every_piece_of_evidence_is_in_its_meeting(report: Report) -> None:
    assert report.evidence_total > 0
    assert report.evidence_valid == report.evidence_total
