"""Names of people, as said and as written. Pure."""

from __future__ import annotations

import pytest

from vori_ray.tickets.names import find_person

PEOPLE = {1: "Dana Reyes", 2: "Mo Reyes", 3: "이서연", 4: "김서연", 5: "박도현", 6: "Ann"}


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Dana Reyes", 1),
        ("dana", 1),
        ("Superintendent Dana Reyes", 1),
        ("Reyes", None),  # two of them
        ("이서연", 3),
        ("서연님", None),  # two of them
        ("박도현 팀장님", 5),
        ("도현 씨", 5),
        ("현", None),  # one syllable is no name
        ("Anna", None),
        ("ann", 6),
        ("Zoe", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_is_one_person_or_nobody(name: str | None, person: int | None) -> None:
    assert find_person(name, PEOPLE) == person
