"""Writes the report of a database into a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.comparison import comparison
from analysis.details import Stored
from analysis.figures.material import Material
from analysis.load import read
from analysis.plan import DENSE, chosen_runs
from analysis.report.embedding import embedded, measured_metrics
from analysis.report.folder import Folder
from analysis.report.index import NAME, index
from analysis.report.notices import environments_of, notices
from analysis.report.page import page
from analysis.report.parts import names_of, part_of
from analysis.report.sheets import sheets_of
from analysis.report.slimming import Slimmer
from analysis.wording import listing


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
    material = Material(compared.grids, runs, Stored(database))
    slimmer = Slimmer()
    names = names_of(compared.grids)
    parts = [part_of(grid, name, material, target, slimmer) for name, grid in zip(names, compared.grids, strict=True)]
    sheets = sheets_of(runs, planned, target)
    if compared.grids:
        target.write("tables/comparison.csv", compared.to_csv())
        target.write("tables/comparison.json", json.dumps(compared.to_dict(), indent=1, allow_nan=False) + "\n")
    by_metric = {
        one.name: comparison(records.runs, one.name, against, records.missing, only) for one in measured_metrics(runs)
    }
    text = page(
        database=records.name,
        suite=suite,
        parts=parts,
        drawing_css=slimmer.css,
        data=embedded(records.name, compared, by_metric, runs, names, material.looks) if parts else "",
        sheets=sheets,
        several=len(environments_of(compared.grids)) > 1,
        notices=list(notices(runs, compared)),
        chosen="; ".join(f"{name} {listing(values)}" for name, values in (only or {}).items()),
        runs=len(runs),
        missing=len(planned),
        last=str(runs["finished_at"].max())[:10] if len(runs) else "",
    )
    target.written = {"index.html": None} | target.written
    target.write("index.html", text)
    target.write(NAME, index(records.name, names, compared.grids, target.written))
    return target.finish()
