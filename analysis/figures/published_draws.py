"""Where published numbers lie among our runs: every seed of a cell as a point, each published value as a diamond.

Most published numbers are single trainings. How far seeds alone scatter says how much such a number can mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from analysis.figures import drawing, panels, published, spacing
from analysis.figures.kind import GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.scales import Scale
from analysis.figures.style import COLOURS, INCHES, INK, QUIET, Width, blank
from analysis.grid import Grid
from analysis.stage import DEVELOP
from analysis.stats import mean_interval
from analysis.wording import count, listing, percent

TITLE = "Published single numbers among our seeds"
NEAR = 0.05  # of what is kept: how far a level may be from a published sparsity, as in the view versus_published
MOST = 16  # rows
ROW: dict[Width, float] = {
    "wide": 19,
    "narrow": 31,
}  # points; where there is little room, names have a line of their own
NAMES: dict[Width, float] = {"wide": 204, "narrow": 8}
RANKS: dict[Width, float] = {"wide": 80, "narrow": 78}  # what is said at the end of a row
HEAD, FOOT = 22, 38
OURS, THEIRS = COLOURS[0][0], COLOURS[1][0]


@dataclass(frozen=True)
class Row:
    """A cell with what its seeds gave and what others have published of it."""

    method: str
    target: float
    ours: tuple[float, ...]
    theirs: tuple[tuple[str, float], ...]  # project and value

    @property
    def label(self) -> str:
        return self.method if not self.target else f"{self.method}, {percent(self.target)}"

    @property
    def rank(self) -> str:
        """How many of our runs lie below the published number, where there is one."""
        if len(self.theirs) > 1:
            return ""
        below = sum(value < self.theirs[0][1] for value in self.ours)
        return f"above {below} of {len(self.ours)}"


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids about which somebody has published a number at one of our levels."""
    if grid.stage == DEVELOP:
        return None
    rows = _fewer(_rows(material, grid), MOST)
    if not rows:
        return None
    return Picture(TITLE, _caption(grid, rows), partial(_draw, grid, rows))


def _rows(material: Material, grid: Grid) -> list[Row]:
    known, runs = published.about(material, grid), material.runs_of(grid).dropna(subset=[grid.metric.name])
    known = known[(known["metric"] == grid.metric.name) & known["label"].notna()]
    theirs: dict[tuple[str, int], list[tuple[str, float]]] = {}
    for project, label, at, value in zip(known["project"], known["label"], known["at"], known["value"], strict=True):
        if (level := _level(grid, str(label), float(at))) is not None:
            theirs.setdefault((str(label), level), []).append((str(project), float(value)))
    found = []
    for cell in grid.cells:
        of_cell = runs[(runs["method"] == cell.method) & (runs["level"] == cell.level)]
        values = tuple(float(value) for value in of_cell[grid.metric.name])
        if values and (about := theirs.get((cell.method, cell.level))):
            found.append(Row(cell.method, cell.target_sparsity if cell.level else 0.0, values, tuple(about)))
    return found


def _level(grid: Grid, method: str, at: float) -> int | None:
    """The level that a sparsity is nearest to, if it is near; a number without one is about a method's only cell."""
    cells = grid.row(method)
    if math.isnan(at):
        return cells[0].level if len(cells) == 1 else None
    nearest = min(cells, key=lambda cell: abs(cell.target_sparsity - at), default=None)
    if nearest is None or abs(nearest.target_sparsity - at) >= NEAR * (1 - at):
        return None
    return nearest.level


def _fewer(rows: Sequence[Row], most: int) -> list[Row]:
    """Rows spread evenly over all, where there are more than can be read."""
    if len(rows) <= most:
        return list(rows)
    return [rows[int(place)] for place in np.linspace(0, len(rows) - 1, most).round()]


def _caption(grid: Grid, rows: Sequence[Row]) -> str:
    projects = sorted({project for row in rows for project, _ in row.theirs})
    seeds = sorted({len(row.ours) for row in rows})
    n = count(seeds[-1], "seed") if len(seeds) == 1 else f"{seeds[0]} to {count(seeds[-1], 'seed')}"
    what = grid.metric.label[0].lower() + grid.metric.label[1:]
    parts = (
        f"Points: {what} of each of our runs ({n} a row); the bar is the mean with its 95 % t interval.",
        f"Diamonds: what {listing(projects)} published, mostly single trainings; beside them, how many of our runs lie"
        " below."
        if any(row.rank for row in rows)
        else f"Diamonds: what {listing(projects)} published.",
        drawing.CUT_OFF if _cut_off(rows) else "",
        spacing.WORDS[spacing.spacing(grid.metric, _values(rows), grid.test_count)],
    )
    return " ".join(part for part in parts if part)


