"""The area under the curve of accuracy against sparsity, seed by seed: one number for a whole ladder of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis import stats
from analysis.cube import Cube
from analysis.stats import Mean, Paired, Values

# Along which axis levels weigh: by halvings of the weights that are left, as ladders are made, or by sparsity itself.
Axis = Literal["halvings", "sparsity"]
HALVINGS: Axis = "halvings"


@dataclass(frozen=True)
class Span:
    """The levels over which methods can be compared, and the methods that have all of them."""

    columns: tuple[int, ...]  # of the cube
    low: float  # the sparsities asked for at the first and the last of them
    high: float
    rows: tuple[int, ...]  # of the cube
    left_out: tuple[str, ...]  # methods that lack one of the levels


@dataclass(frozen=True)
class Area:
    """A method's mean over the span, the trapezoidal area divided by its width, in the unit of the metric."""

    method: str
    summary: Mean  # over seeds that have all levels of the span
    difference: Paired | None  # to what is compared with, over the same span, paired by seed
    p_holm: float | None  # corrected over the methods


@dataclass(frozen=True)
class Areas:
    """The areas of a problem, all over the same span."""

    cube: Cube
    span: Span
    axis: Axis
    areas: tuple[Area, ...]


def span_of(cube: Cube) -> Span | None:
    """The levels that most methods have, and more where all of those methods have them; None below two levels.

    A method that was run at a few levels only would otherwise narrow the comparison of all others; it is left out
    and named.
    """
    there = cube.measured
    rows = [row for row in cube.pruned if there[row].any()]
    levels = np.array(cube.levels) > 0
    usual = levels & (there[rows].sum(axis=0) > len(rows) / 2)
    kept = [row for row in rows if there[row][usual].all()] if usual.any() else []
    common = levels & there[kept].all(axis=0) if kept else usual
    columns = [int(column) for column in np.flatnonzero(common) if cube.targets[column] < 1]
    if len(columns) < 2:
        return None
    left_out = tuple(cube.methods[row] for row in rows if row not in kept)
    return Span(tuple(columns), cube.targets[columns[0]], cube.targets[columns[-1]], tuple(kept), left_out)


def weights(targets: Values, axis: Axis) -> Values:
    """What each level counts in the trapezoidal area over its axis, divided by the width."""
    place = -np.log2(1 - targets) if axis == HALVINGS else targets
    steps = np.diff(place)
    sizes: Values = np.zeros(len(targets))
    sizes[:-1] += steps / 2
    sizes[1:] += steps / 2
    return np.asarray(sizes / steps.sum())


def areas_by_seed(cube: Cube, span: Span, axis: Axis = HALVINGS) -> Values:
    """[method of the span, seed]: NaN where a seed lacks a level."""
    columns = list(span.columns)
    sizes = weights(np.array(cube.targets)[columns], axis)
    return np.asarray(np.einsum("rcs,c->rs", cube.values[np.ix_(span.rows, columns)], sizes))


def areas(cube: Cube, axis: Axis = HALVINGS) -> Areas | None:
    """The areas of all methods that share a span; None where there is none."""
    span = span_of(cube)
    if span is None:
        return None
    by_seed = areas_by_seed(cube, span, axis)
    if cube.baseline is None:
        differences = np.full_like(by_seed, np.nan)
    else:
        columns = list(span.columns)
        differences = by_seed - weights(np.array(cube.targets)[columns], axis) @ cube.baseline[columns]
    own = [cube.methods[row] == cube.against for row in span.rows]
    differences[own] = np.nan
    tested = stats.many_pairs(differences, cube.bound)
    corrected = stats.holm_array(tested.p)
    found = []
    for place, row in enumerate(span.rows):
        values = by_seed[place][~np.isnan(by_seed[place])]
        if not len(values):
            continue
        p = float(corrected[place])
        summary = _within(stats.mean_interval(values), cube)
        found.append(Area(cube.methods[row], summary, tested.at((place,)), None if np.isnan(p) else p))
    return Areas(cube, span, axis, tuple(found))


def _within(mean: Mean, cube: Cube) -> Mean:
    """No interval of accuracies reaches beyond what accuracies can be."""
    if not cube.metric.is_accuracy or mean.low is None or mean.high is None:
        return mean
    ends = max(0.0, mean.low), min(1.0, mean.high)
    return Mean(mean.n, mean.mean, mean.sd, *ends, mean.interval, mean.least, mean.most)
