"""Studies and their trials: entered before they are begun, finished once, and what a process left behind taken up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bench.errors import UserError
from bench.masking import masked
from bench.store.rows import add_new, blocks
from bench.store.schema import Environment, Run, Session, Study, Trial, TrialRun
from bench.store.sessions import host_hash, is_alive
from bench.store.study_records import (
    FINISHED,
    Begun,
    Found,
    KnownResult,
    StudyRecord,
    TrialRecord,
    TrialRunRecord,
)
from bench.store.texts import compact, integer, now, real
from bench.store.values import FINAL

_STUDY_JSON = ("seeds", "halving", "entry", "space")
_TRIAL_JSON = ("params", "entry", "notes")
Transaction = Callable[[], AbstractContextManager[Connection]]


class Studies:
    """The studies of a database. Every writing method is one transaction."""

    def __init__(self, place: str, writing: Transaction, reading: Transaction) -> None:
        self._place, self._writing, self._reading = place, writing, reading

    def begin(self, study: StudyRecord, session: int) -> Begun:
        """Take a study up, which is entered when it is new; one that another process is at is refused.

        What it may spend is what was asked for last. Trials that were running belong to a process that is gone: they
        wait again.
        """
        row = {
            name: compact(value) if name in _STUDY_JSON else int(value) if isinstance(value, bool) else value
            for name, value in vars(study).items()
        }
        with self._writing() as connection:
            known = connection.execute(_identified(study)).one_or_none()
            if known is None:
                entered = insert(Study).values(**row, session_id=session, begun_at=now()).returning(Study.id)
                return Begun(connection.execute(entered).scalar_one(), 0)
            self._check_free(connection, known, session)
            own = update(Study).where(Study.id == known.id)
            connection.execute(own.values(session_id=session, budget_unit=study.budget_unit, budget=real(study.budget)))
            left = update(Trial).where(Trial.study_id == known.id, Trial.state == "running").values(state="waiting")
            return Begun(known.id, connection.execute(left).rowcount)

    def _check_free(self, connection: Connection, study: Any, session: int) -> None:
        who = connection.execute(
            select(Session.status, Session.host_hash, Session.process, Session.process_start).where(
                Session.id == study.session_id, Session.id != session
            )
        ).one_or_none()
        if who is None or who.status != "running":
            return
        if who.host_hash != host_hash() or is_alive(who.process, who.process_start):
            raise UserError(
                f"study {study.suite}/{study.name}: session {study.session_id} (process {who.process}) is at it in "
                f"{self._place}; wait for it, or end it"
            )

    def end(self, study: int, session: int) -> None:
        """Let go of a study; trials that are not finished wait."""
        with self._writing() as connection:
            own = update(Study).where(Study.id == study, Study.session_id == session)
            if connection.execute(own.values(session_id=None)).rowcount:
                left = update(Trial).where(Trial.study_id == study, Trial.state == "running")
                connection.execute(left.values(state="waiting"))

    def ask(self, study: int, trials: Sequence[TrialRecord]) -> None:
        """Enter trials before anything is done for them; those whose numbers are there stay as they are."""
        rows = [{**_trial_row(one), "study_id": study, "asked_at": now()} for one in trials]
        with self._writing() as connection:
            add_new(connection, Trial, rows)

    def start(self, study: int, numbers: Iterable[int], session: int) -> None:
        """Note that these trials are begun."""
        chosen = update(Trial).where(Trial.study_id == study, Trial.number.in_(list(numbers)))
        with self._writing() as connection:
            connection.execute(chosen.values(state="running", session_id=session, begun=Trial.begun + 1))

    def write(self, study: int, runs: Sequence[TrialRunRecord]) -> None:
        """Enter results of runs, all or none; what is entered stays as it is."""
        if not runs:
            return
        with self._writing() as connection:
            ids = self._ids(connection, study)
            rows = [{**_run_row(one), "trial_id": ids[one.number], "finished_at": now()} for one in runs]
            add_new(connection, TrialRun, rows)

    def finish(self, study: int, trials: Sequence[TrialRecord]) -> None:
        """Enter how trials ended; one that has ended stays as it is."""
        with self._writing() as connection:
            for one in trials:
                own = update(Trial).where(
                    Trial.study_id == study, Trial.number == one.number, Trial.state.not_in(FINISHED)
                )
                row = {name: value for name, value in _trial_row(one).items() if name not in ("number", "begun")}
                connection.execute(own.values(**row, finished_at=now()))

    def trials(self, study: int) -> list[TrialRecord]:
        """The trials of a study in their order."""
        names = list(TrialRecord.__dataclass_fields__)
        wanted = select(*(Trial.__table__.c[name] for name in names))
        with self._reading() as connection:
            rows = connection.execute(wanted.where(Trial.study_id == study).order_by(Trial.number)).mappings().all()
        return [
            TrialRecord(**{name: json.loads(row[name]) if name in _TRIAL_JSON else row[name] for name in names})
            for row in rows
        ]

    def runs(self, study: int) -> list[TrialRunRecord]:
        """All runs of a study's trials."""
        names = [name for name in TrialRunRecord.__dataclass_fields__ if name != "number"]
        wanted = select(Trial.number, *(TrialRun.__table__.c[name] for name in names)).join(
            Trial, Trial.id == TrialRun.trial_id
        )
        with self._reading() as connection:
            rows = connection.execute(wanted.where(Trial.study_id == study)).mappings().all()
        return [TrialRunRecord(**row) for row in rows]

    def settle(self, study: int, budget: float) -> None:
        """A study that has nothing else to try may spend no more than this."""
        with self._writing() as connection:
            connection.execute(update(Study).where(Study.id == study).values(budget=real(budget)))

    def results(self, keys: Iterable[str], environment: int, results_version: int) -> dict[str, KnownResult]:
        """What is known of runs in an environment, whether a suite or another trial asked for them."""
        with self._reading() as connection:
            return known_results(connection, keys, environment, results_version)

    def find(self, hashes: Iterable[str]) -> list[Found]:
        """The studies with these hashes, in whatever environment."""
        with self._reading() as connection:
            return [
                _found(connection, dict(row))
                for block in blocks(hashes)
                for row in connection.execute(_STUDIES.where(Study.hash.in_(block))).mappings()
            ]

    def named(self, suite: str, name: str) -> list[Found]:
        """The studies of a suite that have this name, in every profile and environment."""
        with self._reading() as connection:
            rows = connection.execute(_STUDIES.where(Study.suite == suite, Study.name == name)).mappings()
            return [_found(connection, dict(row)) for row in rows]

    @staticmethod
    def _ids(connection: Connection, study: int) -> dict[int, int]:
        rows = connection.execute(select(Trial.number, Trial.id).where(Trial.study_id == study))
        return {row.number: row.id for row in rows}