def _cut_off(rows: Sequence[Row]) -> bool:
    """Whether an interval reaches further than the values that the figure shows."""
    values, means = _values(rows), [mean_interval(list(row.ours)) for row in rows]
    return any(one.low is not None and one.low < min(values) for one in means) or any(
        one.high is not None and one.high > max(values) for one in means
    )


def _values(rows: Sequence[Row]) -> list[float]:
    return [value for row in rows for value in (*row.ours, *(theirs for _, theirs in row.theirs))]


def _draw(grid: Grid, rows: Sequence[Row], width: Width) -> Figure:
    entries = [
        Line2D([], [], color=OURS, marker="o", markersize=3, alpha=0.6, linestyle="", label="one of our seeds"),
        Line2D([], [], color=INK, marker="|", markersize=9, linewidth=2, label="mean, 95 % interval"),
        Line2D([], [], color=THEIRS, marker="D", linestyle="", label="published"),
    ]
    legend = drawing.legend_points(entries, width)
    wide, high = INCHES[width] * 72, HEAD + ROW[width] * len(rows) + FOOT + legend
    figure = blank(width, high / 72)
    axes = figure.add_axes(
        (
            NAMES[width] / wide,
            (FOOT + legend) / high,
            1 - (NAMES[width] + RANKS[width]) / wide,
            ROW[width] * len(rows) / high,
        )
    )
    figure.text(4 / wide, 1 - 4 / high, drawing.heading(grid), va="top", ha="left", fontsize=8.5, color=QUIET)
    values = _values(rows)
    scale = spacing.scale(grid.metric, values, grid.test_count)
    low, high_end = scale.place(min(values)), scale.place(max(values))
    margin = 0.03 * (high_end - low) or 0.05 * max(abs(high_end), 0.1)
    axes.set_xlim(low - margin, high_end + margin)
    axes.set_ylim(len(rows), 0)
    _axis(axes, grid, scale, values, width)
    for place, row in enumerate(rows):
        _draw_row(axes, place + (0.5 if width == "wide" else 0.68), row, scale, width)
    drawing.legend(figure, entries, width)
    return figure


def _axis(axes: Axes, grid: Grid, scale: Scale, values: Sequence[float], width: Width) -> None:
    low, high = axes.get_xlim()
    ticks = scale.ticks(min(values), max(values), (low, high), 0.1 if width == "wide" else 0.2)
    axes.set_xticks([place for place, _ in ticks], [label for _, label in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", zorder=0)
    axes.set_xlabel(grid.metric.axis)


def _draw_row(axes: Axes, y: float, row: Row, scale: Scale, width: Width) -> None:
    spread = _spread(len(row.ours)) * (0.3 if width == "wide" else 0.2)
    places = [scale.place(value) for value in sorted(row.ours)]
    axes.plot(places, y + spread, "o", color=OURS, markersize=2.6, alpha=0.45, markeredgewidth=0, zorder=3)
    mean = mean_interval(list(row.ours))
    if mean.low is not None and mean.high is not None:
        axes.plot([scale.place(mean.low), scale.place(mean.high)], [y, y], color=INK, linewidth=2, zorder=4)
    axes.plot(scale.place(mean.mean), y, "|", color=INK, markersize=9, zorder=4)
    for _, value in row.theirs:
        axes.plot(scale.place(value), y, "D", color=THEIRS, markersize=5, zorder=5, clip_on=False)
    across = axes.get_yaxis_transform()
    if width == "wide":
        axes.annotate(
            panels.shortened(row.label, NAMES[width] - 12), (0, y), (-8, 0), across, textcoords="offset points",
            va="center", ha="right",
        )  # fmt: skip
    else:
        axes.annotate(
            panels.shortened(row.label, INCHES[width] * 72 - 16), (0, y - 0.44), xycoords=across, va="center", ha="left"
        )
    axes.annotate(
        row.rank, (1, y), (8, 0), across, textcoords="offset points", va="center", ha="left", color=QUIET, fontsize=7.5
    )


def _spread(many: int) -> NDArray[np.float64]:
    """Heights from -1 to 1 that keep neighbours in rank apart, always the same; one alone is in the middle."""
    if many == 1:
        return np.zeros(1)
    return np.arange(many, dtype=np.float64) * 0.6180339887 % 1 * 2 - 1


FIGURE = GridFigure("published-draws", "Where published numbers lie among the runs of each seed.", make)
