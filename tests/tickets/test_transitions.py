"""The table of legal status changes."""

from __future__ import annotations

import pytest

from vori_ray.errors import IllegalTransitionError
from vori_ray.tickets.extraction import Status
from vori_ray.tickets.transitions import check_transition, is_legal

STATUSES: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")
FORWARD = {("TODO", "IN_PROGRESS"), ("TODO", "DONE"), ("IN_PROGRESS", "DONE")}


@pytest.mark.parametrize("old", STATUSES)
@pytest.mark.parametrize("new", STATUSES)
def test_only_the_table_is_legal(old: Status, new: Status) -> None:
    assert is_legal(old, new) is ((old, new) in FORWARD)
    assert is_legal(old, new, is_reopen=True) is ((old, new) == ("DONE", "IN_PROGRESS"))


def test_an_illegal_change_names_both_statuses() -> None:
    with pytest.raises(IllegalTransitionError, match="DONE -> TODO"):
        check_transition("DONE", "TODO")
