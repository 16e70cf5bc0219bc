"""Every two methods of a problem against each other, paired by seed, and which of them leads at a level."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis import stats
from analysis.cube import Cube
from analysis.stats import SIGNIFICANT, Paired, Pairs, Values

ALIKE = 0.001  # measured sparsities of a pair differ by less, as in the view `duels`


@dataclass(frozen=True, eq=False)
class Duels:
    """All pairs of methods at all levels; one family for Holm's correction."""

    cube: Cube
    places: tuple[tuple[int, int], ...]  # the rows of the two methods in the cube
    differences: Values  # [pair, level, seed]: of the headline, first minus second
    tested: Pairs  # [pair, level]
    p_holm: Values  # [pair, level]

    def names(self, pair: int) -> tuple[str, str]:
        """The labels of a pair."""
        first, second = self.places[pair]
        return self.cube.methods[first], self.cube.methods[second]

    def ahead(self, pair: int) -> Values:
        """For each level +1 where the test shows the first method to be better, -1 for the second, else 0."""
        shown = np.nan_to_num(self.p_holm[pair], nan=1.0) < SIGNIFICANT
        return np.where(shown, np.sign(self.cube.metric.sign * self.tested.mean[pair]), 0.0)

    @property
    def tests(self) -> int:
        """How many the correction is over."""
        return int(np.sum(~np.isnan(self.p_holm)))


def duels(cube: Cube) -> Duels:
    """Pairs of methods that prune, where their measured sparsities are alike."""
    places = tuple(combinations(cube.pruned, 2))
    first, second = (np.array([place[side] for place in places], dtype=np.int64) for side in (0, 1))
    differences = cube.values[first] - cube.values[second]
    differences[np.abs(cube.sparsity[first] - cube.sparsity[second]) >= ALIKE] = np.nan
    tested = stats.many_pairs(differences, cube.bound)
    return Duels(cube, places, differences, tested, stats.holm_array(tested.p))


@dataclass(frozen=True)
class Leader:
    """The method with the best mean of a level, and what the tests say of its lead."""

    row: int
    rivals: tuple[int, ...]  # the others, the best first
    leads: tuple[Paired | None, ...]  # over each of them, in the unit of the metric; None without a seed in common
    p_holm: tuple[float, ...]  # corrected over all pairs of the level; 1 where there was nothing to test

    @property
    def told_from_all(self) -> bool:
        """Whether the test tells it from every other."""
        return max(self.p_holm) < SIGNIFICANT

    @property
    def not_told_from(self) -> tuple[int, ...]:
        """Those from which no test tells it."""
        return tuple(row for row, p in zip(self.rivals, self.p_holm, strict=True) if p >= SIGNIFICANT)


def leading(cube: Cube, column: int) -> Leader | None:
    """Who leads at a level (a column of the cube); None where fewer than two methods have a result."""
    values = cube.values[:, column]
    there = [row for row in range(len(values)) if not np.isnan(values[row]).all()]
    if len(there) < 2:
        return None
    means = {row: cube.metric.sign * float(np.nanmean(values[row])) for row in there}
    order = sorted(there, key=lambda row: -means[row])
    pairs = list(combinations(order, 2))
    first, second = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    tested = stats.many_pairs(values[first] - values[second], cube.bound)
    corrected = stats.holm_array(np.nan_to_num(tested.p, nan=1.0))
    own = len(order) - 1  # the pairs of the leader come first
    return Leader(
        row=order[0],
        rivals=tuple(order[1:]),
        leads=tuple(tested.at((number,)) for number in range(own)),
        p_holm=tuple(float(p) for p in corrected[:own]),
    )
