"""A suite with everything looked up: data found, networks laid out, levels expanded, recipes written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from bench.arguments import arguments, called, settings
from bench.channels.structure import Channels, channels_of
from bench.data.base import DataInfo, Dataset, open_dataset
from bench.data.policy import DataPolicy
from bench.durations import Duration
from bench.errors import UserError
from bench.executors.tasks import Place
from bench.levels import ladder, overall, scope_and_floor
from bench.methods.kinds import prunes
from bench.methods.task import Instead, Task
from bench.models.base import LayerInfo, build, has_batch_norm, multiply_adds, prunable_layers
from bench.models.narrowing import TooNarrow, of_size
from bench.patterns import CHANNEL
from bench.pruning import asking
from bench.pruning.channels import check_channels
from bench.pruning.masks import exact_count
from bench.recipe import Level, Recipe, Schedule, Score, Select, Start, Step, Training, merged
from bench.registry import Choice, Component, registry
from bench.suite.combinations import refused
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
    batch_norm: bool
    _others: dict[Choice, Ground] = field(default_factory=dict, repr=False)  # shared with all that come of it

    def on(self, network: Choice) -> Ground:
        """The same ground with another network, which a method puts in the place of the suite's."""
        if network == self.place.network:
            return self
        if network not in self._others:
            place = replace(self.place, network=network)
            self._others[network] = replace(self, place=place, **_facts(network, self.data))
        return self._others[network]

    @cached_property
    def channels(self) -> Channels | None:
        """How channels run through the network; None where that cannot be told."""
        return channels_of(build(self.place.network, self.data.shape, self.data.classes), self.data.shape)

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.problem.seeds

    @cached_property
    def _identities(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return _identity("network", self.place.network), _identity("initialisation", self.problem.initialisation)

    @property
    def network(self) -> tuple[Any, ...]:
        """What a key hashes of the network: layers adapt to the data, so its shape belongs to it."""
        return (*self._identities[0], self.data.shape, self.data.classes)

    def start(self, seed: int) -> Start:
        return Start(self.data.fingerprint, self.network, self._identities[1], seed)


@dataclass(frozen=True, eq=False)
class Cell:
    """One point of the grid without the seed."""

    ground: Ground
    method: MethodSpec
    level: int  # 0 for a method that does not prune
    target: float
    own: Ground  # the ground with the network that the method has put in the place of the suite's, where it has
    steps: tuple[Step, ...]
    position: int

    def recipe(self, seed: int) -> Recipe:
        return Recipe(self.own.start(seed), self.steps)

    def ground_of(self, start: Start) -> Ground:
        """The ground on which a recipe of this cell, its own or that of a teacher, starts."""
        for ground in (self.own, self.ground):
            if ground.network == start.network:
                return ground
        raise UserError(
            f"method {self.method.label!r}: its teacher has a network that is neither the suite's nor its own; "
            "give it one of these"
        )


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
    notices = [dataset.notice for dataset in opened.values() if dataset.notice]
    for ground in grounds:
        for method in ground.problem.methods:
            cells.extend(_cells(ground, method, len(cells), notices))
    return Grid(suite, tuple(grounds), tuple(cells), tuple(dict.fromkeys(notices)))


def _ground(problem: Problem, data: DataInfo, model: str, policy: DataPolicy) -> Ground:
    facts = _facts(problem.model, data)
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
        **facts,
    )


def _facts(network: Choice, data: DataInfo) -> dict[str, Any]:
    """What a ground knows of its network."""
    module = build(network, data.shape, data.classes)
    return {
        "layers": prunable_layers(module),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "multiply_adds": sum(multiply_adds(module, data.shape).values()),
        "batch_norm": has_batch_norm(module),
    }


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


def _cells(ground: Ground, method: MethodSpec, position: int, notices: list[str]) -> list[Cell]:
    component = registry("method").get(method.name)
    where = f"method {method.label!r}"
    options = arguments(component, dict(method.options))
    dense = bool(component.extra.get("dense"))
    if prunes(component) and (refusal := refused(method.prune)):
        raise UserError(f"{where}: {refusal.reason}")
    rungs = () if dense else ladder(ground.problem.sparsities, method.prune, ground.layers, where)
    if prunes(component):
        if method.prune.granularity == CHANNEL:
            check_channels(ground.channels, rungs, where)
        _check_fit(ground, method.prune.score, rungs[0], where)
    cells: list[Cell] = []
    for level in range(1) if dense else range(1, len(rungs) + 1):
        task = _task(ground, method.prune, rungs[:level])
        try:
            start, steps = _written(ground, component.make(task, **options), where)
        except TooNarrow as error:
            notices.append(f"{ground.data.name}, {ground.model}: {where} has no row at level {level}: {error}")
            continue
        target = overall(rungs[level - 1], ground.layers) if level else 0.0
        if level and ground.problem.sparsities.targets:
            target = ground.problem.sparsities.targets[level - 1]
        cells.append(Cell(ground, method, level, target, start, steps, position + len(cells)))
    return cells


