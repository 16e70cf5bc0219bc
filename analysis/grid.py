"""What a comparison is made of: a grid of methods by levels for each problem and environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis import export
from analysis.stats import SIGNIFICANT, Mean, Paired
from analysis.wording import Metric

if TYPE_CHECKING:
    from analysis.cube import Cube


@dataclass(frozen=True)
class Level:
    """A point of the sparsity ladder: its index, by which results pair, and what was asked for."""

    index: int
    target_sparsity: float


@dataclass(frozen=True)
class Cell:
    """A method at a level: its mean over seeds, its difference to what it is compared with, and what went wrong."""

    method: str
    level: int
    target_sparsity: float
    sparsity: float | None  # measured, mean over the runs that count
    summary: Mean | None  # None while no run counts
    difference: Paired | None
    p_holm: float | None  # of the difference, corrected over the grid
    planned: int  # seeds that the suite asks for
    final: int  # seeds that have a result here: done, collapsed or diverged
    collapsed: int  # in the mean
    diverged: int  # in no mean
    failed: int  # in no mean
    reference: int  # runs that were shipped, not made here
    best: bool  # better than every other method at this level, by the test

    @property
    def n(self) -> int:
        """Runs in the mean."""
        return self.summary.n if self.summary else 0

    @property
    def differs(self) -> bool:
        """Whether the test tells it from what it is compared with."""
        return self.p_holm is not None and self.p_holm < SIGNIFICANT


@dataclass(frozen=True)
class Grid:
    """One problem (suite, profile, data, network) in one environment: methods are rows, levels are columns."""

    suite: str
    profile: str
    data: str
    standin: bool
    model: str
    environment: str
    metric: Metric
    against: str | None  # label of the method that differences are taken to; None where it has no run here
    methods: tuple[str, ...]  # what is compared with comes first
    dense: tuple[str, ...]  # those of them that prune nothing
    levels: tuple[Level, ...]
    cells: tuple[Cell, ...]
    test_count: int | None  # samples in the test data
    cube: Cube = field(compare=False, repr=False)  # the value of every seed

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, int], Cell]:
        return {(cell.method, cell.level): cell for cell in self.cells}

    def cell(self, method: str, level: int) -> Cell | None:
        """The cell of a method at a level; None where the suite has none."""
        return self._by_place.get((method, level))

    def row(self, method: str) -> tuple[Cell, ...]:
        """The cells of a method in the order of the levels."""
        return tuple(cell for cell in self.cells if cell.method == method)

    @property
    def baseline(self) -> str:
        """What differences are taken to, in words."""
        return "the dense network" if self.against is None or self.against in self.dense else self.against

    @property
    def stage(self) -> str:
        """Of the suite: while it is develop, no number here is of test data."""
        return self.cube.stage

    @property
    def measured(self) -> tuple[Cell, ...]:
        """The cells that have a value."""
        return tuple(cell for cell in self.cells if cell.summary is not None)


@dataclass(frozen=True)
class Comparison:
    """A table for each problem and environment. Nothing is ever averaged over either."""

    metric: str | None  # the metric that was asked for; None: each suite's headline
    against: str
    grids: tuple[Grid, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a cell."""
        return export.frame(self.grids)

    def to_csv(self) -> str:
        """One row a cell, in the units of the database."""
        return export.csv(self.grids)

    def to_markdown(self) -> str:
        """A heading, a table and its notes for each grid."""
        return "\n".join(export.markdown(grid) for grid in self.grids)

    def to_latex(self) -> str:
        """The same as floating tables; needs the package booktabs."""
        return "\n".join(export.latex(grid) for grid in self.grids)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "metric": self.metric,
            "against": self.against,
            "grids": [
                {
                    **{
                        name: getattr(grid, name)
                        for name in ("suite", "profile", "data", "standin", "model", "environment", "against")
                    },
                    "metric": grid.metric.name,
                    "stage": grid.stage,
                    "test_count": grid.test_count,
                    "methods": list(grid.methods),
                    "levels": [asdict(level) for level in grid.levels],
                    "cells": [_plain(cell) for cell in grid.cells],
                }
                for grid in self.grids
            ],
        }


def _plain(cell: Cell) -> dict[str, Any]:
    values = asdict(cell)
    summary, difference = values.pop("summary"), values.pop("difference")
    nothing = dict.fromkeys(Mean.__dataclass_fields__) | {"n": 0}
    values |= summary or nothing
    if difference is not None:
        difference["p_holm"] = cell.p_holm
    del values["p_holm"]
    return {**values, "difference": difference}
