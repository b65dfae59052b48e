"""The cadence under load: patient, bounded, and back to normal."""

from __future__ import annotations

from vori_ray.speech.cadence import BEHIND_S, PATIENCE_S, RELIEF_S, WIDEST, CadenceState, adapt


def after(state: CadenceState, lags_s: list[float], *, is_failing: bool = False) -> CadenceState:
    """Measure once a second."""
    for now, lag_s in enumerate(lags_s):
        state = adapt(state, lag_s=lag_s, is_failing=is_failing, now=float(now))
    return state


def test_a_short_delay_changes_nothing() -> None:
    assert after(CadenceState(), [0.1, 2 * BEHIND_S, 2 * BEHIND_S, 0.1]).stride == 1


def test_a_lasting_delay_widens_the_grid_within_bounds() -> None:
    patience = int(PATIENCE_S) + 1
    assert after(CadenceState(), [2 * BEHIND_S] * patience).stride == 2
    assert after(CadenceState(), [2 * BEHIND_S] * 60).stride == WIDEST


def test_a_session_that_catches_up_is_left_alone() -> None:
    lags_s = [20.0 - second for second in range(18)]
    assert after(CadenceState(), lags_s).stride == 1


def test_a_recogniser_that_is_away_is_no_lack_of_capacity() -> None:
    assert after(CadenceState(), [10.0] * 20, is_failing=True).stride == 1


def test_the_grid_narrows_step_by_step_once_the_lag_has_gone() -> None:
    relief = int(RELIEF_S) + 1
    assert after(CadenceState(stride=4), [0.1] * relief).stride == 2
    assert after(CadenceState(stride=4), [0.1] * 2 * (relief + 1)).stride == 1
