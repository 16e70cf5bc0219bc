"""Writes the report: one page that needs nothing but itself, the figures and the tables as files beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from analysis import celltext, export, inventory, queries, wording
from analysis.comparison import comparison
from analysis.details import Stored
from analysis.figures import catalogue, style
from analysis.figures.kind import Absence, Picture
from analysis.figures.material import Material
from analysis.findings import findings
from analysis.folder import Folder
from analysis.grid import Comparison, Grid
from analysis.load import read
from analysis.plan import DENSE, chosen_runs
from analysis.sheet import Sheet
from analysis.stats import SMALL_TEST_SET
from analysis.wording import count, listing, slug

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: for wide and for narrow screens, or the sentence why there is none."""

    kind: str
    title: str
    text: str  # its caption, or why there is none
    wide: str
    narrow: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """All that the page says about one grid."""

    id: str
    grid: Grid
    findings: list[str]
    drawings: list[Drawing]
    tables: tuple[str, ...]
    means_sql: str
    differences_sql: str


def write_report(
    database: str | Path,
    folder: str | Path = "report",
    suite: str | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
    metric: str | None = None,
    against: str = DENSE,
) -> list[Path]:
    """Write the report of a database, or of a suite in it; gives the files, the page first."""
    records = read(database, suite)
    compared = comparison(records.runs, metric, against, records.missing, only)
    runs, planned = chosen_runs(records.runs, records.missing, only or {})
    target = Folder(Path(folder))
    names = _names(compared.grids)
    material = Material(compared.grids, runs, Stored(database))
    parts = [_part(grid, name, material, target) for name, grid in zip(names, compared.grids, strict=True)]
    sheets = _sheets(runs, planned, target)
    if compared.grids:
        target.write("tables/comparison.csv", compared.to_csv())
        target.write("tables/comparison.json", json.dumps(compared.to_dict(), indent=1, allow_nan=False) + "\n")
    page = _page(
        database=records.name,
        suite=suite,
        parts=parts,
        sheets=sheets,
        several=len(_environments(compared.grids)) > 1,
        notices=list(_notices(runs, compared)),
        chosen="; ".join(f"{name} {listing(values)}" for name, values in (only or {}).items()),
        runs=len(runs),
        missing=len(planned),
        last=str(runs["finished_at"].max())[:10] if len(runs) else "",
    )
    target.written = {"index.html": None} | target.written
    target.write("index.html", page)
    return target.finish()


def _names(grids: Sequence[Grid]) -> list[str]:
    """A file name for each grid; two that read alike get numbers."""
    names: list[str] = []
    for grid in grids:
        profile = [] if grid.profile == "full" else [grid.profile]
        name = slug(grid.suite, *profile, grid.data, grid.model, grid.environment)
        names.append(name if name not in names else f"{name}-{len(names) + 1}")
    return names


def _environments(grids: Sequence[Grid]) -> set[str]:
    return {grid.environment for grid in grids}


def _part(grid: Grid, name: str, material: Material, target: Folder) -> Part:
    tables = (
        target.write(f"tables/{name}.md", export.markdown(grid)),
        target.write(f"tables/{name}.tex", export.latex(grid)),
        target.write(f"tables/{name}.csv", export.csv([grid])),
    )
    return Part(
        id=name,
        grid=grid,
        findings=findings(grid),
        drawings=[_drawing(kind, made, grid, name, target) for kind, made in catalogue.of_grid(material, grid)],
        tables=tables,
        means_sql=queries.means(grid),
        differences_sql=queries.differences(grid) if export.has_differences(grid) else "",
    )


def _drawing(kind: str, made: Picture | Absence, grid: Grid, name: str, target: Folder) -> Drawing:
    if isinstance(made, Absence):
        return Drawing(kind, made.title, made.sentence, "", "", ())
    about = f"{made.title}: {grid.data}, {grid.model}"
    wide, narrow = made.draw("wide"), made.draw("narrow")
    files = tuple(
        target.write(f"figures/{name}/{kind}.{form}", style.save(wide, form, f"{name}-{kind}"))
        for form in style.FORMATS
    )
    return Drawing(
        kind,
        made.title,
        made.caption,
        style.inline(wide, f"{name}-{kind}-wide", about, made.caption),
        style.inline(narrow, f"{name}-{kind}-narrow", about, made.caption),
        files,
    )


def _sheets(runs: pd.DataFrame, planned: pd.DataFrame, target: Folder) -> dict[str, Sheet]:
    sheets = (inventory.coverage(runs, planned), inventory.failures(runs), inventory.environments(runs))
    for sheet in sheets:
        if sheet.rows:
            target.write(f"tables/{sheet.name}.md", sheet.to_markdown())
            target.write(f"tables/{sheet.name}.tex", sheet.to_latex())
            target.write(f"tables/{sheet.name}.csv", sheet.to_csv())
    return {sheet.name: sheet for sheet in sheets}


def _page(**about: Any) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    words = {"celltext": celltext, "export": export, "wording": wording}
    return environment.get_template("report.html").render(
        **about, **words, colours=style.COLOURS, small_test_set=SMALL_TEST_SET
    )


def _notices(runs: pd.DataFrame, compared: Comparison) -> Iterator[str]:
    """What a reader must not overlook."""
    standins = sorted(runs.loc[runs["standin"], "data"].unique())
    if standins:
        yield (
            f"Stand-in data: {listing(standins)}. The real data were not to be had; these numbers say nothing about"
            " them and are kept apart under their own name."
        )
    if len(runs) and (runs["origin"] == "reference").all():
        yield "All results are reference results that came with the project; none was made here yet."
    incomplete = [grid for grid in compared.grids if any(cell.final < cell.planned for cell in grid.cells)]
    if incomplete:
        yield (
            f"Incomplete: {count(len(incomplete), 'table lacks', 'tables lack')} runs that the suite asks for;"
            " notes and cells say how many of their seeds they have."
        )
    if len(_environments(compared.grids)) > 1:
        yield "There are results of more than one environment. They stand beside each other and are never averaged."
