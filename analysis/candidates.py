"""What there is to choose from: the cells of a suite with their accuracy and all that they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis import stats
from analysis.cube import COUNTING
from analysis.stats import Mean, Paired

PROBLEM = ["suite", "profile", "data", "standin", "environment"]  # what choices are never made across
CELL = ["model", "method", "level"]
FORMS = {"bytes_dense": "dense", "bytes_bitmask": "bitmask", "bytes_csr": "csr", "bytes_gzip": "gzip"}
NAME = 8  # digits of a run's key by which it goes


@dataclass(frozen=True)
class Timing:
    """The quickest way that was measured of having a network answer."""

    milliseconds: float
    form: str
    threads: int
    batch: int
    speedup: float
    environment: str


@dataclass(frozen=True)
class Candidate:
    """A cell, with one run of it to take: that of the seed with the best validation accuracy."""

    key: str
    seed: int
    model: str
    method: str
    level: int
    target_sparsity: float
    validation: Mean
    test: Mean | None  # None while the suite is at stage develop
    accuracies: Mapping[int, float]  # on validation data, by seed
    parameters: float | None  # these four: the most that any of its seeds takes
    macs: float | None
    bytes: float | None
    stored_as: str | None  # the form in which it takes so few bytes
    timing: Timing | None

    @property
    def run(self) -> str:
        """The name of the run."""
        return self.key[:NAME]

    @property
    def accuracy(self) -> float:
        """What is chosen by."""
        return self.validation.mean

    @property
    def ms(self) -> float | None:
        return self.timing.milliseconds if self.timing else None

    def better_by(self, other: Candidate) -> Paired | None:
        """The difference in validation accuracy, over the seeds that both have."""
        shared = sorted(self.accuracies.keys() & other.accuracies.keys())
        return stats.paired([self.accuracies[seed] - other.accuracies[seed] for seed in shared]) if shared else None


@dataclass(frozen=True)
class Problem:
    """Candidates that may be weighed against each other: one data set, in one environment."""

    suite: str
    profile: str
    data: str
    standin: bool
    environment: str
    candidates: tuple[Candidate, ...]


def problems(runs: pd.DataFrame, speeds: pd.DataFrame) -> tuple[Problem, ...]:
    """All cells that have a result that counts, by problem. `speeds` are rows of one environment and batch size."""
    timings = {str(key): rows for key, rows in speeds.groupby("key")}
    counting = runs[runs["status"].isin(COUNTING) & runs["validation_accuracy"].notna()]
    found = []
    for _, rows in counting.groupby(PROBLEM, sort=False):
        suite, profile, data, standin, environment = rows.iloc[0][PROBLEM]
        candidates = tuple(_candidates(rows, timings))
        found.append(Problem(str(suite), str(profile), str(data), bool(standin), str(environment), candidates))
    return tuple(found)


def _candidates(runs: pd.DataFrame, timings: Mapping[str, pd.DataFrame]) -> Iterator[Candidate]:
    for _, rows in runs.groupby(CELL, sort=False):
        best = rows.sort_values(["validation_accuracy", "seed"], ascending=[False, True]).iloc[0]
        size, form = _bytes(rows)
        yield Candidate(
            key=str(best["key"]),
            seed=int(best["seed"]),
            model=str(best["model"]),
            method=str(best["method"]),
            level=int(best["level"]),
            target_sparsity=float(best["target_sparsity"]),
            validation=stats.mean_interval(rows["validation_accuracy"].to_numpy(float)),
            test=_test(rows, _count(best["test_count"])),
            accuracies={
                int(seed): float(share) for seed, share in zip(rows["seed"], rows["validation_accuracy"], strict=True)
            },
            parameters=_most(rows["parameters_kept"]),
            macs=_most(rows["macs_kept"]),
            bytes=size,
            stored_as=form,
            timing=_timing([timings[key] for key in rows["key"] if key in timings]),
        )


def _test(runs: pd.DataFrame, count: int | None) -> Mean | None:
    known = runs["test_accuracy"].dropna()
    return stats.accuracy_interval(known.to_numpy(float), count) if len(known) else None


def _count(value: float) -> int | None:
    return int(value) if value == value else None  # a NaN equals nothing


def _most(values: pd.Series[float]) -> float | None:
    return None if values.isna().any() else float(values.max())


def _bytes(rows: pd.DataFrame) -> tuple[float | None, str | None]:
    """The form that takes least for the seed that takes most in it."""
    sizes = {form: _most(rows[column]) for column, form in FORMS.items()}
    known = {form: size for form, size in sizes.items() if size is not None}
    if not known:
        return None, None
    form = min(known, key=lambda one: known[one])
    return known[form], form


def _timing(found: list[pd.DataFrame]) -> Timing | None:
    """Of all forms and numbers of threads the quickest, as the mean over the seeds that were measured."""
    if not found:
        return None
    way = ["environment", "form", "threads", "batch"]
    means = pd.concat(found).groupby(way, as_index=False)[["seconds", "speedup"]].mean()
    best = means.sort_values("seconds", kind="stable").iloc[0]
    return Timing(
        milliseconds=1000 * float(best["seconds"]),
        form=str(best["form"]),
        threads=int(best["threads"]),
        batch=int(best["batch"]),
        speedup=float(best["speedup"]),
        environment=str(best["environment"]),
    )
