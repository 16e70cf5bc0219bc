"""Writes the report of a database into a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.comparison import comparison
from analysis.details import Stored
from analysis.figures import catalogue
from analysis.figures.material import Material
from analysis.findings import overall
from analysis.load import read
from analysis.plan import CELL_FILTERS, DENSE, chosen_runs
from analysis.report.drawings import drawings, tasks_of
from analysis.report.embedding import embedded, measured_metrics
from analysis.report.folder import Folder
from analysis.report.index import NAME, index
from analysis.report.notices import environments_of, notices
from analysis.report.page import page
from analysis.report.painting import at_once
from analysis.report.parts import names_of, part_of
from analysis.report.progress import at_work, progress_of
from analysis.report.sheets import evidence_of, sheets_of
from analysis.report.sketchbook import Sketchbook
from analysis.report.slimming import Styles
from analysis.report.studio import Studio
from analysis.report.verdicts import verdicts_of
from analysis.wording import listing


@at_once()
def write_report(
    database: str | Path,
    folder: str | Path = "report",
    suite: str | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
    metric: str | None = None,
    against: str = DENSE,
    figures: Sequence[str] | None = None,
) -> list[Path]:
    """Write the report of a database, or of a suite in it; gives the files, the page first.

    `only` picks runs and cells, as in `comparison`; `figures` are the names of those to draw, all where it is None.
    """
    catalogue.check(figures)
    records = read(database, suite)
    filters = only or {}
    compared = comparison(records.runs, metric, against, records.missing, filters)
    runs, planned = chosen_runs(records.runs, records.missing, filters)
    # What cells are compared with stays, whichever cells are chosen.
    behind, _ = chosen_runs(records.runs, records.missing, {n: v for n, v in filters.items() if n not in CELL_FILTERS})
    target, styles = Folder(Path(folder)), Styles()
    material = Material(compared.grids, behind, Stored(database))
    names = names_of(compared.grids)
    tasks = tasks_of(names, figures)
    book = Sketchbook(target, database, material, names)
    known = book.known(tasks)
    with Studio(
        material, [task for task in tasks if task not in known]
    ) as studio:  # its helpers draw while the tables are made
        sheets = sheets_of(evidence_of(database, compared, behind, records.missing, planned), target)
        by_metric = {
            one.name: comparison(records.runs, one.name, against, records.missing, filters)
            for one in measured_metrics(runs)
        }
        # Of a part of the runs nothing is judged: a rule is about all runs of its cells.
        verdicts = None if filters else verdicts_of(database, compared.grids, names, target)
        data = embedded(records.name, compared, by_metric, behind, names, material.looks) if compared.grids else ""
        painted = known | studio.finish()
    book.keep(painted)
    parts = [
        part_of(grid, name, drawings(painted, tasks, number, target, styles), target)
        for number, (name, grid) in enumerate(zip(names, compared.grids, strict=True))
    ]
    if compared.grids:
        target.write("tables/comparison.csv", compared.to_csv())
        target.write("tables/comparison.json", json.dumps(compared.to_dict(), indent=1, allow_nan=False) + "\n")
    text = page(
        database=records.name,
        suite=suite,
        overall=overall(compared.grids),
        parts=parts,
        drawings=drawings(painted, tasks, None, target, styles),
        drawing_css=styles.css,
        data=data,
        sheets=sheets,
        verdicts=verdicts,
        several=len(environments_of(compared.grids)) > 1,
        notices=list(notices(runs, compared)),
        at_work=at_work(database),
        progress=progress_of(compared.grids, names),
        chosen="; ".join(f"{name} {listing(values)}" for name, values in filters.items()),
        runs=len(runs),
        missing=len(planned),
        last=str(runs["finished_at"].max())[:10] if len(runs) else "",
    )
    target.written = {"index.html": None} | target.written
    target.write("index.html", text)
    target.write(NAME, index(records.name, names, compared.grids, target.written))
    return target.finish()
