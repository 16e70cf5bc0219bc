"""The books of one command: which of the runs that it was asked for are final, and what it enters into the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from bench.checks import made_again
from bench.executors.tasks import PackResult, TaskResult
from bench.plan import Plan, Work, work_left
from bench.receipts import Receipt, Session
from bench.records import (
    RESULTS_VERSION,
    Accounts,
    broken_record,
    curve_records,
    evaluation_record,
    run_record,
)
from bench.store import EvaluationRecord, PackRecord, RunRecord, Store
from bench.store.values import Status

ATTEMPTS = 3


def runs_to_make(asked: Collection[str], store: Store, environment: int) -> tuple[set[str], set[str]]:
    """The keys that are final already, and those that have failed too often to be tried again."""
    attempts = store.attempts(environment, RESULTS_VERSION)
    given_up = {key for key, count in attempts.items() if count >= ATTEMPTS}
    return store.done(environment, RESULTS_VERSION) & set(asked), given_up & set(asked)


class Books(Protocol):
    """What a driver asks of the books of a command: what is to be made, and where results go."""

    asked: set[str]  # the keys of the runs that are wanted
    given_up: set[str]  # those of them that have failed too often
    receipt: Receipt

    def left(self, stored: Collection[str]) -> Work: ...

    def look_again(self, finished: Collection[str]) -> None: ...

    def news(self, final: Collection[str]) -> bool: ...

    def is_open(self, key: str) -> bool: ...

    def enter(self, answer: PackResult, width: int) -> list[str]: ...

    def enter_broken(self, reasons: Sequence[tuple[str, Status, str]]) -> None: ...

    def count_others(self) -> None: ...


class Ledger:
    """What is known of the runs of a plan; others on the same database may add to it at any time."""

    def __init__(self, plan: Plan, asked: Collection[str], again: Collection[str], session: Session) -> None:
        self._plan, self._session = plan, session
        self.asked = set(asked)
        self._again = set(again)
        self.done, self.given_up = self._final_now()
        self._before, self._made_here = frozenset(self.done), set[str]()
        self._skipped = (self.done | self.given_up | (set(plan.runs) - self.asked)) - self._again
        self._accounts = Accounts(plan)
        self._evaluations: dict[str, EvaluationRecord] = {}
        self.receipt = Receipt(runs=len(self.asked), before=len(self.done))

    def _final_now(self) -> tuple[set[str], set[str]]:
        return runs_to_make(self.asked, self._session.store, self._session.environment)

    def look_again(self, finished: Collection[str]) -> None:
        """Take note of what others have entered; what was finished here is not asked for again."""
        done, given_up = self._final_now()
        self.done |= done
        self._skipped |= ((done | given_up) - self._again) | (set(finished) & set(self._plan.runs))

    def left(self, stored: Collection[str]) -> Work:
        """What leads to the runs that are not final, given the states that are stored."""
        runs = self._plan.runs
        wanted = {run.last_pruning for run in runs.values() if run.last_pruning}
        self._evaluations = self._session.store.evaluations(wanted, self._session.environment, RESULTS_VERSION)
        open_runs = [run for key, run in runs.items() if key not in self._skipped]
        unjudged = {run.last_pruning for run in open_runs if run.last_pruning} - self._evaluations.keys()
        return work_left(self._plan, self._skipped, stored, unjudged)

    def news(self, final: Collection[str]) -> bool:
        """Whether others have made some of these; what was known to be final may be needed again."""
        return bool((self.asked & set(final)) - self.done)

    def is_open(self, key: str) -> bool:
        """Whether this is a run that was asked for and is not final."""
        return key in self.asked and key not in self.done

    def enter(self, answer: PackResult, width: int) -> list[str]:
        """Write what a pack gave, in one transaction; what is odd about it is told in lines."""
        evaluations = [evaluation_record(result.pruned) for result in answer.results if result.pruned]
        self._evaluations.update({record.key: record for record in evaluations})
        seconds = answer.seconds / width
        rows = [self._row(result, seconds) for result in answer.results if result.measured and self.is_open(result.key)]
        again = [result for result in answer.results if result.key in self.done]
        lines = made_again(self._session.store, self._session.environment, again)
        self._write(
            PackRecord(
                runs=tuple(rows),
                evaluations=tuple(evaluations),
                curves=tuple(curve_records(answer.results)),
                seconds=answer.seconds,
                width=width,
            )
        )
        return list(lines)

    def enter_broken(self, reasons: Sequence[tuple[str, Status, str]]) -> None:
        """Write rows of runs that came to no result: their keys, how they ended, why."""
        runs = self._plan.runs
        rows = [broken_record(runs[key], status, reason, self._accounts) for key, status, reason in reasons]
        self._write(PackRecord(runs=tuple(rows), width=1))

    def _row(self, result: TaskResult, seconds: float) -> RunRecord:
        run = self._plan.runs[result.key]
        pruned = self._evaluations.get(run.last_pruning) if run.last_pruning else None
        return run_record(run, result, pruned, self._accounts, seconds)

    def _write(self, pack: PackRecord) -> None:
        rows = list(pack.runs)
        self.done |= {row.key for row in rows}
        new = self._session.store.write(self._session.session, self._session.environment, pack)
        if new < len(rows):  # others have made some of them, while this process was taken for gone
            own = self._session.store.made_by(self._session.session, {row.key for row in rows})
            rows = [row for row in rows if row.key in own]
        for row in rows:
            if row.status != "failed":
                self._made_here.add(row.key)
            self.receipt.count(row.status)
            self.receipt.steps_alone += row.steps_alone or 0

    def count_others(self) -> None:
        """Of the runs that were asked for, those that are final now and were made elsewhere meanwhile."""
        done, _ = self._final_now()
        self.receipt.by_others = len(done - self._before - self._made_here)
