"""The tables of a suite file: which keys they have, and what each may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bench.durations import Duration
from bench.patterns import block_of, n_of_m
from bench.suite import quantities
from bench.suite.values import GRANULARITIES, Artifacts, Granularity, Keep, Metric, Protocol, Scope, Stage

OptimiserKind = Literal["sgd", "adam", "adamw", "adadelta"]
Loss = Literal["cross-entropy"]
OPTIMISERS: tuple[str, ...] = get_args(OptimiserKind)
KEEPS: tuple[str, ...] = get_args(Keep)
ARTIFACTS: tuple[str, ...] = get_args(Artifacts)
PROTOCOLS: tuple[str, ...] = get_args(Protocol)
AUGMENTATIONS = ("none", "flip", "crop", "crop-flip")

# Values that are checked elsewhere: a registered component, or a table that has its own place in this file.
Elsewhere = Any

Positive = Annotated[float, BeforeValidator(quantities.positive)]
NotNegative = Annotated[float, BeforeValidator(quantities.not_negative)]
BelowOne = Annotated[float, BeforeValidator(quantities.below_one)]
Portion = Annotated[float, BeforeValidator(quantities.portion)]
Sparsity = Annotated[float, BeforeValidator(quantities.sparsity)]
LayerRate = Annotated[float, BeforeValidator(quantities.layer_rate)]
Factor = Annotated[float, BeforeValidator(quantities.factor)]
Floor = Annotated[float, BeforeValidator(quantities.floor)]
Count = Annotated[int, BeforeValidator(quantities.count)]
Rounds = Annotated[int, BeforeValidator(quantities.rounds)]
Seed = Annotated[int, BeforeValidator(quantities.seed)]
SeedCount = Annotated[int, BeforeValidator(quantities.seed_count)]
Truth = Annotated[bool, BeforeValidator(quantities.truth)]
Word = Annotated[str, BeforeValidator(quantities.word)]
Label = Annotated[str, BeforeValidator(quantities.label)]
Moment = Annotated[Duration, BeforeValidator(quantities.duration)]
Length = Annotated[Duration, BeforeValidator(quantities.length)]

# These may be left out, but where their key stands something must stand there too.
MaybePositive = Annotated[float | None, BeforeValidator(quantities.positive)]
MaybeEpochs = Annotated[float | None, BeforeValidator(quantities.epochs)]
MaybeCount = Annotated[int | None, BeforeValidator(quantities.count)]
MaybeLayerRate = Annotated[float | None, BeforeValidator(quantities.layer_rate)]
MaybeLength = Annotated[Duration | None, BeforeValidator(quantities.length)]
MaybeWord = Annotated[str | None, BeforeValidator(quantities.word)]


def word_as_table(value: Any) -> Any:
    """`cosine` means the same as `{cosine: {}}`."""
    return {value: {}} if isinstance(value, str) else value


def _nothing_as_table(value: Any) -> Any:
    """`cosine:` with nothing after it means the same as `cosine: {}`."""
    return {} if value is None else value


def _one_as_list(value: Any) -> Any:
    """`output` means the same as `[output]`."""
    return [value] if isinstance(value, str) else value


MAY_BE_EMPTY = BeforeValidator(_nothing_as_table)


class Table(BaseModel):
    """A mapping with known keys, in which a dash stands where Python has an underscore."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        alias_generator=lambda name: name.rstrip("_").replace("_", "-"),
    )


class OneOf(Table):
    """A table of which exactly one key is given."""

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) != 1:
            known = ", ".join(cls.model_fields)
            raise ValueError(f"{len(value)} of {known} are given; give exactly one")
        return value

    @property
    def chosen(self) -> str:
        return next(iter(self.model_fields_set))


class Constant(Table):
    warmup: Moment = Duration(0, "steps")


class Steps(Constant):
    at: Annotated[list[Moment], Field(min_length=1, description="give its moments: {step: {at: [50 %, 75 %]}}")]
    gamma: Positive = 0.1


class Decay(Constant):
    final: Portion = 0.0


class ScheduleTable(OneOf):
    constant: Annotated[Constant | None, MAY_BE_EMPTY] = None
    step: Annotated[Steps | None, MAY_BE_EMPTY] = None
    cosine: Annotated[Decay | None, MAY_BE_EMPTY] = None
    linear: Annotated[Decay | None, MAY_BE_EMPTY] = None


class Empty(Table):
    """Takes no keys."""


class Looks(Table):
    every: MaybeLength = None


class Patience(Looks):
    patience: Annotated[Count, Field(description="say for how many looks to wait: {stop: {patience: 10}}")]


