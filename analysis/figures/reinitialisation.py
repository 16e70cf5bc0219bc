"""What the first weights of a ticket are worth: kept, rewound and redrawn weights under the same masks, over epochs.

It is the figure of PruNet, with intervals, at several sparsities, and with the dense network's own training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from analysis.figures import drawing, levels, panels, spacing
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.scales import Scale, linear_scale
from analysis.figures.style import INK, Line, Look, Width
from analysis.grid import Grid, Level
from analysis.stats import mean_interval
from analysis.wording import METRICS, count, percent

ARMS = {"lottery-kept": "kept", "lottery": "ticket", "lottery-redrawn": "redrawn"}  # and how they are called here
SPARSITIES = (0.8, 0.95, 0.99)
PUBLISHED = {"keep trained": "lottery-kept", "rewind init": "lottery", "random reinit": "lottery-redrawn"}
HEIGHT: dict[Width, float] = {"wide": 170, "narrow": 120}
METRIC = METRICS["validation_accuracy"]


@dataclass(frozen=True)
class _Arm:
    """The mean curve of a method at a level, over epochs of its last training."""

    method: str
    name: str  # registered
    epochs: NDArray[np.float64]
    means: NDArray[np.float64]
    lows: NDArray[np.float64] | None
    highs: NDArray[np.float64] | None
    n: int


@dataclass(frozen=True)
class _Panel:
    level: Level
    arms: tuple[_Arm, ...]


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids that have tickets and redrawn ones."""
    title = "Kept, rewound and redrawn weights"
    methods = _methods(material, grid)
    if not {"lottery", "lottery-redrawn"} <= set(methods.values()):
        return None
    there = levels.measured(grid, list(methods))
    chosen = {level.index: level for level in (levels.nearest(there, at) for at in SPARSITIES)} if there else {}
    runs = material.runs_of(grid)
    runs = runs[(runs["method"].isin(methods) & runs["level"].isin(chosen)) | runs["method"].isin(grid.dense)]
    curves = material.details.last_curves(runs, (METRIC.name,))
    if curves.empty:
        return Absence(title, "No figure: the database has no learning curves of these runs.")
    found = runs.merge(curves, on=["key", "environment"])
    dense = [arm for method in grid.dense for arm in _arms(material, grid, found[found["method"] == method])]
    shown = [
        _Panel(level, (*_arms(material, grid, found[found["level"] == level.index]), *dense))
        for _, level in sorted(chosen.items())
    ]
    shown = [one for one in shown if len(one.arms) > len(dense)]
    if not shown:
        return Absence(title, "No figure: no ticket has a learning curve here.")
    published = _published(material, grid)
    return Picture(title, _caption(shown, published), partial(_draw, grid, material.looks, shown, published))


def _methods(material: Material, grid: Grid) -> dict[str, str]:
    """The methods that are compared, each with its registered name: of several tickets the first, rewound least."""
    runs = material.runs_of(grid)
    names = {method: name for method, name in zip(runs["method"], runs["method_name"], strict=True) if name in ARMS}
    first: dict[str, str] = {}
    for method in grid.methods:
        if method in names:
            first.setdefault(names[method], method)
    return {method: name for name, method in first.items()}


def _arms(material: Material, grid: Grid, found: pd.DataFrame) -> list[_Arm]:
    arms = []
    for (method, name), rows in found.groupby(["method", "method_name"], sort=False):
        table = rows.pivot_table(index="step", columns="seed", values="value")
        table = table.dropna()
        if table.empty:
            continue
        intervals = [mean_interval(list(values)) for values in table.to_numpy(float)]
        lows = [one.low for one in intervals if one.low is not None]
        highs = [one.high for one in intervals if one.high is not None]
        arms.append(
            _Arm(
                str(method),
                str(name),
                table.index.to_numpy(float) / material.epoch(grid, str(method)),
                np.array([one.mean for one in intervals]),
                np.array(lows) if len(lows) == len(intervals) else None,
                np.array(highs) if len(highs) == len(intervals) else None,
                table.shape[1],
            )
        )
    order = {method: place for place, method in enumerate(grid.methods)}
    return sorted(arms, key=lambda arm: order[arm.method])


