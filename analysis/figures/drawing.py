"""What the figures over sparsity share: the axis of sparsity, a series with its intervals, the legend."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.scales import Scale, sparsity_scale
from analysis.figures.style import INCHES, INK, PAPER, QUIET, RULE, Look, Width, blank, legend_columns
from analysis.grid import Cell, Grid
from analysis.wording import percent

SPARSITY_GAP: dict[Width, float] = {"wide": 0.055, "narrow": 0.11}  # least distance of ticks, in axis lengths
VALUE_GAP = 0.07
CUT_OFF = "Intervals that leave the figure are cut off at its edge; the table has them whole."
PLOT: dict[Width, float] = {"wide": 235, "narrow": 205}  # heights in points
TITLE, AXIS, LEGEND_ROW = 20, 38, 12.2


@dataclass(frozen=True)
class Point:
    """A mean with its interval, where it has one; `sure` points are drawn filled, others hollow."""

    sparsity: float
    value: float
    low: float | None
    high: float | None
    sure: bool

    @property
    def ends(self) -> tuple[float, ...]:
        """All values that have to fit on the axis."""
        return tuple(end for end in (self.value, self.low, self.high) if end is not None)


@dataclass(frozen=True)
class Series:
    """The points of a method, and the sparsities at which no run of it gave a value."""

    label: str
    look: Look
    points: tuple[Point, ...]
    lost: tuple[float, ...]


# What a figure shows of a cell: value, low, high and whether it is sure; None where there is nothing to show.
Shown = Callable[[Cell], tuple[float, float | None, float | None, bool] | None]
_NO_LOOK = Look(INK, "o", "-")


def series_of(grid: Grid, shown: Shown, looks: Mapping[str, Look] | None = None) -> list[Series]:
    """A series for each method that prunes and has something to show."""
    series = []
    for method in grid.methods:
        if method in grid.dense:
            continue
        pairs = [(cell, shown(cell)) for cell in grid.row(method)]
        points = tuple(Point(_sparsity(cell), *value) for cell, value in pairs if value is not None)
        lost = tuple(cell.target_sparsity for cell, _ in pairs if cell.summary is None and cell.diverged + cell.failed)
        if points or lost:
            series.append(Series(method, (looks or {}).get(method, _NO_LOOK), points, lost))
    return series


def legend_of_marks(series: Sequence[Series]) -> str:
    """What hollow markers and crosses mean, where there are any."""
    parts = []
    if any(not point.sure for one in series for point in one.points):
        parts.append("Hollow markers: fewer seeds than in most cells.")
    if any(one.lost for one in series):
        parts.append("Crosses on the axis: runs ended, but none gave a value.")
    return " ".join(parts)


def _sparsity(cell: Cell) -> float:
    """Where a cell lies: at what was counted; at what was asked for where nothing was, where nothing is left, and
    where nothing is gone, as of a whole network that stands at a level for its size or its cost."""
    return cell.sparsity if cell.sparsity is not None and 0 < cell.sparsity < 1 else cell.target_sparsity


def start(grid: Grid, width: Width, entries: Sequence[Line2D]) -> tuple[Figure, Axes]:
    """A figure with its title and room for its legend; `finish` lays it out."""
    figure = blank(width, _points(entries, width) / 72)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_title(heading(grid), loc="left", fontsize=8.5, color=QUIET, pad=8)
    return figure, axes


def heading(grid: Grid) -> str:
    """What a figure says of its grid."""
    return f"{grid.data}, {grid.model}{' (stand-in data)' if grid.standin else ''}"


def _points(entries: Sequence[Line2D], width: Width) -> float:
    """The height of a figure in points."""
    return TITLE + PLOT[width] + AXIS + legend_points(entries, width)


def legend_points(entries: Sequence[Line2D], width: Width) -> float:
    """The height of a legend in points."""
    return LEGEND_ROW * math.ceil(len(entries) / legend_columns(_labels(entries), width)) + 4


def sparsity_axis(axes: Axes, grid: Grid, series: Sequence[Series], width: Width) -> Scale:
    """The axis of sparsity under all points."""
    places = [point.sparsity for one in series for point in one.points] + [s for one in series for s in one.lost]
    scale = sparsity_scale([level.target_sparsity for level in grid.levels if level.index > 0] or places)
    low, high = min(places), max(places)
    margin = 0.05 * (scale.place(high) - scale.place(low)) or 0.1
    axes.set_xlim(scale.place(low) - margin, scale.place(high) + margin)
    ticks = scale.ticks(low, high, (scale.place(low) - 0.02, scale.place(high) + 0.02), SPARSITY_GAP[width])
    if not ticks:
        ticks = [(scale.place(low), percent(low).removesuffix("\N{NO-BREAK SPACE}%"))]
    axes.set_xticks([place for place, _ in ticks], [label for _, label in ticks])
    axes.set_xlabel("sparsity (% of prunable weights removed)")
    return scale


def value_axis(axes: Axes, scale: Scale, points: Sequence[Point], extra: Sequence[float], label: str) -> None:
    """The axis of values, with lines across: it shows all means, and intervals unless they would dwarf all else."""
    low, high = _limits(scale, points, extra)
    margin = 0.05 * (high - low) or 0.05 * max(abs(high), 0.1)
    axes.set_ylim(low - margin, high + margin)
    shown = [*extra, *(end for point in points for end in point.ends)]
    ticks = scale.ticks(min(shown), max(shown), (low, high), VALUE_GAP)
    if not ticks:  # all values are one, or nearly so, and no round number lies among them
        value = float(f"{shown[0]:.3g}")
        ticks = [(scale.place(value), scale.label(value))]
    axes.set_yticks([place for place, _ in ticks], [text for _, text in ticks])
    axes.set_ylabel(label)
    axes.grid(axis="y", zorder=0)
    axes.tick_params(axis="y", length=0)


def cut_off(scale: Scale, points: Sequence[Point], extra: Sequence[float]) -> bool:
    """Whether an interval goes on beyond the figure."""
    low, high = _limits(scale, points, extra)
    places = [scale.place(end) for point in points for end in point.ends]
    return any(place < low - 1e-9 or place > high + 1e-9 for place in places)


def _limits(scale: Scale, points: Sequence[Point], extra: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest mean, and beyond as far as intervals commonly reach."""
    means = [scale.place(value) for value in (*extra, *(point.value for point in points))]
    ends = [scale.place(end) for point in points for end in point.ends]
    reaches = [abs(scale.place(end) - scale.place(point.value)) for point in points for end in point.ends[1:]]
    allowed = max(0.25 * (max(means) - min(means)), 2 * statistics.median(reaches) if reaches else 0.0)
    return max(min([*means, *ends]), min(means) - allowed), min(max([*means, *ends]), max(means) + allowed)


