"""What a turn says of the status of a ticket, as the encoder reads both. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from vori_ray.tickets.claiming import BECOMES
from vori_ray.tickets.english.encoder import END, START, Encode, Heard, Row, Span, add_turns, tokens_of
from vori_ray.tickets.english.phrasing import WORD
from vori_ray.tickets.extraction import OpenTicket, Status

SPAN = Span(before=4, after=2, longest_turn=120, longest_near=60, room=300)
MAX_TITLE = 40  # tokens
REPORTS = tuple(BECOMES)  # in the order of the encoder's log odds
_WORDS: Mapping[Status, str] = {"TODO": "open", "IN_PROGRESS": "started", "DONE": "finished"}


class Board(Heard, Protocol):
    """What of a talk and its board is read."""

    @property
    def tickets(self) -> Mapping[int, OpenTicket]:
        """The tickets by their ids."""


def read_claim(talk: Board, turn: int, ticket: int, says: str, encode: Encode) -> float:
    """Log odds that a turn says a status of a ticket."""
    return float(encode(claim_row(talk, turn, ticket))[REPORTS.index(says)])


def claim_row(talk: Board, turn: int, ticket: int) -> Row:
    """A ticket's status, whether it is the speaker's, its title; and the turn among its neighbours."""
    about = talk.tickets[ticket]
    whose = "nobody" if about.assignee is None else "i" if about.assignee == talk.speakers[turn] else "they"
    title = (match.group() for match in WORD.finditer(about.title.casefold()))
    head = [START, *tokens_of([_WORDS[about.status], whose, ":", *title])[:MAX_TITLE], END]
    row = Row(head, [0] * len(head))
    add_turns(row, talk, turn, SPAN)
    return row
