"""Accuracy, or loss, against sparsity: every method with its intervals, the dense network as a line."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import partial

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import celltext
from analysis.figures import drawing, spacing
from analysis.figures.drawing import Point, Series
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.scales import Scale
from analysis.figures.style import Look, Width
from analysis.grid import Cell, Grid
from analysis.wording import count


def make(material: Material, grid: Grid) -> Made:
    """The figure, of every grid."""
    title = f"{grid.metric.label} against sparsity"
    reason = _reason(grid)
    if reason is not None:
        return Absence(title, reason)
    return Picture(title, _caption(grid), partial(_draw, grid, material.looks))


def _caption(grid: Grid) -> str:
    """How to read it."""
    seeds = sorted({cell.n for cell in grid.measured})
    many = count(seeds[-1], "seed") if seeds[0] == seeds[-1] else f"{seeds[0]} to {count(seeds[-1], 'seed')}"
    bars = "bars and the grey band are 95 % intervals over seeds" if seeds[-1] > 1 else "a single run has no interval"
    series = drawing.series_of(grid, _shown(grid))
    parts = (
        f"Mean {grid.metric.words} of {many}; {bars}. Sparsity is spaced by the logarithm of what is kept.",
        spacing.WORDS[spacing.spacing(grid.metric, _means(grid), grid.test_count)],
        drawing.legend_of_marks(series),
        drawing.CUT_OFF if drawing.cut_off(_scale(grid), _points(series), _extra(_dense(grid))) else "",
    )
    return " ".join(part for part in parts if part)


def _reason(grid: Grid) -> str | None:
    """Why there is nothing to draw."""
    if not grid.measured:
        return f"No figure: no run has given a {grid.metric.words} yet."
    if not any(series.points for series in drawing.series_of(grid, _shown(grid))):
        return "No figure: only the dense network has results yet, so there is no sparsity to draw it against."
    return None


def _draw(grid: Grid, looks: Mapping[str, Look], width: Width) -> Figure:
    """The figure, for which there is something to draw."""
    series, dense = drawing.series_of(grid, _shown(grid), looks), _dense(grid)
    entries = drawing.handles(series)
    if dense is not None and dense.summary is not None:
        unit = " %" if grid.metric.is_accuracy else ""
        label = f"dense: {celltext.value(grid, dense)}{unit}"
        entries.insert(0, Line2D([], [], color=looks[dense.method].colour, linestyle="--", label=label))
    figure, axes = drawing.start(grid, width, entries)
    across = drawing.sparsity_axis(axes, grid, series, width)
    up = _scale(grid)
    drawing.value_axis(axes, up, _points(series), _extra(dense), grid.metric.axis)
    if dense is not None and dense.summary is not None:
        if dense.summary.low is not None and dense.summary.high is not None:
            drawing.reference_band(axes, up.place(dense.summary.low), up.place(dense.summary.high))
        drawing.reference_line(axes, up.place(dense.summary.mean))
    drawing.draw_series(axes, series, across, up)
    drawing.finish(figure, axes, entries, width)
    return figure


def _dense(grid: Grid) -> Cell | None:
    """The cell of the dense network."""
    cells = [cell for method in grid.dense for cell in grid.row(method) if cell.summary is not None]
    return cells[0] if cells else None


def _shown(grid: Grid) -> drawing.Shown:
    """Means with their intervals; hollow where a cell has fewer seeds than most."""
    usual = statistics.mode(cell.n for cell in grid.measured)

    def shown(cell: Cell) -> tuple[float, float | None, float | None, bool] | None:
        if cell.summary is None:
            return None
        return cell.summary.mean, cell.summary.low, cell.summary.high, cell.n >= usual

    return shown


def _points(series: Sequence[Series]) -> list[Point]:
    return [point for one in series for point in one.points]


def _extra(dense: Cell | None) -> list[float]:
    """The values of the dense network, which have to fit too."""
    if dense is None or dense.summary is None:
        return []
    return [end for end in (dense.summary.mean, dense.summary.low, dense.summary.high) if end is not None]


def _means(grid: Grid) -> Sequence[float]:
    return [cell.summary.mean for cell in grid.measured if cell.summary is not None]


def _scale(grid: Grid) -> Scale:
    return spacing.scale(grid.metric, _means(grid), grid.test_count)


FIGURE = GridFigure(
    "accuracy-versus-sparsity", "Accuracy, or loss, against sparsity: every method with its intervals.", make
)
