"""Draws one figure in all the forms of a report: its files, and the drawings for wide and for narrow screens."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.figures import catalogue, style
from analysis.figures.kind import Absence
from analysis.figures.material import Material
from analysis.figures.recording import Recording
from analysis.report.slimming import slim

ALL = "all"  # in the place of a grid's name: the figures about all grids together


@dataclass(frozen=True)
class Task:
    """A figure to draw: of the grid with this number, or of all grids together."""

    figure: str
    grid: int | None
    name: str  # of the folder of its files

    def place(self, form: str) -> str:
        """Where its file of a form is, in the folder of the report."""
        return f"figures/{self.name}/{self.figure}.{form}"


@dataclass(frozen=True)
class Painted:
    """A figure in all its forms, or the sentence why there is none."""

    title: str
    text: str
    files: Mapping[str, bytes]  # by form
    wide: str  # elements of a page
    narrow: str


@contextmanager
def at_once() -> Iterator[None]:
    """What is made meanwhile is cleared away at the end.

    A figure is a hundred thousand objects that hold each other; to go through them again and again while they are made
    takes a seventh of the time.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
        gc.collect(0)


def paint(material: Material, task: Task) -> Painted | None:
    """Draw it once for each width; None where it does not belong here."""
    with at_once():
        return _painted(material, task)


def _painted(material: Material, task: Task) -> Painted | None:
    if task.grid is None:
        made = dict(catalogue.of_database(material, [task.figure])).get(task.figure)
        place = "all problems"
    else:
        grid = material.grids[task.grid]
        made = dict(catalogue.of_grid(material, grid, [task.figure])).get(task.figure)
        place = f"{grid.data}, {grid.model}"
    if made is None:
        return None
    if isinstance(made, Absence):
        return Painted(made.title, made.sentence, {}, "", "")
    name, about = f"{task.name}-{task.figure}", f"{made.title}: {place}"
    wide, narrow = Recording(made.draw("wide")), Recording(made.draw("narrow"))
    return Painted(
        title=made.title,
        text=made.caption,
        files={form: style.save(wide, form, name) for form in style.FORMATS},
        wide=_element(wide, f"{name}-wide", about, made.caption),
        narrow=_element(narrow, f"{name}-narrow", about, made.caption),
    )


def _element(drawing: Figure, name: str, title: str, text: str) -> str:
    return slim(style.inline(drawing, name, title, text), name)
