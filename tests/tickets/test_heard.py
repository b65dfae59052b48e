"""What languages share: of many things that may be heard, the surest count, once."""

from __future__ import annotations

import pytest

from vori_ray.tickets.claiming import Claim, possible_claims, surest_claims
from vori_ray.tickets.heard import NEVER, Sureness, Turns, Work, surest_turns

SURE = Sureness(work=0.2, status=0.5, maybe=0.3, blocker=0.3, decision=0.3)


def turns(**odds: list[float]) -> Turns:
    names = ("self", "other", "done", "begun", "reopen", "blocker", "decision")
    count = max(len(each) for each in odds.values())
    return Turns({name: odds.get(name, [NEVER] * count) for name in names})


def test_a_ticket_is_only_asked_about_what_it_may_become() -> None:
    heard = turns(done=[2.0], begun=[2.0], reopen=[2.0])
    statuses = {1: "TODO", 2: "IN_PROGRESS", 3: "DONE"}
    found = set(possible_claims(heard, statuses))  # type: ignore[arg-type]
    assert found == {(0, 1, "done"), (0, 1, "begun"), (0, 2, "done"), (0, 3, "reopen")}


def test_a_turn_speaks_of_one_ticket_and_a_ticket_has_one_claim() -> None:
    found = {(0, 1, "done"): 0.9, (0, 2, "done"): 0.6, (3, 2, "begun"): 0.7, (5, 1, "done"): 0.8}
    assert surest_claims(found, at_least=0.5) == [Claim(1, 0, "done", 0.9), Claim(2, 3, "begun", 0.7)]


@pytest.mark.parametrize(("likely", "is_applied"), [(0.5, True), (0.49, False)])
def test_what_is_not_said_surely_is_suggested(likely: float, is_applied: bool) -> None:
    operation = Claim(1, 0, "reopen", likely).operation(segment_id=7, quote="it broke again", sure=SURE)
    assert (operation.op, operation.status, operation.segment_ids) == ("reopen", "IN_PROGRESS", (7,))
    assert operation.is_explicit is is_applied


def test_turns_that_go_on_about_one_remark_are_one() -> None:
    heard = turns(blocker=[3.0, NEVER, 4.0, NEVER, NEVER, NEVER, 2.0], decision=[NEVER] * 7)
    assert surest_turns(heard, "blocker", at_least=0.3) == [2, 6]


def test_work_said_again_keeps_the_surer_words_and_takes_the_last_date() -> None:
    work = Work(1, is_own=False, likely=0.4, title="Write it", owner=None, due_text="friday", evidence=[1])
    again = Work(3, is_own=True, likely=0.8, title="Write the guide", owner="Dana", due_text="monday", evidence=[3])
    work.join(again)
    assert (work.title, work.owner, work.due_text, work.evidence) == ("Write the guide", "Dana", "monday", [1, 3])
