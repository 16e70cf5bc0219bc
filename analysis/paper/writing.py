"""Writes the folder of a paper: figures in both widths, tables, statistics, appendix and references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from analysis import export
from analysis.comparison import comparison
from analysis.details import Stored
from analysis.figures import Material, Picture, catalogue, style
from analysis.findings import findings
from analysis.grid import Grid
from analysis.load import Records, read
from analysis.paper import tables
from analysis.paper.appendix import appendix
from analysis.paper.document import Figure, Part, document
from analysis.paper.facts import read_facts
from analysis.paper.references import bibliography
from analysis.paper.statistics import paragraph
from analysis.plan import DENSE, chosen_runs
from analysis.report.folder import Folder
from analysis.tables import Evidence
from analysis.wording import slug
from bench.errors import UserError, nearest

WIDTHS: Mapping[str, style.Width] = {"column": "narrow", "page": "wide"}


def write_paper(
    database: str | Path,
    suite: str,
    folder: str | Path = "paper",
    against: str = DENSE,
    profile: str | None = None,
    metric: str | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
) -> list[Path]:
    """Write the paper of a suite in one profile; gives the files, main.tex first. Equal results give equal bytes."""
    records = read(database, suite, profile)
    profile = profile or _one_profile(records, suite)
    chosen = {**(only or {}), "profile": [profile]}
    compared = comparison(records.runs, metric, against, records.missing, chosen)
    if not any(grid.measured for grid in compared.grids):
        raise UserError(f"{suite}: no run of it has a result yet; `bench run {suite}` makes some")
    runs, _ = chosen_runs(records.runs, records.missing, chosen)
    facts = read_facts(database, suite, profile)
    references = bibliography(facts.components, facts.references)
    target = Folder(Path(folder))
    target.written = {"main.tex": None}
    parts = list(_parts(Material(compared.grids, runs, Stored(database)), target))
    given = tables.evidence(database, runs, records.missing, suite, metric, against)
    further = list(_further(given, target))
    target.write("statistics.tex", paragraph(compared.grids))
    target.write("appendix.tex", appendix(facts, runs, references))
    target.write("references.bib", references.text())
    target.write("suite.yaml", facts.text)
    target.write("main.tex", document(facts.title, parts, further))
    return target.finish()


def _one_profile(records: Records, suite: str) -> str:
    """The profile, where it goes without saying: a paper is about one."""
    known = sorted({*records.runs["profile"], *records.missing["profile"]})
    if len(known) != 1:
        raise UserError(f"{suite}: has results in {len(known)} profiles; choose one by --profile: {nearest('', known)}")
    return str(known[0])


def _parts(material: Material, target: Folder) -> Iterator[Part]:
    for grid, name in zip(material.grids, _names(material.grids), strict=True):
        if not grid.measured:
            continue
        target.write(f"tables/{name}.tex", export.latex(grid))
        figures = tuple(_figures(material, grid, name, target))
        yield Part(grid, f"tables/{name}", figures, tuple(findings(grid)))


def _names(grids: Sequence[Grid]) -> list[str]:
    """Short ones, since people type them; what is told apart by the environment alone gets a number."""
    plain = [slug(grid.data, grid.model) for grid in grids]
    return [
        name if plain.count(name) == 1 else f"{name}-{plain[: place + 1].count(name)}"
        for place, name in enumerate(plain)
    ]


def _figures(material: Material, grid: Grid, name: str, target: Folder) -> Iterator[Figure]:
    for kind, made in catalogue.of_grid(material, grid):
        if not isinstance(made, Picture):
            continue
        file = f"figures/{name}-{kind}"
        for ending, width in WIDTHS.items():
            content = style.save(made.draw(width), "pdf", f"{name}-{kind}-{ending}")
            target.write(f"{file}-{ending}.pdf", content)
        yield Figure(file, f"{made.title}. {made.caption}")


def _further(given: Evidence, target: Folder) -> Iterator[str]:
    """The files of the other tables that are to be printed; those that are too long for that are written too."""
    for sheet in tables.sheets(given):
        file = target.write(f"tables/{sheet.name}.tex", tables.latex(sheet))
        if len(sheet.rows) <= tables.MOST_ROWS:
            yield file.removesuffix(".tex")
