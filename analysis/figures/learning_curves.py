"""Learning curves: the training and validation loss of each method over its whole way, prunings marked.

One run stands for a method: that of its first seed at one level. A mean over seeds would smooth away what a curve is
looked at for: bumps at prunings, plateaus, the start of overfitting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from analysis.figures import drawing, levels, panels, published
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.scales import Scale, linear_scale, log_scale
from analysis.figures.style import COLOURS, INK, QUIET, Width
from analysis.grid import Grid, Level
from analysis.wording import count, percent

MOST = 12  # panels
CURVE = "validation_loss"  # what a project may have published over epochs
USUAL = 0.8  # the sparsity that is looked at where nothing else is known
COLUMNS: dict[Width, int] = {"wide": 4, "narrow": 2}
HEIGHT = 78
LINES = {
    "train_loss": ("training loss", COLOURS[0][0], 0.9),
    "validation_loss": ("validation loss", COLOURS[1][0], 1.5),
}
Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class _Panel:
    """The curves of a run over epochs, and when it was pruned."""

    method: str
    curves: Mapping[str, Curve]
    prunings: tuple[float, ...]
    theirs: Mapping[str, Curve]  # by project

    @property
    def end(self) -> float:
        return max(float(at[-1]) for at, _ in self.curves.values())


def make(material: Material, grid: Grid) -> Made:
    """The figure, of every grid."""
    title = "Learning curves"
    there = levels.measured(grid)
    level = _level(material, grid, there) if there else None
    runs = material.first_runs(grid)
    runs = runs[(runs["level"] == 0) | (runs["level"] == (level.index if level else 0))]
    chosen = _in_order(grid, runs)
    found = _panels(material, grid, pd.concat(chosen)) if chosen else []
    if not found:
        return Absence(title, "No figure: the database has no learning curves of these runs.")
    return Picture(title, _caption(grid, level, found, runs), partial(_draw, grid, found[:MOST]))


def _in_order(grid: Grid, runs: pd.DataFrame) -> list[pd.DataFrame]:
    """A frame of one run for each method, in the order of the methods; a dense network at its own level first."""
    by_method = {str(method): rows.sort_values("level").tail(1) for method, rows in runs.groupby("method")}
    return [by_method[method] for method in grid.methods if method in by_method]


def _level(material: Material, grid: Grid, there: Sequence[Level]) -> Level:
    """The level that published numbers are about, where there are any; else a usual one."""
    rows = published.about(material, grid)
    at = float(rows.loc[(rows["at"] > 0) & (rows["metric"] == CURVE), "at"].median())
    return levels.nearest(there, USUAL if math.isnan(at) else at)


def _panels(material: Material, grid: Grid, runs: pd.DataFrame) -> list[_Panel]:
    """A panel for each run that has a curve."""
    curves = dict(iter(material.details.curves(runs, tuple(LINES)).groupby("key")))
    prunings = dict(iter(material.details.prunings(runs).groupby("key")))
    theirs = published.about(material, grid)
    found = []
    for key, method in zip(runs["key"], runs["method"], strict=True):
        if key not in curves:
            continue
        frame, epoch = curves[key], material.epoch(grid, method)
        lines = {
            str(name): (rows["at"].to_numpy(float) / epoch, rows["value"].to_numpy(float))
            for name, rows in frame.groupby("name")
        }
        pruned = tuple(prunings[key]["at"].to_numpy(float) / epoch) if key in prunings else ()
        before = float((frame["at"] - frame["step"]).max()) / epoch  # of the last training, whose clock began anew
        found.append(_Panel(str(method), lines, pruned, _theirs(theirs, method, before)))
    return found


def _theirs(rows: pd.DataFrame, method: str, start: float) -> dict[str, Curve]:
    """The published validation loss of this method over the epochs of its last training, where a project has one."""
    rows = rows[(rows["metric"] == CURVE) & (rows["label"] == method)].sort_values("epochs")
    return {
        str(project): (start + one["epochs"].to_numpy(float), one["value"].to_numpy(float))
        for project, one in rows.groupby("project")
        if len(one) > 2
    }


def _caption(grid: Grid, level: Level | None, shown: Sequence[_Panel], runs: pd.DataFrame) -> str:
    at = f" at a sparsity of {percent(level.target_sparsity)}" if level else ""
    left_out = f" The first {MOST} of {count(len(shown), 'method')} are shown." if len(shown) > MOST else ""
    first = int(runs["seed"].min())
    return (
        f"Loss over the whole way of one run of each method{at}, seed {first}: training data, the mean since the point"
        " before, and validation data. Where a method trains several times, its trainings stand one after the other."
        " Dashed lines: prunings; where they are many, ticks at the top."
        + (" A published curve is of the last training." if any(one.theirs for one in shown) else "")
        + left_out
    )


def _draw(grid: Grid, shown: Sequence[_Panel], width: Width) -> Figure:
    entries = _entries(shown)
    sheet = panels.Sheet(COLUMNS[width], HEIGHT, left=40, between=12, below=34, under=17)
    figure, axes = panels.start(width, sheet, len(shown), drawing.heading(grid), entries)
    columns, room = min(sheet.columns, len(shown)), panels.panel_width(width, sheet, len(shown))
    values = np.concatenate([curve for one in shown for _, curve in (*one.curves.values(), *one.theirs.values())])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(np.quantile(values, 0.999))
    up = log_scale(low / 3) if 0 < low < high / 4 else linear_scale()
    for place, (panel, one) in enumerate(zip(axes, shown, strict=True)):
        _draw_panel(panel, one, up)
        panels.name(panel, one.method, room)
        panels.ticks_up(panel, up, low, high, 0.2)
        panels.ticks_across(panel, linear_scale(), 0.0, one.end, 0.3 if one.end >= 100 else 0.25)
        if not panels.is_left(place, columns):
            panel.set_yticklabels([])
    panels.label(figure, axes, "epochs of training", "loss (nats)")
    return figure


def _draw_panel(axes: Axes, one: _Panel, up: Scale) -> None:
    many = len(one.prunings) > 8
    for at in one.prunings:
        axes.axvline(
            at, ymin=0.93 if many else 0, color=QUIET, linewidth=0.8, linestyle="-" if many else "--", zorder=2
        )
    for name, (_, colour, thickness) in LINES.items():
        if name in one.curves:
            across, values = one.curves[name]
            axes.plot(across, [up.place(value) for value in values], color=colour, linewidth=thickness, zorder=4)
    for across, values in one.theirs.values():
        axes.plot(across, [up.place(value) for value in values], color=INK, linewidth=1.1, linestyle=":", zorder=5)


def _entries(shown: Sequence[_Panel]) -> list[Line2D]:
    drawn = {name for one in shown for name in one.curves}  # a suite may have no validation data
    entries = [
        Line2D([], [], color=colour, linewidth=size, label=label)
        for name, (label, colour, size) in LINES.items()
        if name in drawn
    ]
    if any(one.prunings for one in shown):
        entries.append(Line2D([], [], color=QUIET, linewidth=0.8, linestyle="--", label="pruning"))
    projects = sorted({project for one in shown for project in one.theirs})
    entries += [
        Line2D([], [], color=INK, linewidth=1.1, linestyle=":", label=f"validation loss that {project} published")
        for project in projects
    ]
    return entries


FIGURE = GridFigure(
    "learning-curves", "Training and validation loss over the whole way of each method, prunings marked.", make
)
