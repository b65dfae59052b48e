"""When a group's long view is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from vori_ray.insights.schedule import GroupState, Schedule

QUIET = GroupState(event_seq=10, settled=2, day=date(2026, 3, 2))
HOUR_S = 3600.0


def computed_at(now: float) -> Schedule:
    schedule = Schedule(HOUR_S)
    schedule.note_done([1], {1: QUIET}, now)
    return schedule


def test_what_was_never_computed_is_due() -> None:
    assert Schedule(HOUR_S).due({2: QUIET, 1: QUIET}, 0.0) == [1, 2]


def test_an_idle_group_is_never_due() -> None:
    assert computed_at(0.0).due({1: QUIET}, 100 * HOUR_S) == []


def test_a_settled_meeting_makes_it_due_at_once() -> None:
    assert computed_at(0.0).due({1: replace(QUIET, settled=3)}, 1.0) == [1]


def test_other_events_and_a_new_day_wait_their_hour() -> None:
    for state in (replace(QUIET, event_seq=11), replace(QUIET, day=date(2026, 3, 3))):
        schedule = computed_at(0.0)
        assert schedule.due({1: state}, HOUR_S - 1) == []
        assert schedule.due({1: state}, HOUR_S) == [1]


def test_after_a_failure_nothing_is_due_for_a_while() -> None:
    schedule = Schedule(HOUR_S)
    schedule.note_failure(100.0, pause_s=60.0)
    assert schedule.due({1: QUIET}, 159.0) == []
    assert schedule.due({1: QUIET}, 160.0) == [1]
