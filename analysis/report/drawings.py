"""The figures: written as files, and put into the page for wide and for narrow screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures import catalogue, style
from analysis.figures.kind import Absence, Picture
from analysis.figures.material import Material
from analysis.grid import Grid
from analysis.report.folder import Folder
from analysis.report.slimming import Slimmer

ALL = "all"  # in the place of a grid's name: the figures about all grids together


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: for wide and for narrow screens, or the sentence why there is none."""

    kind: str
    title: str
    text: str  # its caption, or why there is none
    wide: str
    narrow: str
    files: tuple[str, ...]


def of_grid(
    material: Material, grid: Grid, name: str, target: Folder, slimmer: Slimmer, figures: Sequence[str] | None
) -> list[Drawing]:
    """The figures about a grid, whose name is that of their folder."""
    found = catalogue.of_grid(material, grid, figures)
    return [_drawing(kind, made, f"{grid.data}, {grid.model}", name, target, slimmer) for kind, made in found]


def of_database(material: Material, target: Folder, slimmer: Slimmer, figures: Sequence[str] | None) -> list[Drawing]:
    """The figures about all grids together."""
    found = catalogue.of_database(material, figures)
    return [_drawing(kind, made, "all problems", ALL, target, slimmer) for kind, made in found]


def _drawing(kind: str, made: Picture | Absence, place: str, name: str, target: Folder, slimmer: Slimmer) -> Drawing:
    """Drawn once for each width; the wide one is written in every form."""
    if isinstance(made, Absence):
        return Drawing(kind, made.title, made.sentence, "", "", ())
    about = f"{made.title}: {place}"
    wide, narrow = made.draw("wide"), made.draw("narrow")
    files = tuple(
        target.write(f"figures/{name}/{kind}.{form}", style.save(wide, form, f"{name}-{kind}"))
        for form in style.FORMATS
    )
    return Drawing(
        kind,
        made.title,
        made.caption,
        slimmer.slim(style.inline(wide, f"{name}-{kind}-wide", about, made.caption)),
        slimmer.slim(style.inline(narrow, f"{name}-{kind}-narrow", about, made.caption)),
        files,
    )
