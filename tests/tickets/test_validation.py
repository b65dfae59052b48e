"""Each check that code makes of an extractor's answer, and what it counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from vori_ray.tickets.extraction import Extraction, ExtractionInput, OpenTicket, Operation, SpokenSegment
from vori_ray.tickets.validation import Validated, validate

MONDAY = date(2026, 3, 2)
GIVEN = ExtractionInput(
    segments=(SpokenSegment(1, "I'll write the report by Friday.", "Ana"), SpokenSegment(2, "That is done.", "Bob")),
    tickets=(OpenTicket(7, "Fix the login", "DONE"), OpenTicket(8, "Order the chairs", "TODO")),
    roster=("Ana", "Bob"),
    meeting_date=MONDAY,
)
CREATE = Operation(
    "create", title="Write the report", owner="Ana", due_text="Friday", segment_ids=(1,), quote="I'll write"
)
CLOSE = Operation("complete", ticket_ref=8, segment_ids=(2,), quote="That is done")


def checked(*operations: Operation) -> Validated:
    return validate(Extraction(operations), GIVEN, meeting_id=1)


def test_a_sound_operation_gets_its_date_from_code() -> None:
    (accepted,) = checked(CREATE).accepted
    assert accepted.operation.due_date == date(2026, 3, 6)
    assert accepted.operation.owner == "Ana"


def test_a_quote_may_differ_in_case_and_white_space() -> None:
    assert len(checked(replace(CREATE, quote="i'll   WRITE the\nreport")).accepted) == 1


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (replace(CREATE, segment_ids=(99,)), "unknown_segment"),
        (replace(CREATE, segment_ids=()), "unknown_segment"),
        (replace(CREATE, quote="I'll sing a song"), "quote_not_in_evidence"),
        (replace(CREATE, quote=""), "quote_not_in_evidence"),
        (replace(CREATE, title="  "), "no_title"),
        (replace(CLOSE, ticket_ref=99), "unknown_ticket"),
        (replace(CLOSE, ticket_ref=None), "no_ticket"),
        (replace(CLOSE, ticket_ref=7), "no_change"),
        (replace(CLOSE, op="update", ticket_ref=7, status="IN_PROGRESS"), "illegal_transition"),
        (replace(CLOSE, op="reopen"), "illegal_transition"),
        (replace(CLOSE, op="none"), "nothing_to_do"),
    ],
)
def test_a_flawed_operation_is_dropped_alone_and_counted(operation: Operation, reason: str) -> None:
    validated = checked(operation, CREATE)
    assert [item.operation.title for item in validated.accepted] == ["Write the report"]
    assert dict(validated.dropped or {}) == {reason: 1}


def test_a_wrong_owner_is_nobody() -> None:
    (accepted,) = checked(replace(CREATE, owner="Zoe")).accepted
    assert accepted.operation.owner is None


def test_a_finished_ticket_opens_again_only_by_reopening() -> None:
    assert len(checked(replace(CLOSE, op="reopen", ticket_ref=7)).accepted) == 1


def test_the_same_words_act_once() -> None:
    validated = checked(CREATE, CREATE)
    assert len(validated.accepted) == 1
    assert dict(validated.dropped or {}) == {"repeated": 1}


def read_again(operation: Operation, *, looks_back: int, read_before: int) -> dict[str, int]:
    """What is dropped of an operation on the first of four segments, of which some were read before."""
    said = tuple(SpokenSegment(place, "I'll write it.", "Ana") for place in range(1, 5))
    given = replace(GIVEN, segments=said, read_before=frozenset(range(1, 1 + read_before)))
    return dict(validate(Extraction((operation,), looks_back=looks_back), given, meeting_id=1).dropped or {})


@pytest.mark.parametrize(
    ("looks_back", "read_before", "dropped"), [(0, 0, 0), (0, 1, 1), (2, 1, 0), (2, 2, 0), (2, 3, 1), (9, 3, 0)]
)
def test_new_work_may_rest_on_the_last_turns_that_were_read_before(
    looks_back: int, read_before: int, dropped: int
) -> None:
    assert sum(read_again(CREATE, looks_back=looks_back, read_before=read_before).values()) == dropped


@pytest.mark.parametrize(
    "operation",
    [
        replace(CLOSE, segment_ids=(1,), quote="I'll write"),
        replace(CREATE, kind="decision"),
        replace(CREATE, kind="blocker"),
    ],
)
def test_a_status_or_a_remark_rests_on_something_new(operation: Operation) -> None:
    assert read_again(operation, looks_back=2, read_before=0) == {}
    assert read_again(operation, looks_back=2, read_before=1) == {"read_before": 1}
