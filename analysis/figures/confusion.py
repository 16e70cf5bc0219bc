"""Which classes are taken for which: confusion matrices of the dense network and of methods, by rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.figures import drawing, levels, panels, shades
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import INCHES, Width
from analysis.grid import Grid
from analysis.stage import DEVELOP
from analysis.wording import percent

MOST = 3  # panels: the dense network, the best and the worst method
SPARSITY = 0.95
LONGEST, NARROW = 14, 4.3  # characters of a name, and points that one takes
MOST_SIDE = 240.0  # points: one matrix alone need not fill the page


@dataclass(frozen=True)
class _Panel:
    title: str
    counts: NDArray[np.int64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Of each class, how often it was taken for which; NaN for a class that does not occur."""
        totals = self.counts.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.counts / totals, dtype=np.float64)


def make(material: Material, grid: Grid) -> Made:
    """The figure, of every grid."""
    title = "Which classes are taken for which"
    if grid.stage == DEVELOP:
        return Absence(title, "No figure: the suite is at the stage develop, which shows no test data.")
    there = levels.measured(grid)
    runs = material.first_runs(grid)
    places = [(method, 0, "dense") for method in grid.dense[:1]]
    if there:
        level = levels.nearest(there, SPARSITY)
        at = percent(level.target_sparsity)
        cells = [cell for cell in grid.measured if cell.level == level.index and cell.sparsity and cell.summary]
        cells.sort(key=lambda cell: -grid.metric.sign * (cell.summary.mean if cell.summary else 0.0))
        ends = list(dict.fromkeys([cell.method for cell in (*cells[:1], *cells[-1:])]))
        places += [(method, level.index, f"{method}, {at}") for method in ends]
    wanted = [(method, number) for method, number, _ in places]
    there_too = [place in wanted for place in zip(runs["method"], runs["level"], strict=True)]
    runs = runs.loc[np.array(there_too, dtype=bool)]
    found = runs.merge(material.details.arrays("confusion", runs), on=["key", "environment"])
    arrays = {
        (str(method), int(level)): array
        for method, level, array in zip(found["method"], found["level"], found["array"], strict=True)
    }
    shown = [_Panel(label, arrays[method, number]) for method, number, label in places if (method, number) in arrays]
    if not shown:
        return Absence(title, "No figure: the database has no confusion matrices of these runs.")
    seed = int(runs["seed"].min())
    return Picture(title, _caption(seed, shown), partial(_draw, grid, shown[:MOST], _names(material.classes(grid))))


def _names(classes: Sequence[str]) -> tuple[str, ...]:
    """What stands before the rows: digits need no name beside their number."""
    if list(classes) == [str(number) for number in range(len(classes))]:
        return tuple(classes)
    return tuple(f"{panels.shortened(name, LONGEST * NARROW)} {number}" for number, name in enumerate(classes))


def _caption(seed: int, shown: Sequence[_Panel]) -> str:
    total = int(shown[0].counts.sum())
    return (
        "Of the test samples of each class (rows), how many per cent were taken for which (columns), at the end of the"
        f" run of seed {seed}; {total:,} samples. Shown are the dense network and, at the sparsity that is named, the"
        " methods with the best and the worst mean. Shares below half a per cent are left blank."
    )


def _draw(grid: Grid, shown: Sequence[_Panel], names: Sequence[str], width: Width) -> Figure:
    columns = len(shown) if width == "wide" else 1
    classes = shown[0].counts.shape[0]
    names = names if len(names) == classes else [str(number) for number in range(classes)]
    wide, left = INCHES[width] * 72, max(30.0, 18 + NARROW * max(len(name) for name in names))
    side = min((wide - left - panels.RIGHT - (columns - 1) * 24) / columns, 40.0 * classes, MOST_SIDE)
    sheet = panels.Sheet(columns, side, left=left, between=24, below=34, under=34)
    figure, axes = panels.start(width, sheet, len(shown), drawing.heading(grid))
    room = panels.panel_width(width, sheet, len(shown))
    for place, (panel, one) in enumerate(zip(axes, shown, strict=True)):
        panel.set_aspect("equal", anchor="NW")
        shades.draw(panel, one.shares)
        _write(panel, one.shares, side / classes)
        panels.name(panel, one.title, room)
        every = max(1, round(classes / 10))
        ticks = list(range(0, classes, every))
        panel.set_xticks(ticks, [str(tick) for tick in ticks])
        is_left = panels.is_left(place, columns)
        panel.set_yticks(ticks, [names[tick] if is_left else str(tick) for tick in ticks], fontsize=7.5)
        panel.set_xlabel("answer")
        if is_left:
            panel.set_ylabel("class")
    return figure


def _write(axes: Axes, shares: NDArray[np.float64], field: float) -> None:
    if field < 11:
        return
    for (row, column), share in np.ndenumerate(shares):
        if share > 0.005:
            shades.write(axes, column, row, f"{100 * share:.0f}", float(share), min(7.0, field / 1.9))


FIGURE = GridFigure("confusion", "Confusion matrices of the dense network, the best and the worst method.", make)
