"""The results as the page's scripts read them: columns, so that ten thousand runs stay small.

Every statistic is computed here, by what computes it for the tables; the scripts only look values up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis import celltext, queries
from analysis.cube import COUNTING
from analysis.figures.style import COLOURS, Look
from analysis.grid import Cell, Comparison, Grid
from analysis.plan import PROBLEM
from analysis.wording import METRICS, Metric

PLACE = [*PROBLEM, "environment", "method", "level"]
# What a cell cost and what is left of it, by the word that the scripts use.
COSTS = {
    "steps": "steps_alone",
    "flops": "flops_alone",
    "seconds": "seconds",
    "parameters": "parameters_kept",
    "macs": "macs_kept",
}
_COUNTS = ("planned", "final", "collapsed", "diverged", "failed", "reference")
_EXACT, _DIGITS = 17, 7  # significant digits: of what a table rounds again, and of what is only looked at

Columns = dict[str, list[Any]]


def measured_metrics(runs: pd.DataFrame) -> tuple[Metric, ...]:
    """The metrics of which any run that counts has a value."""
    counting = runs[runs["status"].isin(COUNTING)]
    return tuple(metric for name, metric in METRICS.items() if counting[name].notna().any())


def embedded(
    database: str,
    compared: Comparison,
    by_metric: Mapping[str, Comparison],
    runs: pd.DataFrame,
    names: Sequence[str],
    looks: Mapping[str, Look],
) -> str:
    """The data element of the page as JSON; `by_metric` has the comparison of `compared` for each metric."""
    grids = compared.grids
    environments = sorted({grid.environment for grid in grids})
    methods = {label: place for place, label in enumerate(looks)}
    places = [(number, cell) for number, grid in enumerate(grids) for cell in grid.cells]
    here = _in_order(runs, grids)
    content = {
        "database": database,
        "metrics": [_metric(METRICS[name]) for name in by_metric],
        "methods": [_method(label, look) for label, look in looks.items()],
        "environments": environments,
        "problems": [
            _problem(grid, name, environments, [one.grids[number] for one in by_metric.values()])
            for number, (grid, name) in enumerate(zip(grids, names, strict=True))
        ],
        "cells": _cells(places, methods, here),
        "values": {name: _values(name, one.grids) for name, one in by_metric.items()},
        **_runs(here, len(places), by_metric),
        "sql": queries.OF_CELL,
    }
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        **{name: getattr(metric, name) for name in ("name", "label", "unit", "difference_unit", "scale", "decimals")},
        **{name: getattr(metric, name) for name in ("words", "axis", "difference_axis")},
        "lower": metric.lower_is_better,
        "accuracy": metric.is_accuracy,
    }


def _method(label: str, look: Look) -> dict[str, Any]:
    series = next((number for number, (light, _) in enumerate(COLOURS, start=1) if light == look.colour), 0)
    return {"label": label, "series": series, "marker": look.marker, "line": look.line}


def _problem(grid: Grid, name: str, environments: Sequence[str], others: Iterable[Grid]) -> dict[str, Any]:
    return {
        "id": name,
        **{word: getattr(grid, word) for word in ("suite", "profile", "data", "model", "standin", "against")},
        "environment": environments.index(grid.environment),
        "metric": grid.metric.name,
        "baseline": grid.baseline,
        "dense": list(grid.dense),
        "test_count": grid.test_count,
        "decimals": {other.metric.name: celltext.decimals(other) for other in others},
    }


def _in_order(runs: pd.DataFrame, grids: Sequence[Grid]) -> pd.DataFrame:
    """The runs with the number of their cell, cell by cell."""
    rows = [
        (grid.suite, grid.profile, grid.data, grid.model, grid.environment, cell.method, cell.level)
        for grid in grids
        for cell in grid.cells
    ]
    cells = pd.DataFrame(rows, columns=PLACE).astype({"level": "int64"}).assign(cell=range(len(rows)))
    return runs.merge(cells, on=PLACE).sort_values(["cell", "seed"], kind="stable").reset_index(drop=True)


def _cells(places: Sequence[tuple[int, Cell]], methods: Mapping[str, int], here: pd.DataFrame) -> Columns:
    counting = here[here["status"].isin(COUNTING)]
    costs = counting.groupby("cell")[list(COSTS.values())].mean().reindex(range(len(places)))
    return {
        "problem": [number for number, _ in places],
        "method": [methods[cell.method] for _, cell in places],
        "level": [cell.level for _, cell in places],
        "target": [_short(cell.target_sparsity, _EXACT) for _, cell in places],
        "sparsity": [_short(cell.sparsity) for _, cell in places],
        **{name: [getattr(cell, name) for _, cell in places] for name in _COUNTS},
        **{word: [_short(value) for value in costs[column]] for word, column in COSTS.items()},
    }


def _values(metric: str, grids: Sequence[Grid]) -> Columns:
    """Mean, interval and paired difference of every cell; a column that holds nothing is left out.

    A grid that shows another metric in this one's place, as at the stage develop, has no values of it.
    """
    places = [(grid.metric.name == metric, cell) for grid in grids for cell in grid.cells]
    means = [cell.summary if shown else None for shown, cell in places]
    pairs = [cell.difference if shown else None for shown, cell in places]
    columns: Columns = {
        "n": [one.n if one else 0 for one in means],
        "mean": [_short(one.mean, _EXACT) if one else None for one in means],
        "low": [_short(one.low) if one else None for one in means],
        "high": [_short(one.high) if one else None for one in means],
        "pairs": [one.n if one else 0 for one in pairs],
        "difference": [_short(one.mean, _EXACT) if one else None for one in pairs],
        "difference_low": [_short(one.low) if one else None for one in pairs],
        "difference_high": [_short(one.high) if one else None for one in pairs],
        "p": [_short(cell.p_holm, 4) if shown else None for shown, cell in places],
    }
    return {name: column for name, column in columns.items() if any(column)}


def _runs(here: pd.DataFrame, cells: int, metrics: Iterable[str]) -> dict[str, Any]:
    """The runs, and the words that they have in common."""
    reasons = here["reason"].fillna("").astype(str).str.strip().str.split("\n").str[0].str.slice(0, 240)
    coded = {
        "statuses": pd.factorize(here["status"].astype(str)),
        "origins": pd.factorize(here["origin"].astype(str)),
        "reasons": pd.factorize(reasons),
    }
    first = here["cell"].searchsorted(range(cells + 1)).tolist() if len(here) else [0] * (cells + 1)
    columns: dict[str, Any] = {
        "first": first,
        "key": here["key"].astype(str).str.slice(0, 8).tolist(),
        "seed": here["seed"].tolist(),
        **{singular: coded[words][0].tolist() for singular, words in _CODED.items()},
        "values": {name: [_short(value) for value in here[name]] for name in metrics},
    }
    return {"runs": columns, **{name: [str(word) for word in words] for name, (_, words) in coded.items()}}


_CODED = {"status": "statuses", "origin": "origins", "reason": "reasons"}


def _short(value: float | None, digits: int = _DIGITS) -> float | int | None:
    """A number with as many digits as are wanted; NaN and None are nothing."""
    if value is None or value != value:
        return None
    rounded = float(f"{float(value):.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded
