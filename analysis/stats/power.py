"""What a paired t test can see: power, the smallest difference it would show, seeds needed, and equivalence.

All is exact: the power of a t test is a tail of the non-central t distribution, nothing here is a normal approximation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from analysis.stats.means import CONFIDENCE, SIGNIFICANT, Values

POWER = 0.8
MOST_SEEDS = 100_000  # more is told as more
_HALVINGS = 60  # of a search: to the last digit
_FAR = 1e3  # a difference of so many standard errors is always shown


def power_of_test(difference: ArrayLike, sd: ArrayLike, n: ArrayLike, alpha: ArrayLike = SIGNIFICANT) -> Values:
    """How often a two-sided paired t test at `alpha` shows a true mean difference, given the sd of the differences.

    NaN for a single pair, and where both the difference and the sd are zero.
    """
    pairs = np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.abs(np.asarray(difference, dtype=np.float64)) / np.asarray(sd, dtype=np.float64) * np.sqrt(pairs)
    return _power(shift, np.where(pairs > 1, pairs - 1, np.nan), np.asarray(alpha, dtype=np.float64))


def detectable(sd: ArrayLike, n: ArrayLike, power: float = POWER, alpha: float = SIGNIFICANT) -> Values:
    """The smallest true difference that the test shows with this power; NaN where one pair alone is there."""
    pairs = np.asarray(n, dtype=np.int64)
    shifts = np.array([_shift(int(one), power, alpha) for one in pairs.ravel()]).reshape(pairs.shape)
    return np.asarray(shifts * np.asarray(sd, dtype=np.float64) / np.sqrt(np.maximum(pairs, 1)))


def seeds_needed(difference: ArrayLike, sd: ArrayLike, power: float = POWER, alpha: ArrayLike = SIGNIFICANT) -> Values:
    """The fewest pairs with which the test shows a true difference with this power; infinite above MOST_SEEDS."""
    wanted, spread, level = np.broadcast_arrays(
        np.asarray(difference, dtype=np.float64),
        np.asarray(sd, dtype=np.float64),
        np.asarray(alpha, dtype=np.float64),
    )
    low = np.full(wanted.shape, 2)
    high = np.full(wanted.shape, MOST_SEEDS)
    enough = power_of_test(wanted, spread, high, level) >= power
    while np.any(low < high):
        middle = (low + high) // 2
        there = power_of_test(wanted, spread, middle, level) >= power
        high = np.where(there, middle, high)
        low = np.where(there, low, np.minimum(middle + 1, high))
    return np.where(np.isnan(spread), np.nan, np.where(enough, high, np.inf))


def sd_interval(sd: ArrayLike, n: ArrayLike, confidence: float = CONFIDENCE) -> tuple[Values, Values]:
    """The chi-squared interval of a standard deviation of normal differences; NaN for a single pair."""
    spread, pairs = np.asarray(sd, dtype=np.float64), np.asarray(n, dtype=np.float64)
    df = np.where(pairs > 1, pairs - 1, np.nan)
    outside = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = spread * np.sqrt(df / special.chdtri(df, outside))
        high = spread * np.sqrt(df / special.chdtri(df, 1 - outside))
    return low, high


def equivalence(mean: ArrayLike, sd: ArrayLike, n: ArrayLike, margin: float) -> Values:
    """p of two one-sided t tests (TOST): small where the mean difference is shown to be within the margin."""
    centre, error, df = _errors(mean, sd, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = special.stdtr(df, -(centre + margin) / error)
        below = special.stdtr(df, (centre - margin) / error)
    return np.asarray(np.maximum(above, below))


def indistinct(mean: ArrayLike, sd: ArrayLike, n: ArrayLike) -> Values:
    """The margin within which two one-sided tests at 5 % show equivalence: the farther end of the 90 % interval.

    NaN for a single pair, and where all differences are equal, whose spread is not known.
    """
    centre, error, df = _errors(mean, sd, n)
    with np.errstate(invalid="ignore"):
        reach = special.stdtrit(df, 1 - SIGNIFICANT) * error
    return np.where(error > 0, np.abs(centre) + reach, np.nan)


def _errors(mean: ArrayLike, sd: ArrayLike, n: ArrayLike) -> tuple[Values, Values, Values]:
    pairs = np.asarray(n, dtype=np.float64)
    df = np.where(pairs > 1, pairs - 1, np.nan)
    error = np.asarray(sd, dtype=np.float64) / np.sqrt(np.maximum(pairs, 1))
    return np.asarray(mean, dtype=np.float64), error, df


def _power(shift: Values, df: Values, alpha: Values) -> Values:
    """Both tails of the non-central t beyond the critical values."""
    limit = special.stdtrit(df, 1 - alpha / 2)
    sure = shift > _FAR
    moderate = np.where(sure, 0.0, shift)
    # Where a tail is less than a float can hold, SciPy gives NaN for it.
    missed = np.nan_to_num(special.nctdtr(df, moderate, limit))
    other_side = np.nan_to_num(special.nctdtr(df, moderate, -limit))
    shown = np.where(sure, 1.0, np.clip(1 - missed + other_side, 0.0, 1.0))
    return np.where(np.isnan(shift + df), np.nan, shown)


@lru_cache(maxsize=4096)
def _shift(n: int, power: float, alpha: float) -> float:
    """The non-centrality with which the test has this power."""
    if n < 2:
        return float("nan")
    low, high = 0.0, _FAR
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        reached = float(_power(np.asarray(middle), np.asarray(n - 1.0), np.asarray(alpha)))
        low, high = (low, middle) if reached >= power else (middle, high)
    return high
