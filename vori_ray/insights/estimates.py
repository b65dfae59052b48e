"""Means with their intervals. PURE: the standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import fmean, variance

# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom (any table); beyond that it is nearly normal.
_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
Z_95 = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of `n` values in 0..1 with its 95 % interval; one value alone has no interval."""

    mean: float
    low: float | None
    high: float | None
    n: int


def t_95(freedom: float) -> float:
    """The two-sided 95 % quantile of Student's t; the next lower whole number of degrees of freedom counts."""
    return _T_95[int(freedom) - 1] if freedom <= len(_T_95) else Z_95


def estimate_share(values: Sequence[float]) -> Estimate | None:
    """The mean of values in 0..1; None without any. The interval is cut to 0..1."""
    if not values:
        return None
    mean = fmean(values)
    if len(values) == 1:
        return Estimate(mean, None, None, 1)
    half = t_95(len(values) - 1) * sqrt(variance(values) / len(values))
    return Estimate(mean, max(0.0, mean - half), min(1.0, mean + half), len(values))


def is_different(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether two means differ by Welch's test at 5 %; False where either has fewer than two values."""
    if min(len(first), len(second)) < 2:
        return False
    errors = [variance(values) / len(values) for values in (first, second)]
    if sum(errors) == 0:
        return fmean(first) != fmean(second)
    parts = sum(error**2 / (len(values) - 1) for error, values in zip(errors, (first, second), strict=True))
    freedom = max(1.0, sum(errors) ** 2 / parts)
    return abs(fmean(first) - fmean(second)) > t_95(freedom) * sqrt(sum(errors))


def balance(amounts: Sequence[float]) -> float | None:
    """How evenly an amount is shared: 1 is equal shares, near 0 is all by one; None for fewer than two sharers.

    Shannon's entropy of the shares over its largest possible value (Pielou's evenness).
    """
    total = sum(amounts)
    if len(amounts) < 2 or total <= 0:
        return None
    shares = [amount / total for amount in amounts if amount > 0]
    return -sum(share * log(share) for share in shares) / log(len(amounts))
