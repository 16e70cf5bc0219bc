"""What is to be done for a grid: runs, the tasks that lead to them, and the order and packs in which they are done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass

from bench.executors.tasks import Change, Stretch, Task
from bench.graph import Graph
from bench.grid import Cell, Grid, Ground
from bench.recipe import Prune, Recipe, Train, start_key


@dataclass(frozen=True)
class Run:
    """A final key, and what leads to it."""

    key: str
    seed: int
    cell: Cell  # the first of the cells that this run belongs to
    recipe: Recipe
    path: tuple[str, ...]  # the keys of its trained states, one a Train
    last_pruning: str | None
    steps_alone: int


@dataclass(frozen=True)
class Plan:
    """The whole grid, done or not."""

    grid: Grid
    graph: Graph
    runs: Mapping[str, Run]
    keys: Mapping[Cell, tuple[tuple[int, str], ...]]  # the seeds of each cell and the runs that they lead to
    grounds: Mapping[str, Ground]  # by the key of a start: the data and the network that it names

    @property
    def steps_alone(self) -> int:
        """Training steps if every run were made on its own."""
        return sum(run.steps_alone for run in self.runs.values())

    @property
    def steps_shared(self) -> int:
        """Training steps when everything that recipes share is done once."""
        return sum(node.stop - self.graph.taken_up_at(key)[1] for key, node in self.graph.trained.items())


def make_plan(grid: Grid) -> Plan:
    """Merge the recipes of all cells and seeds."""
    graph = Graph()
    runs: dict[str, Run] = {}
    keys: dict[Cell, tuple[tuple[int, str], ...]] = {}
    grounds: dict[str, Ground] = {}
    for cell in grid.cells:
        found = []
        for seed in cell.ground.seeds:
            recipe = cell.recipe(seed)
            grounds.setdefault(start_key(recipe.start), cell.own)
            path = graph.add(recipe, cell.ground.training)
            key = path[-1].after if path else start_key(recipe.start)
            found.append((seed, key))
            if key not in runs:
                prunings = [visit.after for visit in path if isinstance(visit.step, Prune)]
                runs[key] = Run(
                    key,
                    seed,
                    cell,
                    recipe,
                    tuple(visit.after for visit in path if isinstance(visit.step, Train)),
                    prunings[-1] if prunings else None,
                    sum(step.stop - step.start for step in cell.steps if isinstance(step, Train)),
                )
        keys[cell] = tuple(found)
    return Plan(grid, graph, runs, keys, grounds)


@dataclass(frozen=True)
class Work:
    """The tasks still to be done, most urgent first, and who waits for whom."""

    tasks: Mapping[str, Task]
    ground: Mapping[str, Ground]  # the tasks of one ground share data and network
    waits_for: Mapping[str, frozenset[str]]

    @property
    def steps(self) -> int:
        return sum(task.steps for task in self.tasks.values())


def work_left(plan: Plan, done: Collection[str], stored: Collection[str]) -> Work:
    """What leads to the runs that are not done, given the states that are stored.

    Urgent are the dense runs, then one seed of every cell, then more seeds: stopped at any moment, the table that has
    come about so far is a balanced one.
    """
    return _Needs(plan, stored).of(run for run in sorted(plan.runs.values(), key=_urgency) if run.key not in done)


def _urgency(run: Run) -> tuple[bool, int, int]:
    return run.cell.level > 0, run.cell.ground.seeds.index(run.seed), run.cell.level


class _Needs:
    def __init__(self, plan: Plan, stored: Collection[str]) -> None:
        self._plan, self._graph, self._stored = plan, plan.graph, stored
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
        return key in self._tasks or key in self._stored or self._graph.starts[key] == key

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
        return Task(key, seed, self._graph.starts[key], source, tuple(changes), stretch, key in self._plan.runs)


def inputs(task: Task) -> list[str]:
    """The keys of the states that a task loads."""
    looked_at = [key for change in task.changes for key in change.looks_at]
    return [key for key in (task.source, *looked_at) if key != task.start]


def pack_of(task: Task, ground: Hashable) -> Hashable:
    """Tasks for which this is equal may be stacked."""
    if task.stretch is None:
        return ground, None
    training = task.stretch.training
    kind = (training.batch, training.optimiser.kind, training.augmentation)
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
