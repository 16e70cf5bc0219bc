"""What a suite says once it is read: frozen values, every default filled in, every mistake out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bench.durations import Duration
from bench.recipe import Optimiser
from bench.registry import Choice
from bench.suite.studies import Chosen, TuneSpec

Metric = Literal["test_accuracy", "test_loss"]
ScheduleKind = Literal["constant", "step", "cosine", "linear"]
SelectKind = Literal["last", "best", "stop"]
Keep = Literal["none", "last", "best", "all"]
Artifacts = Literal["none", "first", "all"]
Protocol = Literal["published", "honest", "as-run"]  # what an experiment that repeats a published one keeps to
Stage = Literal["develop", "final"]
Granularity = str  # weight, unit, channel or input, a block such as 4x4, or N of M such as 2:4
GRANULARITIES = ("weight", "unit", "channel", "input")
Scope = Literal["layer", "uniform", "erk", "er", "global"]

# Layers are addressed by their name, by kind ("linear", "conv") or by place ("first", "output").
LayerRates = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class SelectSpec:
    """Which state of a training counts; `every` is None for once an epoch."""

    kind: SelectKind = "last"
    every: Duration | None = None
    patience: int = 0


@dataclass(frozen=True)
class TrainingSpec:
    """A training, before the size of the data set turns its durations into steps."""

    optimiser: Optimiser
    batch: int
    length: Duration
    schedule: ScheduleKind = "constant"
    warmup: Duration = Duration(0, "steps")
    milestones: tuple[Duration, ...] = ()
    gamma: float = 0.1
    final: float = 0.0
    loss: Literal["cross-entropy"] = "cross-entropy"
    augmentation: str | None = None
    select: SelectSpec = SelectSpec()


@dataclass(frozen=True)
class PruneSpec:
    """What goes first (score), in which pieces (granularity), compared with what (scope), and where how much."""

    score: Choice = Choice("magnitude")
    granularity: Granularity = "weight"
    scope: Scope = "layer"
    rates: LayerRates = ()  # a factor of the level's target for these layers
    exclude: tuple[str, ...] = ()
    floor: float = 0  # what each layer keeps: so many granules, or below 1 such a share of them


@dataclass(frozen=True)
class SparsitySpec:
    """Either `targets`, or a ladder of `rounds` that each take the share `rate` of what the round before has left."""

    targets: tuple[float, ...] = ()  # ascending, between 0 and 1
    rate: float | None = None
    rounds: int = 0
    rates: LayerRates = ()  # the share a round takes from these layers; a suite's `output` stands here too

    @property
    def is_ladder(self) -> bool:
        return self.rate is not None


@dataclass(frozen=True)
class MethodSpec:
    """An entry of a suite's methods, or one point of its grid."""

    label: str  # unique in the problem
    name: str
    options: tuple[tuple[str, Any], ...] = ()  # those that are not at their default, in the order of their names
    prune: PruneSpec = PruneSpec()  # the problem's, with what this entry overrides
    protocol: Protocol | None = None  # where it is another than the problem's
    tuned: tuple[tuple[str, str], ...] = ()  # options that studies choose, and the studies' names; "" for the method's
    by_level: tuple[AtLevel, ...] = ()  # what they have chosen for each level; empty as long as nobody has looked
    # Of the point of a grid: the trials that its options come from. The options themselves are what counts.
    chosen: tuple[Chosen, ...] = field(default=(), compare=False, metadata={"key": False})

    def at(self, level: AtLevel) -> MethodSpec:
        """The method as it is at one level, its chosen options filled in."""
        return replace(self, options=level.options, prune=level.prune, by_level=(), chosen=level.chosen)


@dataclass(frozen=True)
class AtLevel:
    """A method at one level, where studies choose for each level apart."""

    target: float
    options: tuple[tuple[str, Any], ...]
    prune: PruneSpec
    chosen: tuple[Chosen, ...] = field(default=(), metadata={"key": False})


@dataclass(frozen=True)
class Problem:
    """One data set, network and training, with what is compared on it."""

    data: Choice
    model: Choice
    initialisation: Choice
    training: TrainingSpec
    seeds: tuple[int, ...]
    sparsities: SparsitySpec
    methods: tuple[MethodSpec, ...]
    # What the methods prune by unless they say otherwise; what they do is in their own `prune`, and that counts.
    prune: PruneSpec = field(default=PruneSpec(), metadata={"key": False})
    # Which states stay on the disk decides no result.
    keep: Keep = field(default="last", compare=False, metadata={"key": False})
    # Nor do the arrays that the database has beside its rows: of no seed, of the first of a cell, or of all.
    artifacts: Artifacts = field(default="first", compare=False, metadata={"key": False})
    protocol: Protocol | None = None  # part of the names of results, and of no key
    # Nor does how options are searched for; what is found does, and stands in the methods.
    tune: TuneSpec | None = field(default=None, compare=False, metadata={"key": False})


@dataclass(frozen=True)
class Suite:
    """A suite file as it was read, in one profile."""

    name: str
    title: str
    profile: str  # "full" where none was asked for
    metric: Metric  # the headline
    problems: tuple[Problem, ...]
    text: str  # the file
    hash: str  # of the content; "" where components were not checked, and so the content is not known to the last
    settings: Mapping[str, Any] = field(repr=False, compare=False)  # all of it, defaults included, ready for JSON
    notes: tuple[str, ...] = ()  # what the user should be told, a line each
    stage: Stage = "final"  # while develop, tables and figures show validation data alone