class SelectTable(OneOf):
    last: Annotated[Empty | None, MAY_BE_EMPTY] = None
    best: Annotated[Looks | None, MAY_BE_EMPTY] = None
    stop: Annotated[Patience | None, MAY_BE_EMPTY] = None


class TrainingTable(Table):
    optimiser: Annotated[
        OptimiserKind,
        BeforeValidator(quantities.one_of(OPTIMISERS, "optimiser")),
        Field(description=f"give one of {', '.join(OPTIMISERS)}"),
    ]
    lr: MaybePositive = None
    momentum: BelowOne = 0.0
    nesterov: Truth = False
    weight_decay: NotNegative = 0.0
    betas: Annotated[list[BelowOne], Field(min_length=2, max_length=2)] = [0.9, 0.999]
    rho: BelowOne = 0.9
    eps: MaybePositive = None
    schedule: Annotated[ScheduleTable, BeforeValidator(word_as_table)] = ScheduleTable(constant=Constant())
    batch: Annotated[Count, Field(description="give the number of samples of a step, such as batch: 60")]
    epochs: MaybeEpochs = None
    steps: MaybeCount = None
    loss: Annotated[Loss, BeforeValidator(quantities.one_of(get_args(Loss), "loss"))] = "cross-entropy"
    augmentation: Annotated[str, BeforeValidator(quantities.one_of(AUGMENTATIONS, "augmentation"))] = "none"
    select: Annotated[SelectTable, BeforeValidator(word_as_table)] = SelectTable(last=Empty())


def _granularity(value: object) -> object:
    """One of the words, or a pattern of numbers."""
    if isinstance(value, str) and (block_of(value) or n_of_m(value)):
        return value
    if value in ("filter", "neuron"):
        raise ValueError(f"unknown granularity {value!r}; it is called 'unit' here")
    return quantities.one_of(GRANULARITIES, "granularity")(value)


class PruneTable(Table):
    """How to prune. The same keys may stand in the entry of a method."""

    score: Elsewhere = "magnitude"
    granularity: Annotated[Granularity, BeforeValidator(_granularity)] = "weight"
    scope: Annotated[Scope, BeforeValidator(quantities.one_of(get_args(Scope), "scope"))] = "layer"
    rates: dict[Word, Factor] = {}
    exclude: Annotated[list[Word], BeforeValidator(_one_as_list)] = []
    floor: Floor = 0


class LadderTable(Table):
    ladder: Annotated[Sparsity, Field(description="give the share that a round takes: {ladder: 0.2, rounds: 20}")]
    rounds: Annotated[Rounds, Field(description="say how many: {ladder: 0.2, rounds: 20}")]
    output: MaybeLayerRate = None
    rates: dict[Word, LayerRate] = {}


class SeedTable(Table):
    from_: Annotated[Seed, Field(description="give the first seed: {from: 100, count: 5}")]
    count: Annotated[SeedCount, Field(description="say how many: {from: 100, count: 5}")]


class ProblemTable(Table):
    """What is asked of one data set and network; the top level has these keys too, for all problems."""

    data: Annotated[Elsewhere, Field(description="give a data set, such as data: mnist")]
    model: Annotated[Elsewhere, Field(description="give a network, such as model: lenet-300-100")]
    initialisation: Elsewhere = "torch"
    training: Annotated[Elsewhere, Field(description="give optimiser, lr, batch and epochs or steps")]
    seeds: Annotated[Elsewhere, Field(description="give their number, such as seeds: 5")]
    sparsities: Annotated[Elsewhere, Field(description="give a list, such as sparsities: [0.5, 0.8, 0.9]")]
    prune: Elsewhere = None
    methods: Annotated[Elsewhere, Field(description="give a list, such as methods: [none, one-shot]")]
    keep: Elsewhere = "last"
    artifacts: Elsewhere = "first"
    protocol: Elsewhere = None
    tune: Elsewhere = None


class HeadTable(Table):
    """What the top level has besides."""

    title: MaybeWord = None
    metric: Annotated[Metric, BeforeValidator(quantities.one_of(get_args(Metric), "metric"))] = "test_accuracy"
    stage: Annotated[Stage, BeforeValidator(quantities.one_of(get_args(Stage), "stage"))] = "final"
    problems: Elsewhere = None
    profiles: Elsewhere = None


def keys(table: type[Table]) -> tuple[str, ...]:
    """The keys of a table as a suite writes them."""
    return tuple(str(one.alias or name) for name, one in table.model_fields.items())


PROBLEM_KEYS = keys(ProblemTable)
HEAD_KEYS = keys(HeadTable)
PRUNE_KEYS = keys(PruneTable)
