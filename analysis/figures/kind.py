"""What every figure file offers: its name, its words, the reason why there is none, and the drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.figures.style import Look, Width
from analysis.grid import Grid


@dataclass(frozen=True)
class FigureKind:
    """One kind of figure, made of one grid."""

    name: str  # of the file
    title: Callable[[Grid], str]
    caption: Callable[[Grid], str]  # how to read it
    absence: Callable[[Grid], str | None]  # a sentence, where there is nothing to draw
    draw: Callable[[Grid, Mapping[str, Look], Width], Figure]
