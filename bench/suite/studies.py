"""What a suite says of its tuning: how it is searched, what is searched for each method, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

Objective = Literal["accuracy", "sparsity", "both"]
Sampler = Literal["tpe", "random", "grid", "nsga-ii"]
BudgetUnit = Literal["trainings", "steps", "trials"]
RangeKind = Literal["number", "whole", "steps", "epochs", "share"]
SharesBy = Literal["layer", "kind"]


@dataclass(frozen=True)
class Range:
    """A number or a length of time between two others."""

    name: str  # where it stands in the method's entry, such as fine-tune-rate or at.0
    low: float
    high: float
    kind: RangeKind = "number"
    log: bool = False
    points: int = 5  # values of it that a grid tries
    start: float | None = None  # its value in the first trial


@dataclass(frozen=True)
class Pick:
    """One of some values."""

    name: str
    values: tuple[Any, ...]
    start: int | None = None  # the place of its value in the first trial


@dataclass(frozen=True)
class Shares:
    """How much is kept of each layer, against the largest one, at a given sparsity of the whole.

    Factors of what is kept are searched on a logarithmic scale and then brought to the sparsity of the level, all by
    one factor: so one layer's can stay at 1.
    """

    by: SharesBy = "layer"
    low: float = 0.25
    high: float = 32.0
    points: int = 5
    name: str = "rates"


Param = Range | Pick | Shares


@dataclass(frozen=True)
class StudySpec:
    """What is searched for one method."""

    name: str  # unique in the suite
    method: str
    entry: str  # the method's entry as the suite has it, in JSON
    params: tuple[Param, ...]

    @property
    def plain(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.entry)
        return found


@dataclass(frozen=True)
class Budget:
    """What a study may spend: trials, training steps as if each run were made alone, or as many as dense trainings."""

    unit: BudgetUnit = "trainings"
    amount: float = 100


@dataclass(frozen=True)
class Halving:
    """How hopeless trials are stopped early: the better half of a batch goes on to more seeds, or to its full length.

    `seeds` is with how many a trial begins, 0 for all at once. `share` of the last training is looked at first, where
    the method fine-tunes; 1 for all of it.
    """

    seeds: int = 1
    share: float = 1.0


@dataclass(frozen=True)
class TuneSpec:
    """How a problem of a suite is tuned."""

    studies: tuple[StudySpec, ...]
    seeds: tuple[int, ...]  # those that choose; results are confirmed on others
    sparsities: tuple[float, ...]
    objective: Objective = "accuracy"
    within: float = 0.0  # how far below the dense network a trial may lie, where the highest sparsity is sought
    sampler: Sampler = "tpe"
    batch: int = 8
    budget: Budget = Budget()
    halving: Halving = Halving()
    seed: int = 0


@dataclass(frozen=True)
class Chosen:
    """Where an option of a method comes from: a trial of a study."""

    option: str
    study: str  # its hash
    number: int  # of the trial
