"""What a trial is worth: from the runs that were made for it to the value that the study makes large."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bench.store.study_records import TrialRecord, TrialRunRecord
from bench.suite.studies import TuneSpec
from bench.tuning.halving import Rung


@dataclass(frozen=True)
class Judge:
    """Judges trials of one study, by validation data alone."""

    tune: TuneSpec
    runs: Sequence[TrialRunRecord]

    def failure(self, number: int) -> str | None:
        """Why a run of the trial came to no result, where one did not."""
        failed = [run for run in self.runs if run.number == number and run.status == "failed"]
        return failed[0].reason or "a run failed" if failed else None

    def score(self, number: int, rung: Rung) -> float:
        """What is compared when the worse half is stopped."""
        accuracy, sparsity = self._measured(number, rung)
        return self._value(accuracy, sparsity, rung)

    def _measured(self, number: int, rung: Rung) -> tuple[float, float]:
        """Mean validation accuracy and sparsity over the rung's seeds; who diverged has nothing right."""
        rows = [run for run in self._of(number) if run.seed in rung.seeds and run.part == rung.part]
        accuracies = [0.0 if run.validation_accuracy is None else run.validation_accuracy for run in rows]
        counted = [run.sparsity for run in rows if run.sparsity is not None]
        return statistics.fmean(accuracies), statistics.fmean(counted) if counted else 0.0

    def _value(self, accuracy: float, sparsity: float, rung: Rung) -> float:
        if self.tune.objective != "sparsity":
            return accuracy
        # Within the distance the sparsity counts; beyond it, below all of those, how far beyond.
        dense, _ = self._measured(0, Rung(rung.seeds))
        beyond = dense - accuracy - self.tune.within
        return sparsity if beyond <= 1e-12 else -beyond

    def ended(self, trial: TrialRecord, rung: Rung, last: bool) -> TrialRecord:
        """The trial as it stands after its last rung."""
        failure = self.failure(trial.number)
        steps, flops = self._spent(trial.number)
        if failure is not None:
            return replace(trial, state="failed", reason=failure, steps=steps, flops=flops)
        accuracy, sparsity = self._measured(trial.number, rung)
        return replace(
            trial,
            state="done" if last else "stopped",
            reason=None if last else f"among the worse of its batch after {rung.words}",
            value=accuracy if trial.number == 0 else self._value(accuracy, sparsity, rung),
            accuracy=accuracy,
            sparsity=sparsity,
            seeds=len(rung.seeds),
            steps=steps,
            flops=flops,
        )

    def _spent(self, number: int) -> tuple[int, float]:
        """Training steps and operations of its runs, each made alone; a run that was cut is a part of the whole one."""
        by_seed: dict[int, tuple[int, float]] = {}
        for run in self._of(number):
            spent = run.steps_alone or 0, run.flops_alone or 0.0
            by_seed[run.seed] = max(by_seed.get(run.seed, (0, 0.0)), spent)
        return sum(steps for steps, _ in by_seed.values()), sum(flops for _, flops in by_seed.values())

    def _of(self, number: int) -> Iterable[TrialRunRecord]:
        return (run for run in self.runs if run.number == number)
