"""How much work of a group was open at a moment, from the status changes of its tickets. PURE."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

Move = tuple[int, float, str]


class OpenWork:
    """Counts of open tickets over time."""

    def __init__(self, moves: Iterable[Move]) -> None:
        """`moves`: (ticket_id, at_s, status), each ticket's in order; DONE and GONE are not open."""
        is_open: dict[int, bool] = {}
        steps: list[tuple[float, int]] = []
        for ticket_id, at_s, status in moves:
            was, now = is_open.get(ticket_id, False), status not in ("DONE", "GONE")
            is_open[ticket_id] = now
            if was != now:
                steps.append((at_s, 1 if now else -1))
        steps.sort()
        self._times = [at_s for at_s, _ in steps]
        self._counts = [0, *accumulate(step for _, step in steps)]

    def before(self, at_s: float) -> int:
        """How many tickets were open just before that moment (seconds since 1970)."""
        return self._counts[bisect_left(self._times, at_s)]
