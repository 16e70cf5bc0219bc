"""How quickly pruned networks learn: epochs of the last training until a level of validation results is reached."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import drawing
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.scales import Scale, linear_scale, log_scale
from analysis.figures.style import INK, Look, Width
from analysis.grid import Cell, Grid
from analysis.stats import Mean, mean_interval
from analysis.wording import number

SHARE = 0.98  # of the dense network's final validation accuracy
EXCESS = 1.1  # times its final validation loss

Place = tuple[str, int]


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids in which something is trained after it was pruned."""
    title = "Epochs until the dense network's level"
    runs = material.runs_of(grid)
    name = "validation_accuracy" if grid.metric.is_accuracy else "validation_loss"
    dense = runs.loc[runs["method"].isin(grid.dense), name].dropna()
    if dense.empty:
        return Absence(title, "No figure: the dense network, which sets the level, has no validation result here.")
    mean = float(dense.mean())
    level = SHARE * mean if grid.metric.is_accuracy else EXCESS * mean
    epochs = _epochs(material, grid, runs, name, level)
    if not any(method not in grid.dense for method, _ in epochs):
        return Absence(title, "No figure: no network that was trained after pruning has a learning curve here.")
    means = {place: _geometric(found) for place, found in epochs.items() if found}
    if not any(method not in grid.dense for method, _ in means):
        return Absence(title, f"No figure: no pruned network reached {_words(grid, level)}.")
    return Picture(title, _caption(grid, level, means), partial(_draw, grid, material.looks, means))


def _epochs(material: Material, grid: Grid, runs: pd.DataFrame, name: str, level: float) -> dict[Place, list[float]]:
    """For each cell that trains after pruning the epochs of the seeds that reach the level."""
    curves = material.details.last_curves(runs, (name,))
    if curves.empty:
        return {}
    pruned = material.details.prunings(runs).groupby(["key", "environment"])["at"].max().to_dict()
    places = {
        (key, environment): (method, level_)
        for key, environment, method, level_ in runs[["key", "environment", "method", "level"]].itertuples(index=False)
    }
    epochs = {method: material.epoch(grid, method) for method in grid.methods}
    sign = 1 if grid.metric.is_accuracy else -1
    found: dict[Place, list[float]] = {}
    for (key, environment), curve in curves.groupby(["key", "environment"], sort=False):
        method, place = places[key, environment]
        steps, at, values = (curve[column].to_numpy(float) for column in ("step", "at", "value"))
        if at[-1] <= pruned.get((key, environment), -1):
            continue  # nothing was trained after the last pruning
        reached = found.setdefault((method, place), [])
        step = _crossing(steps, sign * values, sign * level)
        if step is not None:
            reached.append((step - (steps[0] - 1)) / epochs[method])
    return found


def _crossing(steps: np.ndarray, values: np.ndarray, level: float) -> float | None:
    """The first step at which a curve, drawn through its points, is at a level or above."""
    above = np.flatnonzero(values >= level)
    if not len(above):
        return None
    place = int(above[0])
    if place == 0 or not np.isfinite(values[place - 1]):
        return float(steps[place])
    share = (level - values[place - 1]) / (values[place] - values[place - 1])
    return float(steps[place - 1] + share * (steps[place] - steps[place - 1]))


def _geometric(values: Sequence[float]) -> Mean:
    """The mean of times, which differ by factors, and its interval: those of their logarithms."""
    logs = mean_interval([math.log(value) for value in values])
    low, high = (None if end is None else math.exp(end) for end in (logs.low, logs.high))
    return Mean(logs.n, math.exp(logs.mean), logs.sd, low, high, logs.interval)


def _words(grid: Grid, level: float) -> str:
    if grid.metric.is_accuracy:
        return f"a validation accuracy of {number(100 * level, 2)} %, {number(100 * SHARE, 0)} % of the dense network's"
    return f"a validation loss of {number(level, 3)}, {number(EXCESS, 1)} times the dense network's"


def _caption(grid: Grid, level: float, means: Mapping[Place, Mean]) -> str:
    several = max(mean.n for mean in means.values()) > 1
    series = drawing.series_of(grid, _shown(grid, means))
    parts = (
        f"Epochs of the last training until {_words(grid, level)}, read between the points of the curve; geometric"
        " mean over the seeds that reach it.",
        "Bars are 95 % t intervals of the logarithms." if several else "",
        "Hollow markers: some seeds never reach it; no marker: none does, or nothing is trained after pruning."
        if any(not point.sure for one in series for point in one.points)
        else "No marker: no seed reaches it, or nothing is trained after pruning.",
        drawing.CUT_OFF
        if drawing.cut_off(_scale(means), [point for one in series for point in one.points], _dense(grid, means))
        else "",
    )
    return " ".join(part for part in parts if part)


def _shown(grid: Grid, means: Mapping[Place, Mean]) -> drawing.Shown:
    def shown(cell: Cell) -> tuple[float, float | None, float | None, bool] | None:
        mean = means.get((cell.method, cell.level))
        return None if mean is None else (mean.mean, mean.low, mean.high, mean.n >= cell.n)

    return shown


def _dense(grid: Grid, means: Mapping[Place, Mean]) -> list[float]:
    return [mean.mean for (method, _), mean in means.items() if method in grid.dense]


def _scale(means: Mapping[Place, Mean]) -> Scale:
    values = [mean.mean for mean in means.values()]
    return log_scale(min(values) / 3) if min(values) > 0 and max(values) > 8 * min(values) else linear_scale()


def _digits(epochs: float) -> int:
    return 3 if epochs < 1 else 1 if epochs < 100 else 0


def _draw(grid: Grid, looks: Mapping[str, Look], means: Mapping[Place, Mean], width: Width) -> Figure:
    series = [one for one in drawing.series_of(grid, _shown(grid, means), looks) if one.points]
    series = [drawing.Series(one.label, one.look, one.points, ()) for one in series]
    entries = drawing.handles(series)
    dense = _dense(grid, means)
    if dense:
        entries.insert(
            0, Line2D([], [], color=INK, linestyle="--", label=f"dense: {number(dense[0], _digits(dense[0]))}")
        )
    figure, axes = drawing.start(grid, width, entries)
    across = drawing.sparsity_axis(axes, grid, series, width)
    up = _scale(means)
    points = [point for one in series for point in one.points]
    drawing.value_axis(axes, up, points, dense, "epochs")
    if dense:
        drawing.reference_line(axes, up.place(statistics.mean(dense)))
    drawing.draw_series(axes, series, across, up)
    drawing.finish(figure, axes, entries, width)
    return figure


FIGURE = GridFigure(
    "epochs-to-level", "Epochs of the last training until the dense network's level is nearly reached.", make
)
