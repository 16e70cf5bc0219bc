"""What each method costs: by itself, which is what papers should compare, and in time here, where much was shared."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.cube import FINAL
from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind
from analysis.tables.layout import METHOD, PLACE, Column, Row
from analysis.tables.shape import by_cell, dense_values, records
from analysis.wording import significant

NAME = "costs"
TITLE = "What training costs"
CAPTION = (
    "Steps and training operations of one run by itself, its teacher's included, as means over seeds, from the cheapest"
    " to the dearest level; as multiples of the dense network's. Seconds: wall time that fell to a run here, where"
    " trainings that begin alike were done once and small networks side by side, so that it is no property of the"
    " method; its sum is what the method added to this database."
)
ABSENCE = "No table: no run has ended yet."
COLUMNS = (
    METHOD,
    Column("steps alone", lambda row: _range(row, "steps_alone")),
    Column("× dense", lambda row: _range(row, "steps_of_dense")),
    Column("training FLOP alone", lambda row: _range(row, "flops_alone")),
    Column("FLOP × dense", lambda row: _range(row, "flops_of_dense")),
    Column("seconds a run", lambda row: _range(row, "seconds")),
    Column("seconds in all", lambda row: significant(row["seconds_in_all"])),
    Column("runs", lambda row: f"{row['runs']:,}"),
)
MEASURES = ("steps_alone", "flops_alone", "seconds")


def costs(runs: pd.DataFrame) -> Sheet:
    """A row for each method; its file a row for each cell."""
    ended = runs[runs["status"].isin(FINAL)]
    cells = by_cell(ended, MEASURES)
    for measure, name in (("steps_alone", "steps_of_dense"), ("flops_alone", "flops_of_dense")):
        cells[name] = cells[measure] / dense_values(cells, measure)
    ranges = [*MEASURES, "steps_of_dense", "flops_of_dense"]
    methods = cells.groupby([*PLACE, "method"], sort=False)
    summed = methods[ranges].min().add_suffix("_low").join(methods[ranges].max().add_suffix("_high"))
    summed["runs"] = methods["n"].sum()
    summed["seconds_in_all"] = ended.groupby([*PLACE, "method"], sort=False)["seconds"].sum()
    rows = records(summed.reset_index())
    sheet = layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS)
    return replace(sheet, data=cells.drop(columns="position"))


def _range(row: Row, name: str) -> str:
    low, high = significant(row[f"{name}_low"]), significant(row[f"{name}_high"])
    return low if low == high else f"{low} to {high}"


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, lambda given: costs(given.runs))
