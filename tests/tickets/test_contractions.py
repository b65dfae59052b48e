"""Contractions without their apostrophe, as some recognisers and hurried people write them."""

from __future__ import annotations

import pytest

from vori_ray.tickets.english.contractions import with_apostrophes
from vori_ray.tickets.english.sentences import split
from vori_ray.tickets.extraction import SpokenSegment


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("i dont know, it doesnt fit and they cant wait", "i don't know, it doesn't fit and they can't wait"),
        ("thats what ive heard", "that's what i've heard"),
        ("youll see theyre late", "you'll see they're late"),
        ("ill write it", "i'll write it"),
        ("okay ill just ask them", "okay i'll just ask them"),
        ("weve got ill order more", "we've got i'll order more"),
        ("he is ill and she's ill too", "he is ill and she's ill too"),
        ("she was ill drive safely", "she was ill drive safely"),
        ("the ill horse", "the ill horse"),
        ("its were well lets id", "its were well lets id"),
        ("i'll and don't stay", "i'll and don't stay"),
    ],
)
def test_an_apostrophe_is_put_where_it_is_certain(text: str, whole: str) -> None:
    assert with_apostrophes(text) == whole


def test_a_clause_begins_at_a_contraction_and_its_quote_stays_literal() -> None:
    said = "the needles wont last ill order six boxes"
    clauses = split([SpokenSegment(0, said, "bruno")])
    assert [clause.text for clause in clauses] == ["the needles won't last", "i'll order six boxes"]
    assert [clause.raw for clause in clauses] == ["the needles wont last", "ill order six boxes"]
