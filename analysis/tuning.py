"""What a database has of tuning: what it brought, and every trial, for tables and figures.

Everything is a tidy DataFrame; without tuning, or with a database of another release, it is empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from analysis.load import LackingError, ask

_STATISTICS = ("mean", "sd", "low", "high")
TUNING = (
    *("suite", "profile", "data", "model", "method", "level", "target_sparsity", "environment", "metric", "options"),
    *("trial", "trials", "steps", "flops", "chosen_seeds", "chosen_accuracy", "n"),
    *(f"validation_accuracy_{name}" for name in _STATISTICS),
    *(f"test_accuracy_{name}" for name in _STATISTICS),
    *("curse", "default_method", "pairs"),
    *(f"gain_{name}" for name in _STATISTICS),
)
TRIALS = (
    *("study", "suite", "profile", "name", "data", "model", "target_sparsity", "environment"),
    *("number", "batch", "state", "value", "accuracy", "sparsity", "seeds", "steps", "params", "objective"),
)
HISTORY = ("study", "label", "where", "number", "state", "value", "best", "steps")
IMPORTANCE = ("study", "label", "param", "importance", "p", "n")
_LEAST = 8  # trials, below which nothing is said of what matters


def load_tuning(database: str | Path) -> pd.DataFrame:
    """One row for each tuned cell and environment, with the columns of the view `tuning`."""
    return _whole(database, "tuning", TUNING, f"select {', '.join(TUNING)} from tuning")


def load_trials(database: str | Path) -> pd.DataFrame:
    """One row for each trial of each study, with the columns of the view `trials` and the study's objective."""
    columns = ", ".join("studies.objective" if name == "objective" else f"trials.{name}" for name in TRIALS)
    question = f"""select {columns} from trials join studies on studies.study = trials.study
where trials.number > 0 order by trials.study, trials.number"""
    try:
        return ask(database, {"trials": TRIALS[:-1], "studies": ("study", "objective")}, question)
    except LackingError:
        return pd.DataFrame(columns=list(TRIALS))


def _whole(database: str | Path, view: str, columns: tuple[str, ...], question: str) -> pd.DataFrame:
    try:
        return ask(database, {view: columns}, question)
    except LackingError:
        return pd.DataFrame(columns=list(columns))


def history(trials: pd.DataFrame) -> pd.DataFrame:
    """Each trial with the best value so far and the training steps that were spent up to it, study by study.

    Only trials with all their seeds count as best; studies that seek a front have no single one and are left out.
    """
    frames = []
    for label, where, study in _studies(trials):
        counting = study["value"].where(study["state"] == "done")
        made = study.assign(label=label, where=where, best=counting.cummax().ffill(), steps=study["steps"].cumsum())
        frames.append(made[list(HISTORY)])
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(HISTORY))


def importance(trials: pd.DataFrame) -> pd.DataFrame:
    """How strongly the value goes with each of the options that varied, from 0 to 1, with a p value.

    It is the root of the share of the variance of the values' ranks that an option explains by itself: for numbers by
    a parabola in their ranks, since the best often lies between two ends, with the p value of its F test; for choices
    by their means, with that of Kruskal and Wallis. It speaks of where the search went, and not of options that act
    together.
    """
    rows = []
    for label, where, study in _studies(trials):
        judged = study[study["value"].notna() & (study["state"] != "failed")]
        if len(judged) < _LEAST:
            continue
        points = pd.DataFrame([json.loads(text) for text in judged["params"]])
        values = judged["value"].to_numpy(dtype=float)
        for name in points.columns:
            size, p = _strength(points[name], values)
            rows.append((study["study"].iloc[0], f"{label}, {where}", str(name), size, p, len(judged)))
    return pd.DataFrame(rows, columns=list(IMPORTANCE))


def _studies(trials: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each study with what it tunes and where it does so, in words."""
    several = trials["environment"].nunique() > 1
    for _, study in trials[trials["objective"] != "both"].groupby("study", sort=True):
        first = study.iloc[0]
        yield _label(first), _where(first, several), study.sort_values("number")


def _label(one: pd.Series) -> str:
    target = one["target_sparsity"]
    at = "" if target is None or target != target else f" at {100 * target:.4g} %"
    return f"{one['name']}{at}"


def _where(one: pd.Series, several: bool) -> str:
    profile = "" if one["profile"] == "full" else f", {one['profile']}"
    device = f", {str(one['environment']).split(',')[0]}" if several else ""
    return f"{one['data']} ({one['suite']}{profile}{device})"


def _of_a_parabola(at: np.ndarray, ranks: np.ndarray) -> tuple[float, float]:
    """How well a parabola tells the ranks of values by those of a number, and the p value of its F test."""
    fitted = np.polynomial.Polynomial.fit(at, ranks, 2)(at)
    total, left = float(((ranks - ranks.mean()) ** 2).sum()), float(((ranks - fitted) ** 2).sum())
    explained, df = max(0.0, 1 - left / total), len(ranks) - 3
    if explained >= 1:
        return 1.0, 0.0
    return float(np.sqrt(explained)), float(stats.f.sf(explained / 2 / ((1 - explained) / df), 2, df))


def _strength(column: pd.Series, values: np.ndarray) -> tuple[float, float]:
    if column.nunique() < 2 or len(set(values)) < 2:
        return 0.0, 1.0
    if pd.api.types.is_numeric_dtype(column):
        return _of_a_parabola(stats.rankdata(column.to_numpy(dtype=float)), stats.rankdata(values))
    groups = [values[(column == choice).to_numpy()] for choice in column.unique()]
    ranks = stats.rankdata(values)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    between = sum(
        len(part) * (part.mean() - ranks.mean()) ** 2
        for part in (ranks[(column == choice).to_numpy()] for choice in column.unique())
    )
    return float(np.sqrt(between / total)), float(stats.kruskal(*groups).pvalue)
