"""Accuracy, or loss, against sparsity: every method with its intervals, the dense network as a line."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import celltext
from analysis.figures import drawing
from analysis.figures.drawing import Point, Series
from analysis.figures.kind import FigureKind
from analysis.figures.scales import Scale, linear_scale, log_scale, odds_scale
from analysis.figures.style import Look, Width
from analysis.grid import Cell, Grid
from analysis.wording import count


def title(grid: Grid) -> str:
    """What it shows."""
    return f"{grid.metric.label} against sparsity"


def caption(grid: Grid) -> str:
    """How to read it."""
    seeds = sorted({cell.n for cell in grid.measured})
    many = count(seeds[-1], "seed") if seeds[0] == seeds[-1] else f"{seeds[0]} to {count(seeds[-1], 'seed')}"
    bars = "bars and the grey band are 95 % intervals over seeds" if seeds[-1] > 1 else "a single run has no interval"
    scale = {
        "odds": "Accuracy is spaced by its odds, so that differences near 100 % can be seen.",
        "log": "The loss is on a logarithmic scale.",
        "linear": "",
    }
    series = drawing.series_of(grid, _shown(grid))
    parts = (
        f"Mean {grid.metric.words} of {many}; {bars}. Sparsity is spaced by the logarithm of what is kept.",
        scale[_spacing(grid)],
        drawing.legend_of_marks(series),
        drawing.CUT_OFF if drawing.cut_off(_scale(grid), _points(series), _extra(_dense(grid))) else "",
    )
    return " ".join(part for part in parts if part)


def absence(grid: Grid) -> str | None:
    """Why there is nothing to draw."""
    if not grid.measured:
        return f"No figure: no run has given a {grid.metric.words} yet."
    if not any(series.points for series in drawing.series_of(grid, _shown(grid))):
        return "No figure: only the dense network has results yet, so there is no sparsity to draw it against."
    return None


def draw(grid: Grid, looks: Mapping[str, Look], width: Width) -> Figure:
    """The figure; only where there is no absence to report."""
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


def _edge(grid: Grid) -> float:
    """Half an answer of the test set."""
    return 0.5 / (grid.test_count or 10_000)


def _spacing(grid: Grid) -> str:
    """Equal steps, unless values near the end of the scale would be crushed by those far from it."""
    means = _means(grid)
    low, high = min(means), max(means)
    if grid.metric.is_accuracy:
        inside = _edge(grid) < low and high < 1 - _edge(grid)
        return "odds" if inside and high > 0.9 and high - low > 0.15 else "linear"
    return "log" if low > 0 and high > 5 * low else "linear"


def _scale(grid: Grid) -> Scale:
    spacing = _spacing(grid)
    if spacing == "odds":
        return odds_scale(_edge(grid))
    return log_scale(min(_means(grid)) / 3) if spacing == "log" else linear_scale(grid.metric.scale)


FIGURE = FigureKind("accuracy-versus-sparsity", title, caption, absence, draw)
