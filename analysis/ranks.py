"""Which methods rank before which: over problems, over levels, or over the seeds of one problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis import stats
from analysis.areas import Span, areas_by_seed, span_of
from analysis.cube import Cube
from analysis.stats import Ranks, Values

# What a block is. Levels of one problem are no independent blocks: the tests over them are too sure of themselves.
Over = Literal["problems", "levels", "seeds"]


@dataclass(frozen=True)
class Ranking:
    """Ranks with what they are over, and what had to be left out."""

    over: Over
    cubes: tuple[Cube, ...]
    ranks: Ranks
    left_out: tuple[str, ...]  # methods that some block has no score of


def ranking(cubes: Sequence[Cube], over: Over = "problems") -> Ranking | None:
    """Ranks over problems (cubes), over their levels, or over the seeds of a single problem; None for too little.

    A method's score in a problem is its mean over seeds of the area over the levels that the methods share (see
    areas.py), in a level its mean over seeds, in a seed its area. All cubes have to be of one suite's metric kind:
    each is ranked by its own, and less is better for a loss.
    """
    spans = [(cube, span) for cube in cubes if (span := span_of(cube)) is not None]
    if not spans or (over == "seeds" and len(spans) > 1):
        return None
    methods = [method for method in _methods(spans[0]) if all(method in _methods(one) for one in spans[1:])]
    scores = np.hstack([_scores(cube, span, methods, over) for cube, span in spans])
    known = [place for place in range(len(methods)) if not np.isnan(scores[place]).all()]
    scores = scores[known]
    scores = scores[:, ~np.isnan(scores).any(axis=0)]
    if len(known) < 2 or scores.shape[1] < 2:
        return None
    names = [methods[place] for place in known]
    everyone = {cube.methods[row]: None for cube in cubes for row in cube.pruned}
    left_out = tuple(method for method in everyone if method not in names)
    return Ranking(over, tuple(cube for cube, _ in spans), stats.rank_methods(names, scores), left_out)


def _methods(one: tuple[Cube, Span]) -> list[str]:
    cube, span = one
    return [cube.methods[row] for row in span.rows]


def _scores(cube: Cube, span: Span, methods: Sequence[str], over: Over) -> Values:
    """[method, block], more is better; a block that lacks a method has NaN."""
    places = [_methods((cube, span)).index(method) for method in methods]
    if over == "levels":
        rows = [span.rows[place] for place in places]
        values = cube.values[np.ix_(rows, list(span.columns))]
        return cube.metric.sign * np.asarray(np.nanmean(values, axis=2))
    by_seed = areas_by_seed(cube, span)[places]
    if over == "seeds":
        return cube.metric.sign * by_seed
    there = ~np.isnan(by_seed)
    with np.errstate(invalid="ignore"):
        means = np.where(there, by_seed, 0).sum(axis=1) / there.sum(axis=1)
    return cube.metric.sign * np.asarray(means[:, np.newaxis])
