"""Conducting studies with a crew in this process."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.chosen import Choices
from bench.data.policy import DataPolicy
from bench.executors.messages import Failed, Measure, Order
from bench.grid import Grid, expand
from bench.plan import make_plan
from bench.receipts import Session
from bench.records import RESULTS_VERSION
from bench.states import States
from bench.store import SessionInfo, Store
from bench.studies import studies_of
from bench.suite import read_suite
from bench.tuning.budget import allowance
from bench.tuning.conducting import Conductor, Workplace
from tests.run.crews import ENVIRONMENT, Desk, Listener, rows
from tests.run.crews import run as run_plan

Before = Callable[[Order | Measure], Failed | None]


def tune(
    folder: Path,
    suite: str,
    batches: int = 1000,
    before: Before = lambda question: None,
    shown: Callable[[Conductor], None] = lambda conductor: None,
) -> list[str]:
    """Conduct all studies of a suite, each at most so many batches further; what the listener heard."""
    folder.mkdir(parents=True, exist_ok=True)
    states = States(folder / "states")
    read = read_suite(suite)
    grid = expand(read, DataPolicy(), lambda ground, method: method)
    listener = Listener()
    with Store.open(folder / "results.db") as store:
        session = Session(store, store.start_session(SessionInfo("a test")), store.environment(ENVIRONMENT))
        crew: Any = Desk(states, before=before)
        place = Workplace(read, session, ENVIRONMENT.hash, states, crew, listener)
        for ground in grid.grounds:
            for study in studies_of(ground):
                allowed = allowance(study.tune.budget, ground.training.schedule.length)
                conductor = Conductor(study, allowed, place)
                conductor.take_up()
                try:
                    for _ in range(batches):
                        if not conductor.advance():
                            break
                        shown(conductor)
                finally:
                    conductor.let_go()
        store.end_session(session.session, "done")
    return listener.lines


def grid(folder: Path, suite: str, profile: str | None = None) -> Grid:
    """A suite with what the studies of a folder's database have chosen."""
    read = read_suite(suite, profile)
    with Store.open(folder / "results.db", read_only=True) as store:
        choices = Choices(store, "results.db", read.name, read.profile, ENVIRONMENT.hash, RESULTS_VERSION)
        return expand(read, DataPolicy(), choices)


def run(folder: Path, suite: str) -> Grid:
    """Run a suite with what was chosen."""
    found = grid(folder, suite)
    run_plan(make_plan(found), folder)
    return found


def trials(folder: Path, columns: str = "number, batch, state, value, params, seeds, steps") -> list[tuple[Any, ...]]:
    """What is said of the trials, in their order."""
    return rows(folder, f"SELECT {columns} FROM trials ORDER BY study, number")


__all__ = ["grid", "rows", "run", "trials", "tune"]
