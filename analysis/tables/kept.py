"""How far each method prunes before it has lost a given share of its dense network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.cube import Cube, cubes
from analysis.plan import DENSE
from analysis.retention import Kept, retention, shares
from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind, comparing
from analysis.tables.layout import METHOD, Column, Row
from analysis.wording import count, percent

NAME = "kept"
TITLE = "The sparsity up to which accuracy is kept"
CAPTION = (
    "Each seed against its own dense network: the sparsity at which its curve, straight from level to level across the"
    " logarithm of what is left, first falls below that share of the dense value (a loss: first rises above it). Means"
    " over seeds with 95 % t intervals, taken over halvings of the weights. Where some seeds never fell so low up to"
    " the last level, the median, with an interval between two order statistics from six seeds on; where half of the"
    " seeds or more did not, 'at least' the last level. Of two seeds both are told in place of an interval."
)
ABSENCE = "No table: no dense network has a seed in common with a method that prunes yet."


def kept(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> Sheet:
    """A row for each method; a column for each share of the dense network's value."""
    rows: list[Row] = []
    every: list[dict[str, Any]] = []
    heads: dict[str, None] = {}
    for cube in cubes(runs, metric, against, missing):
        place = layout.place_of(cube)
        by_method: dict[str, dict[str, Kept]] = {}
        for share in shares(cube):
            for one in retention(cube, share):
                by_method.setdefault(one.method, {})[share_text(cube, share)] = one
                every.append({**cube.place, "metric": cube.metric.name, **vars(one)})
        for method, found in by_method.items():
            heads |= dict.fromkeys(found)
            rows.append({**place, "method": method, "found": found})
    columns = (METHOD, *(_column(head) for head in heads), Column("seeds", _seeds), layout.words("remarks", "remarks"))
    rows = [{**row, "remarks": _remarks(list(row["found"].values()))} for row in rows]
    sheet = layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, columns)
    return replace(sheet, data=pd.DataFrame(every))


def share_text(cube: Cube, given_up: float) -> str:
    """98 % of dense, or for a loss: dense + 10 %."""
    return f"dense + {percent(given_up)}" if cube.metric.lower_is_better else f"{percent(1 - given_up)} of dense"


def kept_text(found: Kept) -> str:
    """93.1 % [91.4 %, 94.5 %]; at least 98 %; below 50 %."""
    if not found.n:
        return ""
    if found.sparsity is None:
        return f"at least {percent(found.last)}"
    if found.early == found.n:
        return f"below {percent(found.first)}"
    text = percent(found.sparsity)
    if found.n == 2 and found.least is not None and found.most is not None:
        return f"{text} ({percent(found.least)} to {percent(found.most)})"
    if found.low is None:
        return text
    high = "beyond" if found.high is None else percent(found.high)
    return f"{text} [{percent(found.low)}, {high}]"


def _column(head: str) -> Column:
    return Column(head, lambda row: kept_text(row["found"][head]) if head in row["found"] else "")


def _seeds(row: Row) -> str:
    return f"{next(iter(row['found'].values())).n}"


def _remarks(found: list[Kept]) -> str:
    parts = [
        f"{one.censored} of {count(one.n, 'seed')} never lost {percent(one.given_up)}"
        for one in found
        if 0 < one.censored < one.n
    ]
    parts += [
        f"{one.early} of {count(one.n, 'seed')} lost {percent(one.given_up)} before the first level"
        for one in found
        if 0 < one.early < one.n
    ]
    if found[0].incomplete:
        parts.append(f"{count(found[0].incomplete, 'seed')} without all levels left out")
    return "; ".join(parts)


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, comparing(kept))
