"""What is sent to a worker and what comes back: plain values, no tensors. States travel as files."""

from __future__ import annotations

from dataclasses import dataclass

from bench.data.policy import DataPolicy
from bench.measures.artifacts import Artifact
from bench.measures.size import Size
from bench.recipe import Prune, Reset, Training
from bench.registry import Choice
from bench.training.evaluation import Quality
from bench.training.loop import CurvePoint


@dataclass(frozen=True)
class Place:
    """The data set and network that the tasks of a pack share."""

    data: Choice
    policy: DataPolicy
    fingerprint: str
    network: Choice
    initialisation: Choice

    def same_data(self, other: Place) -> bool:
        return (self.data, self.policy, self.fingerprint) == (other.data, other.policy, other.fingerprint)


@dataclass(frozen=True)
class Change:
    """A Prune or a Reset, the key of the state it leads to, and the states it looks at."""

    step: Prune | Reset
    key: str
    looks_at: tuple[str, ...]


@dataclass(frozen=True)
class Stretch:
    """A part of a Train."""

    training: Training
    start: int
    stop: int


@dataclass(frozen=True)
class TaughtBy:
    """The state that teaches a stretch of training, and what computes with it."""

    key: str
    network: Choice
    multiply_adds: int  # of the network, for one sample


@dataclass(frozen=True)
class Task:
    """From a stored state (or the start) through some changes and at most one stretch of training to another state."""

    key: str
    seed: int
    start: str  # the key of the state before anything happened
    source: str
    changes: tuple[Change, ...]
    stretch: Stretch | None
    final: bool  # whether a run ends here: then it is measured, test data included
    judged: bool = True  # whether some run tells what its last pruning did; test data are looked at for no other
    teacher: TaughtBy | None = None
    artifacts: bool = False  # whether what figures need of a final state is measured too
    tested: bool = True  # whether test data are looked at; where something is chosen by the results they are not

    @property
    def steps(self) -> int:
        return self.stretch.stop - self.stretch.start if self.stretch else 0


@dataclass(frozen=True)
class Recalibrated:
    """What a network does once the statistics of its batch norm fit its weights."""

    validation: Quality
    test: Quality


@dataclass(frozen=True)
class Pruned:
    """What the network did right after its last pruning, before more training."""

    key: str
    validation: Quality
    test: Quality
    recalibrated: Recalibrated | None  # None without batch norm


@dataclass(frozen=True)
class Measured:
    """What is measured of a final state; on test data that were not looked at, the quality of no samples."""

    validation: Quality
    test: Quality
    recalibrated: Recalibrated | None
    size: Size
    split_hash: str
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True)
class TaskResult:
    key: str
    train_loss: float | None = None
    curve: tuple[CurvePoint, ...] = ()
    pruned: Pruned | None = None
    measured: Measured | None = None
    diverged_at: int | None = None


@dataclass(frozen=True)
class PackResult:
    """What a pack gave, and what it cost."""

    results: tuple[TaskResult, ...]
    seconds: float
    peak_memory: int | None  # bytes on the device, where it can be known
