"""The figures of a grid: written as files, and put into the page for wide and for narrow screens."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.figures import style
from analysis.figures.kind import Absence, Picture
from analysis.grid import Grid
from analysis.report.folder import Folder
from analysis.report.slimming import Slimmer


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: for wide and for narrow screens, or the sentence why there is none."""

    kind: str
    title: str
    text: str  # its caption, or why there is none
    wide: str
    narrow: str
    files: tuple[str, ...]


def drawing(kind: str, made: Picture | Absence, grid: Grid, name: str, target: Folder, slimmer: Slimmer) -> Drawing:
    """Draw a figure once for each width and write its files; `name` is the grid's."""
    if isinstance(made, Absence):
        return Drawing(kind, made.title, made.sentence, "", "", ())
    about = f"{made.title}: {grid.data}, {grid.model}"
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
