"""The area under the curve of each method: one number for its whole ladder of levels."""

from __future__ import annotations

import pandas as pd

from analysis.areas import areas as areas_of
from analysis.cube import cubes
from analysis.plan import DENSE
from analysis.sheet import Sheet
from analysis.stats import SIGNIFICANT
from analysis.tables import layout
from analysis.tables.kind import TableKind, comparing
from analysis.tables.layout import METHOD, Column, N, Row
from analysis.wording import listing, percent

NAME = "areas"
TITLE = "Means over the whole range of sparsities"
CAPTION = (
    "The area under each seed's curve, divided by its width: its mean from the first to the last level that all methods"
    " here have, straight from level to level, each halving of the weights counting alike. Means over seeds that have"
    " all of these levels, with 95 % t intervals; differences are paired by seed. Bold: p of the paired t test, by"
    " Holm's method over the methods of the problem, below 5 %."
)
ABSENCE = "No table: no two levels have results of most methods yet."
COLUMNS = (
    METHOD,
    Column("range", lambda row: f"{percent(row['from_sparsity'])} to {percent(row['to_sparsity'])}"),
    Column("mean ({unit})", lambda row: layout.value(row, "mean")),
    Column("interval", lambda row: layout.interval(row, "")),
    N,
    Column("difference ({points})", lambda row: layout.difference(row, "difference_mean")),
    Column("its interval", lambda row: layout.interval(row, "difference_", layout.difference)),
    Column("p (Holm)", lambda row: layout.p_text(row["p_holm"])),
)


def areas(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> Sheet:
    """Normalised areas under the curves of all methods of a problem over the levels that they share."""
    rows: list[Row] = []
    for cube in cubes(runs, metric, against, missing):
        found = areas_of(cube)
        for area in found.areas if found else ():
            rows.append(
                {
                    **layout.place_of(cube),
                    "method": area.method,
                    "from_sparsity": found.span.low if found else None,
                    "to_sparsity": found.span.high if found else None,
                    **layout.spelled(area.summary),
                    "against": cube.against,
                    **layout.spelled(area.difference, "difference_"),
                    "p_holm": area.p_holm,
                    "left_out": "; ".join(found.span.left_out) if found else "",
                }
            )
    sheet = layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS, bold=_bold)
    baselines = {str(row["against"]): None for row in rows if row["against"]}
    note = f"Differences are to {listing(baselines)}." if baselines else ""
    return layout.with_note(layout.with_note(sheet, note), layout.left_out(rows))


def _bold(row: Row) -> tuple[str, ...]:
    shown = row["p_holm"] is not None and row["p_holm"] < SIGNIFICANT
    return ("difference ({points})",) if shown else ()


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, comparing(areas))
