"""A suite with everything looked up: data found, networks laid out, levels expanded, recipes written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bench.arguments import arguments, called, settings
from bench.channels.layers import NORMS
from bench.channels.structure import Channels, channels_of
from bench.data.base import DataInfo, Dataset, open_dataset
from bench.data.policy import DataPolicy
from bench.durations import Duration
from bench.errors import UserError
from bench.executors.tasks import Place
from bench.levels import ladder, overall
from bench.methods.task import Task
from bench.models.base import LayerInfo, build, multiply_adds, prunable_layers
from bench.pruning import asking
from bench.pruning.channels import CHANNEL, check_channels
from bench.recipe import Level, Schedule, Score, Select, Start, Step, Training, merged
from bench.registry import Choice, registry
from bench.suite.labels import told_apart
from bench.suite.values import MethodSpec, Problem, PruneSpec, Suite, TrainingSpec


@dataclass(frozen=True, eq=False)
class Ground:
    """A problem of the suite on which everything is compared: one data set, network and training."""

    problem: Problem
    data: DataInfo
    model: str  # what results call the network
    place: Place
    training: Training
    steps_per_epoch: float
    layers: tuple[LayerInfo, ...]
    parameters: int
    multiply_adds: int
    norms: bool = False  # whether there is batch norm in it
    channels: Channels | None = None  # where a method asks for whole channels

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.problem.seeds

    @cached_property
    def _identities(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return _identity("network", self.problem.model), _identity("initialisation", self.problem.initialisation)

    def start(self, seed: int) -> Start:
        network, initialisation = self._identities
        # Layers adapt to the data, so its shape belongs to the network.
        return Start(self.data.fingerprint, (*network, self.data.shape, self.data.classes), initialisation, seed)


@dataclass(frozen=True, eq=False)
class Cell:
    """One point of the grid without the seed."""

    ground: Ground
    method: MethodSpec
    level: int  # 0 for a method that does not prune
    target: float
    steps: tuple[Step, ...]
    position: int


@dataclass(frozen=True)
class Grid:
    suite: Suite
    grounds: tuple[Ground, ...]
    cells: tuple[Cell, ...]
    notices: tuple[str, ...] = field(default=())  # what the user must be told of the data


def expand(suite: Suite, policy: DataPolicy) -> Grid:
    """Look everything up and write every cell's recipe."""
    opened: dict[Choice, Dataset] = {}
    for problem in suite.problems:
        if problem.data not in opened:
            opened[problem.data] = open_dataset(problem.data, policy)
    data = told_apart("dataset", {choice: dataset.info.name for choice, dataset in opened.items()})
    models = told_apart("network", {one.model: called("network", one.model) for one in suite.problems})
    grounds = []
    for problem in suite.problems:
        info = replace(opened[problem.data].info, name=data[problem.data])
        grounds.append(_ground(problem, info, models[problem.model], policy))
    cells: list[Cell] = []
    for ground in grounds:
        for method in ground.problem.methods:
            cells.extend(_cells(ground, method, len(cells)))
    notices = [dataset.notice for dataset in opened.values() if dataset.notice]
    return Grid(suite, tuple(grounds), tuple(cells), tuple(dict.fromkeys(notices)))


def _ground(problem: Problem, data: DataInfo, model: str, policy: DataPolicy) -> Ground:
    module = build(problem.model, data.shape, data.classes)
    samples = data.counts["train"]
    if problem.training.batch > samples:
        raise UserError(
            f"training.batch: {problem.training.batch} is more than the {samples} training samples of {data.name}; "
            f"give at most {samples}"
        )
    if problem.training.augmentation is not None and len(data.shape) != 3:
        raise UserError(
            f"training.augmentation: {problem.training.augmentation} moves images, and the samples of {data.name} are "
            "none; leave it out"
        )
    steps_per_epoch = samples / problem.training.batch
    return Ground(
        problem=problem,
        data=data,
        model=model,
        place=Place(problem.data, policy.for_workers(), data.fingerprint, problem.model, problem.initialisation),
        training=_training(problem.training, steps_per_epoch),
        steps_per_epoch=steps_per_epoch,
        layers=prunable_layers(module),
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        multiply_adds=sum(multiply_adds(module, data.shape).values()),
        norms=any(isinstance(layer, NORMS) for layer in module.modules()),
        channels=channels_of(module, data.shape) if _whole_channels(problem) else None,
    )


def _whole_channels(problem: Problem) -> bool:
    return any(method.prune.granularity == CHANNEL for method in problem.methods)


def _training(spec: TrainingSpec, steps_per_epoch: float) -> Training:
    length = spec.length.steps(steps_per_epoch, 0)
    if length < 1:
        raise UserError(f"training: {spec.length} is no step at all; give at least one step")

    def steps(duration: Duration) -> int:
        return duration.steps(steps_per_epoch, length)

    schedule = Schedule(
        kind=spec.schedule,
        length=length,
        warmup=steps(spec.warmup),
        milestones=tuple(steps(milestone) for milestone in spec.milestones),
        gamma=spec.gamma,
        final=spec.final,
    )
    every = steps(spec.select.every) if spec.select.every is not None else 0
    return Training(
        optimiser=spec.optimiser,
        schedule=schedule,
        batch=spec.batch,
        augmentation=spec.augmentation,
        select=Select(spec.select.kind, every, spec.select.patience),
    )


def _cells(ground: Ground, method: MethodSpec, position: int) -> list[Cell]:
    component = registry("method").get(method.name)
    where = f"method {method.label!r}"
    options = arguments(component, dict(method.options))
    rungs = ladder(ground.problem.sparsities, method.prune, ground.layers, where)
    dense = bool(component.extra.get("dense"))
    if not dense:
        if method.prune.granularity == CHANNEL:
            check_channels(ground.channels, rungs, where)
        scored = registry("score").get(method.prune.score.name)
        given = arguments(scored, dict(method.prune.score.options))
        asking.check_granularity(scored, given, method.prune.granularity, where)
    cells: list[Cell] = []
    for level in range(1) if dense else range(1, len(rungs) + 1):
        task = _task(ground, method.prune, rungs[:level])
        steps = merged(tuple(component.make(task, **options)))
        target = overall(rungs[level - 1], ground.layers) if level else 0.0
        if level and ground.problem.sparsities.targets:
            target = ground.problem.sparsities.targets[level - 1]
        cells.append(Cell(ground, method, level, target, steps, position + len(cells)))
    return cells


def _task(ground: Ground, prune: PruneSpec, rounds: Sequence[Level]) -> Task:
    return Task(
        ground.training,
        ground.steps_per_epoch,
        tuple(rounds),
        _score(prune.score, ground),
        prune.granularity,
        prune.scope,
        ground.norms and prune.granularity == "unit",
    )


def _score(choice: Choice, ground: Ground) -> Score:
    component = registry("score").get(choice.name)
    given = arguments(component, dict(choice.options))
    total = ground.training.schedule.length
    in_steps = {
        name: value.steps(ground.steps_per_epoch, total) if isinstance(value, Duration) else value
        for name, value in choice.options
    }
    return Score(
        component.name,
        settings(component, in_steps),
        asking.identity(component, given),
        tuple(moment.steps(ground.steps_per_epoch, total) for moment in asking.moments(component, given)),
        ground.training.batch if asking.wants_data(component, given) else 0,
    )


def _identity(kind: str, choice: Choice) -> tuple[Any, ...]:
    """What a key hashes of a choice: the component and the options that are not at their default."""
    component = registry(kind).get(choice.name)
    return (*component.identity, *settings(component, dict(choice.options)))
