"""What the page says about one grid: findings, figures, tables, and the SQL that gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import export, queries
from analysis.findings import findings
from analysis.grid import Grid
from analysis.report.drawings import Drawing
from analysis.report.folder import Folder
from analysis.wording import slug


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


def names_of(grids: Sequence[Grid]) -> list[str]:
    """A file name for each grid; two that read alike get numbers."""
    names: list[str] = []
    for grid in grids:
        profile = [] if grid.profile == "full" else [grid.profile]
        name = slug(grid.suite, *profile, grid.data, grid.model, grid.environment)
        names.append(name if name not in names else f"{name}-{len(names) + 1}")
    return names


def part_of(grid: Grid, name: str, drawings: list[Drawing], target: Folder) -> Part:
    """Write the tables of a grid; gives what the page shows of it."""
    tables = (
        target.write(f"tables/{name}.md", export.markdown(grid)),
        target.write(f"tables/{name}.tex", export.latex(grid)),
        target.write(f"tables/{name}.csv", export.csv([grid])),
    )
    return Part(
        id=name,
        grid=grid,
        findings=findings(grid),
        drawings=drawings,
        tables=tables,
        means_sql=queries.means(grid),
        differences_sql=queries.differences(grid) if export.has_differences(grid) else "",
    )
