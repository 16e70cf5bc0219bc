"""Files of claims, read and checked; every mistake says its file, its line and the mend."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from analysis.claims.rules import Claim, Project
from bench.errors import UserError, nearest

_ROOT = Path(__file__).resolve().parents[2]
REGISTER = "register.csv"
_COLUMNS = ["claim", "rule", "registered", "why"]


@dataclass(frozen=True)
class Entry:
    """A line of the register: since when a rule stands as it does, and why it took the place of another."""

    rule: str
    registered: str
    why: str


Register = Mapping[str, tuple[Entry, ...]]


def folder() -> Path:
    """Where the claims are that come with the benchmark: in the installed package, else in the checkout."""
    installed = _ROOT / "bench" / "_suites"
    return (installed if installed.is_dir() else _ROOT / "suites") / "claims"


def read_claims(files: Sequence[Path] | None = None) -> tuple[Project, ...]:
    """The projects of these files, or of those that come with the benchmark."""
    projects = tuple(read_project(file) for file in (sorted(folder().glob("*.yaml")) if files is None else files))
    places: dict[str, str] = {}
    for project in projects:
        for claim in project.claims:
            if claim.id in places:
                raise UserError(f"claim {claim.id!r}: is in {places[claim.id]} and in {project.project}; rename one")
            places[claim.id] = project.project
    return projects


def read_project(file: Path) -> Project:
    """The claims of one file."""
    content = _yaml(file)
    try:
        return Project.model_validate(content)
    except ValidationError as error:
        raise UserError(*sorted({_said(file, content, one) for one in error.errors()}, key=_line)) from None


def _yaml(file: Path) -> Any:
    try:
        content = YAML(typ="rt", pure=True).load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}; give a file of claims") from None
    except (YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or "is not UTF-8 text"
        raise UserError(f"{file}:{line}: broken YAML: {what}; mend it there or in the line above") from None
    if not isinstance(content, CommentedMap):
        raise UserError(f"{file}:1: a file of claims is a mapping with project, title, link and claims")
    return content


def _said(file: Path, content: Any, error: Any) -> str:
    """A mistake in a line. What the checks of values say is said as it is, what pydantic says in our words."""
    way = [step for step in error["loc"] if step not in ("function-after", "str", "Learning")]
    place = f"{file}:{_line_of(content, way)}"
    path = ".".join(str(step) for step in way)
    last = str(way[-1]) if way else ""
    if error["type"] == "missing":
        return f"{place}: {last!r} is missing; give it"
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown key {last!r}; {nearest(last, _known(content, way))}"
    if error["type"] == "value_error":
        return f"{place}: {f'{path}: ' if path else ''}{error['ctx']['error']}"
    return f"{place}: {path}: {error['msg'].lower()}, {error['input']!r} stands there; mend it"


def _known(content: Any, way: Sequence[Any]) -> Iterable[str]:
    """The keys that might have been meant: those of the part of a file in which the unknown one stands."""
    from analysis.claims import rules

    rooms: dict[str, type[rules.Part]] = {"cells": rules.Cell, "checks": rules.Check, "shown-by": rules.Check}
    rooms |= {"claims": Claim, "expect": rules.Region, "published": rules.Published, "value": rules.Learning}
    inside = [rooms[str(step)] for step in way[:-1] if str(step) in rooms]
    part = inside[-1] if inside else Project
    return [str(field.alias or name) for name, field in part.model_fields.items()]


def _line_of(content: Any, way: Sequence[Any]) -> int:
    """The line of the innermost thing on the way that is there."""
    node, line = content, 1
    for step in way:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
        else:
            break
        node = node[step]
    return line


def _line(said: str) -> tuple[int, str]:
    return int(said.rpartition(".yaml:")[2].split(":")[0]) if ".yaml:" in said else 0, said


def read_register(file: Path | None = None) -> Register:
    """Under which hash the rule of each claim was written down, the first entry first."""
    place = folder() / REGISTER if file is None else file
    entries: dict[str, tuple[Entry, ...]] = {}
    with place.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        if rows.fieldnames != _COLUMNS:
            raise UserError(f"{place}:1: the columns are not those of a register; write {','.join(_COLUMNS)}")
        for row in rows:
            entry = Entry(row["rule"], row["registered"], row["why"] or "")
            entries[row["claim"]] = (*entries.get(row["claim"], ()), entry)
    return entries
