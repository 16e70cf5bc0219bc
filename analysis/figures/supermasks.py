"""Supermasks: how much the mask alone knows, the accuracy of networks that were masked and never trained.

The tables of lottery-ticket-pruner as a figure, with its published numbers where data and network are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.comparison import comparison
from analysis.figures import drawing, published, spacing
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import INK, QUIET, Look, Width
from analysis.grid import Cell, Grid
from analysis.stage import DEVELOP, shown_metric
from analysis.wording import listing, number

METRIC = "test_accuracy"
NAME = "supermask"  # the registered method
Dots = Mapping[tuple[str, str], Sequence[tuple[float, float]]]  # by project and method: sparsity and accuracy


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids that have masked networks without training."""
    title = "Untrained networks under a mask"
    runs = material.runs_of(grid)
    methods = set(runs.loc[runs["method_name"] == NAME, "method"])
    if not methods:
        return None
    grids = comparison(runs, shown_metric(METRIC, grid.stage)).grids
    if not any(cell.method in methods for one in grids for cell in one.measured):
        return Absence(title, "No figure: no masked network has an accuracy yet.")
    own = replace(
        grids[0],
        methods=tuple(method for method in grid.methods if method in methods or method in grid.dense),
        cells=tuple(cell for cell in grids[0].cells if cell.method in methods or cell.method in grid.dense),
        levels=grid.levels,
        standin=grid.standin,
    )
    chance, dots = _chance(material, grid), {} if grid.stage == DEVELOP else _theirs(material, grid, methods)
    return Picture(title, _caption(own, chance, dots), partial(_draw, own, material.looks, chance, dots))


def _chance(material: Material, grid: Grid) -> float | None:
    """The share that is right when classes are guessed: one of so many as the confusion matrix has."""
    found = material.details.arrays("confusion", material.first_runs(grid).head(1))
    return None if found.empty else 1 / found["array"].iloc[0].shape[0]


def _theirs(material: Material, grid: Grid, methods: Set[str]) -> Dots:
    rows = published.about(material, grid)
    rows = rows[(rows["metric"] == METRIC) & rows["label"].isin(methods)].dropna(subset=["at"])
    return {
        (str(project), str(label)): [
            (float(at), float(value)) for at, value in zip(one["at"], one["value"], strict=True)
        ]
        for (project, label), one in rows.groupby(["project", "label"])
    }


def _caption(grid: Grid, chance: float | None, dots: Dots) -> str:
    series = drawing.series_of(grid, _shown)
    several = max(cell.n for cell in grid.measured) > 1
    parts = (
        f"{grid.metric.label} of networks with their first weights under a mask that was found by training, without any"
        f" training afterwards{'; bars are 95 % intervals' if several else ''}.",
        "Dashed: the trained dense network." + (" Dotted: guessing, as an untrained network does." if chance else ""),
        f"Small points: single networks that {listing(_projects(dots))} published." if dots else "",
        spacing.WORDS[spacing.spacing(grid.metric, _values(grid, chance, dots), grid.test_count)],
        drawing.legend_of_marks(series),
    )
    return " ".join(part for part in parts if part)


def _shown(cell: Cell) -> tuple[float, float | None, float | None, bool] | None:
    if cell.summary is None:
        return None
    return cell.summary.mean, cell.summary.low, cell.summary.high, True


def _projects(dots: Dots) -> list[str]:
    return sorted({project for project, _ in dots})


def _values(grid: Grid, chance: float | None, dots: Dots) -> list[float]:
    theirs = [value for points in dots.values() for _, value in points]
    guessed = [] if chance is None else [chance]
    return [cell.summary.mean for cell in grid.measured if cell.summary is not None] + guessed + theirs


def _draw(grid: Grid, looks: Mapping[str, Look], chance: float | None, dots: Dots, width: Width) -> Figure:
    series = drawing.series_of(grid, _shown, looks)
    dense = [cell.summary.mean for cell in grid.measured if cell.method in grid.dense and cell.summary]
    entries = drawing.handles(series)
    if chance is not None:
        entries.insert(0, Line2D([], [], color=QUIET, linestyle=":", label=f"guessing: {number(100 * chance, 1)} %"))
    if dense:
        label = f"dense, trained: {number(100 * dense[0], 2)} %"
        entries.insert(0, Line2D([], [], color=INK, linestyle="--", label=label))
    entries += [
        Line2D([], [], color=QUIET, marker=".", linestyle="", label=f"published by {project}")
        for project in _projects(dots)
    ]
    figure, axes = drawing.start(grid, width, entries)
    theirs = [
        drawing.Series(project, looks[method], tuple(drawing.Point(*at, None, None, True) for at in found), ())
        for (project, method), found in dots.items()
    ]
    across = drawing.sparsity_axis(axes, grid, [*series, *theirs], width)
    values = _values(grid, chance, dots)
    up = spacing.scale(grid.metric, values, grid.test_count)
    points = [point for one in series for point in one.points]
    drawing.value_axis(axes, up, points, [*dense, *values], grid.metric.axis)
    if dense:
        drawing.reference_line(axes, up.place(dense[0]))
    if chance is not None:
        axes.axhline(up.place(chance), color=QUIET, linewidth=1.1, linestyle=":", zorder=2)
    for one in theirs:
        places = [across.place(point.sparsity) for point in one.points]
        heights = [up.place(point.value) for point in one.points]
        axes.plot(places, heights, ".", color=one.look.colour, markersize=5, zorder=3)
    drawing.draw_series(axes, series, across, up)
    drawing.finish(figure, axes, entries, width)
    return figure


FIGURE = GridFigure("supermasks", "Accuracy of untrained networks under a mask, beside dense and guessing.", make)
