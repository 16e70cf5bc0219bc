"""What quality costs: accuracy, or loss, of every cell against parameters, operations and measured time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import drawing, panels, spacing
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material, means_of
from analysis.figures.scales import Scale, amount_scale
from analysis.figures.style import INK, PAPER, QUIET, Look, Width
from analysis.grid import Cell, Grid
from analysis.wording import count

HEIGHT: dict[Width, float] = {"wide": 190, "narrow": 165}
COSTS = {"parameters_kept": "parameters left", "macs_kept": "multiply-adds of one sample"}


@dataclass(frozen=True)
class _Point:
    """A cell: what it costs and how good it is."""

    cost: float
    cell: Cell
    leads: bool  # no cell of at most this cost is better

    @property
    def value(self) -> float:
        assert self.cell.summary is not None  # such cells alone have points
        return self.cell.summary.mean


@dataclass(frozen=True)
class _Panel:
    label: str  # of the axis
    points: tuple[_Point, ...]  # the cheapest first


def make(material: Material, grid: Grid) -> Made:
    """The figure, of every grid."""
    title = f"{grid.metric.label} against cost"
    runs = material.runs_of(grid)
    costs = {label: means_of(runs, column) for column, label in COSTS.items()}
    seconds, measured = _seconds(material.details.speeds, grid)
    if seconds:
        costs["milliseconds for one answer"] = seconds
    shown = [_Panel(label, _points(grid, cost)) for label, cost in costs.items()]
    shown = [one for one in shown if len({point.cost for point in one.points}) > 1]
    if not shown:
        return Absence(title, "No figure: not two cells have a result and differ in their cost yet.")
    return Picture(title, _caption(grid, shown, measured), partial(_draw, grid, material.looks, shown))


def _seconds(speeds: pd.DataFrame, grid: Grid) -> tuple[dict[tuple[str, int], float], str]:
    """Milliseconds of one answer by each cell in its quickest form, where most was measured; and where that was."""
    for column in ("suite", "profile", "data", "model"):
        speeds = speeds[speeds[column] == getattr(grid, column)]
    speeds = speeds[speeds["batch"] == speeds["batch"].min()] if len(speeds) else speeds
    if speeds.empty:
        return {}, ""
    places = speeds.groupby(["environment", "threads"]).size()
    environment, threads = max(places.index, key=lambda place: (places[place], -place[1]))
    there = speeds[(speeds["environment"] == environment) & (speeds["threads"] == threads)]
    there = there[(there["form"] != "dense") | (there["level"] == 0)]
    best = there.groupby(["method", "level", "seed"], as_index=False)["seconds"].min()
    found = means_of(best.assign(milliseconds=1000 * best["seconds"]), "milliseconds")
    on = f"{there['device'].iloc[0]}, {count(int(threads), 'thread')}" if threads else str(there["device"].iloc[0])
    batch = int(there["batch"].iloc[0])
    return found, f"Time: {on}, {'one sample' if batch == 1 else count(batch, 'sample')} at once, in the quickest form."


def _points(grid: Grid, costs: Mapping[tuple[str, int], float]) -> tuple[_Point, ...]:
    sign = grid.metric.sign
    cells = [
        (costs[cell.method, cell.level], -sign * cell.summary.mean, cell)
        for cell in grid.measured
        if (cell.method, cell.level) in costs and cell.summary
    ]
    cells.sort(key=lambda one: one[:2])
    points: list[_Point] = []
    best = float("inf")
    for cost, worse, cell in cells:
        before = [point for point in points if point.leads]
        equal = bool(before) and before[-1].cost == cost and worse == best
        points.append(_Point(cost, cell, worse < best or equal))
        best = min(best, worse)
    return tuple(points)


def _caption(grid: Grid, shown: Sequence[_Panel], measured: str) -> str:
    values = _values(shown)
    parts = (
        f"Mean {grid.metric.words} of every cell against what its network costs. The line joins the cells that no"
        " cheaper one matches, filled markers; bars are their 95 % intervals.",
        measured,
        spacing.WORDS[spacing.spacing(grid.metric, values, grid.test_count)],
    )
    return " ".join(part for part in parts if part)


def _values(shown: Sequence[_Panel]) -> list[float]:
    return [point.value for one in shown for point in one.points]


def _draw(grid: Grid, looks: Mapping[str, Look], shown: Sequence[_Panel], width: Width) -> Figure:
    methods = {point.cell.method for one in shown for point in one.points}
    entries = [
        Line2D([], [], color=looks[method].colour, marker=looks[method].marker, linestyle="", label=method)
        for method in grid.methods
        if method in methods
    ]
    columns = len(shown) if width == "wide" else 1
    sheet = panels.Sheet(columns, HEIGHT[width], left=44, between=14, below=34, under=34, above=8)
    figure, axes = panels.start(width, sheet, len(shown), drawing.heading(grid), entries)
    values = _values(shown)
    up = spacing.scale(grid.metric, values, grid.test_count)
    for place, (panel, one) in enumerate(zip(axes, shown, strict=True)):
        _draw_panel(panel, one, looks, up)
        panels.ticks_up(panel, up, min(values), max(values), 0.07)
        costs = [point.cost for point in one.points]
        margin = (max(costs) / min(costs)) ** 0.04
        panels.ticks_across(
            panel, amount_scale(), min(costs) / margin, max(costs) * margin, 0.09 * columns if columns > 1 else 0.14
        )
        panel.set_xlabel(one.label)
        if not panels.is_left(place, columns):
            panel.set_yticklabels([])
    panels.label(figure, axes, up=grid.metric.axis)
    return figure


def _draw_panel(axes: Axes, one: _Panel, looks: Mapping[str, Look], up: Scale) -> None:
    across = amount_scale()
    leading = [(across.place(point.cost), up.place(point.value), point) for point in one.points if point.leads]
    axes.step(
        [x for x, _, _ in leading], [y for _, y, _ in leading], where="post", color=QUIET, linewidth=1.0, zorder=2
    )
    for method in {point.cell.method: None for point in one.points}:
        look = looks.get(method, Look(INK, "o", "-"))
        for leads in (False, True):
            places = [
                (across.place(point.cost), up.place(point.value))
                for point in one.points
                if point.cell.method == method and point.leads is leads
            ]
            if not places:
                continue
            axes.plot(
                [x for x, _ in places],
                [y for _, y in places],
                look.marker,
                color=look.colour,
                markerfacecolor=look.colour if leads else PAPER,
                alpha=1.0 if leads else 0.6,
                markersize=5.2 if leads else 3.8,
                zorder=4 if leads else 3,
            )
    bars = [
        (x, up.place(summary.low), up.place(summary.high), looks.get(point.cell.method, Look(INK, "o", "-")).colour)
        for x, _, point in leading
        if (summary := point.cell.summary) is not None and summary.low is not None and summary.high is not None
    ]
    if bars:
        xs, lows, highs, colours = zip(*bars, strict=True)
        axes.vlines(xs, lows, highs, colors=colours, linewidth=1.0, zorder=3)


FIGURE = GridFigure(
    "frontier",
    "Accuracy, or loss, against parameters, operations and measured time, with the best for each cost.",
    make,
)
