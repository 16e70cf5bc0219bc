"""What a figure is: of a grid, or of a whole database, its material makes a picture, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.figures.material import Material
from analysis.figures.style import Width, styled
from analysis.grid import Grid


@dataclass(frozen=True)
class Picture:
    """A figure that can be drawn, as often and in which width as is wanted."""

    title: str
    caption: str  # how to read it
    drawing: Callable[[Width], Figure]

    def draw(self, width: Width = "wide") -> Figure:
        """The figure, in the style of all figures."""
        with styled():
            return self.drawing(width)


@dataclass(frozen=True)
class Absence:
    """Why a figure that belongs here cannot be drawn (yet), in a sentence."""

    title: str
    sentence: str


Made = Picture | Absence | None  # None: what it shows is no subject here, and nobody would miss it


@dataclass(frozen=True)
class GridFigure:
    """A kind of figure about one problem in one environment."""

    name: str  # of its files, and to choose it by
    about: str  # a line that says what it shows
    make: Callable[[Material, Grid], Made]


@dataclass(frozen=True)
class DatabaseFigure:
    """A kind of figure about all problems together."""

    name: str
    about: str
    make: Callable[[Material], Made]
