"""The average rank of each method, over problems and over the seeds of each problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.cube import Cube, cubes
from analysis.plan import DENSE
from analysis.ranks import Ranking, ranking
from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind, comparing
from analysis.tables.layout import METHOD, Column, Row
from analysis.wording import count, number

NAME = "ranks"
TITLE = "Average ranks"
CAPTION = (
    "Rank 1 is the best mean over the levels that all share, each halving of the weights counting alike. Over problems"
    " a block is a data set with a network and a method's score is its mean over seeds; over seeds a block is a seed."
    " Methods with a letter in common are not told apart by Nemenyi's test (critical difference at 5 %); few blocks"
    " tell little apart. p: Friedman's test that all methods are alike, in Iman and Davenport's form."
)
ABSENCE = "No table: ranks need two methods that share two levels, and two problems or two seeds."
SEVERAL = "all of the suite"
COLUMNS = (
    layout.words("over", "over"),
    METHOD,
    Column("average rank", lambda row: number(row["rank"], 2)),
    layout.words("not told apart", "letters"),
    Column("critical difference", lambda row: number(row["critical"], 2)),
    Column("p (all alike)", lambda row: layout.p_text(row["p"])),
)


def ranks(
    runs: pd.DataFrame, metric: str | None = None, against: str = DENSE, missing: pd.DataFrame | None = None
) -> Sheet:
    """Over the problems of each suite where it has two or more, and over the seeds of each problem."""
    found = cubes(runs, metric, against, missing)
    rows: list[Row] = []
    suites: dict[tuple[str, ...], list[Cube]] = {}
    for cube in found:
        suites.setdefault((cube.suite, cube.profile, cube.environment), []).append(cube)
    for (suite, profile, environment), group in suites.items():
        over_problems = ranking(group) if len(group) > 1 else None
        if over_problems is not None:
            place = {"suite": suite, "profile": profile, "environment": environment}
            together = {**place, "data": SEVERAL, "model": SEVERAL}
            rows += _rows(together, over_problems, count(over_problems.ranks.blocks, "problem"))
        for cube in group:
            over_seeds = ranking([cube], "seeds")
            if over_seeds is not None:
                rows += _rows(dict(cube.place), over_seeds, count(over_seeds.ranks.blocks, "seed"))
    return layout.with_note(layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, COLUMNS), layout.left_out(rows))


def _rows(place: dict[str, str], found: Ranking, over: str) -> Iterator[Row]:
    ranked = found.ranks
    for method, rank, letters in zip(ranked.methods, ranked.ranks, ranked.letters, strict=True):
        yield {
            **place,
            "over": over,
            "method": method,
            "rank": rank,
            "letters": letters,
            "blocks": ranked.blocks,
            "critical": ranked.critical,
            "p": ranked.p,
            "left_out": "; ".join(found.left_out),
        }


def rankings(found: Sequence[Cube]) -> tuple[Ranking, ...]:
    """What figures draw: a ranking over the problems of each suite that has several, else over its problem's seeds."""
    suites: dict[tuple[str, ...], list[Cube]] = {}
    for cube in found:
        suites.setdefault((cube.suite, cube.profile, cube.environment), []).append(cube)
    made = [ranking(group) if len(group) > 1 else ranking(group, "seeds") for group in suites.values()]
    return tuple(one for one in made if one is not None)


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, comparing(ranks))
