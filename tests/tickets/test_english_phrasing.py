"""Chosen words -> a title that reads well."""

from __future__ import annotations

import pytest

from vori_ray.tickets.english.phrasing import WORD, Spot, title_text
from vori_ray.tickets.english.sentences import split
from vori_ray.tickets.extraction import SpokenSegment


def title(*said: tuple[str, str]) -> str:
    """The title of some words of some turns: ("I'll send a short summary.", "summary")."""
    clauses = split([SpokenSegment(place, text, "Dana") for place, (text, _) in enumerate(said)])
    spots = []
    for clause in clauses:
        words = [match.group() for match in WORD.finditer(clause.text)]
        chosen = said[clause.turn][1].split()
        spots += [Spot(clause, place, _run_end(words, place)) for place, word in enumerate(words) if word in chosen]
    return title_text(spots, ("Omar",))


def _run_end(words: list[str], place: int) -> int:
    while place + 1 < len(words) and words[place + 1] not in ("to", "after", "for", "is", "on", "it"):
        place += 1
    return place


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("I'll send a short summary to everyone", "short summary")], "Send a short summary"),
        ([("I'll call the legal team after lunch", "legal")], "Call the legal team"),
        ([("The API documentation is old", "api documentation")], "API documentation"),
        (
            [("The payment gateway", "payment gateway"), ("I'll call the team", "team")],
            "Payment gateway: call the team",
        ),
        ([("I will create it", "create"), ("It is called badge layout", "called badge layout")], "Create badge layout"),
        ([("The poster", "poster"), ("The flyer", "flyer")], "Poster, flyer"),
        ([("I can take the badge layout", "badge layout")], "Badge layout"),
        ([("I'll take the boxes to the depot", "boxes depot")], "Take the boxes to the depot"),
        ([("Please move the badge layout to in progress", "badge layout")], "Badge layout"),
        ([("I'll move it", "move"), ("I'll print the flyer", "flyer")], "Print the flyer"),
    ],
)
def test_a_title_reads_well(said: list[tuple[str, str]], expected: str) -> None:
    assert title(*said) == expected
