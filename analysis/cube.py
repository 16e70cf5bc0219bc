"""The numbers of one problem in one environment as an array: methods by levels by seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import stats
from analysis.plan import DENSE, PROBLEM, planned_runs
from analysis.stage import FINAL as FINAL_STAGE
from analysis.stage import shown_metric, stage_of
from analysis.stats import Pairs, Values
from analysis.wording import Metric, listing, metric_named, natural
from bench.errors import UserError, nearest

COUNTING = ("done", "collapsed")
FINAL = ("done", "collapsed", "diverged")


@dataclass(frozen=True, eq=False)
class Cube:
    """What the runs that count have given: done and collapsed ones. NaN where there is no such run."""

    suite: str
    profile: str
    data: str
    model: str
    environment: str
    standin: bool
    metric: Metric
    against: str | None  # label of the method that differences are taken to; None where it has no run here
    methods: tuple[str, ...]  # what is compared with comes first, then the dense ones, then as the suite file has them
    dense: tuple[str, ...]  # those of them that prune nothing
    levels: tuple[int, ...]
    targets: tuple[float, ...]  # the sparsity asked for at each level
    seeds: tuple[int, ...]
    values: Values  # [method, level, seed]
    sparsity: Values  # measured, likewise
    planned: NDArray[np.int64]  # [method, level]: seeds that the suite asks for
    test_count: int | None  # samples in the test data
    stage: str = FINAL_STAGE  # of the suite: while it is develop, no number is of test data

    @property
    def place(self) -> Mapping[str, str]:
        """What tells it from others."""
        return {name: getattr(self, name) for name in (*PROBLEM, "environment")}

    @property
    def bound(self) -> float | None:
        """The largest difference that is possible."""
        return 1.0 if self.metric.is_accuracy else None

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """[method, level]: whether a run has given a value."""
        return np.asarray(~np.isnan(self.values).all(axis=2))

    @cached_property
    def pruned(self) -> tuple[int, ...]:
        """The rows of the methods that prune."""
        return tuple(row for row, method in enumerate(self.methods) if method not in self.dense)

    @cached_property
    def baseline(self) -> Values | None:
        """By level and seed, what differences are taken to; a dense network has only its one level for all."""
        if self.against is None:
            return None
        own = self.values[self.methods.index(self.against)]
        measured = [level for level, row in zip(self.levels, own, strict=True) if not np.isnan(row).all()]
        return np.broadcast_to(own[self.levels.index(0)], own.shape) if measured == [0] else own

    @cached_property
    def differences(self) -> Pairs:
        """Of every cell to what it is compared with, paired by seed; the baseline's own row is empty."""
        if self.baseline is None:
            return stats.many_pairs(np.full_like(self.values, np.nan), self.bound)
        found = self.values - self.baseline
        found[self.methods.index(self.against or "")] = np.nan
        return stats.many_pairs(found, self.bound)


def cubes(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> tuple[Cube, ...]:
    """A cube for each problem and environment that has a run, in the order in which people sort names.

    `metric` is each suite's headline by default, `against` a method's label or name.
    """
    if metric is not None:
        metric_named(metric)
    planned = planned_runs(runs, missing)
    check_baseline(planned, against)
    plans = dict(iter(planned.groupby(PROBLEM, sort=False)))
    found = [
        cube_of(group, plans[name[:-1]], metric, against)
        for name, group in runs.groupby([*PROBLEM, "environment"], sort=False)
    ]
    return tuple(sorted(found, key=lambda cube: [natural(word) for word in cube.place.values()]))


def check_baseline(planned: pd.DataFrame, against: str) -> None:
    """What is compared with has to be a method somewhere; that it is the dense network goes without saying."""
    known = {*planned["method"], *planned["method_name"]}
    if against not in known and against != DENSE and known:
        raise UserError(f"against: no method {against!r} in these results; {nearest(against, known)}")


def cube_of(
    runs: pd.DataFrame,
    planned: pd.DataFrame,
    metric: str | None,
    against: str,
    shown: pd.DataFrame | None = None,
) -> Cube:
    """The cube of runs of one problem in one environment; `shown` are the planned runs of the cells to have in it."""
    first = runs.iloc[0]
    names = dict(zip(planned["method"], planned["method_name"], strict=True))
    baseline = baseline_label(names, against)
    pruning_nothing = {label for label, name in names.items() if name == DENSE}
    planned = planned if shown is None else shown
    positions = planned.groupby("method")["position"].min()  # in the suite file
    methods = sorted(
        positions.index,
        key=lambda label: (label != baseline, label not in pruning_nothing, positions[label], natural(label)),
    )
    targets = {
        int(level): float(target) for level, target in zip(planned["level"], planned["target_sparsity"], strict=True)
    }
    levels = sorted(targets)
    stage = stage_of(first)
    measure = metric_named(shown_metric(metric or str(first["metric"]), stage))
    counting = runs[runs["status"].isin(COUNTING) & runs[measure.name].notna()]
    seeds = sorted({int(seed) for seed in counting["seed"]})
    shape = (len(methods), len(levels), len(seeds))
    rows, columns = _places(methods, counting["method"]), _places(levels, counting["level"])
    inside = (rows >= 0) & (columns >= 0)
    places = (rows[inside], columns[inside], _places(seeds, counting["seed"])[inside])
    values, sparsity, wanted = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape[:2], dtype=np.int64)
    values[places] = counting[measure.name].to_numpy(dtype=np.float64)[inside]
    sparsity[places] = counting["sparsity"].to_numpy(dtype=np.float64)[inside]
    counts = planned.groupby(["method", "level"]).size()
    cells = counts.index.to_frame(index=False)
    wanted[_places(methods, cells["method"]), _places(levels, cells["level"])] = counts.to_numpy()
    tested = counting["test_count"].dropna()
    known = baseline in methods and not np.isnan(values[methods.index(baseline)]).all()
    return Cube(
        **{name: str(first[name]) for name in (*PROBLEM, "environment")},
        standin=bool(runs["standin"].any()),
        metric=measure,
        against=baseline if known else None,
        methods=tuple(methods),
        dense=tuple(label for label in methods if label in pruning_nothing),
        levels=tuple(levels),
        targets=tuple(targets[level] for level in levels),
        seeds=tuple(seeds),
        values=values,
        sparsity=sparsity,
        planned=wanted,
        test_count=int(tested.min()) if len(tested) else None,
        stage=stage,
    )


def _places(known: Sequence[Any], words: pd.Series[Any]) -> NDArray[np.int64]:
    """Where each word stands among those that are known; -1 for one that is not."""
    return np.asarray(pd.Index(known).get_indexer(pd.Index(words)), dtype=np.int64)


def baseline_label(names: Mapping[str, str], against: str) -> str | None:
    """The label of what is compared with; a registered name does where only one method has it."""
    if against in names:
        return against
    labels = sorted((label for label, name in names.items() if name == against), key=natural)
    if len(labels) > 1 and against != DENSE:
        raise UserError(f"against: {against!r} is the name of {len(labels)} methods; choose {listing(labels)}")
    return labels[0] if labels else None
