"""Reconciling a plan with the board: what each rule of the table does. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vori_ray.tickets.planning import Evidence, Plan, PlannedChange, PlannedRemark, PlannedTicket, PlannedUpdate
from vori_ray.tickets.reconcile import (
    AddRemark,
    Card,
    ChangeCard,
    CreateCard,
    Effects,
    Noted,
    Past,
    Refusal,
    Suggest,
    WithdrawCard,
    reconcile,
)

TASK = PlannedTicket("k1", "Order the pump filters", "TODO", "Mo", None, Evidence((3,), "I'll order them"))
CARD = Card(1, "Order the pump filters", "TODO", "TODO", made_here=True, said_in=frozenset({3}))
FENCE = Card(2, "Paint the fence", "TODO", "TODO")
DONE = PlannedChange("k2", 2, "TODO", "DONE", Evidence((5,), "it is painted"))


def settle(plan: Plan, *cards: Card, past: Past | None = None, is_whole: bool = True, is_final: bool = True) -> Effects:
    return reconcile(plan, cards, past or Past(), is_whole=is_whole, is_final=is_whole and is_final)


def test_new_work_is_a_new_card() -> None:
    assert settle(Plan(tickets=(TASK,))).effects == [CreateCard(TASK)]


def test_unsure_work_is_a_suggestion() -> None:
    (effect,) = settle(Plan(tickets=(replace(TASK, is_applied=False),))).effects
    assert isinstance(effect, Suggest)
    assert (effect.key, effect.operation["title"], effect.ticket_id) == ("k1", TASK.title, None)


def test_a_known_key_acts_no_more() -> None:
    out = settle(Plan(tickets=(TASK,), changes=(DONE,)), FENCE, past=Past(keys={"k1", "k2"}))
    assert (out.effects, out.skipped) == ([], {"repeated": 2})


@pytest.mark.parametrize("is_whole", [True, False])
def test_work_that_has_a_card_renews_it(is_whole: bool) -> None:
    (effect,) = settle(Plan(tickets=(TASK,)), CARD, is_whole=is_whole).effects
    assert isinstance(effect, ChangeCard)
    assert effect.changes == {"assignee": (None, "Mo")}


def test_a_whole_pass_rewords_and_a_live_pass_does_not() -> None:
    worded = replace(TASK, title="Order new pump filters", assignee=None)
    (effect,) = settle(Plan(tickets=(worded,)), CARD).effects
    assert isinstance(effect, ChangeCard)
    assert effect.changes["title"] == ("Order the pump filters", "Order new pump filters")
    assert settle(Plan(tickets=(worded,)), CARD, is_whole=False).effects == []


@pytest.mark.parametrize(("read_before", "makes_card"), [((), True), ((2,), True), ((2, 3), False)])
def test_what_is_read_again_live_in_other_words_makes_no_second_card(
    read_before: tuple[int, ...], makes_card: bool
) -> None:
    other = replace(TASK, title="Call Jo")
    out = settle(Plan(tickets=(other,)), CARD, past=Past(read_before=read_before), is_whole=False)
    assert [type(effect) for effect in out.effects] == [CreateCard if makes_card else ChangeCard]


def test_a_reading_that_is_not_final_fills_but_does_not_reword() -> None:
    worded = replace(TASK, title="Order new pump filters", priority="high")
    (effect,) = settle(Plan(tickets=(worded,)), replace(CARD, assignee="Ada"), is_final=False).effects
    assert isinstance(effect, ChangeCard)
    assert effect.changes == {"priority": (None, "high")}


def test_no_owner_said_takes_no_owner_away() -> None:
    plan = Plan(tickets=(replace(TASK, assignee=None),))
    assert settle(plan, replace(CARD, assignee="Ada")).effects == []


def test_a_title_worded_anew_from_the_same_sentence_is_the_same_work() -> None:
    other = replace(TASK, title="Purchase cartridges", assignee=None)
    (effect,) = settle(Plan(tickets=(other,)), CARD).effects
    assert isinstance(effect, ChangeCard)


def test_two_tasks_in_one_sentence_stay_two_while_people_speak() -> None:
    other = replace(TASK, key="k9", title="Phone the roofer")
    assert CreateCard(other) in settle(Plan(tickets=(other,)), CARD, is_whole=False).effects


def test_edited_fields_and_what_a_person_moved_are_left_alone() -> None:
    mine = replace(CARD, edited_fields=frozenset({"assignee"}), moved_by_hand_s=1.0, is_touched=True)
    out = settle(Plan(tickets=(replace(TASK, status="DONE"),)), mine)
    assert out.effects == []


@pytest.mark.parametrize(("is_touched", "action"), [(True, None), (False, "corrected")])
def test_a_card_thrown_away_by_a_person_stays_away_one_withdrawn_by_machine_returns(
    is_touched: bool, action: str | None
) -> None:
    gone = replace(CARD, is_deleted=True, is_touched=is_touched)
    effects = settle(Plan(tickets=(TASK,)), gone).effects
    assert [effect.action for effect in effects if isinstance(effect, ChangeCard)] == ([action] if action else [])


def test_a_change_is_applied_and_a_second_one_is_none() -> None:
    (effect,) = settle(Plan(changes=(DONE,)), FENCE).effects
    assert isinstance(effect, ChangeCard)
    assert (effect.changes, effect.key) == ({"status": ("TODO", "DONE")}, "k2")
    assert settle(Plan(changes=(DONE,)), replace(FENCE, status="DONE", base_status="TODO")).effects == []


def test_an_unsure_change_is_a_suggestion() -> None:
    (effect,) = settle(Plan(changes=(replace(DONE, is_applied=False),)), FENCE).effects
    assert isinstance(effect, Suggest)
    assert (effect.ticket_id, effect.operation["status"]) == (2, "DONE")


def test_a_change_that_is_illegal_by_now_does_nothing() -> None:
    stale = replace(DONE, new="IN_PROGRESS")
    moved = replace(FENCE, status="DONE", base_status="DONE")
    assert settle(Plan(changes=(stale,)), moved).skipped == {"illegal_transition": 1}


def test_a_change_of_a_ticket_that_is_gone_does_nothing() -> None:
    gone = replace(FENCE, is_deleted=True)
    update = PlannedUpdate("k3", 2, "Mo", None, Evidence((5,), "x"))
    out = settle(Plan(changes=(DONE,), updates=(update,)), gone)
    assert (out.effects, out.skipped) == ([], {"ticket_gone": 2})


@pytest.mark.parametrize(
    ("moved_s", "outcome"),
    [(-3600.0, "applied"), (20.0, "suggested"), (90.0, "left")],
)
def test_a_move_by_hand_against_words_said_at_sixty_seconds(moved_s: float, outcome: str) -> None:
    card = replace(FENCE, moved_by_hand_s=moved_s, edited_fields=frozenset({"status"}))
    out = settle(Plan(changes=(DONE,)), card, past=Past(end_s={5: 60.0}))
    kinds = {ChangeCard: "applied", Suggest: "suggested"}
    assert [kinds[type(effect)] for effect in out.effects] == ([] if outcome == "left" else [outcome])


def test_what_was_refused_stays_away_on_the_same_evidence_only() -> None:
    past = Past(refusals=[Refusal(2, "", "DONE", frozenset({5})), Refusal(None, TASK.title, "TODO", frozenset({3}))])
    assert settle(Plan(tickets=(TASK,), changes=(DONE,)), FENCE, past=past).skipped == {"refused": 2}
    again = replace(DONE, evidence=Evidence((9,), "painted at last"))
    assert len(settle(Plan(changes=(again,)), FENCE, past=past).effects) == 1


def test_an_update_fills_only_what_is_empty() -> None:
    update = PlannedUpdate("k3", 2, "Mo", None, Evidence((5,), "x"), priority="high")
    (effect,) = settle(Plan(updates=(update,)), replace(FENCE, assignee="Ada")).effects
    assert isinstance(effect, ChangeCard)
    assert effect.changes == {"priority": (None, "high")}
    assert settle(Plan(updates=(update,)), replace(FENCE, assignee="Ada", priority="low")).effects == []


def test_one_operation_that_fills_and_moves_is_one_effect() -> None:
    update = PlannedUpdate("k2", 2, "Mo", None, Evidence((5,), "x"))
    (effect,) = settle(Plan(changes=(DONE,), updates=(update,)), FENCE).effects
    assert isinstance(effect, ChangeCard)
    assert effect.changes == {"status": ("TODO", "DONE"), "assignee": (None, "Mo")}


def test_the_whole_meeting_withdraws_what_it_does_not_hold() -> None:
    moved = replace(FENCE, status="DONE", base_status="TODO")
    past = Past(pending=[Noted(7, "k7", "create", "x")], remarks=[Noted(8, "k8", "decision", "Red it is")])
    out = settle(Plan(), CARD, moved, past=past)
    assert out.effects[0] == WithdrawCard(1)
    assert isinstance(out.effects[1], ChangeCard)
    assert (out.effects[1].action, out.effects[1].changes) == ("withdrawn", {"status": ("DONE", "TODO")})
    assert (out.settled_suggestions, out.dropped_remarks) == ([7], [8])


@pytest.mark.parametrize(("is_whole", "is_final"), [(False, False), (True, False)])
def test_a_part_of_a_meeting_withdraws_nothing(is_whole: bool, is_final: bool) -> None:
    moved = replace(FENCE, status="DONE", base_status="TODO")
    past = Past(pending=[Noted(7, "k7", "create", "x")], remarks=[Noted(8, "k8", "decision", "Red it is")])
    out = settle(Plan(), CARD, moved, past=past, is_whole=is_whole, is_final=is_final)
    assert (out.effects, out.settled_suggestions, out.dropped_remarks) == ([], [], [])


def test_touched_cards_and_tickets_of_before_are_not_withdrawn() -> None:
    assert settle(Plan(), replace(CARD, is_touched=True), FENCE).effects == []


def test_a_remark_in_other_words_is_kept_once() -> None:
    said = PlannedRemark("k5", "decision", "We take the red one", Evidence((6,), "the red one"))
    known = Noted(8, "k8", "decision", "We take the red one then")
    out = settle(Plan(remarks=(said,)), past=Past(remarks=[known]))
    assert (out.effects, out.dropped_remarks) == ([], [])
    assert settle(Plan(remarks=(replace(said, kind="blocker"),)), past=Past(remarks=[known])).effects == [
        AddRemark(replace(said, kind="blocker"))
    ]
