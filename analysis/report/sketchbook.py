"""Figures of an earlier report are taken over, where nothing that they show has changed since.

Drawing is most of the work of a report, and a run adds to one problem of many. Beside each figure's files the folder
keeps how it stands on the page, and of what it was drawn; where that is another now, or a file is not what it was, the
figure is drawn anew.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.figures.material import PROBLEM, Material
from analysis.grid import Grid
from analysis.load import LackingError, ask
from analysis.report.folder import Folder
from analysis.report.painting import Painted, Task

FOLDER = ".drawings"
_DRAWING = ("painting.py", "slimming.py", "sketchbook.py")  # the others of the report use what these give
LIBRARIES = ("matplotlib", "numpy", "pandas", "scipy")
# How many learning curves and arrays hang on the runs of a problem: they stay as they are, but may come later.
_TABLES = {"run_step": ("trained_id",), "curve": ("trained_id",), "artifact": ("run_id",), "planned": ("key",)}
_COUNTS = """
select suite.name as suite, suite.profile, cell.data, cell.model, environment.label as environment,
       count(distinct artifact.run_id || artifact.kind || artifact.name) as arrays,
       (select count(*) from planned as asked join run as made on made.key = asked.key
        join run_step on run_step.run_id = made.id
        join curve on curve.trained_id = run_step.trained_id and curve.environment_id = made.environment_id
        where asked.cell_id = cell.id and made.environment_id = environment.id) as curves
from suite join cell on cell.suite_id = suite.id join planned on planned.cell_id = cell.id
join run on run.key = planned.key join environment on environment.id = run.environment_id
left join artifact on artifact.run_id = run.id
where suite.is_current = 1
group by suite.name, suite.profile, cell.id, cell.data, cell.model, environment.id, environment.label
order by cell.id, environment.id
"""


class Sketchbook:
    """The kept figures of a folder."""

    def __init__(self, folder: Folder, database: str | Path, material: Material, names: Sequence[str]) -> None:
        self._folder, self._database = folder, database
        self._material, self._names = material, names

    def known(self, tasks: Iterable[Task]) -> dict[Task, Painted | None]:
        """The figures that are as they would be drawn now."""
        found = {}
        for task in tasks:
            kept = _read(self._folder.path / _place(task))
            if kept is not None and kept.get("of") == self._of[task.grid]:
                try:
                    found[task] = self._painted(task, kept["drawing"])
                except (OSError, ValueError, KeyError, TypeError):
                    continue  # a file that is gone or another now
        return found

    def keep(self, painted: Mapping[Task, Painted | None]) -> None:
        """Keep all figures of this report for the next."""
        for task, one in painted.items():
            drawing = one and {
                "title": one.title,
                "text": one.text,
                "wide": one.wide,
                "narrow": one.narrow,
                "files": {form: _digest(content) for form, content in one.files.items()},
            }
            text = json.dumps({"of": self._of[task.grid], "drawing": drawing})
            self._folder.keep(_place(task), gzip.compress(text.encode(), 1, mtime=0))

    def _painted(self, task: Task, drawing: Any) -> Painted | None:
        if drawing is None:
            return None
        files = {}
        for form, digest in drawing["files"].items():
            files[form] = (self._folder.path / task.place(form)).read_bytes()
            if _digest(files[form]) != digest:
                raise ValueError(form)
        return Painted(drawing["title"], drawing["text"], files, drawing["wide"], drawing["narrow"])

    @cached_property
    def _of(self) -> dict[int | None, str]:
        """Of what the figures of each grid are drawn, as a hash; those of all grids together under None."""
        material, details = self._material, self._material.details
        common = [_code(), repr(sorted(material.looks.items())), _hashed(details.published)]
        counts = _counts(self._database)
        frames = (material.runs, counts, details.settings, details.speeds)
        found: dict[int | None, str] = {}
        for number, (name, grid) in enumerate(zip(self._names, material.grids, strict=True)):
            parts = [name, repr(grid), *(_hashed(_about(frame, grid)) for frame in frames)]
            found[number] = _digest("\n".join([*common, *parts]).encode())
        found[None] = _digest("\n".join([*found.values(), *common, _hashed(details.trials)]).encode())
        return found


def _counts(database: str | Path) -> pd.DataFrame:
    """Empty for a database of another hand, whose details are not there or stay as they are."""
    try:
        return ask(database, _TABLES, _COUNTS)
    except LackingError:
        return pd.DataFrame()


def _about(frame: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """The rows of a frame that are about a grid, by the columns of a problem that it has."""
    for column in PROBLEM:
        if column in frame:
            frame = frame[frame[column] == getattr(grid, column)]
    return frame


def _hashed(frame: pd.DataFrame) -> str:
    """Equal for equal rows in equal order."""
    return _digest(frame.to_csv(index=False).encode())


def _code() -> str:
    """What draws: our own files and the libraries."""
    root = Path(__file__).resolve().parents[1]
    files = sorted(
        file for file in root.rglob("*.py") if "report" not in file.relative_to(root).parts or file.name in _DRAWING
    )
    ours = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return " ".join([ours, *(f"{name} {version(name)}" for name in LIBRARIES)])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _place(task: Task) -> str:
    return f"{FOLDER}/{task.name}/{task.figure}.json.gz"


def _read(file: Path) -> dict[str, Any] | None:
    """What a report kept; None where there is nothing, or nothing that can be read."""
    try:
        kept = json.loads(gzip.decompress(file.read_bytes()))
    except (OSError, ValueError, EOFError):
        return None
    return kept if isinstance(kept, dict) else None