_RESULT = ("status", "reason", "sparsity", "validation_loss", "validation_accuracy")


def known_results(
    connection: Connection, keys: Iterable[str], environment: int, results_version: int
) -> dict[str, KnownResult]:
    """Final results by key: those of runs that suites asked for before those of trials."""
    found: dict[str, KnownResult] = {}
    of_trials = (
        select(TrialRun.key, *(TrialRun.__table__.c[name] for name in _RESULT))
        .join(Trial, Trial.id == TrialRun.trial_id)
        .join(Study, Study.id == Trial.study_id)
        .where(Study.environment_id == environment, Study.results_version == results_version)
        .where(TrialRun.status.in_(FINAL))
    )
    of_suites = select(Run.key, *(Run.__table__.c[name] for name in _RESULT)).where(
        Run.environment_id == environment,
        Run.results_version == results_version,
        Run.origin.in_(("local", "merged")),
        Run.status.in_(FINAL),
    )
    for block in blocks(set(keys)):
        for wanted in (of_trials.where(TrialRun.key.in_(block)), of_suites.where(Run.key.in_(block))):
            found |= {row["key"]: KnownResult(**row) for row in connection.execute(wanted).mappings()}
    return found


_STUDIES = (
    select(
        *(Study.__table__.c[name] for name in ("id", "hash", "suite", "name", "profile", "data", "model")),
        *(Study.__table__.c[name] for name in ("target_sparsity", "objective", "seeds", "budget_unit", "budget")),
        Study.begun_at,
        Environment.hash.label("environment"),
    )
    .join(Environment, Environment.id == Study.environment_id)
    .order_by(Study.id)
)


def _found(connection: Connection, study: dict[str, Any]) -> Found:
    own = (Trial.study_id == study["id"], Trial.number > 0)
    counts = connection.execute(
        select(Trial.state, func.count(), func.coalesce(func.sum(Trial.steps), 0)).where(*own).group_by(Trial.state)
    ).all()
    names = list(TrialRecord.__dataclass_fields__)
    best = connection.execute(
        select(*(Trial.__table__.c[name] for name in names))
        .where(*own, Trial.state == "done")
        .order_by(Trial.value.desc(), Trial.number)
        .limit(1)
    ).mappings()
    trial = next(iter(best), None)
    told = None
    if trial is not None and study["objective"] != "both":
        told = TrialRecord(**{name: json.loads(trial[name]) if name in _TRIAL_JSON else trial[name] for name in names})
    study["seeds"] = tuple(json.loads(study["seeds"]))
    return Found(
        **study,
        finished=sum(count for state, count, _ in counts if state in FINISHED),
        open=sum(count for state, count, _ in counts if state not in FINISHED),
        steps=sum(steps for _, _, steps in counts),
        best=told,
    )


def _identified(study: StudyRecord) -> Any:
    return select(Study.id, Study.session_id, Study.suite, Study.name).where(
        Study.hash == study.hash,
        Study.environment_id == study.environment_id,
        Study.results_version == study.results_version,
    )


def _trial_row(one: TrialRecord) -> dict[str, Any]:
    row = asdict(one)
    return {
        **{name: compact(row[name]) for name in ("params", "entry", "notes")},
        **{name: real(row[name]) for name in ("value", "accuracy", "sparsity", "flops")},
        **{name: integer(row[name]) for name in ("number", "batch", "seeds", "steps", "begun")},
        "state": one.state,
        "reason": None if one.reason is None else masked(one.reason),
    }


def _run_row(one: TrialRunRecord) -> dict[str, Any]:
    reals = ("part", "sparsity", "validation_loss", "validation_accuracy", "flops_alone", "seconds")
    return {
        "key": one.key,
        "status": one.status,
        "reason": None if one.reason is None else masked(one.reason),
        "seed": integer(one.seed),
        "steps_alone": integer(one.steps_alone),
        **{name: real(getattr(one, name)) for name in reals},
    }
