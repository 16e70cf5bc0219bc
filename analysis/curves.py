"""Reads learning curves: of whole runs, or of the last training of each, and when runs were pruned.

A run is a row of trainings. Each has a clock of its own, `step`; `at` counts the steps of all trainings of the run up
to there. Where a clock goes on from one stretch to the next, both belong to one `training`, whatever happened between.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.asking import ask_by_key, of_these

NAMES = ("train_loss", "validation_loss", "validation_accuracy")
COLUMNS = ("key", "environment", "training", "name", "step", "at", "value")
_VIEWS = {"runs": ("key", "environment"), "run_step": ("run_id",), "curve": ("points",), "recipe": ("text",)}
_STRETCHES = """
select runs.key, runs.environment, run_step.position, run_step.trained_id
from runs join run_step on run_step.run_id = runs.id
where runs.key in ({keys})
order by runs.key, runs.environment, run_step.position
"""
# Stretches that runs share are fetched once.
_POINTS = """
select way.environment, curve.trained_id, curve.name, curve.points
from (select distinct runs.environment, runs.environment_id, runs.results_version, run_step.trained_id
      from runs join run_step on run_step.run_id = runs.id
      where runs.key in ({keys})) as way
join curve on curve.trained_id = way.trained_id and curve.environment_id = way.environment_id
          and curve.results_version = way.results_version
where curve.name in ({words})
"""
_RECIPES = """
select runs.key, runs.environment, recipe.text
from runs join recipe on recipe.id = runs.recipe_id
where runs.key in ({keys})
"""


@dataclass(frozen=True)
class _Stretch:
    """Where a stretch of a run stands: in which training, and how many steps came before its clock's zero."""

    key: str
    environment: str
    training: int
    before: int
    names: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]


def load_curves(database: str | Path, runs: pd.DataFrame, names: Sequence[str] = NAMES) -> pd.DataFrame:
    """One row for each point of the learning curves of runs."""
    return _frame(_stretches(database, runs, names), names)


def load_last_curves(database: str | Path, runs: pd.DataFrame, names: Sequence[str] = NAMES) -> pd.DataFrame:
    """The same of the last training of each run alone, such as that of a lottery ticket."""
    stretches = list(_stretches(database, runs, names))
    last = {(one.key, one.environment): one.training for one in stretches}
    return _frame((one for one in stretches if one.training == last[one.key, one.environment]), names)


def load_prunings(database: str | Path, runs: pd.DataFrame) -> pd.DataFrame:
    """One row for each time that a run was pruned: `at`, how many steps of training came before."""
    recipes = _recipes(database, runs)
    rows = [(*run, at) for run, recipe in recipes.items() for at in recipe.prunings]
    return pd.DataFrame(rows, columns=["key", "environment", "at"])


@dataclass(frozen=True)
class _Train:
    """A Train of a recipe: its ends by its own clock, which training it belongs to, and the steps before it."""

    start: int
    stop: int
    training: int
    before: int


@dataclass(frozen=True)
class _Recipe:
    trains: tuple[_Train, ...]
    prunings: tuple[int, ...]


def _recipes(database: str | Path, runs: pd.DataFrame) -> dict[tuple[str, str], _Recipe]:
    found = of_these(ask_by_key(database, runs, _VIEWS, _RECIPES), runs, ("key", "environment", "text"))
    rows = found.itertuples(index=False)
    return {(key, environment): _read(text) for key, environment, text in rows if text is not None}


@lru_cache(maxsize=10_000)
def _read(text: str) -> _Recipe:
    trains: list[_Train] = []
    prunings: list[int] = []
    trained = 0
    for step in json.loads(text)["steps"]:
        if step[""] == "Train":
            goes_on = bool(trains) and trains[-1].stop == step["start"]
            training = trains[-1].training + (not goes_on) if trains else 0
            trains.append(_Train(step["start"], step["stop"], training, trained))
            trained += step["stop"] - step["start"]
        elif step[""] == "Prune":
            prunings.append(trained)
    return _Recipe(tuple(trains), tuple(prunings))


def _stretches(database: str | Path, runs: pd.DataFrame, names: Sequence[str]) -> Iterator[_Stretch]:
    """The stretches of each run in order; those whose curve another database has are left out."""
    found = ask_by_key(database, runs, _VIEWS, _POINTS, *dict.fromkeys([NAMES[0], *names]))
    points: dict[tuple[str, int], dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]] = {}
    for environment, trained, name, text in found.itertuples(index=False):
        pairs = np.array(json.loads(text), dtype=float).reshape(-1, 2)
        points.setdefault((environment, trained), {})[name] = pairs[:, 0].astype(np.int64), pairs[:, 1]
    columns = ("key", "environment", "trained_id")
    ways = of_these(ask_by_key(database, runs, _VIEWS, _STRETCHES), runs, columns)
    recipes = _recipes(database, runs)
    by_run: dict[tuple[str, str], list[int]] = {}
    for key, environment, trained in ways.itertuples(index=False):
        by_run.setdefault((key, environment), []).append(trained)
    for (key, environment), stretches in by_run.items():
        recipe = recipes.get((key, environment))
        place, reached = 0, -1
        for position, trained in enumerate(stretches):
            curves = points.get((environment, trained))
            if not curves or recipe is None:
                continue
            steps = next(iter(curves.values()))[0]
            begins, ends = int(steps[0]) - 1, int(steps[-1])  # a point after the first step, and after the last
            later = len(recipe.trains) - len(stretches) + position  # each Train to come has a stretch of its own
            for at in range(max(place, later), len(recipe.trains)):
                train = recipe.trains[at]
                if train.start <= begins and ends <= train.stop and (at > place or begins >= reached):
                    place, reached = at, ends
                    yield _Stretch(key, environment, train.training, train.before - train.start, curves)
                    break


def _frame(stretches: Iterable[_Stretch], names: Sequence[str]) -> pd.DataFrame:
    rows: dict[str, list[Any]] = {column: [] for column in COLUMNS}
    lengths = []
    for one in stretches:
        for name in names:
            if name in one.names:
                steps, values = one.names[name]
                lengths.append(len(steps))
                for column, value in zip(COLUMNS, (one.key, one.environment, one.training, name), strict=False):
                    rows[column].append(value)
                rows["step"].append(steps)
                rows["at"].append(steps + one.before)
                rows["value"].append(values)
    if not lengths:
        return pd.DataFrame(columns=list(COLUMNS))
    each = {column: np.repeat(np.array(rows[column], dtype=object), lengths) for column in COLUMNS[:4]}
    each |= {column: np.concatenate(rows[column]) for column in COLUMNS[4:]}
    return pd.DataFrame(each).astype({"training": "int64"})
