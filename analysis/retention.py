"""How far each method prunes before it has lost a given share of what its own dense network could do, seed by seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis import stats
from analysis.cube import Cube
from analysis.stats import Values

GIVEN_UP = (0.01, 0.02, 0.05)  # of the dense accuracy
GIVEN_UP_OF_LOSS = (0.05, 0.1, 0.2)  # what a loss may rise by


@dataclass(frozen=True)
class Kept:
    """Up to which sparsity a method loses no more than a share of what its dense network of the same seed can do.

    Each seed's curve goes straight from level to level, across the logarithm of the share of weights that are left,
    and begins at the dense network. It counts up to where it first falls below; one that does not is censored.
    """

    method: str
    given_up: float  # share of the dense accuracy that may be lost, or by which the dense loss may rise
    n: int  # seeds that have the dense network and all levels of the method
    incomplete: int  # seeds that lack some, and so do not count
    sparsity: float | None  # None where half of the seeds or more are censored
    low: float | None  # of the 95 % interval
    high: float | None  # None with a `low` where the interval has no upper end among the levels
    censored: int  # seeds that lost no more up to the last level
    early: int  # seeds that lost more already at the first level
    first: float  # sparsity of the first level
    last: float  # sparsity of the last level
    how: str  # "t", "order statistics", or "" where there is no interval
    least: float | None = None  # the smallest and the largest of the seeds that lost their share
    most: float | None = None


def shares(cube: Cube) -> tuple[float, ...]:
    """What is usually asked for, by the kind of metric."""
    return GIVEN_UP_OF_LOSS if cube.metric.lower_is_better else GIVEN_UP


def retention(cube: Cube, given_up: float) -> tuple[Kept, ...]:
    """For every method that prunes and has a level; empty where no dense network has a result."""
    dense = _dense(cube)
    if dense is None:
        return ()
    found = []
    for row in cube.pruned:
        columns = [
            column
            for column, level in enumerate(cube.levels)
            if level > 0 and cube.targets[column] < 1 and not np.isnan(cube.values[row, column]).all()
        ]
        if columns:
            found.append(_kept(cube, row, columns, dense, given_up))
    return tuple(found)


def _dense(cube: Cube) -> Values | None:
    """By seed, the dense network: the method that prunes nothing and stands at level 0."""
    if 0 not in cube.levels:
        return None
    column = cube.levels.index(0)
    for row, method in enumerate(cube.methods):
        if method in cube.dense and not np.isnan(cube.values[row, column]).all():
            return np.asarray(cube.values[row, column])
    return None


def _kept(cube: Cube, row: int, columns: list[int], dense: Values, given_up: float) -> Kept:
    curves = cube.values[row, columns]
    started = ~np.isnan(curves).all(axis=0)
    whole = ~np.isnan(curves).any(axis=0) & ~np.isnan(dense)
    targets = np.array(cube.targets)[columns]
    places = halvings(_measured(cube.sparsity[row, columns][:, whole], targets))
    limit = dense[whole] * (1 + given_up if cube.metric.lower_is_better else 1 - given_up)
    reached = crossings(
        places, cube.metric.sign * curves[:, whole], cube.metric.sign * limit, cube.metric.sign * dense[whole]
    )
    sparsity, low, high, how = _middle(reached)
    fallen = reached[np.isfinite(reached)]
    return Kept(
        method=cube.methods[row],
        given_up=given_up,
        n=len(reached),
        incomplete=int((started & ~whole).sum()),
        sparsity=sparsity,
        low=low,
        high=high,
        censored=int(np.isinf(reached).sum()),
        early=int((reached < places[0]).sum()),
        first=float(targets[0]),
        last=float(targets[-1]),
        how=how,
        least=_sparsity(float(fallen.min())) if len(fallen) else None,
        most=_sparsity(float(fallen.max())) if len(fallen) else None,
    )


def _middle(reached: Values) -> tuple[float | None, float | None, float | None, str]:
    """A sparsity with its interval from the places that seeds reached, and how the interval was made.

    Where all seeds lost their share, the mean and its t interval over halvings, in which ladders are even. Where some
    never did, a mean cannot be had: the median, with an interval between two order statistics.
    """
    if not len(reached):
        return None, None, None, ""
    if np.isinf(reached).any():
        middle = stats.median_interval(reached)
        how = "" if middle.low is None else "order statistics"
        return _sparsity(middle.median), _sparsity(middle.low), _sparsity(middle.high), how
    mean = stats.mean_interval(reached)
    low = None if mean.low is None else max(0.0, mean.low)
    return _sparsity(mean.mean), _sparsity(low), _sparsity(mean.high), mean.interval or ""


def halvings(sparsity: Values) -> Values:
    """How often the weights were halved: 1 at 50 %, 2 at 75 %."""
    return np.asarray(-np.log2(1 - sparsity))


def crossings(places: Values, curves: Values, limits: Values, starts: Values) -> Values:
    """Where each curve first falls below its limit, from a start at place 0; infinite where it does not.

    `places` and `curves` are [level, seed]; more is better.
    """
    across = np.vstack([np.zeros((1, curves.shape[1])), places])
    up = np.vstack([starts[np.newaxis], curves])
    below = up < limits
    first = below.argmax(axis=0)
    fallen = below.any(axis=0)
    seeds = np.arange(curves.shape[1])
    before = np.maximum(first - 1, 0)
    left, right = up[before, seeds], up[first, seeds]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(left > right, (left - limits) / (left - right), 0.0)
    found = across[before, seeds] + share * (across[first, seeds] - across[before, seeds])
    return np.where(fallen, found, np.inf)


def _measured(sparsity: Values, targets: Values) -> Values:
    """The counted sparsity of each run; what was asked for where none was counted or the counts do not rise."""
    asked = np.broadcast_to(targets[:, np.newaxis], sparsity.shape)
    good = (sparsity > 0).all(axis=0) & (sparsity < 1).all(axis=0) & (np.diff(sparsity, axis=0) > 0).all(axis=0)
    return np.where(good, sparsity, asked)


def _sparsity(place: float | None) -> float | None:
    """Back from halvings; None for what is beyond the last level."""
    return None if place is None or math.isinf(place) else 1 - 2.0**-place
