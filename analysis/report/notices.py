"""What a reader of a report must not overlook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.grid import Comparison, Grid
from analysis.stage import DEVELOP
from analysis.wording import count, listing


def environments_of(grids: Sequence[Grid]) -> frozenset[str]:
    """Where the results of the grids were made."""
    return frozenset(grid.environment for grid in grids)


def notices(runs: pd.DataFrame, compared: Comparison) -> Iterator[str]:
    """Sentences that stand at the top of the page."""
    standins = sorted(runs.loc[runs["standin"], "data"].unique())
    if standins:
        yield (
            f"Stand-in data: {listing(standins)}. The real data were not to be had; these numbers say nothing about"
            " them and are kept apart under their own name."
        )
    developed = sorted({grid.suite for grid in compared.grids if grid.stage == DEVELOP})
    if developed:
        yield f"At the stage develop: {listing(developed)}. Of these suites validation data alone are shown."
    if len(runs) and (runs["origin"] == "reference").all():
        yield "All results are reference results that came with the project; none was made here yet."
    incomplete = [grid for grid in compared.grids if any(cell.final < cell.planned for cell in grid.cells)]
    if incomplete:
        yield (
            f"Incomplete: {count(len(incomplete), 'table lacks', 'tables lack')} runs that the suite asks for;"
            " notes and cells say how many of their seeds they have."
        )
    if len(environments_of(compared.grids)) > 1:
        yield "There are results of more than one environment. They stand beside each other and are never averaged."
