"""What goes along with better or worse meetings of a group: its best times, likely causes, its standing beside others.

    best_time    meetings that begin in one hour of one weekday, against the group's other meetings
    cause        rank correlation of the score with length, speakers, hour, blockers and carried-over work
    comparison   the group's meetings against those of another group that shares a member with it

Every test needs 8 meetings a side. P-values come from shuffling the scores (exact, whatever their distribution), all
tests of a group are corrected together (Benjamini-Hochberg), and the effects of one kind are shrunk towards none
by as much as they scatter (empirical Bayes): an effect is found when it is significant and its shrunk 95 % interval
leaves out zero. A factor that the score itself contains is compared with the score's other parts. It speaks of
meetings, never of people, and of associations, never of causes proved. PURE: knows nothing of databases or Spark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vori_ray.insights.wording import cause_words, comparison_words, slot_name, slot_words

MIN_MEETINGS = 8
MAX_Q = 0.03  # stricter than the 5 % promised: a tally over a few hundred shuffled runs must stay below it, too
RESAMPLES = 2000
SEED = 20_260
_Z95 = 1.96
_SPEARMAN_VARIANCE = 1.06  # of Fisher's z of a rank correlation, times n - 3 (Fieller, Hartley and Pearson 1957)
FACTORS = ("duration_min", "speakers", "hour", "blockers", "carried_over")
# The part of the score that a factor goes into.
SHARED_PARTS = {"duration_min": "decisions", "blockers": "owned_blockers", "carried_over": "due_items_closed"}
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeetingPoint:
    """A meeting with a score in 0..1. `weekday` 0 is Monday; both it and `hour` are local to the group.

    `parts`: name -> (value, weight) of the score.
    """

    score: float
    weekday: int
    hour: int
    duration_min: float = 0.0
    speakers: int = 0
    blockers: int = 0
    carried_over: int = 0
    parts: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another group: its name and the scores of its meetings."""

    group_id: int
    name: str
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Association:
    """Something found: `estimate` is shrunk, `low` and `high` are its 95 % interval, `n` the meetings behind it."""

    kind: str
    subject: str
    estimate: float
    low: float
    high: float
    n: int
    q_value: float
    details: dict[str, object]
    other_group_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Test:
    """An effect as it was measured, before shrinkage and correction."""

    kind: str
    subject: str
    effect: float
    variance: float
    p_value: float
    n: int
    details: dict[str, object]
    peer: Peer | None = None


