"""Which words near a turn name the work that it takes on, as the encoder reads them. Pure."""

from __future__ import annotations

from vori_ray.tickets.english.encoder import START, Encode, Heard, Place, Row, Span, add_turns

SPAN = Span(before=6, after=1, longest_turn=240, longest_near=80, room=500)  # the encoder takes 512 tokens


def title_words(talk: Heard, turn: int, encode: Encode) -> dict[Place, float]:
    """Log odds that each word near a turn names the work which the turn takes on; long turns are read in part."""
    row = title_row(talk, turn)
    odds = encode(row)
    return {place: float(odds[first:stop].mean()) for place, (first, stop) in row.words.items()}


def title_row(talk: Heard, turn: int) -> Row:
    """A turn among its neighbours."""
    row = Row([START], [0])
    add_turns(row, talk, turn, SPAN)
    return row
