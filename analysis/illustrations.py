"""The figures of pages that are kept beside the code: few, named after what they show, as SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.figures import Material, catalogue, style
from analysis.figures.kind import Picture
from analysis.grid import Grid

# By suite, what tells its story best.
TELLING: Mapping[str, Sequence[str]] = {
    "forai": ("granularities",),
    "keras-pruning": ("granularities",),
    "lottery-ticket-pruner": ("supermasks",),
    "lth-lenet": ("accuracy-versus-sparsity",),
    "mlgroup-cifar10": ("published-draws",),
    "mlgroup-flowers": ("published-draws",),
    "mlgroup-fmnist": ("published-draws",),
    "mlgroup-penguins": ("published-draws",),
    "prunet": ("reinitialisation",),
}


@dataclass(frozen=True)
class Illustration:
    """A figure as a file, and what a page says of it."""

    name: str  # of its file, without the ending
    picture: Picture

    @property
    def title(self) -> str:
        return self.picture.title

    @property
    def caption(self) -> str:
        return self.picture.caption

    def svg(self) -> bytes:
        """The file; it is drawn at every call."""
        return style.save(self.picture.draw("wide"), "svg", self.name)


def illustrations(database: str | Path, suites: Sequence[str]) -> Iterator[Illustration]:
    """What tells the story of these suites, of grids on real data that have results.

    Each suite is drawn by itself, so that its few methods have the looks that are told apart best.
    """
    for suite in suites:
        material = Material.of_database(database, suite)
        for grid in material.grids:
            if not grid.standin and grid.measured:
                yield from _of(material, grid, TELLING.get(suite, ()))


def illustration(material: Material, grid: Grid, figure: str, name: str) -> Illustration | None:
    """One figure of a grid, where it can be drawn."""
    made = dict(catalogue.of_grid(material, grid, [figure])).get(figure)
    return Illustration(name, made) if isinstance(made, Picture) else None


def _of(material: Material, grid: Grid, figures: Sequence[str]) -> Iterator[Illustration]:
    for figure in figures:
        profile = [] if grid.profile == "full" else [grid.profile]
        name = "-".join(_plain(part) for part in (grid.suite, *profile, grid.data, grid.model, figure))
        if made := illustration(material, grid, figure, name):
            yield made


def _plain(text: str) -> str:
    """A text as a part of the name of a file."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
