"""Weights, units, filters: what pruning in larger pieces costs, at equal sparsity and at an equal number of parameters.

It is the figure of Keras_pruning and of for.AI's challenge, whose published curves are drawn along where data and
network are theirs. Their sparsity is that of each pruned layer; here all stand at what their code removes in truth.
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

from analysis.comparison import comparison
from analysis.figures import drawing, panels, published, spacing
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material, means_of
from analysis.figures.scales import Scale, amount_scale, linear_scale
from analysis.figures.style import PAPER, Look, Width
from analysis.grid import Cell, Grid
from analysis.stage import shown_metric
from analysis.wording import METRICS, Metric, listing

HEIGHT: dict[Width, float] = {"wide": 135, "narrow": 120}
SHOWN = ("test_accuracy", "test_loss")


@dataclass(frozen=True)
class _Line:
    """A method, or what a project published of one: places across, values, and ends of intervals."""

    label: str
    look: Look
    published: bool
    sparsities: tuple[float, ...]
    parameters: tuple[float, ...]
    values: tuple[float, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids whose methods differ in what they prune: weights, units, channels, ..."""
    title = "Weights, units, filters"
    methods = _methods(material, grid)
    if len(set(methods.values())) < 2:
        return None
    shown = [METRICS[shown_metric(name, grid.stage)] for name in SHOWN]
    lines = {metric: _lines(material, grid, metric, methods) for metric in shown}
    lines = {metric: found for metric, found in lines.items() if any(not one.published for one in found)}
    if not lines:
        return Absence(title, "No figure: no run of these methods has a test result yet.")
    return Picture(title, _caption(grid, lines), partial(_draw, grid, lines))


def _methods(material: Material, grid: Grid) -> dict[str, str]:
    """The granularity of each method that prunes, of those that are alike but for it."""
    settings = material.details.settings
    for column in ("suite", "profile", "data", "model"):
        settings = settings[settings[column] == getattr(grid, column)]
    settings = settings[settings["level"] > 0].drop_duplicates("method")
    runs = material.runs_of(grid)
    names = dict(zip(runs["method"], runs["method_name"], strict=True))
    known = {
        str(method): str(granularity)
        for method, granularity in zip(settings["method"], settings["granularity"], strict=True)
        if method in names and method not in grid.dense
    }
    options = dict(zip(runs["method"], runs["options"], strict=True))
    others = {
        str(method): (names.get(method), options.get(method), score, scope)
        for method, score, scope in settings[["method", "score", "scope"]].itertuples(index=False)
    }
    several: dict[object, set[str]] = {}
    for method, granularity in known.items():
        several.setdefault(others[method], set()).add(granularity)
    return {method: known[method] for method in grid.methods if method in known and len(several[others[method]]) > 1}


def _lines(material: Material, grid: Grid, metric: Metric, methods: Mapping[str, str]) -> list[_Line]:
    runs = material.runs_of(grid)
    grids = comparison(runs, metric.name).grids
    if not grids:
        return []
    found, sizes = grids[0], means_of(runs, "parameters_effective")
    dense = [cell for cell in found.measured if cell.method in grid.dense]
    lines = []
    for method in methods:
        cells = [*dense[:1], *(cell for cell in found.row(method) if cell.summary is not None)]
        if len(cells) > len(dense[:1]):
            lines.append(_line(method, material.looks[method], cells, sizes))
    return lines + _theirs(material, grid, metric, {line.label: line for line in lines})


def _line(label: str, look: Look, cells: Sequence[Cell], sizes: Mapping[tuple[str, int], float]) -> _Line:
    means = [cell.summary for cell in cells if cell.summary]
    return _Line(
        label,
        look,
        False,
        tuple(cell.sparsity if cell.sparsity is not None else cell.target_sparsity for cell in cells),
        tuple(sizes[cell.method, cell.level] for cell in cells),
        tuple(mean.mean for mean in means),
        tuple(mean.low for mean in means),
        tuple(mean.high for mean in means),
    )


def _theirs(material: Material, grid: Grid, metric: Metric, ours: Mapping[str, _Line]) -> list[_Line]:
    """What projects published of the same methods on the same data and network, at the sizes that ours have there."""
    rows = published.about(material, grid)
    rows = rows[rows["metric"] == metric.name].dropna(subset=["at"])
    lines = []
    for (project, method), one in rows[rows["at"] > 0].groupby(["project", "label"], sort=True):
        mine = ours.get(str(method))
        if mine is None or len(one) < 2:
            continue
        dense = rows[(rows["project"] == project) & (rows["at"] == 0)].head(1)
        points = pd.concat([dense, one]).sort_values("at")
        at = tuple(float(sparsity) for sparsity in points["at"])
        lines.append(
            _Line(
                f"{project}: {points['their_method'].iloc[-1]}",
                mine.look,
                True,
                at,
                tuple(_size(mine, sparsity) for sparsity in at),
                tuple(float(value) for value in points["value"]),
                (None,) * len(at),
                (None,) * len(at),
            )
        )
    return lines


