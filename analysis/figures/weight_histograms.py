"""How the weights of each layer are distributed, before pruning and after it, and after the training that follows."""

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

from analysis.artifacts import Histogram
from analysis.figures import drawing, levels, panels
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.scales import linear_scale, log_scale
from analysis.figures.style import Look, Width
from analysis.grid import Grid, Level
from analysis.wording import percent

MOST_LAYERS = 6
MOST_METHODS = 4
USUAL = 0.8
COLUMNS: dict[Width, int] = {"wide": 3, "narrow": 1}
HEIGHT: dict[Width, float] = {"wide": 100, "narrow": 90}

ByMethod = Mapping[str, Histogram]


@dataclass(frozen=True)
class _Panel:
    layer: str
    before: Histogram
    after: ByMethod


def make(material: Material, grid: Grid) -> Made:
    """The figure, of every grid with a dense network."""
    title = "Weights before and after"
    there = levels.measured(grid)
    if not there or not grid.dense:
        return None
    level = levels.nearest(there, USUAL)
    runs = material.first_runs(grid)
    methods = _methods(grid, runs[runs["level"] == level.index])
    runs = runs[runs["method"].isin(grid.dense) | (runs["method"].isin(methods) & (runs["level"] == level.index))]
    found = runs[["key", "environment", "method"]].merge(
        material.details.arrays("histogram", runs), on=["key", "environment"]
    )
    by_layer = {str(layer): rows for layer, rows in found.groupby("name", sort=False)}
    shown = [one for layer, rows in by_layer.items() if (one := _panel(grid, layer, rows)) is not None]
    if not shown:
        return Absence(title, "No figure: the database has no histograms of the weights of these runs.")
    shown = _spread(shown)
    return Picture(title, _caption(level, int(runs["seed"].min())), partial(_draw, grid, material.looks, shown, level))


def _methods(grid: Grid, runs: pd.DataFrame) -> list[str]:
    """The first methods that prune, one of each registered name."""
    runs = runs[runs["sparsity"] > 0]
    names = dict(zip(runs["method"], runs["method_name"], strict=True))
    there = [method for method in grid.methods if method in names and method not in grid.dense]
    return list({names[method]: method for method in reversed(there)}.values())[::-1][:MOST_METHODS]


def _panel(grid: Grid, layer: str, rows: pd.DataFrame) -> _Panel | None:
    histograms = {
        str(method): _coarser(Histogram(array, float(scale)))
        for method, array, scale in zip(rows["method"], rows["array"], rows["scale"], strict=True)
    }
    before = next((histograms[method] for method in grid.dense if method in histograms), None)
    after = {method: one for method, one in histograms.items() if method not in grid.dense and one.counts.any()}
    return None if before is None or not after else _Panel(layer, before, after)


def _coarser(histogram: Histogram) -> Histogram:
    """The same with three, five or seven bins in one where weights are few, the middle bin about zero as before."""
    counts, bins = histogram.counts, len(histogram.counts)
    together = next((many for many in (1, 3, 5) if counts.sum() * many >= 12 * bins), 7)
    more = -bins % (2 * together) if bins % 2 == 0 else (together - bins) % (2 * together)
    wider = np.pad(counts, more // 2).reshape(-1, together).sum(axis=1)
    return Histogram(wider, histogram.scale * (1 + more / bins))


def _spread(shown: Sequence[_Panel]) -> list[_Panel]:
    """The first layers and the last."""
    if len(shown) <= MOST_LAYERS:
        return list(shown)
    half = MOST_LAYERS // 2
    return [*shown[:half], *shown[-half:]]


def _caption(level: Level, seed: int) -> str:
    return (
        f"Weights of each layer that are not pruned, at the end of the run of seed {seed}: of the dense network (grey),"
        f" and of methods at a sparsity of {percent(level.target_sparsity)}. Weights per bin of equal width, on a"
        " logarithmic scale."
    )


def _draw(grid: Grid, looks: Mapping[str, Look], shown: Sequence[_Panel], level: Level, width: Width) -> Figure:
    methods = [method for method in grid.methods if any(method in one.after for one in shown)]
    entries = [Line2D([], [], color="#b4b9c2", linewidth=5, label="dense")]
    entries += [Line2D([], [], color=looks[method].colour, label=method) for method in methods]
    columns = min(COLUMNS[width], len(shown))
    sheet = panels.Sheet(columns, HEIGHT[width], left=44, between=40, below=34, under=20)
    figure, axes = panels.start(width, sheet, len(shown), drawing.heading(grid), entries)
    room = panels.panel_width(width, sheet, len(shown))
    for panel, one in zip(axes, shown, strict=True):
        _draw_panel(panel, one, [method for method in methods if method in one.after], looks)
        panels.name(panel, one.layer, room)
    panels.label(figure, axes, "weight", "weights per bin")
    return figure


def _draw_panel(axes: Axes, one: _Panel, methods: Sequence[str], looks: Mapping[str, Look]) -> None:
    # All on bins of the dense network's width, so that heights can be compared.
    width = 2 * one.before.scale / len(one.before.counts) or 1.0
    reach = max(one.before.scale, *(one.after[method].scale for method in methods))
    most = max(one.before.counts.max(), *(_per(one.after[method], width).max() for method in methods))
    up = log_scale(0.5)
    axes.stairs(
        _placed(one.before.counts.astype(float)),
        one.before.edges,
        baseline=up.place(0.5),
        fill=True,
        color="#b4b9c2",
        zorder=2,
    )
    for method in methods:
        histogram = one.after[method]
        axes.stairs(
            _placed(_per(histogram, width)),
            histogram.edges,
            baseline=up.place(0.5),
            color=looks[method].colour,
            linewidth=1.1,
            zorder=3,
        )
    panels.ticks_across(axes, linear_scale(), -reach, reach, 0.17)
    panels.ticks_up(axes, log_scale(0.5), 0.5, float(most), 0.2)
    axes.set_ylim(bottom=up.place(0.5))


def _per(histogram: Histogram, width: float) -> NDArray[np.float64]:
    own = 2 * histogram.scale / len(histogram.counts) or 1.0
    return np.asarray(histogram.counts * (width / own), dtype=np.float64)


def _placed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log10(np.maximum(counts, 0.5)), dtype=np.float64)


FIGURE = GridFigure("weight-histograms", "The weights of each layer before pruning and at the end of methods.", make)
