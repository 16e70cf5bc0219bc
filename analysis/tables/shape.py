"""Means of cells over their seeds, for tables of what runs cost and what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.plan import DENSE
from analysis.tables.layout import PLACE

CELL = [*PLACE, "method", "method_name", "level", "target_sparsity"]


def by_cell(runs: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """A row for each cell, in the order of the suite file: the means of its measures and the number of its runs."""
    found = runs.groupby(CELL, sort=False).agg(
        **{name: (name, "mean") for name in measures}, n=("key", "size"), position=("position", "min")
    )
    order = found.reset_index().sort_values([*PLACE, "position", "level"], kind="stable")
    return order.reset_index(drop=True)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def dense_values(cells: pd.DataFrame, measure: str) -> pd.Series[float]:
    """For each cell the measure of the dense network of its problem and environment; NaN where there is none."""
    dense = cells[(cells["method_name"] == DENSE) & (cells["level"] == 0)].drop_duplicates(list(PLACE))
    known = dict(zip(dense[list(PLACE)].itertuples(index=False, name=None), dense[measure], strict=True))
    places = cells[list(PLACE)].itertuples(index=False, name=None)
    return pd.Series([known.get(place, float("nan")) for place in places], index=cells.index, dtype="float64")
