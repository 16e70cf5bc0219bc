"""Makes the comparison from runs: pairs by level and seed, inside one environment.

Runs that are done or collapsed count; diverged and failed ones are counted beside the mean, never in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis import stats
from analysis.cube import COUNTING, FINAL, Cube, check_baseline, cube_of
from analysis.duels import leading
from analysis.grid import Cell, Comparison, Grid, Level
from analysis.plan import DENSE, PROBLEM, planned_runs, restrict, shown_cells, split_filters
from analysis.selection import select
from analysis.wording import metric_named, natural


def comparison(
    frame: pd.DataFrame,
    metric: str | None = None,
    against: str = DENSE,
    missing: pd.DataFrame | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
) -> Comparison:
    """The table of methods by levels, for each problem and environment.

    `metric` is each suite's headline by default; `against` is a method's label or name. With `missing` (see
    load_missing) the table knows how many seeds were planned and which cells have not begun; without it, a cell's
    seeds are those that any of its runs has. `only` picks runs (data, seed, ...) and cells (method, sparsity, ...);
    what the cells are compared with stays.
    """
    if metric is not None:
        metric_named(metric)
    of_plan, of_cells, of_runs = split_filters(only or {})
    planned = select(planned_runs(frame, missing), of_plan)
    check_baseline(planned, against)
    chosen = shown_cells(planned, of_cells, against)
    shown = planned if chosen is None else planned[_among(planned, chosen)]
    runs = select(restrict(frame, planned), of_runs)
    plans = dict(iter(planned.groupby(PROBLEM, sort=False)))
    of_shown = dict(iter(shown.groupby(PROBLEM, sort=False)))
    grids = [
        _grid(here, cube_of(here, plans[name[:-1]], metric, against, of_shown[name[:-1]]))
        for name, here in runs.groupby([*PROBLEM, "environment"], sort=False)
        if name[:-1] in of_shown
    ]
    grids.sort(key=lambda g: [natural(word) for word in (g.suite, g.profile, g.data, g.model, g.environment)])
    return Comparison(metric, against, tuple(grids))


def _among(planned: pd.DataFrame, cells: frozenset[tuple[str, str, str, str, str, int]]) -> list[bool]:
    columns = planned[[*PROBLEM, "method", "level"]]
    return [place in cells for place in columns.itertuples(index=False, name=None)]


def _grid(runs: pd.DataFrame, cube: Cube) -> Grid:
    status: dict[Any, int] = runs.groupby(["method", "level", "status"]).size().to_dict()
    reference: dict[Any, int] = runs[runs["origin"] == "reference"].groupby(["method", "level"]).size().to_dict()
    counting = runs[runs["status"].isin(COUNTING)]
    sparsity = counting.groupby(["method", "level"])["sparsity"].mean().dropna().to_dict()
    p_holm, best = stats.holm_array(cube.differences.p), _best(cube, status)
    cells = []
    for row, method in enumerate(cube.methods):
        for column, (level, target) in enumerate(zip(cube.levels, cube.targets, strict=True)):
            if not cube.planned[row, column]:
                continue
            endings = {word: int(status.get((method, level, word), 0)) for word in (*FINAL, "failed")}
            p = float(p_holm[row, column])
            cells.append(
                Cell(
                    method=method,
                    level=level,
                    target_sparsity=target,
                    sparsity=sparsity.get((method, level)),
                    summary=_summary(cube, row, column, endings["collapsed"]),
                    difference=cube.differences.at((row, column)),
                    p_holm=None if np.isnan(p) else p,
                    planned=int(cube.planned[row, column]),
                    final=sum(endings[word] for word in FINAL),
                    collapsed=endings["collapsed"],
                    diverged=endings["diverged"],
                    failed=endings["failed"],
                    reference=int(reference.get((method, level), 0)),
                    best=(method, level) in best,
                )
            )
    return Grid(
        suite=cube.suite,
        profile=cube.profile,
        data=cube.data,
        standin=cube.standin,
        model=cube.model,
        environment=cube.environment,
        metric=cube.metric,
        against=cube.against,
        methods=cube.methods,
        dense=cube.dense,
        levels=tuple(Level(index, target) for index, target in zip(cube.levels, cube.targets, strict=True)),
        cells=tuple(cells),
        test_count=cube.test_count,
        cube=cube,
    )


def _summary(cube: Cube, row: int, column: int, collapsed: int) -> stats.Mean | None:
    """The mean of a cell. Where some of its networks collapsed, the values fall into two groups, far from each other:
    the interval is the bootstrap's, which knows that, from ten seeds on."""
    values = cube.values[row, column]
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    mean = stats.bootstrap_mean(values) if collapsed else stats.mean_interval(values)
    if cube.metric.is_accuracy:
        return stats.share_interval(mean, cube.test_count if cube.metric.is_test else None)
    return mean


def _best(cube: Cube, status: Mapping[tuple[str, int, str], int]) -> frozenset[tuple[str, int]]:
    """The best method of a level is one that the paired test, corrected over all pairs, tells from every other.

    A method some of whose runs failed or diverged is never the best: its mean is that of its luckier seeds.
    """
    best = set()
    for column, level in enumerate(cube.levels):
        leader = leading(cube, column)
        if leader is None:
            continue
        method = cube.methods[leader.row]
        spoiled = any(status.get((method, level, word), 0) for word in ("failed", "diverged"))
        if leader.told_from_all and not spoiled:
            best.add((method, level))
    return frozenset(best)
