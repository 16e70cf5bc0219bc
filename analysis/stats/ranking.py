"""Average ranks of methods over blocks, and which of them a test tells apart (Demšar 2006)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from scipy import special

from analysis.stats.means import CONFIDENCE, SIGNIFICANT, Values
from analysis.stats.pairs import holm_array


@dataclass(frozen=True)
class Wilcoxon:
    """Two methods by the signed-rank test over the blocks; `first` has the better average rank."""

    first: str
    second: str
    p: float
    p_holm: float  # corrected over all pairs


@dataclass(frozen=True)
class Ranks:
    """What a critical-difference diagram shows: the methods from the best average rank on."""

    methods: tuple[str, ...]
    ranks: tuple[float, ...]  # average over the blocks; 1 is best, ties share
    blocks: int
    p: float | None  # of Friedman's test that all methods are alike, in Iman and Davenport's form; from 3 methods on
    critical: float  # Nemenyi: average ranks that differ by more are told apart at 5 %
    groups: tuple[tuple[str, ...], ...]  # the largest sets that Nemenyi's test does not tell apart, two or more methods
    pairs: tuple[Wilcoxon, ...]
    cliques: tuple[tuple[str, ...], ...]  # the same by the signed-rank tests, Holm-corrected

    @property
    def letters(self) -> tuple[str, ...]:
        """For each method the letters of its groups: methods without a common letter are told apart by Nemenyi."""
        alone = [(method,) for method in self.methods if not any(method in group for group in self.groups)]
        groups = sorted([*self.groups, *alone], key=lambda group: self.methods.index(group[0]))
        return tuple(
            "".join(chr(ord("a") + number % 26) for number, group in enumerate(groups) if method in group)
            for method in self.methods
        )


def rank_methods(methods: Sequence[str], scores: Values) -> Ranks:
    """Ranks of methods (rows) in blocks (columns), of which each has a score of every method; more is better.

    Blocks have to be independent of each other: data sets with networks, or the seeds of one problem.
    """
    from scipy import stats

    count, blocks = scores.shape
    if count < 2 or blocks < 2 or np.isnan(scores).any():
        raise ValueError("ranks need two methods and two blocks, and a score of every method in every block")
    ranked = stats.rankdata(-scores, axis=0)
    average = ranked.mean(axis=1)
    order = sorted(range(count), key=lambda row: (average[row], row))
    names = tuple(methods[row] for row in order)
    means = tuple(float(average[row]) for row in order)
    critical = critical_difference(count, blocks)
    pairs = _wilcoxon(names, scores[order])
    apart = {frozenset((one.first, one.second)) for one in pairs if one.p_holm < SIGNIFICANT}
    return Ranks(
        methods=names,
        ranks=means,
        blocks=blocks,
        p=_friedman(scores) if count > 2 else None,
        critical=critical,
        groups=_spans(names, means, critical),
        pairs=pairs,
        cliques=_cliques(names, lambda one, other: frozenset((one, other)) not in apart),
    )


@lru_cache(maxsize=256)
def critical_difference(methods: int, blocks: int) -> float:
    """Nemenyi's critical difference of average ranks at 5 %."""
    return _studentized_range(methods) * math.sqrt(methods * (methods + 1) / (12 * blocks))


@lru_cache(maxsize=64)
def _studentized_range(methods: int) -> float:
    """The quantile of the range of so many standard normal values."""
    from scipy import stats

    return float(stats.studentized_range.ppf(CONFIDENCE, methods, np.inf))


def _friedman(scores: Values) -> float:
    """Friedman's chi-squared, and of it the F of Iman and Davenport, which few blocks mislead less."""
    from scipy import stats

    count, blocks = scores.shape
    with np.errstate(invalid="ignore"):
        statistic = float(stats.friedmanchisquare(*scores).statistic)
    if np.isnan(statistic):
        return 1.0  # all methods are equal in all blocks
    rest = blocks * (count - 1) - statistic
    f = (blocks - 1) * statistic / max(rest, 1e-9)
    # The same order in all blocks is the rarest of all outcomes, and this is how rare it is.
    rarest = math.exp(-(blocks - 1) * math.lgamma(count + 1))
    return max(rarest, float(special.fdtrc(count - 1, (count - 1) * (blocks - 1), f)))


def _wilcoxon(names: Sequence[str], scores: Values) -> tuple[Wilcoxon, ...]:
    from scipy import stats

    places = list(combinations(range(len(names)), 2))
    differences = np.array([scores[first] - scores[second] for first, second in places])
    p_values = np.ones(len(places))
    # Without ties and zeros the p value is exact, and one call serves all such pairs; the others have one each.
    plain = np.array([len(np.unique(np.abs(row))) == len(row) and bool(np.all(row)) for row in differences])
    if plain.any():
        p_values[plain] = stats.wilcoxon(differences[plain], axis=1).pvalue
    for number in np.flatnonzero(~plain):
        if np.any(differences[number]):
            p_values[number] = _signed_rank(tuple(differences[number]))
    corrected = holm_array(p_values)
    return tuple(
        Wilcoxon(names[first], names[second], float(p), float(whole))
        for (first, second), p, whole in zip(places, p_values, corrected, strict=True)
    )


@lru_cache(maxsize=4096)
def _signed_rank(differences: tuple[float, ...]) -> float:
    """The p value of one pair; with ties it takes thousands of permutations, and it is asked for more than once."""
    from scipy import stats

    return float(stats.wilcoxon(differences).pvalue)


def _spans(names: Sequence[str], means: Sequence[float], critical: float) -> tuple[tuple[str, ...], ...]:
    """The longest stretches of the order whose ends differ by no more than the critical difference."""
    found: list[tuple[int, int]] = []
    for start in range(len(names)):
        stop = max(at for at in range(start, len(names)) if means[at] - means[start] <= critical)
        if stop > start and not (found and stop <= found[-1][1]):
            found.append((start, stop))
    return tuple(tuple(names[start : stop + 1]) for start, stop in found)


def _cliques(names: Sequence[str], alike: Callable[[str, str], bool]) -> tuple[tuple[str, ...], ...]:
    """The largest sets of methods of which no two are told apart (Bron and Kerbosch)."""
    place = {name: number for number, name in enumerate(names)}
    near = {one: {other for other in names if other != one and alike(one, other)} for one in names}
    found: list[tuple[str, ...]] = []

    def grow(chosen: tuple[str, ...], candidates: set[str], done: set[str]) -> None:
        if not candidates and not done:
            if len(chosen) > 1:
                found.append(tuple(sorted(chosen, key=place.__getitem__)))
            return
        pivot = max(candidates | done, key=lambda name: (len(near[name] & candidates), -place[name]))
        for name in sorted(candidates - near[pivot], key=place.__getitem__):
            grow((*chosen, name), candidates & near[name], done & near[name])
            candidates = candidates - {name}
            done = done | {name}

    grow((), set(names), set())
    return tuple(sorted(found, key=lambda group: [place[name] for name in group]))
