"""What goes into the result database and what comes out, as frozen values.

Numbers may be NaN or infinite, as a diverged run leaves them: the database then keeps NULL, and the status says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.store.texts import compact

Status = Literal["done", "collapsed", "diverged", "failed"]
Ending = Literal["done", "failed", "interrupted"]
FINAL: tuple[Status, ...] = ("done", "collapsed", "diverged")  # never updated, never run again; failed is retried


@dataclass(frozen=True)
class SessionInfo:
    """One command that a user started: what it was and with which software. Host and process are added on writing."""

    command: str  # as typed; passwords and the home folder are masked on writing
    python: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)  # name -> version
    commit: str | None = None
    dirty_code: bool | None = None  # None: not known, as in an installed package
    dirty_suites: bool | None = None
    note: str | None = None
    plugins: Mapping[str, str] = field(default_factory=dict)  # file name -> its text


@dataclass(frozen=True)
class EnvironmentInfo:
    """What decides the last bits of a result: runs of different environments are never averaged."""

    device_kind: str  # cpu, cuda, mps
    device_model: str  # "AMD EPYC 9V74", "NVIDIA H200"
    torch: str  # a release counts by its first two numbers: 2.15.1+cpu is 2.15
    precision: str = "float32"
    deterministic: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "device_model", " ".join(self.device_model.split()))
        object.__setattr__(self, "torch", ".".join(self.torch.split("+")[0].split(".")[:2]))

    @property
    def hash(self) -> str:
        """The identity of the environment in every database."""
        parts = [self.device_kind, self.device_model, self.torch, self.precision, self.deterministic]
        return hashlib.sha256(compact(parts).encode()).hexdigest()[:40]

    @property
    def label(self) -> str:
        """A short name for people, such as ``cpu AMD EPYC 9V74, torch 2.15, float32, deterministic``."""
        device = f"{self.device_kind} {self.device_model}".strip()
        determinism = "deterministic" if self.deterministic else "not deterministic"
        return f"{device}, torch {self.torch}, {self.precision}, {determinism}"


@dataclass(frozen=True)
class SuiteRecord:
    """A suite file as it was read, in one profile."""

    name: str
    profile: str
    title: str
    metric: Literal["test_accuracy", "test_loss"]
    hash: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CellRecord:
    """One point of a suite's grid, with the key of its run for every seed."""

    data: str  # the name under which results are stored: "mnist" or "mnist-standin"
    standin: bool
    model: str
    method: str  # the label, unique in the suite
    method_name: str
    options: Mapping[str, Any]
    level: int
    target_sparsity: float
    settings: Mapping[str, Any]
    reference: str
    seeds: tuple[tuple[int, str], ...]  # (seed, key)
    position: int
    protocol: Literal["published", "honest", "as-run"] | None = None  # of a repeated experiment
    tuned: tuple[tuple[str, str, int], ...] = ()  # (option, hash of a study, number of its trial that it comes from)
    classes: tuple[str, ...] = ()  # what the classes of the data are called, kept with the settings


@dataclass(frozen=True)
class LayerRecord:
    """What is left of one layer at the end of a run."""

    name: str
    kind: str
    weights: int
    kept: int
    effective: int | None = None  # kept weights that lie on a path from input to output


@dataclass(frozen=True)
class ArtifactRecord:
    """A compressed array of a run: what figures need beyond rows. The table's sentences say how each kind is packed."""

    kind: Literal["mask", "histogram", "confusion"]
    name: str  # of the layer; empty for the whole network
    position: int
    dtype: str
    shape: tuple[int, ...]
    codec: Literal["bits+zlib", "zlib"]
    content: bytes | None  # None where it was too large to be kept
    scale: float | None = None  # of a histogram


@dataclass(frozen=True)
class RunRecord:
    """One result, or one failure to get it. Its environment and its attempt number are added on writing."""

    key: str
    seed: int
    status: Status
    results_version: int = 1
    reason: str | None = None
    sparsity: float | None = None
    effective_sparsity: float | None = None
    weights: int | None = None
    weights_kept: int | None = None
    parameters: int | None = None
    parameters_kept: int | None = None
    parameters_effective: int | None = None
    macs: int | None = None
    macs_kept: int | None = None
    macs_effective: int | None = None
    bytes_dense: int | None = None
    bytes_bitmask: int | None = None
    bytes_csr: int | None = None
    bytes_gzip: int | None = None
    train_loss: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    validation_count: int | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    test_correct: int | None = None
    test_count: int | None = None
    pruned_validation_loss: float | None = None
    pruned_validation_accuracy: float | None = None
    pruned_test_loss: float | None = None
    pruned_test_accuracy: float | None = None
    recalibrated_validation_loss: float | None = None  # None where the network has no batch norm
    recalibrated_validation_accuracy: float | None = None
    recalibrated_test_loss: float | None = None
    recalibrated_test_accuracy: float | None = None
    recalibrated_pruned_validation_accuracy: float | None = None
    recalibrated_pruned_test_accuracy: float | None = None
    steps_alone: int | None = None
    steps_shared: int | None = None
    flops_alone: float | None = None
    seconds: float | None = None
    layers: tuple[LayerRecord, ...] = ()
    artifacts: tuple[ArtifactRecord, ...] = ()
    steps: tuple[str, ...] = ()  # the keys of the trained steps, in order: the curves hang on these
    recipe: str | None = None  # canonical JSON
    split_hash: str | None = None
    components: Mapping[str, str] | str | None = None  # name -> version or source hash; JSON text is taken too


@dataclass(frozen=True)
class EvaluationRecord:
    """A state measured right after a Prune, before any more training."""

    key: str
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    recalibrated_validation_accuracy: float | None = None
    recalibrated_test_accuracy: float | None = None
    results_version: int = 1


@dataclass(frozen=True)
class CurveRecord:
    """One quantity over the steps of one trained step of a recipe."""

    key: str
    name: str  # train_loss, validation_accuracy, ...
    points: Sequence[tuple[int, float] | Sequence[float]]
    results_version: int = 1


@dataclass(frozen=True)
class SpeedRecord:
    """How long one form of a run's network takes, measured in turn with the dense network."""

    key: str
    form: Literal["dense", "masked", "shrunk", "2:4"]
    threads: int  # on a CPU; 0 on any other device
    batch: int
    seconds: float
    seconds_low: float
    seconds_high: float
    speedup: float  # median over the pairs
    repetitions: int
    macs: int  # that this form computes in fact


@dataclass(frozen=True)
class PackRecord:
    """All that one pack of trainings brought, written in one transaction."""

    runs: tuple[RunRecord, ...] = ()
    evaluations: tuple[EvaluationRecord, ...] = ()
    curves: tuple[CurveRecord, ...] = ()
    seconds: float | None = None
    width: int = 1


@dataclass(frozen=True)
class QueryResult:
    """The answer to a question in SQL."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
