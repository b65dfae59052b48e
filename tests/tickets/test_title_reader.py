"""What the encoder gets to read of a talk for a title, and what it reads."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from vori_ray.tickets.english.encoder import END, OWN, START, Row
from vori_ray.tickets.english.talk import Talk, listen
from vori_ray.tickets.english.title_reader import SPAN, title_row, title_words
from vori_ray.tickets.extraction import ExtractionInput, SpokenSegment

MEETING_DAY = date(2026, 3, 4)


def talk(*said: tuple[str, str]) -> Talk:
    segments = [SpokenSegment(place, text, speaker) for place, (speaker, text) in enumerate(said)]
    return listen(ExtractionInput(segments=segments, meeting_date=MEETING_DAY))


def words(heard: Talk, row: Row) -> list[str]:
    """The words that a row has, in the order of the talk."""
    of_clause = {clause.index: clause.text.split() for turn in heard.turns for clause in turn}
    return [of_clause[clause][place].strip(",") for clause, place in sorted(row.words)]


def test_a_turn_is_read_among_its_neighbours_and_marked() -> None:
    heard = talk(
        ("Dana", "The projector is broken."), ("Omar", "Who repairs it?"), ("Dana", "I do"), ("Omar", "Thanks")
    )
    row = title_row(heard, 2)
    assert words(heard, row) == "the projector is broken who repairs it i do thanks".split()
    assert row.tokens[0] == START
    assert row.tokens.count(END) == 4
    assert len(row.tokens) == len(row.kinds)
    marked = [place for place, kind in enumerate(row.kinds) if kind]
    assert marked == list(range(marked[0], marked[-1] + 1))
    assert all(
        marked[0] <= first < stop <= marked[-1] for (clause, _), (first, stop) in row.words.items() if clause == 2
    )


def test_turns_that_are_far_or_silent_are_not_read() -> None:
    heard = talk(*((("Dana", f"word{place}")) for place in range(12)))
    assert words(heard, title_row(heard, 9)) == [f"word{place}" for place in range(9 - SPAN.before, 11)]
    silent = talk(("Dana", "One."), ("Omar", "..."), ("Dana", "Three."))
    assert words(silent, title_row(silent, 2)) == ["one", "three"]


@pytest.mark.parametrize("turn", range(8))
def test_of_long_turns_the_last_words_are_read_and_never_too_many(turn: int) -> None:
    heard = talk(*((("Dana", " ".join(f"w{place}x{n}" for n in range(400)))) for place in range(8)))
    row = title_row(heard, turn)
    assert len(row.tokens) <= SPAN.room + 1
    assert words(heard, row)[-1].endswith("x399")
    assert any(word.startswith(f"w{turn}x") for word in words(heard, row))


def test_a_words_odds_are_the_mean_of_its_tokens() -> None:
    heard = talk(("Dana", "Order antidisestablishmentarianism"))
    row = title_row(heard, 0)
    first, stop = row.words[0, 1]
    assert stop - first > 1
    odds = np.arange(len(row.tokens), dtype=np.float32)
    found = title_words(heard, 0, lambda _: odds)
    assert found[0, 0] == odds[row.words[0, 0][0]]
    assert found[0, 1] == pytest.approx(odds[first:stop].mean())


def test_the_thing_is_told_from_the_words_between_it_and_who_takes_it_on() -> None:
    heard = talk(
        ("Ines", "The gutter over the loading bay leaks again, it dripped on the pallets all week."),
        ("Rob", "Ugh, my weekend was wet enough. Did you see the match?"),
        ("Ines", "I did, don't remind me. Anyway, somebody has to patch it."),
        ("Rob", "Fine, I'll do that by Thursday."),
    )
    found = title_words(heard, 3, OWN.titles)
    of_word = {word: found[place] for place, word in zip(sorted(found), words(heard, title_row(heard, 3)), strict=True)}
    assert min(of_word[word] for word in ("gutter", "patch")) > max(
        of_word[word] for word in ("weekend", "match", "week")
    )
