"""A suite with everything looked up: data found, networks laid out, levels expanded, recipes written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bench.arguments import arguments, called
from bench.data.base import Dataset, open_dataset
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.ground import Ground, ground_of
from bench.levels import ladder, overall, scope_and_floor
from bench.methods.kinds import prunes
from bench.methods.task import Instead, Task
from bench.models.base import build
from bench.models.narrowing import TooNarrow, of_size
from bench.patterns import CHANNEL
from bench.pruning import asking
from bench.pruning.channels import check_channels
from bench.pruning.masks import exact_count
from bench.recipe import Level, Recipe, Start, Step, merged
from bench.registry import Choice, registry
from bench.scoring import score_of
from bench.suite.combinations import refused
from bench.suite.identity import content_hash, settings
from bench.suite.labels import marked, told_apart
from bench.suite.values import MethodSpec, Problem, Protocol, PruneSpec, Suite


@dataclass(frozen=True, eq=False)
class Cell:
    """One point of the grid without the seed."""

    ground: Ground
    method: MethodSpec
    level: int  # 0 for a method that does not prune
    target: float
    own: Ground  # the ground with the network that the method has put in the place of the suite's, where it has
    steps: tuple[Step, ...]  # of the first seed; of all, but for methods that draw by the seed
    position: int
    by_seed: Mapping[int, tuple[Step, ...]] = field(default_factory=dict)

    @property
    def protocol(self) -> Protocol | None:
        """What it keeps to, where it repeats a published experiment."""
        return self.method.protocol or self.ground.problem.protocol

    def recipe(self, seed: int) -> Recipe:
        return Recipe(self.own.start(seed), self.by_seed.get(seed, self.steps))

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


# What studies have chosen for a method on a ground, filled in level by level.
Tuned = Callable[[Ground, MethodSpec], MethodSpec | None]  # None: the method is left out


def untuned(ground: Ground, method: MethodSpec) -> MethodSpec:
    """Where no database is at hand that could know what studies have chosen."""
    raise UserError(
        f"method {method.label!r}: its {method.tuned[0][0]} is chosen by a study, and studies are in a database; "
        "`bench run` and `bench plan` look there"
    )


def expand(suite: Suite, policy: DataPolicy, tuned: Tuned = untuned) -> Grid:
    """Look everything up and write every cell's recipe."""
    opened: dict[Choice, Dataset] = {}
    for problem in suite.problems:
        if problem.data not in opened:
            opened[problem.data] = open_dataset(problem.data, policy)
    grounds = []
    for problem, (data, model) in zip(suite.problems, _names(suite.problems, opened), strict=True):
        info = replace(opened[problem.data].info, name=data)
        grounds.append(_with_chosen(ground_of(problem, info, model, policy), tuned))
    suite = _of_grounds(suite, grounds)
    cells: list[Cell] = []
    notices = [dataset.notice for dataset in opened.values() if dataset.notice]
    for ground in grounds:
        for method in ground.problem.methods:
            cells.extend(cells_of(ground, method, len(cells), notices))
    return Grid(suite, tuple(grounds), tuple(cells), tuple(dict.fromkeys(notices)))


def _names(problems: Sequence[Problem], opened: Mapping[Choice, Dataset]) -> list[tuple[str, str]]:
    """What results call data and network of each problem: told apart within a protocol, which is in the name."""
    names: list[tuple[str, str]] = []
    for problem in problems:
        alike = [one for one in problems if one.protocol == problem.protocol]
        data = told_apart("dataset", {one.data: opened[one.data].info.name for one in alike})
        models = told_apart("network", {one.model: called("network", one.model) for one in alike})
        names.append((data[problem.data], marked(models[problem.model], problem.protocol)))
    return names


def _with_chosen(ground: Ground, tuned: Tuned) -> Ground:
    problem = ground.problem
    if not any(method.tuned for method in problem.methods):
        return ground
    found = (tuned(ground, method) if method.tuned else method for method in problem.methods)
    return replace(ground, problem=replace(problem, methods=tuple(method for method in found if method is not None)))


def _of_grounds(suite: Suite, grounds: Sequence[Ground]) -> Suite:
    """The suite with what studies chose: other choices make another version of it."""
    if not any(method.tuned for problem in suite.problems for method in problem.methods):
        return suite
    problems = tuple(ground.problem for ground in grounds)
    return replace(
        suite,
        problems=problems,
        hash=content_hash(problems, suite.metric, suite.stage),
        settings=settings(suite.title, suite.metric, suite.stage, problems, defaults=True),
    )


def cells_of(ground: Ground, method: MethodSpec, position: int, notices: list[str]) -> list[Cell]:
    """A method at every level; one whose options studies choose for each level apart is another one at each."""
    if not method.by_level:
        return _cells(ground, method, position, notices)
    found = []
    for number, level in enumerate(method.by_level, start=1):
        at_level = _cells(ground, method.at(level), position, notices)
        found += [replace(cell, position=position + number - 1) for cell in at_level if cell.level == number]
    return found


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
            others = ground.seeds if component.extra.get("by_seed") else ()
            by_seed = {
                seed: _written(ground, component.make(replace(task, seed=seed), **options), where)[1] for seed in others
            }
        except TooNarrow as error:
            notices.append(f"{ground.data.name}, {ground.model}: {where} has no row at level {level}: {error}")
            continue
        target = overall(rungs[level - 1], ground.layers) if level else 0.0
        if level and ground.problem.sparsities.targets:
            target = ground.problem.sparsities.targets[level - 1]
        cells.append(Cell(ground, method, level, target, start, steps, position + len(cells), by_seed))
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
        score_of(prune.score, ground),
        prune.granularity,
        *scope_and_floor(prune),
        norms=ground.batch_norm and prune.granularity == "unit",
        chance=score_of(Choice("random"), ground),
        smaller=partial(_smaller, ground, rounds[-1] if rounds else Level(0, ()), prune),
        network=ground.network,
        seed=ground.seeds[0],
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
