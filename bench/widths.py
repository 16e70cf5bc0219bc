"""How many trainings go into a pack: known from before, or measured on the device."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict

from bench.executors.tasks import Task
from bench.ground import Ground
from bench.plan import Work, pack_of
from bench.receipts import Session
from bench.recipe import digest
from bench.training.calibration import Calibration

EVALUATED_AT_ONCE = 2 * 10**8  # bytes of weights in a pack that is only evaluated


class Widths:
    """The width of each kind of pack, as far as it is known."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[Hashable, int] = {}

    def of(self, kind: Hashable, task: Task, work: Work) -> int | None:
        """How wide a pack of this kind is to be; None when that has to be measured first."""
        if kind not in self._known:
            ground = work.ground[task.key]
            if task.stretch is None:
                return max(1, min(1024, EVALUATED_AT_ONCE // (4 * ground.parameters)))
            known = self._session.store.calibration(self._session.environment, calibration_name(ground))
            if known is None or not Calibration(**known).holds(packable(kind, work)):
                return None
            self._known[kind] = Calibration(**known).width
        return self._known[kind]

    def learn(self, kind: Hashable, ground: Ground, measured: Calibration) -> None:
        """What a measurement gave, for this command and later ones."""
        self._session.store.remember(self._session.environment, calibration_name(ground), asdict(measured))
        self._known[kind] = measured.width

    def settle(self, kind: Hashable, width: int) -> None:
        """A width for this command alone, where none could be measured or a wider pack broke."""
        self._known[kind] = width


def packable(kind: Hashable, work: Work) -> int:
    """How many tasks there are that could be stacked in packs of this kind."""
    return sum(pack_of(task, work.ground[key]) == kind for key, task in work.tasks.items())


def calibration_name(ground: Ground) -> str:
    """Under which a width is remembered: what decides how long a step takes."""
    start = ground.start(0)
    shape = [start.network, ground.training.batch, ground.training.optimiser.kind]
    return f"width {digest(shape)[:16]}"