def _published(material: Material, grid: Grid) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """PruNet's curves over epochs, for its own faces."""
    if not grid.data.startswith("got-faces"):
        return {}
    known = material.details.published
    rows = known[(known["project"] == "prunet") & known["epochs"].notna() & (known["metric"] == "test_accuracy")]
    rows = rows.sort_values("epochs")
    return {
        PUBLISHED[str(method)]: (one["epochs"].to_numpy(float), one["value"].to_numpy(float))
        for method, one in rows.groupby("their_method")
        if str(method) in PUBLISHED
    }


def _caption(shown: Sequence[_Panel], published: Mapping[str, object]) -> str:
    seeds = {arm.n for one in shown for arm in one.arms}
    several = max(seeds) > 1
    values = [float(value) for one in shown for arm in one.arms for value in arm.means]
    many = f"{min(seeds)} to {count(max(seeds), 'seed')}" if len(seeds) > 1 else count(max(seeds), "seed")
    parts = (
        "Validation accuracy over the last training of networks under the masks of lottery tickets: with the weights of"
        " the training before (kept), rewound to the start (ticket), or drawn anew (redrawn). Mean of"
        f" {many}{', with 95 % t intervals' if several else ''}.",
        "Dashed: the dense network's own training.",
        "Dotted: what PruNet published, test accuracy at a sparsity that it does not state." if published else "",
        spacing.WORDS[spacing.spacing(METRIC, values, None)],
    )
    return " ".join(part for part in parts if part)


def _draw(
    grid: Grid,
    looks: Mapping[str, Look],
    shown: Sequence[_Panel],
    published: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    width: Width,
) -> Figure:
    entries = _entries(shown, looks, bool(published))
    columns = len(shown) if width == "wide" else 1
    sheet = panels.Sheet(columns, HEIGHT[width], left=44, between=12, below=34, under=16)
    figure, axes = panels.start(width, sheet, len(shown), drawing.heading(grid), entries)
    values = [float(value) for one in shown for arm in one.arms for value in arm.means]
    values += [float(value) for _, means in published.values() for value in means]
    up = spacing.scale(METRIC, values, None)
    end = max(float(arm.epochs[-1]) for one in shown for arm in one.arms)
    for place, (panel, one) in enumerate(zip(axes, shown, strict=True)):
        for arm in one.arms:
            _draw_arm(panel, arm, looks[arm.method], up)
        for name, (epochs, means) in published.items():
            methods = [arm.method for arm in one.arms if arm.name == name]
            colour = looks[methods[0]].colour if methods else INK
            panel.plot(epochs, [up.place(value) for value in means], color=colour, linestyle=":", zorder=5)
            end = max(end, float(epochs[-1]))
        panels.name(panel, f"{percent(one.level.target_sparsity)} of the weights gone", 400)
        panels.ticks_up(panel, up, min(values), max(values), 0.09)
        panels.ticks_across(panel, linear_scale(), 0.0, end, 0.08 * columns)
        if not panels.is_left(place, columns):
            panel.set_yticklabels([])
        if not panels.is_low(place, columns, len(shown)):
            panel.set_xticklabels([])
    panels.label(figure, axes, "epochs of the last training", METRIC.axis)
    return figure


def _draw_arm(axes: Axes, arm: _Arm, look: Look, up: Scale) -> None:
    dense = arm.name not in ARMS
    places = [up.place(float(value)) for value in arm.means]
    if arm.lows is not None and arm.highs is not None and not dense:
        lows, highs = ([up.place(float(value)) for value in ends] for ends in (arm.lows, arm.highs))
        axes.fill_between(arm.epochs, lows, highs, color=look.colour, alpha=0.18, linewidth=0, zorder=2)
    axes.plot(arm.epochs, places, color=look.colour, linestyle="--" if dense else "-", linewidth=1.0 if dense else 1.5)


def _entries(shown: Sequence[_Panel], looks: Mapping[str, Look], published: bool) -> list[Line2D]:
    arms = {arm.method: arm for one in shown for arm in one.arms}
    entries = []
    for arm in arms.values():
        label = f"{ARMS[arm.name]} ({arm.method})" if arm.name in ARMS else "dense"
        style: Line = "-" if arm.name in ARMS else "--"
        entries.append(Line2D([], [], color=looks[arm.method].colour, linestyle=style, label=label))
    if published:
        entries.append(Line2D([], [], color=INK, linestyle=":", label="published by PruNet"))
    return entries


FIGURE = GridFigure(
    "reinitialisation",
    "Kept, rewound and redrawn weights under a ticket's masks, over the epochs of the training.",
    make,
)
