"""The tables of a paper: those that a report has too, each no wider than the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.load import ask, columns_of, load_speeds
from analysis.paper.latex import Group, table
from analysis.sheet import Sheet
from analysis.stage import DEVELOP, STAGE
from analysis.tables import TABLES, Evidence
from analysis.tuning import load_tuning

# The appendix has these in another form, and every pair of methods at every level is more than anybody prints.
ELSEWHERE = ("duels", "costs", "coverage", "failures", "environments")
MOST_ROWS = 200  # a table with more stays a file


def evidence(
    database: str | Path, runs: pd.DataFrame, missing: pd.DataFrame, suite: str, metric: str | None, against: str
) -> Evidence:
    """What the tables are made of."""
    return Evidence(
        runs=runs,
        missing=missing,
        speeds=load_speeds(database, suite),
        published=_published(database, runs, suite),
        tuning=_tuned(database, runs, suite),
        metric=metric,
        against=against,
    )


def _published(database: str | Path, runs: pd.DataFrame, suite: str) -> pd.DataFrame | None:
    """Ours beside theirs, which is on test data: none while the suite is at stage develop."""
    if (runs[STAGE] == DEVELOP).any() or not columns_of(database, "versus_published"):
        return None
    profiles = set(runs["profile"])
    found = ask(database, {}, "select * from versus_published where suite = :suite", {"suite": suite})
    return found[[profile in profiles for profile in found["profile"]]].reset_index(drop=True)


def _tuned(database: str | Path, runs: pd.DataFrame, suite: str) -> pd.DataFrame:
    """What tuning brought, which is told by test data too: none while the suite is at stage develop."""
    found = load_tuning(database)
    here = (found["suite"] == suite) & found["profile"].isin(set(runs["profile"]))
    return found[here & (not (runs[STAGE] == DEVELOP).any())].reset_index(drop=True)


def sheets(given: Evidence) -> Iterator[Sheet]:
    """Those that have rows."""
    for kind in TABLES:
        sheet = kind.make(given)
        if sheet.rows and kind.name not in ELSEWHERE:
            yield sheet


def latex(sheet: Sheet) -> str:
    """A sheet as a table that fits."""
    caption = " ".join(part for part in (f"{sheet.title}.", sheet.caption) if part)
    return table(sheet.columns, [Group("", sheet.rows)], caption, tuple(sheet.numeric), sheet.bold)
