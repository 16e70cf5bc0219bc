"""What is to be done for a grid: runs, the tasks that lead to them, and the order and packs in which they are done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass

from bench.executors.tasks import Change, Stretch, Task, TaughtBy
from bench.graph import Graph, Visit, visits
from bench.grid import Cell, Grid
from bench.ground import Ground
from bench.recipe import Prune, Recipe, Train, Training, start_key, taught_by


@dataclass(frozen=True)
class Effort:
    """A training that a run needs, when it is made alone."""

    steps: int
    ground: Ground  # with the network that is trained
    teacher: Ground | None  # with the network that looks at each batch as well


@dataclass(frozen=True)
class Run:
    """A final key, and what leads to it."""

    key: str
    seed: int
    cell: Cell  # the first of the cells that this run belongs to
    recipe: Recipe
    path: tuple[str, ...]  # the keys of its trained states, one a Train
    teaching: tuple[str, ...]  # those on the way of its teacher
    last_pruning: str | None
    efforts: tuple[Effort, ...]

    @property
    def steps_alone(self) -> int:
        """Training steps that it takes on its own, those of its teacher included."""
        return sum(effort.steps for effort in self.efforts)

    @property
    def has_artifacts(self) -> bool:
        """Whether what figures need of it beyond rows is measured: its suite says of which seeds."""
        ground = self.cell.ground
        wanted = ground.problem.artifacts
        return wanted == "all" or (wanted == "first" and self.seed == ground.seeds[0])


@dataclass(frozen=True)
class Plan:
    """The whole grid, done or not."""

    grid: Grid
    graph: Graph
    runs: Mapping[str, Run]
    keys: Mapping[Cell, tuple[tuple[int, str], ...]]  # the seeds of each cell and the runs that they lead to
    grounds: Mapping[str, Ground]  # by the key of a start: the data and the network that it names
    tested: bool = True  # whether runs are judged by test data too

    @property
    def steps_alone(self) -> int:
        """Training steps if every run were made on its own."""
        return sum(run.steps_alone for run in self.runs.values())

    @property
    def steps_shared(self) -> int:
        """Training steps when everything that recipes share is done once."""
        return sum(node.stop - self.graph.taken_up_at(key)[1] for key, node in self.graph.trained.items())


def make_plan(grid: Grid, tested: bool = True) -> Plan:
    """Merge the recipes of all cells and seeds. Where something is chosen by the results, they are not `tested`."""
    graph = Graph()
    runs: dict[str, Run] = {}
    keys: dict[Cell, tuple[tuple[int, str], ...]] = {}
    grounds: dict[str, Ground] = {}
    for cell in grid.cells:
        found = []
        for seed in cell.ground.seeds:
            recipe = cell.recipe(seed)
            path = graph.add(recipe, cell.ground.training)
            key = path[-1].after if path else start_key(recipe.start)
            found.append((seed, key))
            if key not in runs:
                runs[key] = _run(key, seed, cell, recipe, path)
                for one in (recipe, *_teachers(recipe)):
                    grounds.setdefault(start_key(one.start), cell.ground_of(one.start))
        keys[cell] = tuple(found)
    return Plan(grid, graph, runs, keys, grounds, tested)


def _run(key: str, seed: int, cell: Cell, recipe: Recipe, path: list[Visit]) -> Run:
    ways = {recipe: path}
    ways |= {teacher: list(visits(teacher, cell.ground.training)) for teacher in _teachers(recipe)}
    prunings = [visit.after for visit in path if isinstance(visit.step, Prune)]
    return Run(
        key,
        seed,
        cell,
        recipe,
        _trained(path),
        tuple(state for one, way in ways.items() if one is not recipe for state in _trained(way)),
        prunings[-1] if prunings else None,
        tuple(_efforts(cell, ways)),
    )


def _trained(path: Iterable[Visit]) -> tuple[str, ...]:
    return tuple(visit.after for visit in path if isinstance(visit.step, Train))


def _teachers(recipe: Recipe) -> list[Recipe]:
    """The recipes of its teachers, and of theirs, each once."""
    found: dict[Recipe, None] = {}
    for step in recipe.steps:
        if isinstance(step, Train) and step.training.teacher is not None:
            teacher = taught_by(recipe.start, step.training.teacher)
            found |= dict.fromkeys((teacher, *_teachers(teacher)))
    return list(found)


def _efforts(cell: Cell, ways: Mapping[Recipe, list[Visit]]) -> Iterable[Effort]:
    """What a student and its teacher have in common, such as the dense training of both, is done once."""
    found: dict[tuple[str, Training, int], Effort] = {}
    for recipe, way in ways.items():
        for visit in way:
            if not isinstance(visit.step, Train):
                continue
            training, start = visit.step.training, visit.step.start
            known = found.get((visit.before, training, start))
            teacher = taught_by(recipe.start, training.teacher).start if training.teacher else None
            found[visit.before, training, start] = Effort(
                max(visit.step.stop - start, known.steps if known else 0),
                cell.ground_of(recipe.start),
                cell.ground_of(teacher) if teacher else None,
            )
    return found.values()


@dataclass(frozen=True)
class Work:
    """The tasks still to be done, most urgent first, and who waits for whom."""

    tasks: Mapping[str, Task]
    ground: Mapping[str, Ground]  # the tasks of one ground share data and network
    waits_for: Mapping[str, frozenset[str]]

    @property
    def steps(self) -> int:
        return sum(task.steps for task in self.tasks.values())


def work_left(plan: Plan, done: Collection[str], stored: Collection[str], unjudged: Collection[str] = ()) -> Work:
    """What leads to the runs that are not done, given the states that are stored.

    `unjudged` are prunings that runs have still to tell of: they are made again, even where what was trained on them is
    stored. Urgent are the dense runs, then one seed of every cell, then more seeds: stopped at any moment, the table
    that has come about so far is a balanced one.
    """
    return _Needs(plan, stored, unjudged).of(
        run for run in sorted(plan.runs.values(), key=_urgency) if run.key not in done
    )


def _urgency(run: Run) -> tuple[bool, int, int]:
    return run.cell.level > 0, run.cell.ground.seeds.index(run.seed), run.cell.level


class _Needs:
    def __init__(self, plan: Plan, stored: Collection[str], unjudged: Collection[str]) -> None:
        self._plan, self._graph, self._stored, self._unjudged = plan, plan.graph, stored, unjudged
        # What a pruning did is told by tested runs alone: others leave no row of it.
        self._told_of = {run.last_pruning for run in plan.runs.values()} if plan.tested else set[str | None]()
        self._tasks: dict[str, Task] = {}
        self._ground: dict[str, Ground] = {}

    def of(self, runs: Iterable[Run]) -> Work:
        for run in runs:
            self._need(run.key, run, asked=True)
        waits = {
            key: frozenset(needed for needed in inputs(task) if needed in self._tasks)
            for key, task in self._tasks.items()
        }
        return Work(self._tasks, self._ground, waits)

    def _need(self, key: str, run: Run, *, asked: bool = False) -> None:
        """Add the tasks that make this state, each after those that it rests on."""
        waiting: list[tuple[str, Task | None]] = [(key, None)]
        while waiting:
            wanted, task = waiting.pop()
            if task is not None:
                self._tasks[wanted] = task
                self._ground[wanted] = self._plan.grounds[task.start]
            elif not self._at_hand(wanted) or (asked and wanted == key and wanted not in self._tasks):
                task = self._task(wanted, run.seed)
                waiting.append((wanted, task))
                waiting.extend((needed, None) for needed in inputs(task))

    def _at_hand(self, key: str) -> bool:
        stored = key in self._stored and self._pruning_before(key) not in self._unjudged
        return key in self._tasks or stored or self._graph.starts[key] == key

    def _pruning_before(self, key: str) -> str | None:
        """The last pruning among the changes on which the training to a state began."""
        before = self._graph.trained[key].base if key in self._graph.trained else key
        while before in self._graph.changed:
            if isinstance(self._graph.changed[before].step, Prune):
                return before
            before = self._graph.changed[before].before
        return None

    def _task(self, key: str, seed: int) -> Task:
        stretch = None
        source = key
        if key in self._graph.trained:
            node = self._graph.trained[key]
            source, step = self._graph.taken_up_at(key)
            stretch = Stretch(node.training, step, node.stop)
        changes: list[Change] = []
        # A pruned state is made again even where it is stored: that costs little, and it is judged on the way.
        while source in self._graph.changed:
            changed = self._graph.changed[source]
            changes.insert(0, Change(changed.step, source, changed.looks_at))
            source = changed.before
        prunings = [change.key for change in changes if isinstance(change.step, Prune)]
        return Task(
            key,
            seed,
            self._graph.starts[key],
            source,
            tuple(changes),
            stretch,
            final=key in self._plan.runs,
            judged=bool(prunings) and prunings[-1] in self._told_of,
            teacher=self._teacher(key),
            artifacts=key in self._plan.runs and self._plan.runs[key].has_artifacts,
            tested=self._plan.tested,
        )

    def _teacher(self, key: str) -> TaughtBy | None:
        teacher = self._graph.teachers.get(key)
        if teacher is None:
            return None
        ground = self._plan.grounds[self._graph.starts[teacher]]
        return TaughtBy(teacher, ground.place.network, ground.multiply_adds)


def inputs(task: Task) -> list[str]:
    """The keys of the states that a task loads."""
    looked_at = [key for change in task.changes for key in change.looks_at]
    teacher = [task.teacher.key] if task.teacher else []
    return [key for key in (task.source, *looked_at, *teacher) if key != task.start]


def pack_of(task: Task, ground: Hashable) -> Hashable:
    """Tasks for which this is equal may be stacked."""
    if task.stretch is None:
        return ground, None
    training = task.stretch.training
    teacher = task.teacher.network if task.teacher else None
    kind = (training.batch, training.optimiser.kind, training.augmentation, teacher)
    if training.select.kind == "last":
        return ground, kind
    return ground, kind, training.select, task.stretch.start, task.stretch.stop


def ready_packs(work: Work, finished: Collection[str], under_way: Collection[str]) -> dict[Hashable, list[Task]]:
    """The tasks that can begin now, by pack; packs and tasks with the most urgent first."""
    packs: dict[Hashable, list[Task]] = defaultdict(list)
    for key, task in work.tasks.items():
        if key in finished or key in under_way:
            continue
        if all(needed in finished for needed in work.waits_for[key]):
            packs[pack_of(task, work.ground[key])].append(task)
    return packs
