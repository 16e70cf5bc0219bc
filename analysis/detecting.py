"""What the stored pairs could have shown: the smallest difference seen, and the seeds that a given one would take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import stats
from analysis.cube import Cube
from analysis.plan import PROBLEM
from analysis.stats import POWER, SIGNIFICANT


@dataclass(frozen=True)
class Sight:
    """What the comparison of one cell with its baseline can see, in the unit of the metric."""

    method: str
    level: int
    target_sparsity: float
    n: int  # pairs
    sd: float  # of the differences
    detectable: float  # shown with the power asked for, by a test alone at 5 %
    detectable_low: float  # the same with the ends of the 95 % interval of the sd
    detectable_high: float
    detectable_here: float  # shown also where Holm's correction is over all tests of the table
    within: float  # two one-sided tests at 5 % show the difference to be smaller than this


@dataclass(frozen=True)
class Need:
    """The seeds that one cell's comparison takes to show a difference."""

    method: str
    level: int
    target_sparsity: float
    n: int  # pairs that there are
    sd: float
    power_now: float  # of these pairs for the difference, by a test alone at 5 %
    seeds: int | None  # needed in all; None above stats.power.MOST_SEEDS
    seeds_low: int | None  # the same with the ends of the 95 % interval of the sd
    seeds_high: int | None
    seeds_here: int | None  # where Holm's correction is over all tests of the table
    seconds: float | None  # for the seeds that are lacking, of the method and of what it is compared with


def sights(cube: Cube, power: float = POWER) -> tuple[Sight, ...]:
    """For every cell with two pairs or more that are not all equal: of equal ones the spread is not known."""
    tested = cube.differences
    rows, columns = np.nonzero(tested.sd > 0)
    if not len(rows):
        return ()
    n, sd, mean = tested.n[rows, columns], tested.sd[rows, columns], tested.mean[rows, columns]
    sd_low, sd_high = stats.sd_interval(sd, n)
    strict = SIGNIFICANT / int(np.sum(~np.isnan(tested.p)))
    alone, lowest, highest = (stats.detectable(spread, n, power) for spread in (sd, sd_low, sd_high))
    here = stats.detectable(sd, n, power, strict)
    within = stats.indistinct(mean, sd, n)
    return tuple(
        Sight(
            method=cube.methods[row],
            level=cube.levels[column],
            target_sparsity=cube.targets[column],
            n=int(n[place]),
            sd=float(sd[place]),
            detectable=float(alone[place]),
            detectable_low=float(lowest[place]),
            detectable_high=float(highest[place]),
            detectable_here=float(here[place]),
            within=float(within[place]),
        )
        for place, (row, column) in enumerate(zip(rows, columns, strict=True))
    )


def needs(cube: Cube, runs: pd.DataFrame, difference: float, power: float = POWER) -> tuple[Need, ...]:
    """For the same cells; `difference` in the unit of the database, `runs` for their seconds."""
    tested = cube.differences
    rows, columns = np.nonzero(tested.sd > 0)
    if not len(rows):
        return ()
    n, sd = tested.n[rows, columns], tested.sd[rows, columns]
    sd_low, sd_high = stats.sd_interval(sd, n)
    strict = SIGNIFICANT / int(np.sum(~np.isnan(tested.p)))
    wanted, lowest, highest = (stats.seeds_needed(difference, spread, power) for spread in (sd, sd_low, sd_high))
    here = stats.seeds_needed(difference, sd, power, strict)
    now = stats.power_of_test(difference, sd, n)
    seconds = _seconds(cube, runs)
    found = []
    for place, (row, column) in enumerate(zip(rows, columns, strict=True)):
        seeds = _whole(wanted[place])
        a_seed = seconds[row, column]
        more = None if seeds is None or np.isnan(a_seed) else max(0, seeds - int(n[place])) * float(a_seed)
        found.append(
            Need(
                method=cube.methods[row],
                level=cube.levels[column],
                target_sparsity=cube.targets[column],
                n=int(n[place]),
                sd=float(sd[place]),
                power_now=float(now[place]),
                seeds=seeds,
                seeds_low=_whole(lowest[place]),
                seeds_high=_whole(highest[place]),
                seeds_here=_whole(here[place]),
                seconds=more,
            )
        )
    return tuple(found)


def unseen(cube: Cube) -> int:
    """Cells with two pairs or more that are all equal, as on a coarse test set: nothing tells how they spread."""
    return int(np.sum(cube.differences.sd == 0))


def seconds_a_seed(cube: Cube, runs: pd.DataFrame) -> float | None:
    """What one more seed of all cells would take by the seconds that are stored; None where none are."""
    own = _own(cube, runs).groupby(["method", "level"])["seconds"].mean().dropna()
    return float(own.sum()) if len(own) else None


def _own(cube: Cube, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of a cube."""
    return runs[np.logical_and.reduce([runs[name] == cube.place[name] for name in (*PROBLEM, "environment")])]


def _seconds(cube: Cube, runs: pd.DataFrame) -> stats.Values:
    """[method, level]: what a seed of a cell and of its baseline took on average; NaN where that was not stored."""
    means = _own(cube, runs).groupby(["method", "level"])["seconds"].mean()
    found = np.full(cube.planned.shape, np.nan)
    for method, level, value in means.reset_index().itertuples(index=False, name=None):
        if method in cube.methods and level in cube.levels:
            found[cube.methods.index(method), cube.levels.index(level)] = value
    if cube.against is None:
        return found
    baseline = found[cube.methods.index(cube.against)]
    alone = [level for level, value in zip(cube.levels, baseline, strict=True) if not np.isnan(value)] == [0]
    return np.asarray(found + (baseline[cube.levels.index(0)] if alone else baseline))


def _whole(seeds: float) -> int | None:
    return int(seeds) if np.isfinite(seeds) else None
