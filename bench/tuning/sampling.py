"""Asking Optuna for trials: from what has been tried so far to the next batch, the same again after a restart.

Optuna's own study lives in memory and is built from the trials of the database each time, so that these are the truth;
the sampler draws by the study and the number of the batch.
"""

from __future__ import annotations

import hashlib
import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from bench import random
from bench.store.study_records import TrialRecord
from bench.suite.studies import Objective, Sampler
from bench.tuning.space import Dimension, Params

_GENERATION = "NSGAIISampler:generation"  # what NSGA-II has to know again of a trial


@dataclass(frozen=True)
class Asked:
    """A trial that is to be made."""

    params: Params
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Search:
    """How a space is searched."""

    dimensions: tuple[Dimension, ...]
    objective: Objective
    sampler: Sampler
    seed: str
    batch: int
    start: Params | None = None

    def ask(self, told: Sequence[TrialRecord], batch: int, count: int) -> list[Asked]:
        """So many trials of the batch of this number; fewer where nothing is left to try."""
        if self.sampler == "grid":
            return self._grid(told, count)
        with quietly():
            study = self._study(batch)
            for one in told:
                if one.number > 0:
                    study.add_trial(frozen(one, self.dimensions, self.objective))
            if batch == 0 and self.start is not None:
                study.enqueue_trial(dict(self.start))
            asked = []
            for _ in range(count):
                trial = study.ask(self.distributions)
                known = study.get_trials(deepcopy=False)[trial.number]
                notes = {name: value for name, value in known.system_attrs.items() if name == _GENERATION}
                asked.append(Asked(dict(trial.params), notes))
        return asked

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        return {one.name: distribution(one) for one in self.dimensions}

    def _study(self, batch: int) -> optuna.Study:
        return optuna.create_study(directions=directions(self.objective), sampler=self._sampler(batch))

    def _sampler(self, batch: int) -> BaseSampler:
        seed = int.from_bytes(hashlib.sha256(f"{self.seed} {batch}".encode()).digest()[:4], "big")
        if self.sampler == "random":
            return RandomSampler(seed=seed)
        if self.sampler == "nsga-ii":
            return NSGAIISampler(population_size=max(2, self.batch), seed=seed)
        # The trials of a batch are asked for before any is told: each takes the others for bad, and keeps away.
        return TPESampler(multivariate=True, constant_liar=True, seed=seed)

    def _grid(self, told: Sequence[TrialRecord], count: int) -> list[Asked]:
        """The points of the grid in an order drawn once, so that one that is broken off has looked everywhere."""
        names = [one.name for one in self.dimensions]
        points = list(itertools.product(*(one.grid() for one in self.dimensions)))
        order = random.permutation(0, "grid", self.seed, n=len(points))
        tried = sum(trial.number > 0 for trial in told)
        return [Asked(dict(zip(names, points[int(place)], strict=True))) for place in order[tried : tried + count]]


def directions(objective: Objective) -> list[StudyDirection]:
    """What is made large: accuracy, sparsity, or both."""
    return [StudyDirection.MAXIMIZE] * (2 if objective == "both" else 1)


def distribution(one: Dimension) -> BaseDistribution:
    """A dimension in Optuna's words."""
    if one.kind == "choice":
        return CategoricalDistribution(one.values)
    if one.kind == "whole":
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def frozen(trial: TrialRecord, dimensions: Sequence[Dimension], objective: Objective) -> FrozenTrial:
    """A trial of ours as one of Optuna's; what has no value yet is running."""
    states = {"done": TrialState.COMPLETE, "stopped": TrialState.PRUNED, "failed": TrialState.FAIL}
    values = (trial.accuracy, trial.sparsity) if objective == "both" else (trial.value,)
    told: dict[str, Any] = {}
    if trial.state == "done":
        told["values"] = [value for value in values if value is not None]
    elif trial.state == "stopped" and trial.value is not None:
        told["intermediate_values"] = {trial.seeds: trial.value}
    return create_trial(
        state=states.get(trial.state, TrialState.RUNNING),
        params=dict(trial.params),
        distributions={one.name: distribution(one) for one in dimensions},
        system_attrs=dict(trial.notes),
        **told,
    )


@contextmanager
def quietly() -> Iterator[None]:
    """Optuna writes a line for every study, and warns of each setting that may still change."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
