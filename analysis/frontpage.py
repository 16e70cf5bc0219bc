"""The first screen of the README, written from a database: one figure, three findings, the verdicts, two commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import findings
from analysis.celltext import usual_seeds
from analysis.claims import judge, read_claims, read_register, tell
from analysis.figures import Material
from analysis.grid import Grid
from analysis.illustrations import Illustration, illustration
from analysis.markup import markdown_text
from analysis.story import verdicts
from bench.errors import UserError

BEGIN, END = "<!-- results: written by `make readme` -->", "<!-- /results -->"
SUITES = ("mnist", "fmnist", "penguins", "starter")  # those that compare the main methods, the most telling first
FIGURE, NAME = "accuracy-versus-sparsity", "results"
FINDINGS = 3
ENOUGH = 5  # seeds
COMMANDS = """```sh
make report                  # these results as tables, figures and a page, without any training
make bench SUITE=penguins    # repeat one of these comparisons here; the report sets yours beside these
```"""


@dataclass(frozen=True)
class FrontPage:
    """What stands between the marks, and its figure."""

    text: str
    picture: Illustration | None


def front_page(database: str | Path, pictures: str) -> FrontPage:
    """Of what a database has; `pictures` is the folder of the figure, as the page names it."""
    material = Material.of_database(database)
    grids = _telling(material.grids)
    picture = _picture(database, grids[0]) if grids else None
    told = [tell(one, read_register()) for one in judge(database, read_claims())]
    parts = []
    if picture is not None:
        parts.append(f"![{picture.title}: {grids[0].data}, {grids[0].model}]({pictures}/{picture.name}.svg)")
        parts.append(f"*{markdown_text(f'{grids[0].data}, {grids[0].model}. {picture.caption}')}*")
    said = findings.overall(grids, FINDINGS)
    parts.append("\n".join(f"- {markdown_text(sentence)}" for sentence in said))
    parts.append("What others published, judged by these runs ([FINDINGS.md](FINDINGS.md)):")
    parts += [verdicts(told), COMMANDS]
    return FrontPage("\n\n".join(part for part in parts if part), picture)


def _picture(database: str | Path, grid: Grid) -> Illustration | None:
    """Drawn of its suite alone, whose few methods then have the looks that are told apart best."""
    of_suite = Material.of_database(database, grid.suite)
    return illustration(of_suite, of_suite.grids[of_suite.grids.index(grid)], FIGURE, NAME)


def _telling(grids: Sequence[Grid]) -> list[Grid]:
    """The comparisons of the main methods on real data, those with enough seeds first."""
    chosen = [
        grid
        for suite in SUITES
        for grid in grids
        if grid.suite == suite and grid.profile == "full" and grid.measured and not grid.standin
    ]
    return sorted(chosen, key=lambda grid: usual_seeds(grid)[0] < ENOUGH)


def put_in(page: str, text: str, name: str) -> str:
    """A page with the text between its marks."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise UserError(f"{name}: has no lines {BEGIN!r} and {END!r}; write them where the results are to stand")
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}"
