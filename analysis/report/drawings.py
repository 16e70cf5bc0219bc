"""The figures of a grid: written as files, and put into the page for wide and for narrow screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.figures import accuracy_versus_sparsity, difference_to_dense, style
from analysis.figures.kind import FigureKind
from analysis.grid import Grid
from analysis.report.folder import Folder
from analysis.report.slimming import Slimmer

FIGURES: tuple[FigureKind, ...] = (accuracy_versus_sparsity.FIGURE, difference_to_dense.FIGURE)


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: for wide and for narrow screens, or the sentence why there is none."""

    kind: str
    title: str
    text: str  # its caption, or why there is none
    wide: str
    narrow: str
    files: tuple[str, ...]


def drawing(
    kind: FigureKind, grid: Grid, name: str, looks: Mapping[str, style.Look], target: Folder, slimmer: Slimmer
) -> Drawing:
    """Draw a figure once for each width and write its files; `name` is the grid's."""
    absence = kind.absence(grid)
    title = kind.title(grid)
    if absence is not None:
        return Drawing(kind.name, title, absence, "", "", ())
    caption = kind.caption(grid)
    about = f"{title}: {grid.data}, {grid.model}"
    with style.styled():
        wide = kind.draw(grid, looks, "wide")
        files = tuple(
            target.write(f"figures/{name}/{kind.name}.{form}", style.save(wide, form, f"{name}-{kind.name}"))
            for form in style.FORMATS
        )
        narrow = kind.draw(grid, looks, "narrow")
        return Drawing(
            kind.name,
            title,
            caption,
            slimmer.slim(style.inline(wide, f"{name}-{kind.name}-wide", about, caption)),
            slimmer.slim(style.inline(narrow, f"{name}-{kind.name}-narrow", about, caption)),
            files,
        )
