"""Carrying plans out: with a crew in this process, where a process is not the point, and with real ones."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

import os
import re
import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from bench.driver import carry_out
from bench.executors.local import Crew
from bench.executors.messages import Done, Failed, Measure, Measured, Order, Setting
from bench.executors.workshop import Workshops
from bench.plan import Plan
from bench.receipts import Receipt, Session
from bench.records import cell_records, suite_record
from bench.states import StateMissing, States
from bench.store import EnvironmentInfo, SessionInfo, Store
from bench.training.calibration import Calibration

ENVIRONMENT = EnvironmentInfo("cpu", "a processor", "2.9.0")


@dataclass
class Listener:
    """Who listens to a run in a test."""

    steps: int = 0
    lines: list[str] = field(default_factory=list)

    def advanced(self, replica_steps: int) -> None:
        self.steps += replica_steps

    def noticed(self, line: str) -> None:
        self.lines.append(line)


class Desk:
    """A crew that works in this process; `before` may raise or answer in the place of an order's result."""

    def __init__(
        self,
        states: States,
        width: int = 8,
        size: int = 1,
        before: Callable[[Order | Measure], Failed | None] = lambda question: None,
    ) -> None:
        self.size = self.idle = size
        self.orders: list[Order] = []
        self._states, self._width, self._before = states, width, before
        self._asked: deque[tuple[object, Order | Measure]] = deque()
        self._workshops = Workshops(states, torch.device("cpu"))

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def submit(self, question: Order | Measure) -> object:
        name = object()
        self.idle -= 1
        self._asked.append((name, question))
        return name

    def answers(
        self, progress: Callable[[int], None], seconds: float
    ) -> Iterator[tuple[object, Done | Measured | Failed]]:
        name, question = self._asked.popleft()
        self.idle += 1
        yield name, self._answer(question, progress)

    def _answer(self, question: Order | Measure, progress: Callable[[int], None]) -> Done | Measured | Failed:
        if (instead := self._before(question)) is not None:
            return instead
        if isinstance(question, Measure):
            return Measured(Calibration(self._width, 0.0, 1e-6))
        self.orders.append(question)
        try:
            return Done(self._workshops.at(question.place).run(question.tasks, progress))
        except StateMissing as error:
            return Failed(f"the state {error} is not stored any more", "state")
        except MemoryError:
            return Failed("out of memory", "memory")

    @property
    def made(self) -> list[str]:
        """The keys of all tasks that were carried out, in order."""
        return [task.key for order in self.orders for task in order.tasks]


def run(
    plan: Plan,
    folder: Path,
    crew: Desk | Crew | None = None,
    asked: Collection[str] | None = None,
    listener: Listener | None = None,
    database: str = "results.db",
) -> Receipt:
    """What the command does, with a crew of the test's own."""
    folder.mkdir(parents=True, exist_ok=True)
    states = States(folder / "states")
    with Store.open(folder / database) as store:
        session = store.start_session(SessionInfo("a test"))
        store.register(suite_record(plan), cell_records(plan))
        environment = store.environment(ENVIRONMENT)
        receipt = carry_out(
            plan,
            plan.runs.keys() if asked is None else asked,
            Session(store, session, environment),
            states,
            crew or Desk(states),  # type: ignore[arg-type]  # a desk does what a crew does
            listener or Listener(),
        )
        store.end_session(session, receipt.ending)
    return receipt


def real_crew(folder: Path, size: int = 1, plugins: tuple[Path, ...] = ()) -> Crew:
    return Crew(Setting("cpu", folder / "states", plugins), size)


_PASSING = re.compile(r"^(id|.*_id|.*_at|seconds|session|finished_at|created.*|updated.*)$")


def rows(folder: Path, query: str, database: str = "results.db") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / database)) as connection:
        return connection.execute(query).fetchall()


def results(folder: Path, database: str = "results.db") -> list[dict[str, Any]]:
    """The rows of the view `results`, without times and numbers of sessions, in a fixed order."""
    with closing(sqlite3.connect(folder / database)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM results ORDER BY data, model, method, level, seed").fetchall()
    return [{name: row[name] for name in row.keys() if not _PASSING.match(name)} for row in found]  # noqa: SIM118


def layers(folder: Path) -> list[tuple[Any, ...]]:
    """What is left of each layer of each run."""
    return sorted(
        rows(
            folder,
            "SELECT run.key, layer.name, run_layer.kept, run_layer.effective FROM run_layer "
            "JOIN run ON run.id = run_layer.run_id JOIN layer ON layer.id = run_layer.layer_id",
        )
    )


def tree(folder: Path) -> list[str]:
    return sorted(os.fspath(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


__all__ = ["Desk", "Listener", "bench", "layers", "real_crew", "results", "rows", "run", "tree"]