def draw_series(axes: Axes, series: Sequence[Series], across: Scale, up: Scale) -> None:
    """Lines, markers and intervals, moved apart a little so that intervals do not hide each other."""
    shift = _shift(series, across)
    for place, one in enumerate(series):
        moved = (place - (len(series) - 1) / 2) * shift
        colour, marker = one.look.colour, one.look.marker
        bars = [
            (across.place(point.sparsity) + moved, up.place(point.low), up.place(point.high))
            for point in one.points
            if point.low is not None and point.high is not None
        ]
        if bars:
            vertical_bars(axes, bars, colour)
        places = [(across.place(point.sparsity) + moved, up.place(point.value)) for point in one.points]
        axes.plot(*_columns(places), color=colour, linestyle=one.look.line, alpha=0.9, zorder=4)
        for sure, face in ((True, colour), (False, PAPER)):
            chosen = [at for at, point in zip(places, one.points, strict=True) if point.sure is sure]
            if chosen:
                axes.plot(*_columns(chosen), marker, color=colour, markerfacecolor=face, zorder=5)
        crosses = [(across.place(sparsity) + moved, 0.0) for sparsity in one.lost]
        if crosses:
            foot = axes.get_xaxis_transform()
            axes.plot(*_columns(crosses), "x", color=colour, transform=foot, clip_on=False, zorder=6)


def vertical_bars(axes: Axes, bars: Sequence[tuple[float, float, float]], colour: str) -> None:
    """Intervals of one method, each where it stands and from where to where it goes."""
    xs, lows, highs = zip(*bars, strict=True)
    axes.vlines(xs, lows, highs, colors=colour, linewidth=1.0, alpha=0.75, zorder=3)


def _columns(places: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in places], [y for _, y in places]


def _shift(series: Sequence[Series], across: Scale) -> float:
    """How far neighbours are moved apart: all together less than half the way to the next level."""
    places = sorted({round(across.place(point.sparsity), 3) for one in series for point in one.points})
    gaps = [right - left for left, right in pairwise(places) if right - left > 0.02]
    if len(series) < 2:
        return 0.0
    span = places[-1] - places[0] if len(places) > 1 else 0.0
    room = 0.45 * min(gaps) if gaps else 0.04
    return min(room, 0.05 * span or 0.04) / (len(series) - 1)


def handles(series: Sequence[Series]) -> list[Line2D]:
    """The legend's samples."""
    return [
        Line2D([], [], color=one.look.colour, linestyle=one.look.line, marker=one.look.marker, label=one.label)
        for one in series
    ]


def finish(figure: Figure, axes: Axes, entries: Sequence[Line2D], width: Width) -> None:
    """Lay it out by what stands where: as wide as its labels need, the legend under the plot, never over a point."""
    wide, high = INCHES[width] * 72, _points(entries, width)
    longest = max(len(label.get_text()) for label in axes.get_yticklabels())
    left = (24 + 5.5 * longest) / wide
    bottom = (legend_points(entries, width) + AXIS) / high
    axes.set_position((left, bottom, 1 - left - 8 / wide, PLOT[width] / high))
    legend(figure, entries, width)


def legend(figure: Figure, entries: Sequence[Line2D], width: Width) -> None:
    """The legend at the foot of a figure."""
    figure.legend(
        handles=list(entries),
        loc="lower left",
        bbox_to_anchor=(0.0, 0.0),
        ncols=legend_columns(_labels(entries), width),
        handlelength=2.4,
        columnspacing=1.4,
        labelspacing=0.35,
        borderaxespad=0.2,
    )


def _labels(entries: Sequence[Line2D]) -> list[str]:
    return [str(entry.get_label()) for entry in entries]


def reference_line(axes: Axes, place: float) -> None:
    """A line that everything is read against."""
    axes.axhline(place, color=INK, linewidth=1.1, linestyle="--", zorder=2)


def reference_band(axes: Axes, low: float, high: float) -> None:
    """The interval of what everything is read against."""
    axes.axhspan(low, high, color=RULE, alpha=0.75, linewidth=0, zorder=1)
