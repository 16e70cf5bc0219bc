"""How long what is left will take, by how long such work has taken so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence

from bench.executors.tasks import Task
from bench.ground import Ground
from bench.plan import Work


class Pace:
    """Seconds that one worker took for the work of each kind.

    A step of a large network takes longer than one of a small one, and an evaluation has no steps at all: each kind
    has its own measure. A kind that was not met yet is taken to be as quick as the others by its operations.
    """

    def __init__(self) -> None:
        self._seconds: defaultdict[Hashable, float] = defaultdict(float)
        self._units: defaultdict[Hashable, float] = defaultdict(float)
        self._spent = self._operations = 0.0  # in trainings of all kinds
        self._advanced = 0  # steps of packs that are under way

    def advanced(self, replica_steps: int) -> None:
        """A pack that is under way has come on by so much."""
        self._advanced += replica_steps

    def learn(self, tasks: Sequence[Task], ground: Ground, seconds: float) -> None:
        """A pack is done: so long it took its worker."""
        steps = sum(task.steps for task in tasks)
        self._advanced = max(0, self._advanced - steps)
        kind = _kind(tasks[0], ground)
        self._seconds[kind] += seconds
        self._units[kind] += sum(_units(task) for task in tasks)
        if steps:
            self._spent += seconds
            self._operations += sum(_operations(task, ground) for task in tasks)

    def seconds_left(self, work: Work, finished: Collection[str], workers: int) -> float | None:
        """Seconds until so many workers have done it all; None while nothing was measured.

        Tasks that wait for each other are done one after the other, however many workers there are.
        """
        if not self._spent:
            return None
        total = steps = longest = 0.0
        until: dict[str, float] = {}
        for key, task in work.tasks.items():  # each stands after those that it waits for
            if key in finished:
                continue
            cost = self._cost(task, work.ground[key])
            total, steps = total + cost, steps + task.steps
            until[key] = cost + max((until.get(needed, 0.0) for needed in work.waits_for[key]), default=0.0)
            longest = max(longest, until[key])
        to_do = 1 - min(1.0, self._advanced / steps) if steps else 1.0
        return max(total / workers, longest) * to_do

    def _cost(self, task: Task, ground: Ground) -> float:
        kind = _kind(task, ground)
        if self._units[kind]:
            return self._seconds[kind] / self._units[kind] * _units(task)
        return self._spent / self._operations * _operations(task, ground) if task.steps else 0.0


def _kind(task: Task, ground: Ground) -> Hashable:
    teacher = task.teacher.network if task.teacher else None
    return ground, teacher, task.stretch is None


def _units(task: Task) -> float:
    return float(task.steps or 1)


def _operations(task: Task, ground: Ground) -> float:
    return float(task.steps * ground.multiply_adds * ground.training.batch)
