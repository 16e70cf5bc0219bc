"""What a study may spend, what a trial of it costs, and how many it can still afford."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.store.study_records import TrialRecord
from bench.suite.studies import Budget
from bench.tuning.halving import Rung


@dataclass(frozen=True)
class Allowance:
    """So many training steps, as if each run were made alone, or so many trials."""

    unit: Literal["steps", "trials"]
    amount: float

    def spent(self, trials: Sequence[TrialRecord]) -> float:
        made = [trial for trial in trials if trial.number > 0 and trial.is_finished]
        return float(sum(trial.steps for trial in made) if self.unit == "steps" else len(made))

    def affords(self, trials: Sequence[TrialRecord], cost: float, most: int) -> int:
        """How many trials are to be asked for: as many as what is left is worth, the last of them begun."""
        left = self.amount - self.spent(trials)
        made = [trial for trial in trials if trial.number > 0 and trial.is_finished]
        if left <= 0:
            return 0
        if self.unit == "trials":
            return min(most, math.ceil(left))
        each = sum(trial.steps for trial in made) / len(made) if any(trial.steps for trial in made) else cost
        return max(1, min(most, math.ceil(left / each))) if each > 0 else most


def allowance(budget: Budget, dense_steps: int) -> Allowance:
    """A budget in the units that are kept."""
    if budget.unit == "trials":
        return Allowance("trials", budget.amount)
    return Allowance("steps", budget.amount * (dense_steps if budget.unit == "trainings" else 1))


def runs_of_a_trial(rungs: Sequence[Rung], batch: int) -> float:
    """Seeds that a trial is given on average, when half of those that are left go on from rung to rung."""
    left, before, given = batch, 0, 0
    for rung in rungs:
        given += left * (len(rung.seeds) - before)
        before = len(rung.seeds)
        left = math.ceil(left / 2)
    return given / batch
