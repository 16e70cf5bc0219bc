"""Reads what a database has of runs beyond their rows: learning curves, layers, speeds, settings, published numbers.

Everything is a tidy DataFrame. Runs are named by a frame with the columns `key` and `environment`, such as `load`
gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from analysis import artifacts
from analysis.asking import ask_about, of_these
from analysis.curves import COLUMNS as CURVES
from analysis.curves import load_curves, load_last_curves, load_prunings
from analysis.load import SPEEDS, LackingError, ask
from analysis.tuning import TRIALS, load_trials

LAYERS = ("key", "environment", "position", "layer", "kind", "weights", "kept", "effective", "sparsity")
PUBLISHED = (
    *("project", "position", "their_data", "their_model", "their_method", "sparsity_claimed", "sparsity_true"),
    *("metric", "epochs", "value", "source", "note", "suite", "data", "model", "method"),
)
SETTINGS = (
    *("suite", "profile", "data", "model", "method", "level"),
    *("granularity", "score", "scope", "epoch", "classes"),
)
_CELLS = """
select suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level, settings.text
from suite join cell on cell.suite_id = suite.id join settings on settings.id = cell.settings_id
where suite.is_current = 1
"""


class Details(Protocol):
    """Where figures get what the rows of runs do not say."""

    def curves(self, runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        """The learning curves of whole runs; see load_curves."""

    def last_curves(self, runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        """Those of the last training of each run."""

    def prunings(self, runs: pd.DataFrame) -> pd.DataFrame:
        """When each run was pruned; see load_prunings."""

    def layers(self, runs: pd.DataFrame) -> pd.DataFrame:
        """What is left of each layer; see load_layers."""

    def arrays(self, kind: artifacts.Kind, runs: pd.DataFrame) -> pd.DataFrame:
        """Masks, histograms or confusion matrices; see artifacts.arrays_of."""

    @property
    def speeds(self) -> pd.DataFrame:
        """The measured speeds of all suites."""

    @property
    def published(self) -> pd.DataFrame:
        """What others have published."""

    @property
    def settings(self) -> pd.DataFrame:
        """How each cell was made; see load_settings."""

    @property
    def trials(self) -> pd.DataFrame:
        """What was tried when methods were tuned; see load_trials."""


@dataclass(frozen=True)
class Stored:
    """Reads from a database what is asked for, when it is asked for. What the database lacks is an empty frame."""

    database: str | Path

    def curves(self, runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        return load_curves(self.database, runs, names)

    def last_curves(self, runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        return load_last_curves(self.database, runs, names)

    def prunings(self, runs: pd.DataFrame) -> pd.DataFrame:
        return load_prunings(self.database, runs)

    def layers(self, runs: pd.DataFrame) -> pd.DataFrame:
        return load_layers(self.database, runs)

    def arrays(self, kind: artifacts.Kind, runs: pd.DataFrame) -> pd.DataFrame:
        return artifacts.arrays_of(self.database, kind, runs)

    @cached_property
    def speeds(self) -> pd.DataFrame:
        return _whole(self.database, "speeds", SPEEDS)

    @cached_property
    def published(self) -> pd.DataFrame:
        return load_published(self.database)

    @cached_property
    def settings(self) -> pd.DataFrame:
        return load_settings(self.database)

    @cached_property
    def trials(self) -> pd.DataFrame:
        return load_trials(self.database)


@dataclass(frozen=True)
class Given:
    """Takes frames that are at hand, and asks elsewhere, or does without, for those that are not."""

    frames: Mapping[str, pd.DataFrame]
    otherwise: Details | None = None

    def curves(self, runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        return self._named("curves", runs, names, CURVES, lambda other: other.curves(runs, names))

    def last_curves(self, runs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        return self._named("last_curves", runs, names, CURVES, lambda other: other.last_curves(runs, names))

    def prunings(self, runs: pd.DataFrame) -> pd.DataFrame:
        return self._of("prunings", runs, ("key", "environment", "at"), lambda other: other.prunings(runs))

    def layers(self, runs: pd.DataFrame) -> pd.DataFrame:
        return self._of("layers", runs, LAYERS, lambda other: other.layers(runs))

    def arrays(self, kind: artifacts.Kind, runs: pd.DataFrame) -> pd.DataFrame:
        return self._of(kind, runs, artifacts.ARRAYS, lambda other: other.arrays(kind, runs))

    @property
    def speeds(self) -> pd.DataFrame:
        return self._whole("speeds", SPEEDS, lambda other: other.speeds)

    @property
    def published(self) -> pd.DataFrame:
        return self._whole("published", PUBLISHED, lambda other: other.published)

    @property
    def settings(self) -> pd.DataFrame:
        return self._whole("settings", SETTINGS, lambda other: other.settings)

    @property
    def trials(self) -> pd.DataFrame:
        return self._whole("trials", TRIALS, lambda other: other.trials)

    def _whole(self, name: str, columns: Sequence[str], ask_it: Callable[[Details], pd.DataFrame]) -> pd.DataFrame:
        if name in self.frames:
            return self.frames[name]
        return pd.DataFrame(columns=list(columns)) if self.otherwise is None else ask_it(self.otherwise)

    def _of(
        self, name: str, runs: pd.DataFrame, columns: Sequence[str], ask_it: Callable[[Details], pd.DataFrame]
    ) -> pd.DataFrame:
        found = self._whole(name, columns, ask_it)
        return of_these(found, runs, columns)

    def _named(
        self,
        name: str,
        runs: pd.DataFrame,
        names: Sequence[str],
        columns: Sequence[str],
        ask_it: Callable[[Details], pd.DataFrame],
    ) -> pd.DataFrame:
        found = self._of(name, runs, columns, ask_it)
        return found[found["name"].isin(names)].reset_index(drop=True)


def load_layers(database: str | Path, runs: pd.DataFrame) -> pd.DataFrame:
    """One row for each layer of runs, with the columns of the view `layers`."""
    question = f"select {', '.join(LAYERS)} from layers where key in ({{keys}}) order by key, environment, position"
    return ask_about(database, runs, {"layers": LAYERS}, question, LAYERS)


def load_published(database: str | Path) -> pd.DataFrame:
    """One row for each number that somebody published, with the columns of the table `published`."""
    return _whole(database, "published", PUBLISHED)


def load_settings(database: str | Path) -> pd.DataFrame:
    """One row for each cell of the suites as they stand: granularity, score and scope, an epoch's steps, and what
    classes are called, where that is known."""
    try:
        cells = ask(database, {"suite": ("name",), "cell": ("method",), "settings": ("text",)}, _CELLS)
    except LackingError:
        return pd.DataFrame(columns=list(SETTINGS))
    known = {text: _settings(json.loads(text)) for text in cells["text"].unique()}
    more = pd.DataFrame([known[text] for text in cells["text"]], index=cells.index, columns=list(SETTINGS[6:]))
    return pd.concat([cells.drop(columns="text"), more], axis="columns")


def _settings(content: dict[str, Any]) -> tuple[str, str, str, float, tuple[str, ...]]:
    """Of a cell whose settings another program wrote, what it left out is what a suite has by default."""
    prune, data = content.get("prune", {}), content.get("data", {})
    samples, batch = data.get("counts", {}).get("train"), content.get("training", {}).get("batch")
    score = prune.get("score", {}).get("name", "magnitude")
    epoch = samples / batch if samples and batch else 1.0
    classes = tuple(str(name) for name in data.get("classes", ()))
    return prune.get("granularity", "weight"), score, prune.get("scope", "layer"), epoch, classes


def _whole(database: str | Path, view: str, columns: Sequence[str]) -> pd.DataFrame:
    try:
        return ask(database, {view: columns}, f"select {', '.join(columns)} from {view}")
    except LackingError:
        return pd.DataFrame(columns=list(columns))
