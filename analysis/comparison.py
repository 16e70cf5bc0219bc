"""Makes the comparison from runs: pairs by level and seed, inside one environment.

Runs that are done or collapsed count; diverged and failed ones are counted beside the mean, never in it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import pandas as pd

from analysis import stats
from analysis.grid import Cell, Comparison, Grid, Level
from analysis.plan import DENSE, PROBLEM, planned_runs, restrict, shown_cells, split_filters
from analysis.selection import select
from analysis.stage import shown_metric, stage_of
from analysis.wording import Metric, listing, metric_named, natural
from bench.errors import UserError, nearest

COUNTING = ("done", "collapsed")
FINAL = ("done", "collapsed", "diverged")

Place = tuple[str, int]  # method, level
BySeed = dict[int, float]


@dataclass(frozen=True)
class _Problem:
    """What is the same in every environment: the cells, their seeds, and what they are compared with."""

    name: tuple[str, str, str, str]
    metric: Metric
    stage: str
    against: str | None
    planned: Mapping[Place, int]  # seeds asked for
    targets: Mapping[int, float]  # sparsity asked for, by level
    methods: tuple[str, ...]
    dense: tuple[str, ...]


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
    _check_known(planned, against)
    shown = shown_cells(planned, of_cells, against)
    runs = select(restrict(frame, planned), of_runs)
    grids = []
    by_problem = dict(iter(planned.groupby(PROBLEM, sort=False)))
    for name, here in runs.groupby([*PROBLEM, "environment"], sort=False):
        problem = _problem(here, by_problem[name[:-1]], metric, against, shown)
        if problem.methods:
            grids.append(_grid(here, problem, str(name[-1])))
    grids.sort(key=lambda g: [natural(word) for word in (g.suite, g.profile, g.data, g.model, g.environment)])
    return Comparison(metric, against, tuple(grids))


def _check_known(planned: pd.DataFrame, against: str) -> None:
    """What is compared with has to be a method somewhere; that it is the dense network goes without saying."""
    known = {*planned["method"], *planned["method_name"]}
    if against not in known and against != DENSE and known:
        raise UserError(f"against: no method {against!r} in these results; {nearest(against, known)}")


def _problem(
    runs: pd.DataFrame,
    planned: pd.DataFrame,
    metric: str | None,
    against: str,
    shown: frozenset[tuple[str, str, str, str, str, int]] | None,
) -> _Problem:
    first = runs.iloc[0]
    name = (str(first["suite"]), str(first["profile"]), str(first["data"]), str(first["model"]))
    stage = stage_of(first)
    names = dict(zip(planned["method"], planned["method_name"], strict=True))
    baseline = _baseline(names, against)
    dense = tuple(sorted((label for label, what in names.items() if what == DENSE), key=natural))
    if shown is not None:
        keep = [
            (*name, method, level) in shown for method, level in zip(planned["method"], planned["level"], strict=True)
        ]
        planned = planned[keep]
    methods = sorted(
        planned["method"].unique(), key=lambda label: (label != baseline, label not in dense, natural(label))
    )
    places = zip(planned["method"], planned["level"], strict=True)
    return _Problem(
        name=name,
        metric=metric_named(shown_metric(metric or str(first["metric"]), stage)),
        stage=stage,
        against=baseline,
        planned=Counter((str(method), int(level)) for method, level in places),
        targets={
            int(level): float(target)
            for level, target in zip(planned["level"], planned["target_sparsity"], strict=True)
        },
        methods=tuple(methods),
        dense=tuple(label for label in dense if label in methods),
    )


def _baseline(names: Mapping[str, str], against: str) -> str | None:
    """The label of what is compared with; a registered name does where only one method has it."""
    if against in names:
        return against
    labels = sorted((label for label, name in names.items() if name == against), key=natural)
    if len(labels) > 1 and against != DENSE:
        raise UserError(f"against: {against!r} is the name of {len(labels)} methods; choose {listing(labels)}")
    return labels[0] if labels else None


def _grid(runs: pd.DataFrame, problem: _Problem, environment: str) -> Grid:
    column = problem.metric.name
    counting = runs[runs["status"].isin(COUNTING) & runs[column].notna()]
    values: dict[Place, BySeed] = {}
    rows = zip(counting["method"], counting["level"], counting["seed"], counting[column], strict=True)
    for method, level, seed, value in rows:
        values.setdefault((str(method), int(level)), {})[int(seed)] = float(value)
    counts = counting["test_count"].dropna()
    test_count = int(counts.min()) if len(counts) else None
    order = {method: place for place, method in enumerate(problem.methods)}
    places = sorted(problem.planned, key=lambda place: (order[place[0]], place[1]))
    by_place = dict(iter(runs.groupby(["method", "level"])))
    nothing = runs.iloc[:0]
    cells = tuple(_cell(place, by_place.get(place, nothing), values, problem, test_count) for place in places)
    suite, profile, data, model = problem.name
    return Grid(
        suite=suite,
        profile=profile,
        data=data,
        standin=bool(runs["standin"].any()),
        model=model,
        environment=environment,
        metric=problem.metric,
        against=problem.against if any(method == problem.against for method, _ in values) else None,
        methods=problem.methods,
        dense=problem.dense,
        levels=tuple(Level(index, target) for index, target in sorted(problem.targets.items())),
        cells=_mark_best(_correct(cells), values, problem),
        test_count=test_count,
        stage=problem.stage,
    )


def _cell(
    place: Place, runs: pd.DataFrame, values: Mapping[Place, BySeed], problem: _Problem, test_count: int | None
) -> Cell:
    status = runs["status"].value_counts()
    sparsity = float(runs["sparsity"][runs["status"].isin(COUNTING)].mean())
    return Cell(
        method=place[0],
        level=place[1],
        target_sparsity=problem.targets[place[1]],
        sparsity=None if math.isnan(sparsity) else sparsity,
        summary=_summary(values.get(place, {}), problem.metric, test_count),
        difference=_difference(place, values, problem.against),
        p_holm=None,
        planned=problem.planned[place],
        final=sum(int(status.get(word, 0)) for word in FINAL),
        collapsed=int(status.get("collapsed", 0)),
        diverged=int(status.get("diverged", 0)),
        failed=int(status.get("failed", 0)),
        reference=int((runs["origin"] == "reference").sum()),
        best=False,
    )


def _summary(values: BySeed, metric: Metric, test_count: int | None) -> stats.Mean | None:
    if not values:
        return None
    if metric.is_accuracy:
        return stats.accuracy_interval(list(values.values()), test_count if metric.is_test else None)
    return stats.mean_interval(list(values.values()))


def _difference(place: Place, values: Mapping[Place, BySeed], against: str | None) -> stats.Paired | None:
    """To the same level of what is compared with; a dense network has only its one level for all."""
    if against is None or place[0] == against:
        return None
    own = [level for method, level in values if method == against]
    other = values.get((against, place[1])) or (values[against, 0] if own == [0] else {})
    mine = values.get(place, {})
    pairs = [mine[seed] - other[seed] for seed in sorted(mine.keys() & other.keys())]
    return stats.paired(pairs) if pairs else None


def _correct(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Holm's correction over all differences of a grid."""
    tested = [cell for cell in cells if cell.difference is not None and cell.difference.p is not None]
    corrected = stats.holm([cell.difference.p or 0.0 for cell in tested if cell.difference])
    by_place = {(cell.method, cell.level): p for cell, p in zip(tested, corrected, strict=True)}
    return tuple(replace(cell, p_holm=by_place.get((cell.method, cell.level))) for cell in cells)


