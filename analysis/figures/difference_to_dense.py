"""The difference to the dense network, or to any other method, paired by seed, against sparsity."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from functools import partial

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import drawing
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.scales import Scale, difference_scale, nice
from analysis.figures.style import INK, Look, Width
from analysis.grid import Cell, Grid
from analysis.wording import count


def make(material: Material, grid: Grid) -> Made:
    """The figure, of every grid."""
    title = f"Difference to {grid.baseline}"
    reason = _reason(grid)
    if reason is not None:
        return Absence(title, reason)
    return Picture(title, _caption(grid), partial(_draw, grid, material.looks))


def _caption(grid: Grid) -> str:
    """How to read it."""
    pairs = sorted({cell.difference.n for cell in grid.cells if cell.difference})
    many = count(pairs[-1], "pair") if pairs[0] == pairs[-1] else f"{pairs[0]} to {count(pairs[-1], 'pair')}"
    bars = "bars are 95 % t intervals" if pairs[-1] > 1 else "a single pair has no interval"
    parts = [
        f"Mean difference in {grid.metric.words}, paired by seed ({many}); {bars}.",
        f"{'Below' if grid.metric.lower_is_better else 'Above'} zero is better.",
    ]
    if pairs[-1] > 1:
        parts.append("Filled markers: the paired t test, Holm-corrected over this figure, tells it from zero at 5 %.")
    if _linear(grid) is not None:
        parts.append("The scale shrinks away from zero, so that small and large differences both read.")
    points = [point for one in drawing.series_of(grid, _point) for point in one.points]
    if drawing.cut_off(_scale(grid), points, [0.0]):
        parts.append(drawing.CUT_OFF)
    return " ".join(parts)


def _reason(grid: Grid) -> str | None:
    """Why there is nothing to draw."""
    if grid.against is None:
        return "No figure: what to compare with has no result here yet."
    if all(cell.method == grid.against for cell in grid.measured):
        return f"No figure: only {grid.baseline} has results yet."
    if not any(cell.difference for cell in grid.cells):
        return f"No figure: no method has a seed in common with {grid.baseline} yet."
    return None


def _draw(grid: Grid, looks: Mapping[str, Look], width: Width) -> Figure:
    """The figure, for which there is something to draw."""
    series = drawing.series_of(grid, _point, looks)
    entries = [
        Line2D([], [], color=INK, linestyle="--", label=f"{grid.baseline} (zero)"),
        *drawing.handles(series),
    ]
    figure, axes = drawing.start(grid, width, entries)
    across = drawing.sparsity_axis(axes, grid, series, width)
    up = _scale(grid)
    points = [point for one in series for point in one.points]
    drawing.value_axis(axes, up, points, [0.0], grid.metric.difference_axis)
    drawing.reference_line(axes, up.place(0.0))
    drawing.draw_series(axes, series, across, up)
    drawing.finish(figure, axes, entries, width)
    return figure


def _point(cell: Cell) -> tuple[float, float | None, float | None, bool] | None:
    if cell.difference is None:
        return None
    return cell.difference.mean, cell.difference.low, cell.difference.high, cell.differs


def _linear(grid: Grid) -> float | None:
    """Up to which difference steps are equal; None where they are everywhere."""
    sizes = [abs(cell.difference.mean) for cell in grid.cells if cell.difference and cell.difference.mean]
    if not sizes or max(sizes) < 15 * statistics.median(sizes):
        return None
    return nice(statistics.median(sizes))


def _scale(grid: Grid) -> Scale:
    return difference_scale(_linear(grid), grid.metric.scale)


FIGURE = GridFigure(
    "difference-to-dense", "The difference to the dense network, paired by seed, against sparsity.", make
)
