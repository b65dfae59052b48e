"""How often a session decodes while the machine cannot keep up. PURE.

A session that is behind after an outage catches up point by point. Only where it stays behind although decodes
succeed is there too little capacity: then the grid is widened, at most to every fourth point, its decodes become
greedy, and both are taken back once the lag has gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

WIDEST = 4
BEHIND_S = 1.0
PATIENCE_S = 3.0
RELIEF_S = 6.0


@dataclass(frozen=True, slots=True)
class CadenceState:
    """`stride` of the grid; since when the session has been behind, and how far it was then; since when it is not."""

    stride: int = 1
    behind_since: float | None = None
    lag_then_s: float = 0.0
    well_since: float | None = None


def adapt(state: CadenceState, *, lag_s: float, is_failing: bool, now: float) -> CadenceState:
    """Take a measurement of the lag. `is_failing` says that the recogniser is away: that is no lack of capacity."""
    if is_failing:
        return replace(state, behind_since=None, well_since=None)
    if lag_s > BEHIND_S:
        return _behind(state, lag_s, now)
    if lag_s > BEHIND_S / 2 or state.stride == 1:
        return replace(state, behind_since=None, well_since=None)
    if state.well_since is None:
        return replace(state, behind_since=None, well_since=now)
    if now - state.well_since < RELIEF_S:
        return state
    return CadenceState(stride=max(1, state.stride // 2))


def _behind(state: CadenceState, lag_s: float, now: float) -> CadenceState:
    if state.behind_since is None:
        return replace(state, behind_since=now, lag_then_s=lag_s, well_since=None)
    if now - state.behind_since < PATIENCE_S:
        return state
    is_catching_up = lag_s < state.lag_then_s - 0.5
    stride = state.stride if is_catching_up else min(WIDEST, state.stride * 2)
    return CadenceState(stride=stride, behind_since=now, lag_then_s=lag_s)