def _mark_best(cells: tuple[Cell, ...], values: Mapping[Place, BySeed], problem: _Problem) -> tuple[Cell, ...]:
    """The best method of a level is one that the paired test, corrected over all pairs, tells from every other.

    A method some of whose runs failed or diverged is never the best: its mean is that of its luckier seeds.
    """
    best: set[Place] = set()
    for level in problem.targets:
        there = [cell for cell in cells if cell.level == level and cell.summary is not None]
        if len(there) < 2:
            continue
        leader = max(there, key=lambda cell: problem.metric.sign * cell.summary.mean if cell.summary else 0.0)
        if leader.failed or leader.diverged:
            continue
        pairs = list(combinations([cell.method for cell in there], 2))
        corrected = stats.holm([_pair_p(values[a, level], values[b, level]) for a, b in pairs])
        own = [p for pair, p in zip(pairs, corrected, strict=True) if leader.method in pair]
        if max(own) < stats.SIGNIFICANT:
            best.add((leader.method, level))
    return tuple(replace(cell, best=(cell.method, cell.level) in best) for cell in cells)


def _pair_p(first: BySeed, second: BySeed) -> float:
    shared = sorted(first.keys() & second.keys())
    p = stats.paired([first[seed] - second[seed] for seed in shared]).p if shared else None
    return 1.0 if p is None else p
