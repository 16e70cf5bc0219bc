"""Who leads at each sparsity, by how much, and whether a test says so."""

from __future__ import annotations

import pandas as pd

from analysis.cube import cubes
from analysis.duels import leading
from analysis.plan import DENSE
from analysis.sheet import Sheet
from analysis.stats import mean_interval
from analysis.tables import layout
from analysis.tables.kind import TableKind, comparing
from analysis.tables.layout import SPARSITY, Column, N, Row
from analysis.wording import listing

NAME = "winners"
TITLE = "The best method at each sparsity"
CAPTION = (
    "The method with the best mean, and by how much it leads the second, paired by seed, with the 95 % interval."
    " Bold: told from every other method by paired t tests, Holm-corrected over all pairs at this sparsity, 5 %;"
    " otherwise it shares the lead with those that the last column names."
)
ABSENCE = "No table: no sparsity has results of two methods yet."
COLUMNS = (
    SPARSITY,
    layout.words("best", "method"),
    Column("mean ({unit})", lambda row: layout.value(row, "mean")),
    N,
    layout.words("second", "second"),
    Column("ahead by ({points})", lambda row: layout.difference(row, "lead_mean")),
    Column("interval", lambda row: layout.interval(row, "lead_", layout.difference)),
    Column("p (Holm)", lambda row: layout.p_text(row["lead_p_holm"])),
    layout.words("not told from", "not_told_from"),
)
MOST_NAMES = 3


def winners(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> Sheet:
    """The best method at each sparsity of each problem and environment, and those that share its lead."""
    rows: list[Row] = []
    spoiled = _spoiled(runs)
    for cube in cubes(runs, metric, against, missing):
        for column, level in enumerate(cube.levels):
            leader = leading(cube, column)
            if leader is None:
                continue
            values = cube.values[leader.row, column]
            method = cube.methods[leader.row]
            lost = spoiled.get((*cube.place.values(), method, level), 0)
            shared = [cube.methods[row] for row in leader.not_told_from]
            rows.append(
                {
                    **layout.place_of(cube),
                    "level": level,
                    "target_sparsity": cube.targets[column],
                    "method": method,
                    **layout.spelled(mean_interval(values[values == values])),
                    "second": cube.methods[leader.rivals[0]],
                    **layout.spelled(leader.leads[0], "lead_"),
                    "lead_p_holm": leader.p_holm[0],
                    "told_from_all": leader.told_from_all and not lost,
                    "lost_runs": lost,
                    "not_told_from": listing(shared, most=MOST_NAMES) if shared else _lost(lost),
                }
            )
    return layout.laid_out(
        NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS, bold=lambda row: ("best",) if row["told_from_all"] else ()
    )


def _spoiled(runs: pd.DataFrame) -> dict[tuple[object, ...], int]:
    """Runs of each cell that failed or diverged: its mean is that of its luckier seeds."""
    bad = runs[runs["status"].isin(("failed", "diverged"))]
    return dict(bad.groupby([*layout.PLACE, "method", "level"]).size().items())  # type: ignore[arg-type]  # tuples all


def _lost(lost: int) -> str:
    return f"but {lost} of its runs failed or diverged" if lost else ""


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, comparing(winners))
