"""One benchmark, from what the user asked for to a receipt."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Literal

from bench.checks import replaced_data
from bench.chosen import Choices
from bench.data.policy import DataPolicy, Progress
from bench.driver import carry_out
from bench.errors import UserError
from bench.executors.local import Crew
from bench.executors.messages import Setting
from bench.grid import Cell, Grid, Tuned, expand
from bench.ground import Ground
from bench.keeping import dear, results_of, to_drop, wanted_elsewhere
from bench.ledger import runs_to_make
from bench.only import picked
from bench.outlook import Guess, Outlook, estimated
from bench.plan import Plan, make_plan, work_left
from bench.provenance import session_info
from bench.receipts import Listener, Receipt, Session
from bench.records import RESULTS_VERSION, cell_records, suite_record
from bench.registry import load_plugin
from bench.states import States, states_folder
from bench.store import EnvironmentInfo, Store
from bench.store.location import locate, shown
from bench.suite import read_suite
from bench.suite.values import MethodSpec, Suite
from bench.training.calibration import Calibration
from bench.training.devices import choose, model_name
from bench.widths import calibration_name


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    suite: str
    profile: str | None = None
    database: str = "results.db"
    device: str = "auto"
    seeds: int | None = None
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    data: Literal["auto", "real", "standin"] = "auto"
    plugins: tuple[Path, ...] = ()
    note: str | None = None
    threads: int | None = None
    new_data: bool = False  # run although a data set's content has changed since the suite last ran


# What becomes of options that studies choose, given where the studies are; the database is not looked at before.
TunedBy = Callable[[Callable[[], Choices]], Tuned]


class Benchmark:
    """A suite that was read, looked up and planned, on a database and a device."""

    def __init__(self, request: Request, progress: Progress | None = None, tuned: TunedBy | None = None) -> None:
        self.request = request
        for plugin in request.plugins:
            load_plugin(plugin)
        overrides = {} if request.seeds is None else {"seeds": request.seeds}
        self.suite: Suite = read_suite(request.suite, request.profile, overrides)
        self.policy = DataPolicy.from_environment(request.data, progress=progress)
        self.device = choose(request.device)
        self.environment = environment_of(self.device)
        self.grid: Grid = expand(
            self.suite, self.policy, self._chosen if tuned is None else tuned(lambda: self.choices)
        )
        self.suite = self.grid.suite
        self.cells: list[Cell] = picked(self.grid.cells, request.only)

    def _chosen(self, ground: Ground, method: MethodSpec) -> MethodSpec:
        """What studies of the database have chosen for a method."""
        return self.choices(ground, method)

    @cached_property
    def choices(self) -> Choices:
        suite = self.suite
        return Choices(self.present, self.place, suite.name, suite.profile, self.environment.hash, RESULTS_VERSION)

    @cached_property
    def plan(self) -> Plan:
        return make_plan(self.grid)

    @cached_property
    def asked(self) -> frozenset[str]:
        """The keys of the runs of the picked cells."""
        return frozenset(key for cell in self.cells for _, key in self.plan.keys[cell])

    @cached_property
    def states(self) -> States:
        """Those of this environment and of this version of the trainer."""
        return States(states_folder(self.request.database, self.environment.hash, RESULTS_VERSION))

    @cached_property
    def store(self) -> Store:
        """The database, for writing; it is made when it is not there."""
        return Store.open(self.request.database)

    def prepare(self) -> None:
        """Open the database for writing, so that what is wrong with it is said before anything is done."""
        _ = self.store

    @property
    def place(self) -> str:
        """Where the database is, in words fit to be shown."""
        return shown(locate(self.request.database))

    @cached_property
    def present(self) -> Store | None:
        """The database as it is, for reading; None while there is none."""
        database = self.request.database
        missing = "://" not in database and not Path(database).expanduser().exists()
        return None if missing else Store.open(database, read_only=True)

    def outlook(self) -> Outlook:
        """What is done, what is missing, and what it would take. It writes nothing."""
        skipped, environment = set(self.plan.runs) - self.asked, self._known_environment
        done, given_up = self._final
        everything = work_left(self.plan, skipped, ())
        left = work_left(self.plan, done | given_up | skipped, self.states.keys())
        estimate = estimated(left, lambda ground: self.speed(ground, environment), self.workers)
        return Outlook(
            cells=len(self.cells),
            runs=len(self.asked),
            done=len(done),
            missing=len(self.asked) - len(done),
            steps_alone=sum(self.plan.runs[key].steps_alone for key in self.asked),
            steps_shared=everything.steps,
            steps_left=left.steps,
            packs=estimate.packs,
            estimated_seconds=estimate.seconds,
            measured=estimate.measured,
        )

    def seconds_elsewhere(self, guess: Guess) -> float:
        """What is missing on one device of another kind, which nothing was measured on and where no state is kept."""
        done, given_up = self._final
        left = work_left(self.plan, done | given_up | (set(self.plan.runs) - self.asked), ())
        return estimated(left, lambda ground: None, 1, guess).seconds

    @property
    def _known_environment(self) -> int | None:
        return self.present.known_environment(self.environment) if self.present else None

    @property
    def _final(self) -> tuple[set[str], set[str]]:
        """The runs that are done here, and those that have failed too often."""
        environment = self._known_environment
        if self.present is None or environment is None:
            return set(), set()
        return runs_to_make(self.asked, self.present, environment)

    def speed(self, ground: Ground, environment: int | None) -> Calibration | None:
        """What was measured here of trainings on this ground."""
        if self.present is None or environment is None:
            return None
        known = self.present.calibration(environment, calibration_name(ground))
        return None if known is None else Calibration(**known)

    @property
    def workers(self) -> int:
        """Processes that compute side by side: a core each on a CPU, one for any other device."""
        return (self.request.threads or cores()) if self.device == "cpu" else 1

    def run(self, listener: Listener) -> Receipt:
        """Make what is missing."""
        if not self.request.new_data and (replaced := replaced_data(self.store, self.plan)):
            raise UserError(*replaced)
        crew = Crew(Setting(self.device, self.states.folder, self.request.plugins), self.workers)
        crew.start()
        number = self.store.start_session(session_info(self.request.note, self.request.plugins))
        session = Session(self.store, number, self.store.environment(self.environment))
        ending: Literal["done", "failed", "interrupted"] = "failed"
        try:
            self.store.register(suite_record(self.plan), cell_records(self.plan))
            elsewhere = wanted_elsewhere(self.store, self.plan)
            self.states.favour(dear(self.plan, elsewhere))
            receipt = carry_out(self.plan, self.asked, session, self.states, crew, listener)
            if receipt.ending == "done":
                results = results_of(self.store, session.environment)
                self.states.drop(to_drop(self.plan, results, self.states.keys(), elsewhere))
            ending = receipt.ending
        finally:
            crew.stop()
            self.store.end_session(number, ending)
        return receipt

    def close(self) -> None:
        for opened in ("present", "store"):
            if store := self.__dict__.pop(opened, None):
                store.close()

    def __enter__(self) -> Benchmark:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def environment_of(device: str) -> EnvironmentInfo:
    """What decides the last bits of a result on this device, here and now."""
    import torch

    return EnvironmentInfo(device.split(":")[0], model_name(device), torch.__version__, "float32", True)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
