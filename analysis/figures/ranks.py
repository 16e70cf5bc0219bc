"""Rank diagrams: average ranks of methods, and which of them a test cannot tell apart (Demšar, 2006)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import drawing, panels
from analysis.figures.kind import Absence, DatabaseFigure, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import INCHES, INK, QUIET, Width, blank
from analysis.grid import Grid
from analysis.ranks import ranking
from analysis.stats import Ranks
from analysis.wording import count, number, p_value

HEAD = 72.0  # points of heading, critical difference and scale
ROW = 13.0
BAR = 7.0
NAMES: dict[Width, float] = {"wide": 160.0, "narrow": 128.0}  # points beside the scale


@dataclass(frozen=True)
class Diagram:
    """Ranks, and what they are about."""

    about: str
    ranks: Ranks

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Methods that are not told apart."""
        return tuple(group for group in self.ranks.groups if len(group) > 1)

    def height(self, width: Width) -> float:
        """In points."""
        rows = math.ceil(len(self.ranks.methods) / 2) if width == "wide" else len(self.ranks.methods)
        return HEAD + self.band + ROW * rows + 10

    @property
    def band(self) -> float:
        """The height of the bars."""
        return BAR * len(self.groups) + 4


def of_grid(material: Material, grid: Grid) -> Made:
    """The diagram over the seeds of one problem."""
    title = "Ranks over seeds"
    found = ranking([grid.cube], "seeds")
    if found is None:
        return Absence(title, "No figure: ranks need two methods that share two levels, and two seeds of each.")
    diagram = Diagram(drawing.heading(grid), found.ranks)
    return Picture(title, _caption([diagram], "seed"), partial(_draw, [diagram]))


def of_database(material: Material) -> Made:
    """The diagrams over the problems of each suite that has several."""
    title = "Ranks over problems"
    groups: dict[tuple[str, str, str], list[Grid]] = {}
    for grid in material.grids:
        groups.setdefault((grid.suite, grid.profile, grid.environment), []).append(grid)
    several = {place: grids for place, grids in groups.items() if len(grids) > 1}
    if not several:
        return None
    diagrams = []
    for (suite, profile, _), grids in several.items():
        found = ranking([grid.cube for grid in grids])
        if found is not None:
            about = f"{suite}, {profile}: {count(found.ranks.blocks, 'problem')}; {grids[0].environment.split(',')[0]}"
            diagrams.append(Diagram(about, found.ranks))
    if not diagrams:
        return Absence(title, "No figure: no suite has two problems in which two methods share two levels.")
    return Picture(title, _caption(diagrams, "problem"), partial(_draw, diagrams))


def _caption(diagrams: Sequence[Diagram], block: str) -> str:
    blocks = sorted({diagram.ranks.blocks for diagram in diagrams})
    many = count(blocks[-1], block) if len(blocks) == 1 else f"{blocks[0]} to {count(blocks[-1], block)}"
    tests = [diagram.ranks.p for diagram in diagrams if diagram.ranks.p is not None]
    friedman = f" Friedman's test that all are alike: {', '.join(p_value(p) for p in tests)}." if tests else ""
    return (
        f"Average rank of each method over {many}, by the area under its curve over the levels that all share; 1 is the"
        " best. Bars join methods that Nemenyi's test does not tell apart: their ranks differ by less than the critical"
        f" difference.{friedman}"
    )


def _draw(diagrams: Sequence[Diagram], width: Width) -> Figure:
    high = sum(diagram.height(width) for diagram in diagrams)
    figure = blank(width, high / 72)
    top = 0.0
    for diagram in diagrams:
        tall = diagram.height(width)
        axes = figure.add_axes((0, 1 - (top + tall) / high, 1, tall / high))
        axes.set_axis_off()
        axes.set_xlim(0, INCHES[width] * 72)
        axes.set_ylim(tall, 0)
        _draw_one(axes, diagram, width)
        top += tall
    return figure


def _draw_one(axes: Axes, diagram: Diagram, width: Width) -> None:
    methods, ranks = diagram.ranks.methods, dict(zip(diagram.ranks.methods, diagram.ranks.ranks, strict=True))
    low, top = 1.0, float(max(len(methods), 2))
    first = NAMES[width] if width == "wide" else 14.0
    last = INCHES[width] * 72 - NAMES[width]

    def at(rank: float) -> float:
        return first + (rank - low) / (top - low) * (last - first)

    axes.text(4, 4, diagram.about, va="top", color=QUIET)
    _scale(axes, diagram.ranks.critical, at, int(low), int(top))
    for place, group in enumerate(diagram.groups):
        ends = [at(ranks[method]) for method in group]
        y = HEAD + BAR * place + 2
        axes.plot([min(ends) - 3, max(ends) + 3], [y, y], color=INK, linewidth=3, solid_capstyle="butt")
    half = math.ceil(len(methods) / 2) if width == "wide" else 0
    for place, method in enumerate(methods):
        left = place < half
        row = place if left or not half else len(methods) - 1 - place
        y, x = HEAD + diagram.band + ROW * row + 6, at(ranks[method])
        end = first - 6 if left else last + 6
        axes.plot([x, x, end], [HEAD - 8, y, y], color=QUIET, linewidth=0.7)
        value = number(ranks[method], 2)
        name = panels.shortened(method, NAMES[width] - 34)
        text = f"{name}  {value}" if left else f"{value}  {name}"
        axes.text(end - 3 if left else end + 3, y, text, va="center", ha="right" if left else "left")


def _scale(axes: Axes, critical: float, at: Callable[[float], float], low: int, top: int) -> None:
    """The line of ranks, and above it how far two have to be apart."""
    y = HEAD - 8
    axes.plot([at(low), at(top)], [y, y], color=INK, linewidth=1.0)
    for rank in range(low, top + 1, max(1, math.ceil((top - low) / 9))):
        axes.plot([at(rank)] * 2, [y, y - 4], color=INK, linewidth=1.0)
        axes.text(at(rank), y - 6, str(rank), va="bottom", ha="center")
    words = f"critical difference {number(critical, 2)}"
    if critical > top - low:
        axes.text(at(low), 33, f"{words}: more than there can be", va="center")
        return
    end = at(low + critical)
    axes.plot([at(low), end], [33, 33], color=INK, linewidth=1.0)
    for x in (at(low), end):
        axes.plot([x, x], [30.5, 35.5], color=INK, linewidth=1.0)
    beside = end + 4 if end < (at(low) + at(top)) / 2 else at(low)
    axes.text(beside, 33 if beside > end else 26, words, va="center")


OF_GRID = GridFigure(
    "ranks", "Average ranks of the methods over the seeds of a problem, by the area under their curves.", of_grid
)
OF_DATABASE = DatabaseFigure(
    "ranks-over-problems", "The same over the problems of each suite that has several.", of_database
)
