"""The runs that a claim looks at: those of a cell, a value for each seed, and the SQL that gives them to anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.claims.rules import Cell, Columns, Learning
from analysis.cube import COUNTING
from analysis.load import ask, read
from analysis.stage import DEVELOP
from analysis.wording import METRICS
from bench.errors import UserError, nearest

SAME_SPARSITY = 0.0005
POINTS = {"curves": ("key", "environment", "name", "part", "step", "value")}
OTHERS = (
    *("sparsity", "effective_sparsity", "weights_kept", "parameters_kept", "parameters_effective", "macs_kept"),
    *("macs_effective", "steps_alone", "flops_alone", "theoretical_speedup"),
)


@dataclass(frozen=True)
class Value:
    """What one run says."""

    key: str
    number: float
    finished_at: str


@dataclass(frozen=True)
class Found:
    """The runs of a cell in one environment."""

    environment: str
    by_seed: Mapping[int, Value]
    lost: int  # runs that failed or diverged and so say nothing
    test_count: int | None


@dataclass(frozen=True)
class Nothing:
    """Why a cell has no values."""

    reason: str


class Runs:
    """All runs of a database, read once; a cell is a choice among them."""

    def __init__(self, database: str | Path) -> None:
        self._database = database
        self._runs = read(database).runs

    def of(self, cell: Cell, value: str | Learning) -> list[Found] | Nothing:
        """The values of a cell by environment, or why there are none."""
        if cell.protocol is not None and "protocol" not in self._runs:
            return Nothing("the database knows no protocols yet")
        chosen = self._chosen(cell)
        if chosen.empty:
            return Nothing(f"no such runs yet ({named(cell)})")
        if (chosen["stage"] == DEVELOP).any() and isinstance(value, str) and "test_" in value:
            return Nothing(f"the suite {cell.suite} is at the stage develop, which shows no test data")
        counting = chosen[chosen["status"].isin(COUNTING)]
        counting = counting.assign(number=self._numbers(counting, value))
        found = []
        for environment, rows in counting[counting["number"].notna()].groupby("environment", sort=True):
            _check_single(cell, rows)
            values = zip(rows["seed"], rows["key"], rows["number"], rows["finished_at"], strict=True)
            counts = rows["test_count"].dropna()
            everything = int((chosen["environment"] == environment).sum())
            found.append(
                Found(
                    environment=str(environment),
                    by_seed={int(seed): Value(str(key), float(number), str(at)) for seed, key, number, at in values},
                    lost=everything - len(rows),
                    test_count=int(counts.min()) if len(counts) else None,
                )
            )
        what = value if isinstance(value, str) else f"curve of {value.curve}"
        return found or Nothing(f"no run has a {what.replace('_', ' ')} ({named(cell)})")

    def _chosen(self, cell: Cell) -> pd.DataFrame:
        runs = self._runs
        chosen = pd.Series(True, index=runs.index)
        for column in Columns:
            wanted = getattr(cell, column)
            if wanted is not None:
                chosen &= runs[column] == wanted
        if cell.sparsity is not None:
            chosen &= (runs["target_sparsity"] - cell.sparsity).abs() < SAME_SPARSITY
        return runs[chosen]

    def _numbers(self, runs: pd.DataFrame, value: str | Learning) -> pd.Series[float]:
        if isinstance(value, Learning):
            return self._moments(runs, value)
        known = (*METRICS, *OTHERS)
        if value not in known:
            raise UserError(f"claims: {value!r} is no value of a run; {nearest(value, known)}")
        return runs[value].astype("float64")

    def _moments(self, runs: pd.DataFrame, value: Learning) -> pd.Series[float]:
        """The step of the last training at which each run's curve is best, or first reaches a value."""
        points = ask(self._database, POINTS, curve_sql(value, runs["key"].tolist()))
        by_run = dict(iter(points.groupby(["key", "environment"], sort=False)))
        moments = [
            _moment(by_run[place], value) if place in by_run else float("nan")
            for place in zip(runs["key"], runs["environment"], strict=True)
        ]
        return pd.Series(moments, index=runs.index, dtype="float64")


def _check_single(cell: Cell, rows: pd.DataFrame) -> None:
    """A seed has one run in a cell; where it has more, the choice is not a cell."""
    if rows["seed"].duplicated().any():
        seed = rows.loc[rows["seed"].duplicated(), "seed"].iloc[0]
        raise UserError(
            f"claims: {named(cell)} is more than one run of the seed {seed}; add data, model, method or level to it"
        )


def _moment(points: pd.DataFrame, value: Learning) -> float:
    last = _last_training(points)
    if value.reaches is None:
        best = last["value"].min() if value.falls else last["value"].max()
        return float(last.loc[last["value"] == best, "step"].min())
    there = last["value"] <= value.reaches if value.falls else last["value"] >= value.reaches
    return float(last.loc[there, "step"].min()) if there.any() else float("nan")


def _last_training(points: pd.DataFrame) -> pd.DataFrame:
    """The points since the clock was last set back: a training that was cut in two is one all the same."""
    ordered = points.dropna(subset="value").sort_values(["part", "step"], kind="stable")
    back = ordered["step"].diff() < 0
    return ordered[back.cumsum() == back.sum()]


def named(cell: Cell) -> str:
    """A cell in words: suite lth-lenet, method lottery, level 7."""
    told = [(column, getattr(cell, column)) for column in (*Columns, "sparsity")]
    return ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in told
        if value is not None and (name, value) != ("profile", "full")
    )


def cell_sql(cell: Cell, value: str | Learning) -> str:
    """The runs of a cell, those that failed included; a value of a learning curve comes from a second query."""
    conditions = [
        f"{column} = {_quoted(getattr(cell, column))}" for column in Columns if getattr(cell, column) is not None
    ]
    if cell.sparsity is not None:
        conditions.append(f"abs(target_sparsity - {cell.sparsity}) < {SAME_SPARSITY}")
    number = f", {value}" if isinstance(value, str) else ""
    return (
        f"select environment, seed, key, status, finished_at{number}\nfrom results\nwhere "
        + "\n  and ".join(conditions)
        + "\norder by environment, seed"
    )


def curve_sql(value: Learning, keys: Sequence[str]) -> str:
    """The learning curves of these runs."""
    listed = ", ".join(_quoted(key) for key in sorted(set(keys))) or "''"
    return (
        f"select key, environment, part, step, value\nfrom curves\nwhere name = {_quoted(value.curve)}"
        f"\n  and key in ({listed})\norder by key, environment, part, step"
    )


def _quoted(value: object) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
