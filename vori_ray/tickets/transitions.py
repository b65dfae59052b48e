"""Which status may follow which: one table, and nothing else.

Pure. Knows nothing about who asked for the change or where the ticket lives.

    TODO ──> IN_PROGRESS ──> DONE
      └────────────────────> DONE
    DONE ──> IN_PROGRESS            only as an explicit reopen
"""

from __future__ import annotations

from vori_ray.errors import IllegalTransitionError
from vori_ray.tickets.extraction import Status

FORWARD: frozenset[tuple[Status, Status]] = frozenset(
    {("TODO", "IN_PROGRESS"), ("TODO", "DONE"), ("IN_PROGRESS", "DONE")}
)
REOPEN: frozenset[tuple[Status, Status]] = frozenset({("DONE", "IN_PROGRESS")})


def is_legal(old: Status, new: Status, *, is_reopen: bool = False) -> bool:
    """Whether speech may move a ticket from `old` to `new`; `is_reopen` says that the words reopen it."""
    return (old, new) in (REOPEN if is_reopen else FORWARD)


def check_transition(old: Status, new: Status, *, is_reopen: bool = False) -> None:
    """Raise `IllegalTransitionError` unless the table allows the change."""
    if not is_legal(old, new, is_reopen=is_reopen):
        how = "a reopen" if is_reopen else "a change that is not a reopen"
        raise IllegalTransitionError(f"expected a transition of the table, got {old} -> {new} as {how}")
