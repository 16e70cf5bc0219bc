"""Our numbers beside those that others published."""

from __future__ import annotations

import pandas as pd

from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind
from analysis.tables.layout import METHOD, Column, N, Row
from analysis.tables.shape import records
from analysis.wording import METRICS, percent

NAME = "published"
TITLE = "Published numbers beside ours"
CAPTION = (
    "Cells whose data, network, method and sparsity match a published number; our mean over seeds with its 95 % t"
    " interval. True sparsity: what their code gives by our reading, where that is not what is claimed. Inside: whether"
    " the published value lies in our interval, which speaks of our seeds alone: theirs are mostly single runs."
)
ABSENCE = "No table: no published number matches a cell with results here."
COLUMNS = (
    layout.words("project", "project"),
    layout.words("their method", "their_method"),
    METHOD,
    Column("sparsity claimed", lambda row: _sparsity(row["sparsity_claimed"])),
    Column("true sparsity", lambda row: _sparsity(row["sparsity_true"])),
    Column("published ({unit})", lambda row: layout.value(row, "published")),
    Column("ours ({unit})", lambda row: layout.value(row, "mean")),
    Column("interval", lambda row: layout.interval(row, "")),
    N,
    Column("ours − theirs ({points})", lambda row: layout.difference(row, "difference")),
    layout.words("inside", "said"),
)


def published(versus_published: pd.DataFrame | None) -> Sheet:
    """From the rows of the view `versus_published`."""
    found = [] if versus_published is None else records(versus_published)
    rows = [{**row, "digits": layout.digits(METRICS[row["metric"]], None), "said": _said(row)} for row in found]
    return layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS)


def _sparsity(share: float | None) -> str:
    return "" if share is None or layout.absent(share) else percent(share)


def _said(row: Row) -> str:
    return "" if layout.absent(row["inside"]) else "yes" if row["inside"] else "no"


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, lambda given: published(given.published))
