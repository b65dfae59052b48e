"""What the encoder gets to read of a talk to tell whether a turn takes work on, and what it reads."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from vori_ray.tickets.english.encoder import END, OWN, START, tokens_of
from vori_ray.tickets.english.take_reader import MAX_NAME, SPAN, read_take, take_row
from vori_ray.tickets.english.talk import Talk, listen
from vori_ray.tickets.extraction import ExtractionInput, SpokenSegment


def talk(*said: tuple[str | None, str]) -> Talk:
    segments = [SpokenSegment(place, text, speaker) for place, (speaker, text) in enumerate(said)]
    return listen(ExtractionInput(segments=segments, meeting_date=date(2026, 3, 4)))


def odds_of(said: str, *, answer: str = "Now, what did everybody do at the weekend?") -> float:
    heard = talk(("Omar", "Let's go on."), ("Dana", said), ("Omar", answer), ("Dana", "Good."))
    return read_take(heard, 1, OWN.takes)


@pytest.mark.parametrize(("speaker", "name"), [("Dana Weber", ["dana", "weber"]), (None, [])])
def test_a_row_begins_with_who_speaks(speaker: str | None, name: list[str]) -> None:
    row = take_row(talk(("Omar", "Hello"), (speaker, "I do")), 1)
    head = [START, *tokens_of(name), END]
    assert row.tokens[: len(head)] == head
    marked = [token for token, kind in zip(row.tokens, row.kinds, strict=True) if kind]
    assert marked == [*tokens_of(["i", ":", "i", "do", "."]), END]


def test_a_row_is_never_too_long() -> None:
    heard = talk(*(("Dana " * 30, "word " * 400) for _ in range(8)))
    assert len(take_row(heard, 4).tokens) <= MAX_NAME + 2 + SPAN.room


def test_the_odds_are_those_of_the_encoder() -> None:
    assert read_take(talk(("Dana", "I do")), 0, lambda _: np.array([1.5], dtype=np.float32)) == 1.5


@pytest.mark.parametrize(
    "said",
    [
        "I'll order new batteries for the scanners on Friday.",
        "Omar, please order new batteries for the scanners.",
        "ill order new batteries for the scanners on friday",
    ],
)
def test_work_is_heard(said: str) -> None:
    assert odds_of(said) > 0


@pytest.mark.parametrize(
    "said",
    [
        "I ordered new batteries for the scanners on Friday.",
        "The agency orders new batteries every year.",
        "Omar, did you order new batteries for the scanners?",
        "I'd order new batteries if we had any money.",
    ],
)
def test_what_only_sounds_like_work_is_told_from_it(said: str) -> None:
    assert odds_of(said) < 0


def test_an_answer_takes_on_what_was_asked_and_nothing_else() -> None:
    asked = talk(("Omar", "Dana, could you order new batteries for the scanners?"), ("Dana", "Sure, will do."))
    told = talk(("Omar", "The batteries of the scanners last for a year now."), ("Dana", "Sure, I know."))
    assert read_take(asked, 1, OWN.takes) > 0 > read_take(told, 1, OWN.takes)
