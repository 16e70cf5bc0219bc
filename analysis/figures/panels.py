"""Small multiples: panels of equal size in rows and columns, their titles, and one legend for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.drawing import legend, legend_points
from analysis.figures.scales import Scale
from analysis.figures.style import INCHES, INK, QUIET, Width, blank

HEADING = 16  # points above everything, for what the figure is about
RIGHT = 8  # points that stay free beside the last column, for half a label
TITLE, SMALL = 8.5, 7.0  # sizes of a panel's title: the usual and the least one
CHARACTER = 5.0  # points that a character takes, on average


@dataclass(frozen=True)
class Sheet:
    """How panels stand: in so many columns, so high, with so much room for their labels, all in points."""

    columns: int
    height: float
    left: float  # before the first column: labels of its vertical axis
    between: float  # before the others
    below: float  # under the last row: labels of its horizontal axis
    under: float  # under the others
    above: float = 18  # over each: its title


def start(
    width: Width, sheet: Sheet, count: int, about: str, entries: Sequence[Line2D] = ()
) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, row by row, and its legend."""
    wide = INCHES[width] * 72
    columns = min(sheet.columns, count)
    rows = math.ceil(count / columns)
    foot = legend_points(entries, width) if entries else 0.0
    high = HEADING + rows * (sheet.above + sheet.height) + (rows - 1) * sheet.under + sheet.below + foot
    figure = blank(width, high / 72)
    across = (wide - sheet.left - (columns - 1) * sheet.between - RIGHT) / columns
    panels = []
    for place in range(count):
        row, column = divmod(place, columns)
        x = sheet.left + column * (across + sheet.between)
        top = HEADING + row * (sheet.above + sheet.height + sheet.under) + sheet.above
        panels.append(figure.add_axes((x / wide, 1 - (top + sheet.height) / high, across / wide, sheet.height / high)))
    figure.text(4 / wide, 1 - 4 / high, about, va="top", ha="left", fontsize=8.5, color=QUIET)
    if entries:
        legend(figure, entries, width)
    return figure, panels


def label(figure: Figure, panels: Sequence[Axes], across: str = "", up: str = "") -> None:
    """One label for the horizontal axes of all panels, under them, and one for the vertical ones."""
    boxes = [panel.get_position() for panel in panels]
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    low, high = min(box.y0 for box in boxes), max(box.y1 for box in boxes)
    wide, tall = figure.get_size_inches() * 72
    figure.text((left + right) / 2, low - 19 / tall, across, va="top", ha="center")
    figure.text(3 / wide, (low + high) / 2, up, va="center", ha="left", rotation=90)


def panel_width(width: Width, sheet: Sheet, count: int) -> float:
    """How wide each panel is, in points."""
    columns = min(sheet.columns, count)
    return (INCHES[width] * 72 - sheet.left - (columns - 1) * sheet.between - RIGHT) / columns


def name(axes: Axes, text: str, room: float, under: str = "") -> None:
    """The title of a panel, made smaller and then shorter until it fits into its room in points; `under` is a second
    line, for which the panel needs ten points more above it."""
    size = min(TITLE, max(SMALL, TITLE * room / (max(1, len(text)) * CHARACTER)))
    axes.set_title(shortened(text, room * TITLE / size), loc="left", fontsize=size, color=INK, pad=15 if under else 5)
    if under:
        axes.annotate(
            shortened(under, room * TITLE / SMALL),
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, 5),
            textcoords="offset points",
            fontsize=SMALL,
            color=QUIET,
        )


def shortened(text: str, room: float) -> str:
    """As much of a text as fits."""
    most = max(3, int(room / CHARACTER))
    if len(text) <= most:
        return text
    head = max(1, (most - 1) * 2 // 5)  # what tells methods apart is rather at their end
    return f"{text[:head].rstrip()}…{text[len(text) - (most - 1 - head) :].lstrip()}"


def is_left(place: int, columns: int) -> bool:
    """Whether a panel stands in the first column."""
    return place % columns == 0


def is_low(place: int, columns: int, count: int) -> bool:
    """Whether no panel stands under a panel."""
    return place + columns >= count


def ticks_across(axes: Axes, scale: Scale, low: float, high: float, gap: float) -> None:
    """The ticks of a horizontal axis between two values, which become its ends; none that would reach beyond it."""
    limits = scale.place(low), scale.place(high)
    axes.set_xlim(*limits)
    ticks = scale.ticks(low, high, (limits[0], limits[1] - gap / 4 * (limits[1] - limits[0])), gap)
    axes.set_xticks([place for place, _ in ticks], [label for _, label in ticks])


def ticks_up(axes: Axes, scale: Scale, low: float, high: float, gap: float = 0.13) -> None:
    """The ticks of a vertical axis between two values, with a margin and lines across."""
    limits = scale.place(low), scale.place(high)
    margin = 0.05 * (limits[1] - limits[0]) or 0.05
    axes.set_ylim(limits[0] - margin, limits[1] + margin)
    ticks = scale.ticks(low, high, (limits[0] - margin, limits[1] + margin), gap)
    axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
    axes.grid(axis="y", zorder=0)
    axes.tick_params(axis="y", length=0)
