"""What the encoder gets to read of a talk for a ticket's status, and what it reads."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from vori_ray.tickets.claiming import MAY_BE
from vori_ray.tickets.english.claim_reader import MAX_TITLE, REPORTS, SPAN, claim_row, read_claim
from vori_ray.tickets.english.encoder import END, OWN, START, tokens_of
from vori_ray.tickets.english.talk import Talk, listen
from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, SpokenSegment, Status

LOCK = OpenTicket(1, "Repair the door lock", "TODO", "Dana")
SIGN = OpenTicket(2, "Change the sign", "IN_PROGRESS")


def talk(*said: tuple[str, str], tickets: tuple[OpenTicket, ...] = (LOCK, SIGN)) -> Talk:
    segments = [SpokenSegment(place, text, speaker) for place, (speaker, text) in enumerate(said)]
    return listen(ExtractionInput(segments=segments, tickets=tickets, meeting_date=date(2026, 3, 4)))


@pytest.mark.parametrize(
    ("turn", "ticket", "head"),
    [
        (0, 1, "open i : repair the door lock"),
        (1, 1, "open they : repair the door lock"),
        (1, 2, "started nobody : change the sign"),
    ],
)
def test_a_row_begins_with_the_ticket_and_whose_it_is(turn: int, ticket: int, head: str) -> None:
    heard = talk(("Dana", "The lock works again."), ("Omar", "Good"))
    row = claim_row(heard, turn, ticket)
    expected = [START, *tokens_of(head.split()), END]
    assert row.tokens[: len(expected)] == expected
    assert row.tokens.count(END) == 3
    marked = [token for token, kind in zip(row.tokens, row.kinds, strict=True) if kind]
    assert marked == [
        *tokens_of([["i", ":", "the", "lock", "works", "again", "."], ["i", ":", "good", "."]][turn]),
        END,
    ]


def test_a_row_is_never_too_long() -> None:
    long = OpenTicket(1, "lock " * 30 + "door " * 30, "TODO")
    heard = talk(*(("Dana", "word " * 400) for _ in range(8)), tickets=(long,))
    assert len(claim_row(heard, 4, 1).tokens) <= MAX_TITLE + 2 + SPAN.room


def test_each_report_has_its_odds() -> None:
    heard = talk(("Dana", "The lock works again."))
    odds = np.arange(len(REPORTS), dtype=np.float32)
    assert [read_claim(heard, 0, 1, says, lambda _: odds) for says in REPORTS] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("said", "status", "likeliest"),
    [
        ("I put the new lock into the door on Monday, and it closes like it should.", "TODO", "done"),
        ("I've started on it, the old lock is out.", "TODO", "begun"),
        ("The lock jams again, so it wasn't repaired after all, I have to do it again.", "DONE", "reopen"),
    ],
)
def test_what_is_said_is_told_from_what_is_not(said: str, status: Status, likeliest: str) -> None:
    ticket = OpenTicket(1, LOCK.title, status, "Dana")
    heard = talk(("Omar", "And the lock?"), ("Dana", said), ("Omar", "All right."), tickets=(ticket,))
    odds = {says: read_claim(heard, 1, 1, says, OWN.claims) for says in MAY_BE[status]}
    assert max(odds, key=lambda says: odds[says]) == likeliest
    assert odds[likeliest] > 0


@pytest.mark.parametrize("said", ["It will be repaired on Friday.", "Haven't touched it.", "Almost done."])
def test_what_is_to_come_is_not_said(said: str) -> None:
    heard = talk(("Omar", "And the door lock?"), ("Dana", said), ("Omar", "All right."))
    assert read_claim(heard, 1, 1, "done", OWN.claims) < 0


def test_one_ticket_is_told_from_another() -> None:
    said = "I put the new lock into the door on Monday, and it closes like it should."
    heard = talk(("Omar", "Anything else?"), ("Dana", said), ("Omar", "Good."))
    assert read_claim(heard, 1, 1, "done", OWN.claims) > 0 > read_claim(heard, 1, 2, "done", OWN.claims)
