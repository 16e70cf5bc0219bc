"""The median of values of which some are known only to be larger than what was looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.stats.means import CONFIDENCE, Values


@dataclass(frozen=True)
class Middle:
    """A median; infinite where half of the values or more are beyond what was looked at."""

    n: int
    median: float
    low: float | None  # None where so few values have no 95 % interval
    high: float | None  # infinite where the interval has no upper end


def median_interval(values: Values) -> Middle:
    """The median with the interval between two order statistics, which no form of the distribution is assumed for.

    Values beyond what was looked at are infinite: all that counts is that they are larger than the others. The two
    order statistics are the innermost ones between which the median of the population lies with 95 % at least, by the
    binomial distribution of the number of values below it; five values or fewer have none.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    below, above = ordered[(n - 1) // 2], ordered[n // 2]
    median = float(above if math.isinf(above) else (below + above) / 2)
    outside = special.bdtr(np.arange(n), n, 0.5)  # P(at most k of n values below the median)
    inner = int(np.sum(outside <= (1 - CONFIDENCE) / 2))  # ordered[inner - 1] and its mirror image
    if not inner:
        return Middle(n, median, None, None)
    return Middle(n, median, float(ordered[inner - 1]), float(ordered[n - inner]))
