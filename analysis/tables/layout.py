"""From rows of values to a sheet: what is the same in all rows goes into the caption, the rest into columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.cube import Cube
from analysis.sheet import Sheet
from analysis.stats import SMALL_TEST_SET, Mean, Paired
from analysis.wording import ALL_EQUAL, METRICS, MINUS, Metric, listing, number, percent, signed

Row = Mapping[str, Any]

PLACE = ("suite", "profile", "data", "model", "environment")
HEADS = {"model": "network"}


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its head, and how a row reads in it."""

    head: str  # {unit} stands for the unit of what is shown, {points} for that of a difference
    text: Callable[[Row], str]
    numeric: bool = True


def words(head: str, name: str) -> Column:
    """A column of words as they are."""
    return Column(head, lambda row: str(row[name]), numeric=False)


METHOD = words("method", "method")
SPARSITY = Column("sparsity", lambda row: percent(row["target_sparsity"]))
N = Column("n", lambda row: f"{row['n']:,}")


def place_of(cube: Cube) -> dict[str, Any]:
    """What tells the rows of a cube from those of others, and how its numbers are to be read."""
    return {**cube.place, "metric": cube.metric.name, "digits": digits(cube.metric, cube.test_count)}


def laid_out(
    name: str,
    title: str,
    caption: str,
    absence: str,
    rows: Sequence[Row],
    columns: Sequence[Column],
    bold: Callable[[Row], Sequence[str]] = lambda row: (),
) -> Sheet:
    """The sheet of these rows. `bold` names the heads of the cells that a test singles out.

    Rows carry the place (suite to environment) and, where they hold a metric, its name and its digits.
    """
    varying = [key for key in PLACE if len({row[key] for row in rows}) > 1]
    metrics = {str(row["metric"]): METRICS[row["metric"]] for row in rows if row.get("metric")}
    several = [Column("metric", lambda row: METRICS[row["metric"]].axis, numeric=False)] if len(metrics) > 1 else []
    all_columns = [*(words(HEADS.get(key, key), key) for key in varying), *several, *columns]
    units = _units(list(metrics.values()))
    heads = tuple(_head(column.head, units) for column in all_columns)
    strong = {
        (place, index)
        for place, row in enumerate(rows)
        for index, column in enumerate(all_columns)
        if column.head in bold(row)
    }
    fixed = _fixed(rows[0], varying) if rows else ""
    of_metric = f"{next(iter(metrics.values())).label}." if len(metrics) == 1 else ""
    return Sheet(
        name=name,
        title=title,
        columns=heads,
        rows=tuple(tuple(column.text(row) for column in all_columns) for row in rows),
        numeric=frozenset(head for head, column in zip(heads, all_columns, strict=True) if column.numeric),
        caption=" ".join(part for part in (fixed, of_metric, caption) if part),
        absence=absence,
        bold=frozenset(strong),
        data=pd.DataFrame([{key: value for key, value in row.items() if key != "digits"} for row in rows]),
    )


def with_note(sheet: Sheet, note: str) -> Sheet:
    """The sheet with one more sentence in its caption."""
    return replace(sheet, caption=f"{sheet.caption} {note}".strip())


def left_out(rows: Sequence[Row]) -> str:
    """A sentence about the methods that lack a level, from the entries of that name."""
    names = {name: None for row in rows for name in str(row["left_out"]).split("; ") if name}
    return f"Left out, as they lack some of the levels: {listing(names)}." if names else ""


def _head(head: str, units: tuple[str, str]) -> str:
    return head.replace("{unit}", units[0]).replace("{points}", units[1]).replace(" ()", "")


def _units(metrics: Sequence[Metric]) -> tuple[str, str]:
    """The unit of values and of differences, where all rows have the same."""
    units = {(metric.unit, metric.difference_unit) for metric in metrics}
    return units.pop() if len(units) == 1 else ("", "")


def _fixed(row: Row, varying: Sequence[str]) -> str:
    """The part of the place that all rows share, in a sentence."""
    parts = [f"{HEADS.get(key, key)} {row[key]}" for key in PLACE if key not in varying]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def digits(metric: Metric, test_count: int | None) -> int:
    """Digits after the point: fewer where the test set is small."""
    if not metric.is_accuracy:
        return metric.decimals - 1
    return 1 if test_count is not None and test_count < SMALL_TEST_SET else metric.decimals


def value(row: Row, name: str) -> str:
    """A value in the unit that people read; empty where there is none."""
    return "" if _absent(row.get(name)) else number(row[name] * _scale(row), row["digits"])


def difference(row: Row, name: str) -> str:
    """A difference with its sign."""
    return "" if _absent(row.get(name)) else signed(row[name] * _scale(row), row["digits"])


def interval(row: Row, prefix: str, show: Callable[[Row, str], str] = value) -> str:
    """[97.1, 98.3]; of two values both, (97.1 to 98.3), since their t interval would say next to nothing.

    Values that are all equal, as they are by chance on a small test set, have a spread of none, and that is said.
    """
    if row.get(f"{prefix}sd") == 0 and row.get(f"{prefix}low") == row.get(f"{prefix}high"):
        return ALL_EQUAL
    if row.get(f"{prefix}n", row.get("n")) == 2 and not _absent(row.get(f"{prefix}least")):
        return f"({show(row, f'{prefix}least')} to {show(row, f'{prefix}most')})"
    if _absent(row.get(f"{prefix}low")) or _absent(row.get(f"{prefix}high")):
        return ""
    return f"[{show(row, f'{prefix}low')}, {show(row, f'{prefix}high')}]"


def spelled(found: Mean | Paired | None, prefix: str = "") -> dict[str, Any]:
    """The numbers of a mean or a difference as entries of a row."""
    names = ("n", "mean", "sd", "low", "high", "least", "most")
    if found is None:
        return {f"{prefix}{name}": (0 if name == "n" else None) for name in names}
    entries = {f"{prefix}{name}": getattr(found, name) for name in names}
    if isinstance(found, Paired):
        entries |= {f"{prefix}effect": found.effect, f"{prefix}p": found.p}
    return entries


def p_text(p: float | None) -> str:
    """A p value in a column of such."""
    return "" if _absent(p) or p is None else "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def effect_text(effect: float | None) -> str:
    """A standardised difference; beyond 10 its digits mean nothing."""
    if effect is None or _absent(effect):
        return ""
    return signed(effect, 1) if abs(effect) < 10 else "above +10" if effect > 0 else f"below {MINUS}10"


def absent(value: Any) -> bool:
    """Whether a number is not there."""
    return _absent(value)


def _absent(value: Any) -> bool:
    return value is None or value != value  # a NaN equals nothing


def _scale(row: Row) -> float:
    return METRICS[row["metric"]].scale
