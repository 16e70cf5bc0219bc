"""What a driver and its worker say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.executors.tasks import PackResult, Place, Task
from bench.recipe import Training
from bench.training.calibration import Calibration


@dataclass(frozen=True)
class Setting:
    """What a worker is told once, at its start."""

    device: str
    states: Path
    plugins: tuple[Path, ...]


@dataclass(frozen=True)
class Order:
    """A pack to be carried out."""

    place: Place
    tasks: tuple[Task, ...]
    threads: int  # cores that nothing else needs meanwhile


@dataclass(frozen=True)
class Measure:
    """A question: how wide does a pack of this training pay?"""

    place: Place
    training: Training
    seed: int
    most: int  # how many replicas there could be


@dataclass(frozen=True)
class Measured:
    calibration: Calibration


@dataclass(frozen=True)
class Progress:
    replica_steps: int


@dataclass(frozen=True)
class Done:
    result: PackResult


Cause = Literal["memory", "died", "input", "state", "error"]


@dataclass(frozen=True)
class Failed:
    """A pack that broke, and why."""

    message: str
    cause: Cause
    detail: str = ""


Message = Progress | Done | Measured | Failed
