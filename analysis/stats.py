"""The statistics: intervals of means, paired differences with effect size, Holm's correction.

What they assume, and what is done where it does not hold, is said with each function; the report repeats it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special  # and not scipy.stats, whose import alone takes longer than a table

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
    interval: str | None  # "t", or "t and Wilson" where the size of a small test set widened it


@dataclass(frozen=True)
class Paired:
    """A mean difference over seeds that both sides have."""

    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None
    effect: float | None  # standardised mean difference, corrected for small n; needs three pairs that differ
    p: float | None


@lru_cache(maxsize=4096)
def t_quantile(df: int) -> float:
    """How many standard errors a two-sided 95 % interval reaches."""
    return float(special.stdtrit(df, (1 + CONFIDENCE) / 2))


def mean_interval(values: Sequence[float] | Values) -> Mean:
    """Mean and Student's t interval over runs that are independent given what they share."""
    array = np.asarray(values, dtype=np.float64)
    n = len(array)
    mean = float(array.mean())
    if n < 2:
        return Mean(n, mean, None, None, None, None)
    sd = _deviation(array)
    reach = t_quantile(n - 1) * sd / math.sqrt(n)
    return Mean(n, mean, sd, mean - reach, mean + reach, "t")


def accuracy_interval(values: Sequence[float] | Values, test_count: int | None) -> Mean:
    """Mean accuracy with an interval that knows how many test samples stand behind it.

    On a small test set, accuracies move in coarse steps and often agree by chance, at 100 % above all: the t interval
    is then too short, of no length even, and may pass 100 %. Each end is the wider one of two: the t interval over
    runs, and Wilson's interval of a binomial proportion for all n x test_count answers; both within 0 and 1.
    """
    plain = mean_interval(values)
    if plain.low is None or plain.high is None:
        return plain
    low, high = max(0.0, plain.low), min(1.0, plain.high)
    if test_count is None or test_count >= SMALL_TEST_SET:
        return Mean(plain.n, plain.mean, plain.sd, low, high, "t")
    wilson_low, wilson_high = wilson(plain.mean, plain.n * test_count)
    widened = wilson_low < low or wilson_high > high
    interval = "t and Wilson" if widened else "t"
    return Mean(plain.n, plain.mean, plain.sd, min(low, wilson_low), max(high, wilson_high), interval)


def wilson(share: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a binomial proportion."""
    z = _NORMAL_QUANTILE
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - reach), min(1.0, centre + reach)


def paired(differences: Sequence[float] | Values) -> Paired:
    """Mean of the differences of pairs, its t interval, the two-sided paired t test and the effect size.

    The effect size is the mean difference over the standard deviation of the differences (Cohen's d_z) with Hedges's
    correction for small n. Where all differences are equal the t test has nothing to go by: the exact sign test
    takes its place.
    """
    array = np.asarray(differences, dtype=np.float64)
    plain = mean_interval(array)
    if plain.sd is None:
        return Paired(plain.n, plain.mean, None, None, None, None, None)
    if plain.sd == 0:
        p = 1.0 if plain.mean == 0 else 0.5 ** (plain.n - 1)
        return Paired(plain.n, plain.mean, 0.0, plain.low, plain.high, None, p)
    df = plain.n - 1
    statistic = plain.mean / (plain.sd / math.sqrt(plain.n))
    p = float(2 * special.stdtr(df, -abs(statistic)))
    effect = hedges(df) * plain.mean / plain.sd if df >= 2 else None
    return Paired(plain.n, plain.mean, plain.sd, plain.low, plain.high, effect, p)


@lru_cache(maxsize=4096)
def hedges(df: int) -> float:
    """The factor that takes the upward bias of a standardised difference away; defined from 2 degrees of freedom on."""
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: p values that keep the chance of any false finding in the family below 5 %."""
    count = len(p_values)
    corrected = [0.0] * count
    largest = 0.0
    for rank, index in enumerate(sorted(range(count), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def _deviation(array: Values) -> float:
    """The standard deviation; exactly zero where the values differ by rounding alone."""
    spread = float(np.ptp(array))
    return 0.0 if spread <= 1e-12 * float(np.abs(array).max()) else float(array.std(ddof=1))
