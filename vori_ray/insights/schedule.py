"""When which group's long view is computed anew. PURE: states and the time are given.

Soon after a meeting of the group has ended and been read; else at most every `every_s`, and only when something has
happened in the group or its day has changed: an idle installation computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class GroupState:
    """What a group looked like: its event counter, how many meetings are ended and read, its local day."""

    event_seq: int
    settled: int
    day: date


@dataclass(slots=True)
class Schedule:
    """Which groups are due. Times are of the monotonic clock, in seconds."""

    every_s: float
    computed: dict[int, tuple[GroupState, float]] = field(default_factory=dict)
    retry_at: float = 0.0

    def due(self, states: Mapping[int, GroupState], now: float) -> list[int]:
        """Groups to compute now, in order."""
        if now < self.retry_at:
            return []
        return sorted(group_id for group_id, state in states.items() if self._is_due(group_id, state, now))

    def note_done(self, group_ids: Iterable[int], states: Mapping[int, GroupState], now: float) -> None:
        """These groups were computed, from what they were before it began."""
        self.computed |= {group_id: (states[group_id], now) for group_id in group_ids}

    def note_failure(self, now: float, *, pause_s: float) -> None:
        """Nothing is due for a while."""
        self.retry_at = now + pause_s

    def _is_due(self, group_id: int, state: GroupState, now: float) -> bool:
        before, computed_at = self.computed.get(group_id, (None, 0.0))
        if before is None or before.settled != state.settled:
            return True
        return before != state and now - computed_at >= self.every_s
