"""Whether a turn takes new work on or gives it out, as the encoder reads it among its neighbours. Pure."""

from __future__ import annotations

from vori_ray.tickets.english.encoder import END, START, Encode, Heard, Row, Span, add_turns, tokens_of
from vori_ray.tickets.english.phrasing import WORD

SPAN = Span(before=3, after=2, longest_turn=120, longest_near=48, room=240)
MAX_NAME = 12  # tokens


def read_take(talk: Heard, turn: int, encode: Encode) -> float:
    """Log odds that a turn takes new work on or gives it out."""
    return float(encode(take_row(talk, turn))[0])


def take_row(talk: Heard, turn: int) -> Row:
    """Who speaks, for others may call them by name; and the turn among its neighbours."""
    name = (match.group() for match in WORD.finditer((talk.speakers[turn] or "").casefold()))
    head = [START, *tokens_of(name)[:MAX_NAME], END]
    row = Row(head, [0] * len(head))
    add_turns(row, talk, turn, SPAN)
    return row
