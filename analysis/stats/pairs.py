"""Differences paired by seed: one comparison, or thousands in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.stats.means import CONFIDENCE, Values


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
    least: float | None = None  # the smallest and the largest difference
    most: float | None = None


@dataclass(frozen=True, eq=False)
class Pairs:
    """The same for many comparisons, in arrays of one shape; NaN where a number cannot be had."""

    n: NDArray[np.int64]
    mean: Values
    sd: Values
    low: Values
    high: Values
    effect: Values
    p: Values
    least: Values
    most: Values

    def at(self, place: tuple[int, ...]) -> Paired | None:
        """One of them; None where no seed has both sides."""
        n = int(self.n[place])
        if not n:
            return None
        rest = (self.sd, self.low, self.high, self.effect, self.p, self.least, self.most)
        return Paired(n, float(self.mean[place]), *(_known(array[place]) for array in rest))


def paired(differences: Sequence[float] | Values, bound: float | None = None) -> Paired:
    """Mean of the differences of pairs, its t interval, the two-sided paired t test and the effect size."""
    found = many_pairs(np.asarray(differences, dtype=np.float64)[np.newaxis], bound).at((0,))
    if found is None:
        raise ValueError("no pairs")
    return found


def many_pairs(differences: Values, bound: float | None = None) -> Pairs:
    """For each row of differences (seeds along the last axis, NaN where a seed lacks a side) what `Paired` holds.

    The effect size is the mean difference over the standard deviation of the differences (Cohen's d_z) with Hedges's
    correction for small n. Where all differences are equal the t test has nothing to go by: the exact sign test takes
    its place. `bound` is the largest difference that is possible, 1 for accuracies: no interval reaches beyond it.
    """
    there = ~np.isnan(differences)
    n = there.sum(axis=-1)
    filled = np.where(there, differences, 0.0)
    least = np.where(there, differences, np.inf).min(axis=-1, initial=np.inf)
    most = np.where(there, differences, -np.inf).max(axis=-1, initial=-np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=-1) / n
        squares = (np.where(there, differences - mean[..., np.newaxis], 0.0) ** 2).sum(axis=-1)
        sd = np.sqrt(squares / (n - 1))
        # Differences that differ by rounding alone are equal.
        same = (n > 1) & (most - least <= 1e-12 * np.maximum(np.abs(most), np.abs(least)))
        sd = np.where(n > 1, np.where(same, 0.0, sd), np.nan)
        df = np.maximum(n - 1, 1)
        error = sd / np.sqrt(n)
        reach = special.stdtrit(df, (1 + CONFIDENCE) / 2) * error
        p = 2 * special.stdtr(df, -np.abs(mean / error))
        p = np.where(same, np.where(mean == 0, 1.0, 0.5 ** (n - 1.0)), p)
        effect = np.where((n > 2) & ~same, hedges(np.maximum(n - 1, 2)) * mean / sd, np.nan)
    low, high = mean - reach, mean + reach
    if bound is not None:
        low, high = np.maximum(low, -bound), np.minimum(high, bound)
    alone = n < 2
    return Pairs(
        n.astype(np.int64),
        mean,
        sd,
        low,
        high,
        effect,
        np.where(alone, np.nan, p),
        np.where(alone, np.nan, least),
        np.where(alone, np.nan, most),
    )


def hedges(df: float | NDArray[np.int64]) -> Values:
    """The factor that takes the upward bias of a standardised difference away; defined from 2 degrees of freedom on."""
    half = np.asarray(df, dtype=np.float64) / 2
    return np.asarray(np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / np.sqrt(half))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: p values that keep the chance of any false finding in the family below 5 %."""
    return [float(p) for p in holm_array(np.asarray(p_values, dtype=np.float64))]


def holm_array(p_values: Values) -> Values:
    """The same for an array of any shape, all of it one family; what is NaN was not tested and does not count."""
    corrected = np.full(p_values.shape, np.nan)
    tested = ~np.isnan(p_values)
    family = p_values[tested]
    order = np.argsort(family, kind="stable")
    steps = np.minimum(1.0, np.arange(len(family), 0, -1) * family[order])
    values = np.empty(len(family))
    values[order] = np.maximum.accumulate(steps) if len(steps) else steps
    corrected[tested] = values
    return corrected


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