def _size(line: _Line, sparsity: float) -> float:
    """How many parameters are of use in our network at a sparsity, between its levels by their logarithm."""
    order = np.argsort(line.sparsities)
    places, sizes = np.array(line.sparsities)[order], np.log(np.maximum(np.array(line.parameters)[order], 1))
    inside = places[0] - 0.02 <= sparsity <= places[-1] + 0.02
    return float(np.exp(np.interp(sparsity, places, sizes))) if inside else math.nan


def _caption(grid: Grid, lines: Mapping[Metric, Sequence[_Line]]) -> str:
    everything = [line for found in lines.values() for line in found]
    projects = sorted({line.label.partition(":")[0] for line in everything if line.published})
    several = any(low is not None for line in everything for low in line.lows)
    values = [value for line in next(iter(lines.values())) for value in line.values]
    parts = (
        "The same method on pieces of different kinds, on the left by the share of weights that are gone, on the right"
        " by the parameters that are still of use: where a unit is gone, what led from it is too.",
        "Bars are 95 % intervals over seeds." if several else "",
        f"Dotted, hollow: what {listing(projects)} published, single trainings, at the sparsity that their code gives"
        " and the size that our networks have there."
        if projects
        else "",
        spacing.WORDS[spacing.spacing(next(iter(lines)), values, grid.test_count)],
    )
    return " ".join(part for part in parts if part)


def _draw(grid: Grid, lines: Mapping[Metric, Sequence[_Line]], width: Width) -> Figure:
    entries = [_entry(line) for line in next(iter(lines.values()))]
    columns = 2 if width == "wide" else 1
    sheet = panels.Sheet(columns, HEIGHT[width], left=44, between=44, below=34, under=34, above=8)
    places = [(metric, across) for metric in lines for across in ("sparsity", "parameters")]
    figure, axes = panels.start(width, sheet, len(places), drawing.heading(grid), entries)
    for panel, (metric, across) in zip(axes, places, strict=True):
        found = lines[metric]
        values = [value for line in found for value in line.values]
        up = spacing.scale(metric, values, grid.test_count)
        if across == "sparsity":
            scale = linear_scale(100)
            panels.ticks_across(panel, scale, 0.0, 1.0, 0.09)
            panel.set_xlabel("weights removed (%)")
        else:
            scale = amount_scale()
            sizes = [size for line in found for size in line.parameters if math.isfinite(size)]
            margin = (max(sizes) / min(sizes)) ** 0.04
            panels.ticks_across(panel, scale, min(sizes) / margin, max(sizes) * margin, 0.12)
            panel.set_xlabel("parameters of use")
        for line in found:
            _draw_line(panel, line, line.sparsities if across == "sparsity" else line.parameters, scale, up)
        panels.ticks_up(panel, up, min(values), max(values), 0.12)
        panel.set_ylabel(metric.axis)
    return figure


def _draw_line(axes: Axes, line: _Line, across: Sequence[float], scale: Scale, up: Scale) -> None:
    there = [place for place, at in enumerate(across) if math.isfinite(at)]
    places = [scale.place(across[place]) for place in there]
    values = [up.place(line.values[place]) for place in there]
    look = line.look
    bars = [
        (at, up.place(low), up.place(high))
        for place, at in zip(there, places, strict=True)
        if (low := line.lows[place]) is not None and (high := line.highs[place]) is not None
    ]
    if bars:
        drawing.vertical_bars(axes, bars, look.colour)
    axes.plot(
        places,
        values,
        marker=look.marker,
        color=look.colour,
        linestyle=":" if line.published else look.line,
        markerfacecolor=PAPER if line.published else look.colour,
        markersize=3.8 if line.published else 4.6,
        linewidth=1.1 if line.published else 1.4,
        zorder=4,
    )


def _entry(line: _Line) -> Line2D:
    return Line2D(
        [],
        [],
        color=line.look.colour,
        marker=line.look.marker,
        linestyle=":" if line.published else line.look.line,
        markerfacecolor=PAPER if line.published else line.look.colour,
        label=line.label,
    )


FIGURE = GridFigure(
    "granularities", "Weights, units, filters: at equal sparsity and at an equal number of parameters.", make
)
