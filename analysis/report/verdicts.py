"""What others published, judged by the runs of the database: the part of the page that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.claims import VERDICTS, Claim, Judgement, Told, judge, read_claims, read_register, sheets, tell
from analysis.grid import Grid
from analysis.report.folder import Folder
from analysis.wording import count, listing
from bench.errors import UserError


@dataclass(frozen=True)
class Place:
    """A problem of the page with runs that decide a claim."""

    id: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A claim, and where on the page its runs stand."""

    told: Told
    places: tuple[Place, ...]

    @property
    def decided(self) -> bool:
        """Whether the runs say anything about it."""
        return self.told.verdict != "untestable"


@dataclass(frozen=True)
class Source:
    """A project or paper with its claims."""

    title: str
    link: str
    decided: tuple[Shown, ...]
    open: tuple[Shown, ...]


@dataclass(frozen=True)
class Verdicts:
    """All claims that the runs of a page are about, by their sources."""

    sources: tuple[Source, ...]
    files: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Of 12 published claims 3 are reproduced and 9 untestable."""
        told = [one.told.verdict for source in self.sources for one in (*source.decided, *source.open)]
        parts = [f"{told.count(verdict)} {verdict}" for verdict in VERDICTS if verdict in told]
        return f"{count(len(told), 'published claim')} judged by these runs: {listing(parts)}."


def verdicts_of(
    database: str | Path, grids: Sequence[Grid], names: Sequence[str], target: Folder
) -> Verdicts | str | None:
    """The claims about the suites that are shown; a sentence where they cannot be judged, None where there are none."""
    suites = {grid.suite for grid in grids}
    projects = [
        project.model_copy(update={"claims": tuple(claim for claim in project.claims if suites & _suites(claim))})
        for project in read_claims()
    ]
    projects = [project for project in projects if project.claims]
    if not projects:
        return None
    try:
        judged = judge(database, projects)
    except UserError as error:
        return f"Published claims were not judged: {error}"
    files = tuple(
        target.write(f"tables/{sheet.name}.{form}", text())
        for sheet in sheets(judged, read_register())
        for form, text in (("csv", sheet.to_csv), ("md", sheet.to_markdown), ("tex", sheet.to_latex))
    )
    return Verdicts(tuple(_source(project.project, judged, grids, names) for project in projects), files)


def _source(project: str, judged: Sequence[Judgement], grids: Sequence[Grid], names: Sequence[str]) -> Source:
    here = [one for one in judged if one.project.project == project]
    register = read_register()
    shown = [Shown(tell(one, register), _places(one.claim, grids, names)) for one in here]
    return Source(
        here[0].project.title,
        here[0].project.link,
        tuple(one for one in shown if one.decided),
        tuple(one for one in shown if not one.decided),
    )


def _suites(claim: Claim) -> set[str]:
    return {cell.suite for cell in claim.cells.values()}


def _places(claim: Claim, grids: Sequence[Grid], names: Sequence[str]) -> tuple[Place, ...]:
    wanted = {(cell.suite, cell.profile, cell.data, cell.model) for cell in claim.cells.values()}
    return tuple(
        Place(name, f"{grid.data}, {grid.model}, suite {grid.suite}")
        for grid, name in zip(grids, names, strict=True)
        if any(
            (suite, profile) == (grid.suite, grid.profile) and data in (None, grid.data) and model in (None, grid.model)
            for suite, profile, data, model in wanted
        )
    )
