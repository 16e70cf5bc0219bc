"""Every setting of a suite's cells, what was left at its default included: what all share, then what one has alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from analysis.paper.facts import Facts, flat
from analysis.paper.latex import Group, table

CAPTION = (
    "Every setting, also where it was left at its default; what a method has for itself stands below its name. The"
    " rates of single layers at each level are in the database."
)


def settings(facts: Facts) -> str:
    """A table with a group for each problem and one for each method that differs in something."""
    groups = []
    for (data, model), cells in facts.cells.groupby(["data", "model"], sort=False):
        told = {str(row["method"]): flat(_shown(row["settings"])) for _, row in cells.iterrows()}
        common = _common(told.values())
        groups.append(Group(f"{data}, {model}", tuple(common.items())))
        for own, methods in _alike(told, common).items():
            groups.append(Group(f"{data}, {model}: {'; '.join(methods)}", own))
    return table(("setting", "value"), groups, CAPTION)


def _shown(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what another section tells, and what moves with the level."""
    told = {name: value for name, value in settings.items() if name != "data"}
    return told | {"prune": {name: value for name, value in settings["prune"].items() if name != "layers"}}


def _common(told: Iterable[Mapping[str, str]]) -> dict[str, str]:
    first, *others = told
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _alike(
    told: Mapping[str, Mapping[str, str]], common: Mapping[str, str]
) -> dict[tuple[tuple[str, str], ...], list[str]]:
    """Methods by what each has for itself; those with nothing are left out."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for method, lines in told.items():
        own = tuple((name, value) for name, value in lines.items() if common.get(name) != value)
        if own:
            groups.setdefault(own, []).append(method)
    return groups
