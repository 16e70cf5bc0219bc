"""Making the state of a stored run again, where it was not kept: by its recipe, through the ordinary driver."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bench.benchmark import cores, environment_of
from bench.driver import carry_out
from bench.errors import UserError
from bench.executors.local import Crew
from bench.executors.messages import Setting
from bench.ground import Ground
from bench.ledger import runs_to_make
from bench.opening import OpenedRun, open_run
from bench.outlook import estimated
from bench.plan import Work, work_left
from bench.provenance import session_info
from bench.receipts import Listener, Session
from bench.records import RESULTS_VERSION
from bench.states import States, states_folder
from bench.store import Store
from bench.training.calibration import Calibration
from bench.training.devices import choose, is_available
from bench.widths import calibration_name


@dataclass(frozen=True)
class Prospect:
    """What making a state again would take."""

    steps: int
    seconds: float
    measured: bool  # whether the estimate rests on measurements on this device


@dataclass(frozen=True, eq=False)
class Retraining:
    """A run that is trained again, on a device."""

    opened: OpenedRun
    device: str
    threads: int | None = None

    @cached_property
    def states(self) -> States:
        return States(states_folder(self.opened.database, environment_of(self.device).hash, RESULTS_VERSION))

    @cached_property
    def work(self) -> Work:
        """What leads to the one state, given those that are still there."""
        others = set(self.opened.plan.runs) - {self.opened.key}
        return work_left(self.opened.plan, others, self.states.keys())

    @property
    def workers(self) -> int:
        return (self.threads or cores()) if self.device == "cpu" else 1

    def prospect(self) -> Prospect:
        with Store.open(self.opened.database, read_only=True) as store:
            number = store.known_environment(environment_of(self.device))

            def speed(ground: Ground) -> Calibration | None:
                known = None if number is None else store.calibration(number, calibration_name(ground))
                return None if known is None else Calibration(**known)

            estimate = estimated(self.work, speed, self.workers)
        return Prospect(self.work.steps, estimate.seconds, estimate.measured)

    def carry_out(self, listener: Listener) -> OpenedRun:
        """Train, and open the run with the state that came of it.

        The row that there is stays as it is; on a device that the run was not made on yet, it gets a row there.
        """
        opened, key = self.opened, self.opened.key
        crew = Crew(Setting(self.device, self.states.folder, opened.plugins), self.workers)
        with Store.open(opened.database) as store:
            number = store.start_session(session_info(f"the state of run {opened.name} again", opened.plugins))
            environment = store.environment(environment_of(self.device))
            ending: Literal["done", "failed", "interrupted"] = "failed"
            try:
                session = Session(store, number, environment)
                receipt = carry_out(opened.plan, [key], session, self.states, crew, listener, again=[key])
                ending = receipt.ending
            finally:
                store.end_session(number, ending)
            if ending == "interrupted":
                raise KeyboardInterrupt
            _, given_up = runs_to_make([key], store, environment)
        if key not in self.states:
            why = "failed too often" if given_up else "came to no state"
            raise UserError(f"run {opened.name}: {why} when it was made again; `bench sql` shows the reason")
        return open_run(key, opened.database, plugins=opened.plugins)


def retraining(opened: OpenedRun, device: str | None, threads: int | None = None) -> Retraining:
    """On the device that is asked for; else on one of the kind that the run was made on, where there is one."""
    kind = str(opened.facts["device_kind"])
    return Retraining(opened, choose(device or (kind if is_available(kind) else "auto")), threads)