def find_associations(points: Sequence[MeetingPoint], *, peers: Sequence[Peer] = ()) -> list[Association]:
    """All that holds of a group's meetings, the surest first. The same input gives the same answer."""
    tests = [*_test_slots(points), *_test_factors(points), *_test_peers(points, peers)]
    q_values = benjamini_hochberg([test.p_value for test in tests])
    shrunk = _shrunk_by_kind(tests)
    found = [
        _association(test, effect=effect, sd=sd, q_value=q_value, tests=len(tests))
        for test, (effect, sd), q_value in zip(tests, shrunk, q_values, strict=True)
        if q_value <= MAX_Q and abs(effect) > _Z95 * sd and (test.kind != "best_time" or effect > 0)
    ]
    return sorted(found, key=lambda one: (one.q_value, -abs(one.estimate), one.subject))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Q-values: the lowest false discovery rate at which each test would be called significant."""
    order = sorted(range(len(p_values)), key=lambda n: p_values[n], reverse=True)
    q_values, lowest = [0.0] * len(p_values), 1.0
    for rank, n in zip(range(len(order), 0, -1), order, strict=True):
        lowest = min(lowest, p_values[n] * len(order) / rank)
        q_values[n] = lowest
    return q_values


def shrink(effects: Sequence[float], variances: Sequence[float]) -> list[tuple[float, float]]:
    """Effects drawn towards zero, each with its standard deviation; no scatter beyond chance leaves (0, 0)."""
    if not effects:
        return []
    between = max(0.0, float(np.mean(np.square(effects)) - np.mean(variances)))
    weights = [between / (between + variance) if between else 0.0 for variance in variances]
    pairs = zip(weights, effects, variances, strict=True)
    return [(weight * effect, (weight * variance) ** 0.5) for weight, effect, variance in pairs]


def permutation_p_values(outcome: Floats, contrasts: Floats) -> Floats:
    """Two-sided p-values of outcome @ contrasts (n) @ (n, tests) when the outcome has no order."""
    seen = np.abs(outcome @ contrasts)
    shuffled = np.abs(outcome[_orders(len(outcome))] @ contrasts)
    as_extreme = (shuffled >= seen * (1 - 1e-9) - 1e-12).sum(axis=0)
    return np.asarray((1 + as_extreme) / (1 + RESAMPLES), dtype=np.float64)


@lru_cache(maxsize=16)
def _orders(n: int) -> NDArray[np.int32]:
    """Random orders of n things, (RESAMPLES, n); always the same ones."""
    things = np.tile(np.arange(n, dtype=np.int32), (RESAMPLES, 1))
    return np.random.default_rng(SEED).permuted(things, axis=1)


def _test_slots(points: Sequence[MeetingPoint]) -> Iterator[_Test]:
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    for n, point in enumerate(points):
        members[point.weekday, point.hour].append(n)
    total = len(points)
    slots = [slot for slot in sorted(members) if MIN_MEETINGS <= len(members[slot]) <= total - MIN_MEETINGS]
    if not slots:
        return
    scores = np.array([point.score for point in points])
    inside = np.array([np.isin(np.arange(total), members[slot]) for slot in slots]).T
    p_values = permutation_p_values(scores, _contrasts(inside))
    for n, slot in enumerate(slots):
        here, rest = scores[inside[:, n]], scores[~inside[:, n]]
        details = _two_sides(here, rest) | {"weekday": slot[0], "hour": slot[1], "mean_of_group": _round(scores.mean())}
        yield _Test("best_time", slot_name(*slot), *_difference(here, rest), float(p_values[n]), len(here), details)


def _test_factors(points: Sequence[MeetingPoint]) -> Iterator[_Test]:
    for name in FACTORS:
        left_out = SHARED_PARTS.get(name)
        pairs = [(getattr(point, name), _score_without(point, left_out)) for point in points]
        known = [(float(value), score) for value, score in pairs if score is not None]
        if len(known) < 2 * MIN_MEETINGS:
            continue
        values, scores = (_standard_ranks(column) for column in np.array(known).T)
        if not values.any() or not scores.any():  # all the same: nothing to go along with
            continue
        n = len(known)
        (p_value,) = permutation_p_values(scores, values[:, None] / n)
        rho = float(np.clip(scores @ values / n, -0.999, 0.999))
        details: dict[str, object] = {"rank_correlation": _round(rho), "score_without": left_out}
        variance = _SPEARMAN_VARIANCE / (n - 3)
        yield _Test("cause", name, float(np.arctanh(rho)), variance, float(p_value), n, details)


def _test_peers(points: Sequence[MeetingPoint], peers: Sequence[Peer]) -> Iterator[_Test]:
    own = np.array([point.score for point in points])
    for peer in peers:
        theirs = np.array(peer.scores)
        if min(len(own), len(theirs)) < MIN_MEETINGS:
            continue
        both = np.concatenate([own, theirs])
        inside = (np.arange(len(both)) < len(own))[:, None]
        (p_value,) = permutation_p_values(both, _contrasts(inside))
        details = _two_sides(own, theirs) | {"other_group_id": peer.group_id}
        effect, variance = _difference(own, theirs)
        subject = f"group-{peer.group_id}"
        yield _Test("comparison", subject, effect, variance, float(p_value), len(own), details, peer)


def _contrasts(inside: NDArray[np.bool_]) -> Floats:
    """Columns that turn scores into (mean inside - mean outside)."""
    weights = inside / inside.sum(axis=0) - ~inside / (~inside).sum(axis=0)
    return np.asarray(weights, dtype=np.float64)


def _difference(one: Floats, other: Floats) -> tuple[float, float]:
    """Difference of the means, and its variance from the scatter within both."""
    squares = float(((one - one.mean()) ** 2).sum() + ((other - other.mean()) ** 2).sum())
    scatter = squares / (len(one) + len(other) - 2)
    return float(one.mean() - other.mean()), scatter * (1 / len(one) + 1 / len(other))


def _two_sides(one: Floats, other: Floats) -> dict[str, object]:
    return {"mean": _round(one.mean()), "mean_of_others": _round(other.mean()), "n_of_others": len(other)}


def _score_without(point: MeetingPoint, part: str | None) -> float | None:
    """The score, or the weighted mean of its parts but one; None when nothing else is in it."""
    if part is None or part not in point.parts:
        return point.score
    others = [pair for name, pair in point.parts.items() if name != part]
    total = sum(weight for _, weight in others)
    return sum(value * weight for value, weight in others) / total if total > 0 else None


def _standard_ranks(values: Floats) -> Floats:
    """Ranks with mean 0 and variance 1, ties sharing theirs; all zero when nothing varies."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    spread = ranks.std()
    return np.asarray((ranks - ranks.mean()) / spread if spread else np.zeros(len(ranks)), dtype=np.float64)


def _shrunk_by_kind(tests: Sequence[_Test]) -> list[tuple[float, float]]:
    """Effects are alike within a kind: each kind is shrunk by its own scatter."""
    result: dict[int, tuple[float, float]] = {}
    for kind in {test.kind for test in tests}:
        places = [n for n, test in enumerate(tests) if test.kind == kind]
        chosen = [tests[n] for n in places]
        shrunk = shrink([test.effect for test in chosen], [test.variance for test in chosen])
        result |= dict(zip(places, shrunk, strict=True))
    return [result[n] for n in range(len(tests))]


def _association(test: _Test, *, effect: float, sd: float, q_value: float, tests: int) -> Association:
    bounds = (effect, effect - _Z95 * sd, effect + _Z95 * sd)
    if test.kind == "cause":
        bounds = tuple(float(np.tanh(bound)) for bound in bounds)  # type: ignore[assignment]
    estimate, low, high = map(_round, bounds)
    numbers = {"effect": _round(test.effect), "p_value": _round(test.p_value), "tests": tests}
    details = test.details | numbers | {"words": _words(test, (estimate, low, high))}
    other = test.peer.group_id if test.peer else None
    return Association(test.kind, test.subject, estimate, low, high, test.n, _round(q_value), details, other)


def _words(test: _Test, bounds: tuple[float, float, float]) -> dict[str, str]:
    others = test.details.get("n_of_others", 0)
    if test.kind == "best_time":
        return slot_words(test.details["weekday"], test.details["hour"], bounds, n=test.n, others=others)
    if test.peer is not None:
        return comparison_words(test.peer.name, bounds, n=test.n, others=others)
    return cause_words(test.subject, bounds, n=test.n, left_out=test.details["score_without"])


def _round(value: float) -> float:
    return round(float(value), 4)
