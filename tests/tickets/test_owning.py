"""Who owns new work: the likeliest person, or nobody."""

from __future__ import annotations

import pytest

from vori_ray.tickets.heard import Turns
from vori_ray.tickets.linear import Linear
from vori_ray.tickets.owning import surest, weighed_for

MODEL = Linear(0.0, {"odds": 1.0})


@pytest.mark.parametrize(
    ("odds", "owner"),
    [
        ({"Dana": 3.0, "Omar": -3.0}, "Dana"),
        ({"Dana": 3.0, "Omar": 2.0}, None),  # both might
        ({"Dana": 0.5, "Omar": -3.0}, None),  # nobody is sure enough
        ({"Dana": 3.0}, "Dana"),
        ({}, None),
    ],
)
def test_the_likeliest_owns_where_sure_and_ahead(odds: dict[str, float], owner: str | None) -> None:
    assert surest({name: {"odds": value} for name, value in odds.items()}, MODEL) == owner


def test_what_a_speaker_shows_is_weighed_apart_from_what_others_show() -> None:
    turns = Turns({"self": [2.0, -4.0], "other": [-4.0, 4.0]})
    shown = weighed_for("Dana", ["Dana", "Omar"], turns, 1, of_turn=["asks"], of_person=["speaks before"])
    assert shown["other asks"] == shown["other speaks before"] == 1.0
    assert shown["other takes"] == 0.5
    assert "speaker asks" in weighed_for("Omar", ["Dana", "Omar"], turns, 1, of_turn=["asks"], of_person=[])
