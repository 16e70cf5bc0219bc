"""Every two methods against each other: where a test tells them apart, and how far apart they can still be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import stats
from analysis.cube import cubes
from analysis.duels import Duels
from analysis.duels import duels as fought
from analysis.plan import DENSE
from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind, comparing
from analysis.tables.layout import Column, Row
from analysis.wording import levels_text, percent

NAME = "duels"
TITLE = "Methods against each other"
CAPTION = (
    "Pairs of methods at like measured sparsity, paired by seed. Better and worse: the sparsities at which the paired"
    " t test tells the method from its rival, Holm-corrected over all pairs and levels of the problem, 5 %. Largest:"
    " the largest mean difference with its 95 % t interval, and d, the standardised mean difference with Hedges's"
    " correction. At most: at every sparsity, two one-sided tests at 5 % show the difference to be smaller than this."
    " The file has every level."
)
ABSENCE = "No table: no two methods have a seed in common at one sparsity yet."
COLUMNS = (
    layout.words("method", "method"),
    layout.words("rival", "rival"),
    layout.words("better at", "better_at"),
    layout.words("worse at", "worse_at"),
    Column("largest ({points})", lambda row: layout.difference(row, "mean")),
    Column("interval", lambda row: layout.interval(row, "", layout.difference)),
    Column("at", lambda row: percent(row["target_sparsity"])),
    Column("d", lambda row: layout.effect_text(row["effect"])),
    Column("n", lambda row: row["pairs"]),
    Column("at most ({points})", lambda row: layout.value(row, "within")),
)


def duels(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> Sheet:
    """A row for each pair of methods that have met; its file a row for each pair and level."""
    rows: list[Row] = []
    every: list[Row] = []
    for cube in cubes(runs, metric, against, missing):
        found = fought(cube)
        place = layout.place_of(cube)
        for pair in range(len(found.places)):
            levels = _levels(found, pair)
            if levels:
                every += [{**place, **level} for level in levels]
                rows.append({**place, **_summed_up(found, pair, levels)})
    sheet = layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS, bold=_bold)
    return replace(sheet, data=pd.DataFrame(every).drop(columns=["digits"], errors="ignore"))


def _levels(found: Duels, pair: int) -> list[Row]:
    """The pair at every level at which it has met."""
    tested, cube = found.tested, found.cube
    within = stats.indistinct(tested.mean[pair], tested.sd[pair], tested.n[pair])
    first, second = found.names(pair)
    levels: list[Row] = []
    for column in np.flatnonzero(tested.n[pair] > 0):
        better = cube.metric.sign * found.differences[pair, column]
        p = float(found.p_holm[pair, column])
        levels.append(
            {
                "method": first,
                "rival": second,
                "level": cube.levels[column],
                "target_sparsity": cube.targets[column],
                **layout.spelled(tested.at((pair, int(column)))),
                "p_holm": None if np.isnan(p) else p,
                "within": None if np.isnan(within[column]) else float(within[column]),
                "wins": int(np.sum(better > 0)),
                "losses": int(np.sum(better < 0)),
                "ties": int(np.sum(better == 0)),
            }
        )
    return levels


def _summed_up(found: Duels, pair: int, levels: Sequence[Row]) -> Row:
    largest = max(levels, key=lambda row: abs(row["mean"]))
    ahead = found.ahead(pair)
    counts = sorted({row["n"] for row in levels})
    bounds = [row["within"] for row in levels]
    order = [target for target, n in zip(found.cube.targets, found.tested.n[pair], strict=True) if n]
    return {
        **largest,
        "better_at": levels_text(np.array(found.cube.targets)[ahead > 0].tolist(), order),
        "worse_at": levels_text(np.array(found.cube.targets)[ahead < 0].tolist(), order),
        "pairs": str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}",
        "within": None if None in bounds else max(bounds),
    }


def _bold(row: Row) -> tuple[str, ...]:
    return ("method",) if row["better_at"] and not row["worse_at"] else ("rival",) if _worse_alone(row) else ()


def _worse_alone(row: Row) -> bool:
    return bool(row["worse_at"]) and not row["better_at"]


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, comparing(duels))
