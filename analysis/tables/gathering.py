"""From a database to what tables are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis.cube import check_baseline
from analysis.load import PUBLISHED, SPEEDS, load_beside, read
from analysis.plan import DENSE, PROBLEM, planned_runs, restrict, shown_cells, split_filters
from analysis.selection import select
from analysis.tables.kind import Evidence
from analysis.tuning import load_tuning


def gather(
    database: str | Path,
    suite: str | None = None,
    profile: str | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
    metric: str | None = None,
    against: str = DENSE,
) -> Evidence:
    """Runs, what is missing, speeds and published numbers of a suite, or of all, that the filters let through.

    What the cells are compared with stays, as in a comparison.
    """
    records = read(database, suite, profile)
    of_plan, of_cells, of_runs = split_filters(only or {})
    planned = select(planned_runs(records.runs, records.missing), of_plan)
    check_baseline(planned, against)
    shown = shown_cells(planned, of_cells, against)
    if shown is not None:
        places = planned[[*PROBLEM, "method", "level"]].itertuples(index=False, name=None)
        planned = planned[[place in shown for place in places]]
    runs = select(restrict(records.runs, planned), of_runs)
    cells = {*planned[[*PROBLEM, "method", "level"]].itertuples(index=False, name=None)}
    return Evidence(
        runs=runs,
        missing=_of(records.missing, cells),
        speeds=_of(load_beside(database, "speeds", SPEEDS), cells),
        published=_of(load_beside(database, "versus_published", PUBLISHED), cells),
        tuning=_of(load_tuning(database), cells),
        metric=metric,
        against=against,
    )


def _of(frame: pd.DataFrame | None, cells: set[tuple[object, ...]]) -> pd.DataFrame | None:
    """The rows that belong to these cells."""
    if frame is None:
        return None
    places = frame[[*PROBLEM, "method", "level"]].itertuples(index=False, name=None)
    return frame[[place in cells for place in places]].reset_index(drop=True)
