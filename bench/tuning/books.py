"""The books of a batch: which runs its trials need, and what comes of them, into the tables of tuning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.executors.tasks import PackResult
from bench.plan import Plan, Work, work_left
from bench.receipts import Receipt, Session
from bench.records import RESULTS_VERSION, flops_alone
from bench.store.study_records import KnownResult, TrialRunRecord
from bench.store.values import Status


@dataclass(frozen=True)
class Need:
    """A run that a trial needs."""

    trial: int
    seed: int
    part: float  # of its last training


class TrialBooks:
    """What a driver asks of the books, where runs belong to trials. One run may serve several of them."""

    def __init__(
        self, plan: Plan, needs: Mapping[str, Sequence[Need]], study: int, session: Session, entered: Collection[str]
    ) -> None:
        self._plan, self._needs, self._study, self._session = plan, needs, study, session
        self.asked = set(needs)
        self.given_up: set[str] = set()
        self._done = set(entered) & self.asked
        self.receipt = Receipt(runs=len(self.asked), before=len(self._done))
        self._adopt(self.asked - self._done)

    def left(self, stored: Collection[str]) -> Work:
        skipped = self._done | (set(self._plan.runs) - self.asked)
        return work_left(self._plan, skipped, stored)

    def look_again(self, finished: Collection[str]) -> None:
        """Take note of what others have made meanwhile; what was finished here is not asked for again."""
        self._done |= set(finished) & self.asked
        self._adopt(self.asked - self._done)

    def news(self, final: Collection[str]) -> bool:
        fresh = (self.asked & set(final)) - self._done
        self._adopt(fresh)
        return bool(fresh)

    def is_open(self, key: str) -> bool:
        return key in self.asked and key not in self._done

    def enter(self, answer: PackResult, width: int) -> list[str]:
        """Write what a pack gave, in one transaction."""
        seconds = answer.seconds / width
        results = []
        for result in answer.results:
            if result.measured is None or not self.is_open(result.key):
                continue
            empty = [layer.name for layer in result.measured.size.layers if layer.kept == 0]
            known = KnownResult(
                result.key,
                "collapsed" if empty else "done",
                f"no weight is left in {', '.join(empty)}" if empty else None,
                result.measured.size.sparsity,
                result.measured.validation.loss,
                result.measured.validation.accuracy,
            )
            results.append((known, seconds))
        self._write(results)
        return []

    def enter_broken(self, reasons: Sequence[tuple[str, Status, str]]) -> None:
        self._write([(KnownResult(key, status, reason, None, None, None), 0.0) for key, status, reason in reasons])

    def count_others(self) -> None:
        """Nobody else works at a study while it is taken."""

    def _adopt(self, keys: Iterable[str]) -> None:
        """Runs that are there already, made for a suite or for another trial, are not made again."""
        store, environment = self._session.store, self._session.environment
        known = store.studies.results(keys, environment, RESULTS_VERSION)
        self._write([(result, 0.0) for result in known.values()])

    def _write(self, results: Sequence[tuple[KnownResult, float]]) -> None:
        rows = [self._row(need, result, seconds) for result, seconds in results for need in self._needs[result.key]]
        self._session.store.studies.write(self._study, rows)
        self._done |= {result.key for result, _ in results}
        for result, _ in results:
            self.receipt.count(result.status)

    def _row(self, need: Need, result: KnownResult, seconds: float) -> TrialRunRecord:
        run = self._plan.runs[result.key]
        return TrialRunRecord(
            number=need.trial,
            key=result.key,
            seed=need.seed,
            part=need.part,
            status=result.status,
            reason=result.reason,
            sparsity=result.sparsity,
            validation_loss=result.validation_loss,
            validation_accuracy=result.validation_accuracy,
            steps_alone=run.steps_alone,
            flops_alone=flops_alone(run),
            seconds=seconds,
        )
