"""What becomes of the two demo meetings, as they were spoken: the first that people see of the offline extractor."""

from __future__ import annotations

from datetime import date

import pytest

from vori_ray.cli.demo import BOARD_BEFORE
from vori_ray.cli.recording import Recording
from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, SpokenSegment
from vori_ray.tickets.planning import Plan, plan
from vori_ray.tickets.rules import RulesExtractor
from vori_ray.tickets.validation import validate

MONDAY = date(2026, 11, 30)


def read(language: str) -> Plan:
    spoken = Recording(language).truth["utterances"]
    given = ExtractionInput(
        segments=[SpokenSegment(place, said["text"], said["speaker"]) for place, said in enumerate(spoken)],
        tickets=[OpenTicket(1 + place, title, "TODO") for place, title in enumerate(BOARD_BEFORE[language])],
        roster=sorted({said["speaker"] for said in spoken}),
        meeting_date=MONDAY,
        language=language,
    )
    return plan(validate(RulesExtractor().extract(given), given, meeting_id="demo").accepted, given.tickets)


@pytest.mark.parametrize(
    ("language", "tickets"),
    [
        (
            "en",
            {
                "API documentation": ("David", "IN_PROGRESS", date(2026, 12, 4)),
                "Login page redesign": ("Priya", "DONE", None),
                "Deployment pipeline": ("Priya", "TODO", None),
                "Call the legal team": ("Alice", "TODO", MONDAY),
                "Send a short summary": ("Priya", "TODO", MONDAY),
            },
        ),
        (
            "ko",
            {
                "로그인 페이지 개선": ("서연", "DONE", None),
                "결제 서버 점검": ("민수", "IN_PROGRESS", date(2026, 12, 4)),
                "회의록 공유": ("서연", "TODO", date(2026, 12, 1)),
            },
        ),
    ],
)
def test_each_ticket_has_its_owner_its_status_and_its_day(
    language: str, tickets: dict[str, tuple[str, str, date | None]]
) -> None:
    found = {ticket.title: (ticket.assignee, ticket.status, ticket.due) for ticket in read(language).tickets}
    assert {title: told for title, told in found.items() if title in tickets} == tickets
    assert len(found) <= len(tickets) + 2


@pytest.mark.parametrize(("language", "moved"), [("en", {1: "DONE"}), ("ko", {1: "DONE"})])
def test_only_the_ticket_that_was_finished_is_moved(language: str, moved: dict[int, str]) -> None:
    assert {change.ticket_id: change.new for change in read(language).changes if change.is_applied} == moved


@pytest.mark.parametrize(
    ("language", "blocker", "decision"),
    [("en", "legal team for the payment gateway", "decision is to use the new database"), ("ko", "승인", "교체하기로")],
)
def test_what_is_stuck_and_what_was_decided_is_in_the_minutes(language: str, blocker: str, decision: str) -> None:
    texts = {remark.kind: remark.text for remark in read(language).remarks}
    assert blocker in texts["blocker"]
    assert decision in texts["decision"]
