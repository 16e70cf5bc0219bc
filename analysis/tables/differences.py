"""Every cell against what it is compared with, paired by seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import stats
from analysis.cube import cubes
from analysis.plan import DENSE
from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind, comparing
from analysis.tables.layout import METHOD, SPARSITY, Column, N, Row
from analysis.wording import listing

NAME = "differences"
TITLE = "Differences to the dense network, or to the method chosen"
CAPTION = (
    "Mean difference over the seeds that both have, with its 95 % t interval (of two seeds both differences instead);"
    " d: standardised mean difference with Hedges's correction; p of the paired t test, alone and by Holm's method over"
    " all cells of the problem. Bold: p (Holm) below 5 %. At most, where no difference is shown: two"
    " one-sided tests at 5 % show it to be smaller than this, in either direction."
)
ABSENCE = "No table: no method has a seed in common with what it is compared with yet."
COLUMNS = (
    METHOD,
    SPARSITY,
    Column("difference ({points})", lambda row: layout.difference(row, "mean")),
    Column("interval", lambda row: layout.interval(row, "", layout.difference)),
    N,
    Column("d", lambda row: layout.effect_text(row["effect"])),
    Column("p", lambda row: layout.p_text(row["p"])),
    Column("p (Holm)", lambda row: layout.p_text(row["p_holm"])),
    Column("at most ({points})", lambda row: "" if _shown(row) else layout.value(row, "within")),
)


def differences(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> Sheet:
    """Paired differences of every cell, with interval, effect size, tests and the bound that equivalence tests give."""
    rows: list[Row] = []
    for cube in cubes(runs, metric, against, missing):
        tested = cube.differences
        corrected = stats.holm_array(tested.p)
        within = stats.indistinct(tested.mean, tested.sd, tested.n)
        for row, column in np.argwhere(tested.n > 0):
            place = (int(row), int(column))
            p = float(corrected[place])
            rows.append(
                {
                    **layout.place_of(cube),
                    "method": cube.methods[row],
                    "against": cube.against,
                    "level": cube.levels[column],
                    "target_sparsity": cube.targets[column],
                    **layout.spelled(tested.at(place)),
                    "p_holm": None if np.isnan(p) else p,
                    "within": None if np.isnan(within[place]) else float(within[place]),
                }
            )
    sheet = layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS, bold=_bold)
    baselines = listing({str(row["against"]): None for row in rows})
    return replace(sheet, title=f"Differences to {baselines}") if rows else sheet


def _bold(row: Row) -> tuple[str, ...]:
    return ("difference ({points})",) if _shown(row) else ()


def _shown(row: Row) -> bool:
    return row["p_holm"] is not None and bool(row["p_holm"] < stats.SIGNIFICANT)


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, comparing(differences))
