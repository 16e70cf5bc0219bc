"""What goes into the tables of tuning and what comes out, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.store.values import Status

TrialState = Literal["waiting", "running", "done", "stopped", "failed"]
FINISHED: tuple[TrialState, ...] = ("done", "stopped", "failed")


@dataclass(frozen=True)
class StudyRecord:
    """What a study searches, how, and what it may spend."""

    hash: str
    environment_id: int
    results_version: int
    name: str
    suite: str
    profile: str
    data: str
    standin: bool
    model: str
    method_name: str
    target_sparsity: float | None
    objective: Literal["accuracy", "sparsity", "both"]
    within: float | None
    sampler: Literal["tpe", "random", "grid", "nsga-ii"]
    sampler_seed: int
    batch: int
    seeds: tuple[int, ...]
    halving: Mapping[str, Any]
    entry: Mapping[str, Any]
    space: Sequence[Mapping[str, Any]]
    budget_unit: Literal["steps", "trials"]
    budget: float


@dataclass(frozen=True)
class TrialRecord:
    """A trial as it stands; what is not known yet is None."""

    number: int
    batch: int
    params: Mapping[str, Any]
    entry: Mapping[str, Any]
    notes: Mapping[str, Any] = field(default_factory=dict)
    state: TrialState = "waiting"
    reason: str | None = None
    value: float | None = None
    accuracy: float | None = None
    sparsity: float | None = None
    seeds: int = 0
    steps: int = 0
    flops: float = 0.0
    begun: int = 0

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


@dataclass(frozen=True)
class TrialRunRecord:
    """A run of a trial, judged by validation data alone."""

    number: int  # of the trial
    key: str
    seed: int
    part: float
    status: Status
    reason: str | None = None
    sparsity: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    steps_alone: int | None = None
    flops_alone: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class KnownResult:
    """What is known of a run, without anything from test data."""

    key: str
    status: Status
    reason: str | None
    sparsity: float | None
    validation_loss: float | None
    validation_accuracy: float | None


@dataclass(frozen=True)
class Begun:
    """A study that a session has taken up."""

    id: int
    requeued: int  # trials that a process left in the middle, and that are begun anew


@dataclass(frozen=True)
class Found:
    """A study as those see it who want its best trial."""

    id: int
    hash: str
    environment: str  # its hash
    suite: str
    name: str
    profile: str
    data: str
    model: str
    target_sparsity: float | None
    objective: str
    seeds: tuple[int, ...]
    budget_unit: str
    budget: float
    begun_at: str
    finished: int  # trials
    open: int
    steps: int
    best: TrialRecord | None

    @property
    def spent(self) -> float:
        return self.steps if self.budget_unit == "steps" else self.finished

    @property
    def is_complete(self) -> bool:
        """Whether it has spent what it may, or found nothing else to try."""
        return not self.open and self.finished > 0 and self.spent >= self.budget