def _check_fit(ground: Ground, choice: Choice, level: Level, where: str) -> None:
    """Refuse a score that has no numbers for some layer, before anything is trained for it."""
    component = registry("score").get(choice.name)
    given = arguments(component, dict(choice.options))
    shape, names = ground.data.shape, [name for name, _ in level.layers]
    network = partial(build, ground.problem.model, shape, ground.data.classes)
    if misfit := asking.misfit(component, given, network, shape, names):
        raise UserError(f"{where}: {misfit}")


def _written(ground: Ground, said: Iterable[Instead | Step], where: str) -> tuple[Ground, tuple[Step, ...]]:
    """What a method's recipe starts from, and its steps."""
    network: Choice | None = None
    steps: list[Step] = []
    for one in said:
        if not isinstance(one, Instead):
            steps.append(one)
        elif network is None and not steps:
            network = one.network
        else:
            raise UserError(f"{where}: names another network in the middle of its recipe; yield that once, and first")
    return ground if network is None else ground.on(network), merged(tuple(steps))


def _task(ground: Ground, prune: PruneSpec, rounds: Sequence[Level]) -> Task:
    return Task(
        ground.training,
        ground.steps_per_epoch,
        tuple(rounds),
        _score(prune.score, ground),
        prune.granularity,
        *scope_and_floor(prune),
        norms=ground.batch_norm and prune.granularity == "unit",
        chance=_score(Choice("random"), ground),
        smaller=partial(_smaller, ground, rounds[-1] if rounds else Level(0, ()), prune),
        network=ground.network,
    )


def _smaller(ground: Ground, level: Level, prune: PruneSpec) -> Choice:
    """The network of a ground, narrowed to what a level leaves of its weights."""
    sizes = {layer.name: layer.weights for layer in ground.layers}
    if prune.scope == "global":
        pruned = sum(sizes[name] for name, _ in level.layers)
        gone = exact_count(sum(share * sizes[name] for name, share in level.layers) / (pruned or 1), pruned)
    else:
        outer = {"unit": 0, CHANNEL: 0, "input": 1}.get(
            prune.granularity
        )  # the dimension that whole granules lie along
        shapes = {layer.name: layer.shape for layer in ground.layers}
        granules = {name: size if outer is None else shapes[name][outer] for name, size in sizes.items()}
        gone = sum(exact_count(share, granules[name]) * (sizes[name] // granules[name]) for name, share in level.layers)
    left = sum(sizes.values()) - gone
    return of_size(ground.place.network, ground.data.shape, ground.data.classes, left)


def _score(choice: Choice, ground: Ground) -> Score:
    component = registry("score").get(choice.name)
    given = arguments(component, dict(choice.options))
    total = ground.training.schedule.length
    in_steps = {
        name: value.steps(ground.steps_per_epoch, total) if isinstance(value, Duration) else value
        for name, value in choice.options
    }
    chosen, statistics = _with_statistics(component, given, settings(component, in_steps), ground.batch_norm)
    return Score(
        component.name,
        chosen,
        (*asking.identity(component, given), *statistics),
        tuple(moment.steps(ground.steps_per_epoch, total) for moment in asking.moments(component, given)),
        ground.training.batch if asking.wants_batches(component, given) else 0,
    )


def _with_statistics(
    component: Component, given: asking.Options, chosen: tuple[tuple[str, Any], ...], batch_norm: bool
) -> tuple[tuple[tuple[str, Any], ...], tuple[str, ...]]:
    """The options of a score, and what joins its identity, by what batch norm goes by while it computes.

    A network without batch norm has nothing to choose, and the key says nothing of it. In one with batch norm a key
    says `batch` also where that is the default: those that say nothing are of the time when there was no choice, and
    all went by running statistics.
    """
    statistics = asking.statistics(component, given)
    if not statistics:
        return chosen, ()
    said = (("statistics", statistics),) if batch_norm else ()
    if "statistics" not in component.options:  # it passes on the numbers of another
        return chosen, tuple(f"statistics {value}" for _, value in said if value == "batch")
    if statistics == component.options["statistics"].default == "running":
        said = ()
    return tuple(sorted((*(one for one in chosen if one[0] != "statistics"), *said))), ()


def _identity(kind: str, choice: Choice) -> tuple[Any, ...]:
    """What a key hashes of a choice: the component and the options that are not at their default."""
    component = registry(kind).get(choice.name)
    return (*component.identity, *settings(component, dict(choice.options)))
