"""What the turns around a turn and the board say of a claim and of new work, the same in any language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from vori_ray.tickets import claiming, taking
from vori_ray.tickets.about import OWN, About
from vori_ray.tickets.heard import NEVER, Title, Turns

NAMES = ("self", "other", "done", "begun", "reopen", "blocker", "decision")


@dataclass
class Talk:
    """Three turns of Dana, Dana and Omar; ticket 1 is named in the first and the last, ticket 2 in the second."""

    is_whole: bool = True
    turns: Sequence[object] = (None, None, None)
    speakers: Sequence[str | None] = ("Dana", "Dana", "Omar")
    statuses: Mapping[int, str] = field(default_factory=lambda: {1: "TODO", 2: "IN_PROGRESS"})

    @property
    def about(self) -> About:
        shares = [{1: 0.8, 2: 0.0}, {1: 0.0, 2: 0.6}, {1: 0.5, 2: 0.0}]
        return About(shares, {1: None, 2: "Omar"}, ("Dana", "Dana", "Omar"))


def heard(**odds: list[float]) -> Turns:
    return Turns({name: odds.get(name, [NEVER] * 3) for name in NAMES})


def test_a_claim_is_weighed_by_who_else_is_named_and_what_is_said_before_and_after() -> None:
    turns = heard(done=[1.0, 2.0, 3.0], self=[NEVER, NEVER, 0.5])
    found = claiming.surroundings(Talk(), turns, 1, 1, "done")  # type: ignore[arg-type]
    assert (found["before done"], found["here done"], found["after done"]) == (1.0, 2.0, 3.0)
    assert (found["named before"], found["named after"], found["named at most"]) == (0.8, 0.5, 0.8)
    assert (found["turns that name it"], found["others named"]) == (2.0, 0.6)
    assert (found["of done"], found["of begun"], found["of one to do"]) == (1.0, 0.0, 1.0)
    assert found["work taken on after"] == 0.5


def test_a_turn_is_about_what_it_and_those_before_name_and_more_so_for_whose_it_is() -> None:
    about = Talk().about
    assert [about.meant(turn, 1) for turn in range(3)] == pytest.approx([0.8, 0.68, 0.56])
    assert [about.meant(turn, 2) for turn in range(3)] == pytest.approx([0.0, 0.6, 0.51 + OWN])
    assert about.lead(2, 1) == pytest.approx(-about.lead(2, 2)) == pytest.approx(0.56 - 0.71)
    assert (about.named_best(1), About([{}], {}, [None]).named_best(0)) == ((0.6, 2), (0.0, None))


def test_new_work_is_weighed_by_its_neighbours_its_title_and_the_board() -> None:
    turns = heard(self=[-1.0, 2.0, NEVER], other=[NEVER, 1.0, -2.0])
    found = taking.surroundings(Talk(), turns, 1, Title("Call the printer", 0.7))  # type: ignore[arg-type]
    assert (found["takes"], found["is own"], found["self at -1"], found["other at +1"]) == (2.0, 1.0, -1.0, -2.0)
    assert (found["taken before"], found["taken after"]) == (-1.0, -2.0)
    assert (found["title fits"], found["title words"]) == (0.7, 3.0)
    assert (found["ticket named"], found["ticket named before"], found["goes on"]) == (0.6, 0.8, 0.0)


@pytest.mark.parametrize("turn", [0, 2])
def test_the_first_and_the_last_turn_have_every_measure(turn: int) -> None:
    talk, turns = Talk(), heard()
    middle = claiming.surroundings(talk, turns, 1, 1, "begun")  # type: ignore[arg-type]
    assert claiming.surroundings(talk, turns, turn, 1, "begun").keys() == middle.keys()  # type: ignore[arg-type]
    work = taking.surroundings(talk, turns, 1, Title("", 0.0))  # type: ignore[arg-type]
    assert taking.surroundings(talk, turns, turn, Title("", 0.0)).keys() == work.keys()  # type: ignore[arg-type]


@pytest.mark.parametrize(("is_whole", "count", "places"), [(True, 20, 20), (True, 19, 1), (False, 20, 1)])
def test_where_a_turn_stands_tells_nothing_in_a_window_or_a_short_meeting(
    is_whole: bool, count: int, places: int
) -> None:
    talk = Talk(is_whole=is_whole, turns=[None] * count)
    found = {claiming.how_far_on(talk, turn, usual=0.3) for turn in range(count)}  # type: ignore[arg-type]
    assert len(found) == places


@pytest.mark.parametrize(("odds", "is_possible"), [(-5.0, False), (-3.0, True)])
def test_only_turns_that_may_take_work_on_are_asked(odds: float, is_possible: bool) -> None:
    assert taking.possible(heard(other=[odds, NEVER, NEVER]), 0) is is_possible


def test_a_word_is_known_by_what_its_turn_and_those_on_the_way_do() -> None:
    turns = heard(self=[2.0, 2.0, NEVER], done=[-1.0, NEVER, NEVER])
    assert taking.ways(turns, 2, 2) == set()
    assert {"its turn self", "before its turn maybe done", "self between", "before 1 works between"} <= taking.ways(
        turns, 2, 0
    )
    assert "just before 0 works between" in taking.ways(turns, 2, 1)
    assert {"next its turn nothing", "next 0 things between"} <= taking.ways(turns, 1, 2)
