"""The tables of the whole database: written as files, and shown on the page as far as a page holds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.details import Stored
from analysis.grid import Comparison
from analysis.load import LackingError, ask
from analysis.plan import PROBLEM, restrict
from analysis.report.folder import Folder
from analysis.sheet import Sheet
from analysis.stage import DEVELOP
from analysis.tables import TABLES, Evidence
from analysis.tuning import load_tuning

MOST = 60  # rows of a table on the page; the files have all of them
FOLDED = 14  # a table of more rows is opened by a click
HOLDINGS = ("coverage", "failures", "environments")  # they have sections of their own
ELSEWHERE = ("differences",)  # the page shows it with each problem
PLACE = (*PROBLEM, "environment")
_CELL = [*PLACE, "method", "level"]
_PUBLISHED = (
    *(*PLACE, "method", "level", "target_sparsity", "project", "their_method", "sparsity_claimed", "sparsity_true"),
    *("metric", "published", "n", "mean", "sd", "low", "high", "difference", "inside", "source", "note"),
)


@dataclass(frozen=True)
class Shown:
    """A table as the page has it."""

    sheet: Sheet
    rows: tuple[tuple[str, ...], ...]  # the first ones
    files: tuple[str, ...]

    @property
    def folded(self) -> bool:
        """Whether it is opened by a click."""
        return len(self.rows) > FOLDED

    @property
    def left_out(self) -> int:
        """Rows that only the files have."""
        return len(self.sheet.rows) - len(self.rows)


@dataclass(frozen=True)
class Sheets:
    """All tables: by name what is held, in order what is compared."""

    holdings: dict[str, Shown]
    comparisons: tuple[Shown, ...]


def evidence_of(
    database: str | Path, compared: Comparison, runs: pd.DataFrame, missing: pd.DataFrame, planned: pd.DataFrame
) -> Evidence:
    """What tables are made of, where the cells of the comparison are shown and no others."""
    cells = pd.DataFrame(
        [
            (*(getattr(grid, name) for name in PLACE), cell.method, cell.level)
            for grid in compared.grids
            for cell in grid.cells
        ],
        columns=_CELL,
    ).astype({"level": "int64"})
    stored = Stored(database)
    finals = [grid.suite for grid in compared.grids if grid.stage != DEVELOP]
    published = _published(database)
    tuned = load_tuning(database)
    if published is not None:
        published = _among(published[published["suite"].isin(finals)], cells, _CELL)
    return Evidence(
        runs=_among(runs, cells, _CELL),
        missing=restrict(missing, planned),
        speeds=_among(stored.speeds, cells, [name for name in _CELL if name != "environment"]),
        published=published,
        tuning=_among(tuned[tuned["suite"].isin(finals)], cells, _CELL),
        metric=compared.metric,
        against=compared.against,
    )


def sheets_of(evidence: Evidence, target: Folder) -> Sheets:
    """Make all tables; those that have rows are written as files."""
    made = {kind.name: _shown(kind.make(evidence), target) for kind in TABLES}
    return Sheets(
        {name: made[name] for name in HOLDINGS},
        tuple(one for name, one in made.items() if name not in (*HOLDINGS, *ELSEWHERE)),
    )


def _shown(sheet: Sheet, target: Folder) -> Shown:
    if not sheet.rows:
        return Shown(sheet, (), ())
    forms = {"csv": sheet.to_csv, "md": sheet.to_markdown, "tex": sheet.to_latex}
    files = tuple(target.write(f"tables/{sheet.name}.{form}", text()) for form, text in forms.items())
    return Shown(sheet, sheet.rows[:MOST], files)


def _among(frame: pd.DataFrame, cells: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows of shown cells."""
    return frame.merge(cells[columns].drop_duplicates(), on=columns)


def _published(database: str | Path) -> pd.DataFrame | None:
    """Our cells beside published numbers; None where the database knows none."""
    try:
        columns = ", ".join(_PUBLISHED)
        return ask(database, {"versus_published": _PUBLISHED}, f"select {columns} from versus_published")
    except LackingError:
        return None
