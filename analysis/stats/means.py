"""Means over seeds and their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
SMALL_TEST_SET = 1000  # below it, the share of right answers is so coarse that an interval has to know the set's size

Values = NDArray[np.float64]
_NORMAL_QUANTILE = float(special.ndtri((1 + CONFIDENCE) / 2))


@dataclass(frozen=True)
class Mean:
    """A mean over seeds. A single run has no spread and so no interval."""

    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None
    interval: str | None  # "t" or "BCa"; "t and Wilson" where the size of a small test set widened it
    least: float | None = None  # the smallest and the largest value: what two runs have to say for themselves
    most: float | None = None


@lru_cache(maxsize=4096)
def t_quantile(df: int, confidence: float = CONFIDENCE) -> float:
    """How many standard errors a two-sided interval reaches."""
    return float(special.stdtrit(df, (1 + confidence) / 2))


def mean_interval(values: Sequence[float] | Values) -> Mean:
    """Mean and Student's t interval over runs that are independent given what they share."""
    array = np.asarray(values, dtype=np.float64)
    n = len(array)
    mean = float(array.mean())
    if n < 2:
        return Mean(n, mean, None, None, None, None)
    sd = _deviation(array)
    reach = t_quantile(n - 1) * sd / math.sqrt(n)
    return Mean(n, mean, sd, mean - reach, mean + reach, "t", float(array.min()), float(array.max()))


def accuracy_interval(values: Sequence[float] | Values, test_count: int | None) -> Mean:
    """Mean accuracy with an interval that knows how many test samples stand behind it.

    On a small test set, accuracies move in coarse steps and often agree by chance, at 100 % above all: the t interval
    is then too short, of no length even, and may pass 100 %. Each end is the wider one of two: the t interval over
    runs, and Wilson's interval of a binomial proportion for all n x test_count answers; both within 0 and 1.
    """
    return share_interval(mean_interval(values), test_count)


def share_interval(plain: Mean, test_count: int | None) -> Mean:
    """The same from a mean of accuracies that has an interval already."""
    if plain.low is None or plain.high is None:
        return plain
    low, high, interval = max(0.0, plain.low), min(1.0, plain.high), plain.interval
    if test_count is not None and test_count < SMALL_TEST_SET:
        wilson_low, wilson_high = wilson(plain.mean, plain.n * test_count)
        if wilson_low < low or wilson_high > high:
            low, high, interval = min(low, wilson_low), max(high, wilson_high), f"{interval} and Wilson"
    return Mean(plain.n, plain.mean, plain.sd, low, high, interval, plain.least, plain.most)


def wilson(share: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a binomial proportion."""
    z = _NORMAL_QUANTILE
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _deviation(array: Values) -> float:
    """The standard deviation; exactly zero where the values differ by rounding alone."""
    spread = float(np.ptp(array))
    return 0.0 if spread <= 1e-12 * float(np.abs(array).max()) else float(array.std(ddof=1))
