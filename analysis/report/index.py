"""What a report consists of, for programs: every file with what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from analysis.grid import Grid
from analysis.report.painting import ALL

NAME = "index.json"
_OF_PROBLEM = ("suite", "profile", "data", "standin", "model", "environment", "against")


def index(database: str, names: Sequence[str], grids: Sequence[Grid], files: Iterable[str]) -> str:
    """The text of the index: the problems by the names that files and anchors of the page have, then the files."""
    problems = [
        {"id": name, **{word: getattr(grid, word) for word in _OF_PROBLEM}, "metric": grid.metric.name}
        for name, grid in zip(names, grids, strict=True)
    ]
    content = {"database": database, "problems": problems, "files": [_file(name, names) for name in files]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _file(name: str, problems: Sequence[str]) -> dict[str, Any]:
    """figures/PROBLEM/FIGURE.svg and tables/PROBLEM.csv are of a problem; tables/TABLE.csv is of all."""
    path = PurePosixPath(name)
    about: dict[str, Any] = {"path": name, "format": path.suffix[1:]}
    if path.parts[0] == "figures" and path.parts[1] == ALL:
        return about | {"kind": "figure", "figure": path.stem}
    if path.parts[0] == "figures":
        return about | {"kind": "figure", "figure": path.stem, "problem": path.parts[1]}
    if path.parts[0] == "tables":
        of_problem = path.stem in problems
        return about | {"kind": "table"} | ({"problem": path.stem} if of_problem else {"table": path.stem})
    return about | {"kind": "page"}
