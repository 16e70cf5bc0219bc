"""What a paper has to say beside its results: settings, data, sessions, splits, tuning; from the database alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.load import ask, columns_of
from analysis.paper.references import Component

_CELLS = """
select suite.title, suite.profile, suite.hash, suite.text, cell.data, cell.model, cell.method, cell.method_name,
       cell.options, cell.reference, cell.position, settings.text as settings
from suite
join cell on cell.suite_id = suite.id
join settings on settings.id = cell.settings_id
where suite.is_current = 1 and suite.name = :suite
order by suite.profile, cell.position
"""
_SESSIONS = """
select distinct session.id, session.python, session.packages, session.code_commit, session.dirty_code,
       session.dirty_suites
from results
join session on session.id = results.session
where results.suite = :suite and results.profile = :profile
order by session.id
"""
_SPLITS = """
select distinct results.data, results.seed, runs.split_hash
from results
join runs on runs.key = results.key and runs.environment = results.environment
where results.suite = :suite and results.profile = :profile and runs.split_hash is not null
order by results.data, results.seed, runs.split_hash
"""
_STUDIES = (
    *("data", "model", "method_name", "target_sparsity", "objective", "budget", "budget_unit", "trials", "steps"),
    "flops",
)


@dataclass(frozen=True)
class Facts:
    """Of one suite in one profile."""

    title: str
    hash: str
    text: str  # the suite file
    cells: pd.DataFrame  # data, model, method, method_name, options and settings (as mappings), reference
    sessions: pd.DataFrame
    splits: pd.DataFrame
    studies: pd.DataFrame  # empty where nothing was tuned

    @property
    def components(self) -> frozenset[Component]:
        """All that has a name and may have a reference."""
        used: set[Component] = {("method", str(name)) for name in self.cells["method_name"]}
        for settings in self.cells["settings"]:
            used |= {("dataset", settings["data"]["name"]), ("network", settings["model"]["name"])}
            used |= {("initialisation", settings["initialisation"]["name"])}
            if settings["prune"]["layers"]:
                used.add(("score", settings["prune"]["score"]["name"]))
        return frozenset(used)

    @property
    def references(self) -> Mapping[str, str]:
        """What each method says of where it comes from."""
        return dict(zip(self.cells["method_name"], self.cells["reference"], strict=True))


def read_facts(database: str | Path, suite: str, profile: str) -> Facts:
    """The facts of a suite that has been run."""
    everything = ask(database, {}, _CELLS, {"suite": suite})
    cells = everything[everything["profile"] == profile].reset_index(drop=True)
    first = cells.iloc[0]
    for column in ("options", "settings"):
        cells[column] = pd.Series([json.loads(text) for text in cells[column]], index=cells.index, dtype="object")
    named = {"suite": suite, "profile": profile}
    return Facts(
        title=str(first["title"]),
        hash=str(first["hash"]),
        text=str(first["text"]),
        cells=cells,
        sessions=ask(database, {}, _SESSIONS, named),
        splits=ask(database, {}, _SPLITS, named),
        studies=_studies(database, named),
    )


def _studies(database: str | Path, named: Mapping[str, str]) -> pd.DataFrame:
    """A database of a release that did not tune yet has no such view."""
    if not set(_STUDIES) <= columns_of(database, "studies"):
        return pd.DataFrame(columns=list(_STUDIES))
    listed = ", ".join(_STUDIES)
    question = f"select {listed} from studies where suite = :suite and profile = :profile order by {listed}"
    return ask(database, {}, question, named)


def flat(settings: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Nested settings as lines: `training.optimiser.lr` is 0.001. What is none or empty is left out."""
    lines: dict[str, str] = {}
    for name, value in settings.items():
        path = f"{above}.{name}" if above else str(name)
        if isinstance(value, Mapping):
            lines |= flat(value, path)
        elif value not in (None, "", []):
            lines[path] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return lines
