"""What tuning promised and what it brought, on seeds that it never saw, and what it cost."""

from __future__ import annotations

import pandas as pd

from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind
from analysis.tables.layout import METHOD, SPARSITY, Column, N, Row
from analysis.tables.shape import records
from analysis.wording import METRICS, number, signed, significant

NAME = "tuning"
TITLE = "What tuning brought"
CAPTION = (
    "Validation accuracy of the chosen trial when it was chosen, over the seeds of the study, beside that on fresh"
    " seeds, which tuning never saw: the best of many trials is in part the luckiest. Gain: test metric minus that of"
    " the first entry of the method that is not tuned, paired by fresh seed, with 95 % t intervals; bold where the"
    " interval leaves out zero. Steps are counted as if each run of a trial were made alone."
)
ABSENCE = "No table: no method here has options that were tuned."
COLUMNS = (
    METHOD,
    SPARSITY,
    Column("trials", lambda row: f"{row['trials']:,}"),
    Column("steps", lambda row: f"{row['steps']:,}"),
    Column("FLOP", lambda row: significant(row["flops"])),
    Column("when chosen (%)", lambda row: number(100 * row["chosen_accuracy"], 2)),
    Column("on fresh seeds (%)", lambda row: _percent(row, "validation_accuracy_mean")),
    Column("lost (points)", lambda row: "" if layout.absent(row["curse"]) else signed(-100 * row["curse"], 2)),
    N,
    Column("test ({unit})", lambda row: _percent(row, "test_accuracy_mean")),
    Column("against", lambda row: "" if layout.absent(row["default_method"]) else str(row["default_method"]), False),
    Column("gain ({points})", lambda row: layout.difference(row, "gain_mean")),
    Column("its interval", lambda row: layout.interval(row, "gain_", layout.difference)),
)


def tuning(tuned: pd.DataFrame | None) -> Sheet:
    """From the rows of the view `tuning`."""
    found = [] if tuned is None else records(tuned)
    rows = [{**row, "digits": layout.digits(METRICS[row["metric"]], None), "gain_n": row["pairs"]} for row in found]
    rows.sort(key=lambda row: (*(str(row[key]) for key in layout.PLACE), str(row["method"]), row["level"]))
    return layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS, bold=_bold)


def _percent(row: Row, name: str) -> str:
    return "" if layout.absent(row[name]) else number(100 * row[name], 2)


def _bold(row: Row) -> tuple[str, ...]:
    low, high = row["gain_low"], row["gain_high"]
    sure = not layout.absent(low) and not layout.absent(high) and (low > 0 or high < 0)
    return ("gain ({points})",) if sure else ()


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, lambda given: tuning(given.tuning))
