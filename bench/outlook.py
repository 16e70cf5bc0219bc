"""What a run would take: an estimate from measured speeds, or from a rule of thumb where nothing was measured yet."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from bench.executors.tasks import Task
from bench.ground import Ground
from bench.plan import Work, pack_of
from bench.recipe import Prune
from bench.training.calibration import Calibration

START = 6.0  # seconds until the workers are ready
PACK = 0.15  # seconds around a pack: loading and saving
LOOKING = 1 / 3  # of what training on a sample costs: its way forward
CURVES = 1.1  # what looking at the validation data on the way adds at most


@dataclass(frozen=True)
class Guess:
    """What a device is taken to do where nothing was measured on it."""

    flops: float  # a second
    step: float  # seconds of a pack's step, whatever its width
    width: int


CORE = Guess(4e10, 3e-4, 16)  # one core of a CPU
# A sixth of the 67 TFLOP/s that the H200's data sheet has for float32; a step is some two hundred launches of kernels.
H200 = Guess(1.1e13, 2e-3, 64)


@dataclass(frozen=True)
class Outlook:
    """What a run would do: the answer of `bench plan`."""

    cells: int
    runs: int
    done: int
    missing: int
    steps_alone: int
    steps_shared: int
    steps_left: int
    packs: int
    estimated_seconds: float
    measured: bool  # whether the estimate rests on measurements on this device, or on a rule of thumb


@dataclass(frozen=True)
class Estimate:
    packs: int
    seconds: float
    measured: bool


def estimated(work: Work, speed: Callable[[Ground], Calibration | None], workers: int, guess: Guess = CORE) -> Estimate:
    """Tasks that wait for equally long chains of others can begin together: they make up the packs."""
    if not work.tasks:
        return Estimate(0, 0.0, measured=True)
    packs, seconds, measured = 0, START, True
    counts = Counter(pack_of(task, work.ground[key]) for key, task in work.tasks.items())
    for (kind, _), tasks in _side_by_side(work).items():
        ground = work.ground[tasks[0].key]
        known = speed(ground)
        if known is None or (tasks[0].stretch and not known.holds(counts[kind])):
            flops = 6 * ground.multiply_adds * ground.training.batch
            known = Calibration(guess.width, guess.step, flops / guess.flops)
            measured = measured and tasks[0].stretch is None
        width = known.width if tasks[0].stretch else 512
        count = math.ceil(len(tasks) / width)
        replica_steps = sum(task.steps for task in tasks)
        took = CURVES * known.seconds(count * replica_steps / len(tasks), replica_steps) + count * PACK
        each = known.seconds_per_replica + known.seconds_per_step / min(width, len(tasks))
        took += each * sum(_looks(task, ground) for task in tasks)
        seconds += took / min(workers, len(tasks))
        packs += count
    return Estimate(packs, seconds, measured)


def _looks(task: Task, ground: Ground) -> float:
    """What evaluating a task's pruned and final state costs, and a teacher's looks, in training steps."""
    pruned = task.judged and any(isinstance(change.step, Prune) for change in task.changes)
    both = pruned + (task.final and not (pruned and task.stretch is None))
    samples = ground.data.counts["validation"] + ground.data.counts["test"]
    taught = task.steps * task.teacher.multiply_adds / ground.multiply_adds if task.teacher else 0.0
    return LOOKING * (both * samples / ground.training.batch + taught)


def _side_by_side(work: Work) -> dict[tuple[Hashable, int], list[Task]]:
    """The tasks by the kind of their pack and the number of tasks that come one after the other before them."""
    depth: dict[str, int] = {}
    groups: dict[tuple[Hashable, int], list[Task]] = defaultdict(list)
    for key, task in work.tasks.items():
        depth[key] = 1 + max((depth[needed] for needed in work.waits_for[key]), default=-1)
        groups[pack_of(task, work.ground[key]), depth[key]].append(task)
    return groups
