"""What figures are drawn from: grids and runs, and what else is known of the runs, read when a figure asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.comparison import comparison
from analysis.details import Details, Stored
from analysis.figures import style
from analysis.grid import Grid
from analysis.load import read
from analysis.plan import CELL_FILTERS, DENSE, chosen_runs

PROBLEM = ("suite", "profile", "data", "model", "environment")
COUNTING = ("done", "collapsed")


@dataclass(frozen=True)
class Material:
    """The grids of a comparison, the runs behind them, and the details that the same database has."""

    grids: tuple[Grid, ...]
    runs: pd.DataFrame  # with the columns of the view `results`
    details: Details
    _runs_of: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of_database(
        cls,
        database: str | Path,
        suite: str | None = None,
        metric: str | None = None,
        against: str = DENSE,
        only: Mapping[str, Sequence[str]] | None = None,
    ) -> Material:
        """All that a database has, or what is chosen of it."""
        records = read(database, suite)
        chosen = only or {}
        compared = comparison(records.runs, metric, against, records.missing, chosen)
        behind = {name: values for name, values in chosen.items() if name not in CELL_FILTERS}
        runs, _ = chosen_runs(records.runs, records.missing, behind)
        return cls(compared.grids, runs, Stored(database))

    @cached_property
    def looks(self) -> Mapping[str, style.Look]:
        """The look of each method, the same in every figure of this material."""
        return style.looks(
            (method for grid in self.grids for method in grid.methods),
            (method for grid in self.grids for method in grid.dense),
        )

    def runs_of(self, grid: Grid) -> pd.DataFrame:
        """The runs behind a grid that count in its means."""
        name = tuple(str(getattr(grid, column)) for column in PROBLEM)
        if name not in self._runs_of:
            runs = self.runs
            there = runs["status"].isin(COUNTING)
            for column, value in zip(PROBLEM, name, strict=True):
                there &= runs[column] == value
            places = {(cell.method, cell.level) for cell in grid.cells}
            rows = runs[there]
            shown = [place in places for place in zip(rows["method"], rows["level"], strict=True)]
            self._runs_of[name] = rows.loc[np.array(shown, dtype=bool)].reset_index(drop=True)
        return self._runs_of[name]

    def first_runs(self, grid: Grid) -> pd.DataFrame:
        """The run of the first seed of each cell of a grid."""
        runs = self.runs_of(grid).sort_values(["method", "level", "seed"], kind="stable")
        return runs.drop_duplicates(["method", "level"]).reset_index(drop=True)

    def epoch(self, grid: Grid, method: str) -> float:
        """Steps of an epoch of a method's training; 1 where it is not known, so that steps are counted instead."""
        settings = self._settings(grid)
        known = settings.loc[settings["method"] == method, "epoch"]
        return float(known.iloc[0]) if len(known) else 1.0

    def classes(self, grid: Grid) -> tuple[str, ...]:
        """What the classes of its data are called; none where that is not known."""
        settings = self._settings(grid)
        return next((names for names in settings["classes"] if names), ()) if "classes" in settings else ()

    def _settings(self, grid: Grid) -> pd.DataFrame:
        settings = self.details.settings
        for column in PROBLEM[:4]:
            settings = settings[settings[column] == getattr(grid, column)]
        return settings


def means_of(runs: pd.DataFrame, column: str) -> dict[tuple[str, int], float]:
    """The mean of a column over the rows of each method and level."""
    means = runs.dropna(subset=[column]).groupby(["method", "level"], as_index=False)[column].mean()
    rows = zip(means["method"], means["level"], means[column], strict=True)
    return {(str(method), int(level)): float(value) for method, level, value in rows}
