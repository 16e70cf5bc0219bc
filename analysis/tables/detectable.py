"""What these seeds could have shown: the smallest difference that the tests would see."""

from __future__ import annotations

import pandas as pd

from analysis.cube import cubes
from analysis.detecting import sights, unseen
from analysis.plan import DENSE
from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind, comparing
from analysis.tables.layout import METHOD, SPARSITY, Column, N, Row
from analysis.wording import count

NAME = "detectable"
TITLE = "The smallest differences that these seeds can show"
CAPTION = (
    "The true difference to what is compared with that a paired t test would show in 8 of 10 such experiments, from the"
    " standard deviation of the paired differences and the non-central t distribution: by a test alone at 5 %, with"
    " what it is at the ends of the 95 % interval of that standard deviation; and in the table of differences, where"
    " Holm's correction may ask for 5 % over the number of its tests. Smaller differences may well be there."
    " `bench power` says how many seeds would show them."
)
ABSENCE = "No table: no method shares two seeds with what it is compared with yet."
COLUMNS = (
    METHOD,
    SPARSITY,
    N,
    Column("sd ({points})", lambda row: layout.value(row, "sd")),
    Column("alone ({points})", lambda row: layout.value(row, "detectable")),
    Column("its interval", lambda row: layout.interval({**row, "n": 0}, "detectable_")),
    Column("in the table ({points})", lambda row: layout.value(row, "detectable_here")),
)


def detectable(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> Sheet:
    """A row for each cell that shares two seeds or more with what it is compared with."""
    found = cubes(runs, metric, against, missing)
    rows: list[Row] = [
        {**layout.place_of(cube), "against": cube.against, **vars(sight)} for cube in found for sight in sights(cube)
    ]
    equal = sum(unseen(cube) for cube in found)
    note = f"Left out: {count(equal, 'cell')} whose differences are all equal, so that their spread is not known."
    return layout.with_note(layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS), note if equal else "")


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, comparing(detectable))
