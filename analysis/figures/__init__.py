"""The figures, one file each, and a way to draw one of them from DataFrames, in a notebook say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis.comparison import comparison
from analysis.details import Given, Stored
from analysis.figures import catalogue
from analysis.figures.kind import Absence, DatabaseFigure, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import Width
from analysis.grid import Grid
from analysis.plan import DENSE
from analysis.wording import listing
from bench.errors import UserError

__all__ = ["Absence", "DatabaseFigure", "GridFigure", "Made", "Material", "Picture", "draw", "names"]


def names() -> tuple[str, ...]:
    """The figures that there are."""
    return catalogue.NAMES


def draw(
    name: str,
    runs: pd.DataFrame,
    width: Width = "wide",
    metric: str | None = None,
    against: str = DENSE,
    database: str | Path | None = None,
    **details: pd.DataFrame,
) -> Figure:
    """One figure of the runs of one problem in one environment, or of all runs where it is about a whole database.

    `runs` has the columns that `load` gives. What a figure needs besides is read from `database`, or given by name:
    `curves`, `last_curves`, `prunings`, `layers`, `mask`, `histogram`, `confusion`, `speeds`, `settings`, `published`.
    """
    catalogue.check([name])
    grids = comparison(runs, metric, against).grids
    material = Material(grids, runs, Given(details, None if database is None else Stored(database)))
    made = dict(catalogue.of_database(material, [name])).get(name)
    if made is None:
        made = dict(catalogue.of_grid(material, _the_one(grids), [name])).get(name)
    if made is None:
        raise UserError(f"figure {name}: these runs have nothing of what it shows")
    if isinstance(made, Absence):
        raise UserError(f"figure {name}: {made.sentence}")
    return made.draw(width)


def _the_one(grids: Sequence[Grid]) -> Grid:
    if len(grids) != 1:
        known = listing((f"{grid.data}, {grid.model}, {grid.environment}" for grid in grids), most=4)
        raise UserError(f"figure: these runs are of {len(grids)} problems or environments ({known}); choose one")
    return grids[0]
