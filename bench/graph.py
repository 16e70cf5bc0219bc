"""From recipes to one graph of states, in which everything that recipes have in common stands once.

A node is a state by its key. A trained state comes from the state before it on the same Train; a pruned or reset one
from the state that it changed. What a grid has to compute is read off this graph.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.errors import UserError
from bench.recipe import (
    Prune,
    Recipe,
    Reset,
    Select,
    Train,
    Training,
    changed_key,
    final_key,
    start_key,
    taught_by,
    trained_key,
)


@dataclass(frozen=True)
class Visit:
    """A step of a recipe with the keys before and after it."""

    step: Train | Prune | Reset
    before: str
    after: str
    looks_at: tuple[str, ...]


@dataclass(frozen=True)
class Trained:
    """A state inside or at the end of a Train."""

    base: str  # the key at the Train's start
    training: Training
    start: int
    stop: int


@dataclass(frozen=True)
class Changed:
    """A state after a Prune or a Reset."""

    before: str
    step: Prune | Reset
    looks_at: tuple[str, ...]


def visits(recipe: Recipe, dense: Training) -> Iterator[Visit]:
    """The steps of a recipe, in order, with their keys; a recipe that contradicts itself is refused.

    `dense` is the training of the suite; earlier steps that a Reset or a score names are steps of it.
    """
    origin = key = start_key(recipe.start)
    clock: int | None = 0
    last: Training | None = None
    for step in recipe.steps:
        before = key
        looks_at: tuple[str, ...] = ()
        if isinstance(step, Train):
            _check_train(step, clock, last, dense)
            key = trained_key(before, step.training, step.start, step.stop)
            clock, last = step.stop, step.training
        elif isinstance(step, Prune):
            looks_at = tuple(_dense_key(origin, dense, moment) for moment in step.score.looks_at)
            key = changed_key(before, step)
        else:
            looks_at = (_dense_key(origin, dense, step.to),)
            key = changed_key(before, step)
            clock = step.to if "clock" in step.parts else clock
        yield Visit(step, before, key, looks_at)


def _check_train(step: Train, clock: int | None, last: Training | None, dense: Training) -> None:
    if not 0 <= step.start < step.stop <= step.training.schedule.length:
        raise UserError(
            f"a recipe trains from step {step.start} to step {step.stop} of a schedule of "
            f"{step.training.schedule.length} steps; give steps that rise and lie within it"
        )
    # A training with a schedule of its own may begin anew, as fine-tuning does after each of several prunings.
    anew = step.start == 0 and step.training != dense
    if last == step.training and clock != step.start and not anew:
        raise UserError(
            f"a recipe trains on from step {step.start}, but its clock stands at step {clock}; "
            f"reset the clock first or train from step {clock}"
        )


def plain(training: Training) -> Training:
    """The training without its selection rule: the way that the weights take, whichever state is chosen of it."""
    return replace(training, select=Select())


def _dense_key(origin: str, dense: Training, step: int) -> str:
    if not 0 <= step <= dense.schedule.length:
        raise UserError(f"a recipe goes back to step {step}, but the dense training has {dense.schedule.length} steps")
    return trained_key(origin, plain(dense), 0, step)


class Graph:
    """All states of a grid, and how each is made."""

    def __init__(self) -> None:
        self.trained: dict[str, Trained] = {}
        self.changed: dict[str, Changed] = {}
        self.starts: dict[str, str] = {}  # key -> key of the start that it descends from
        self.teachers: dict[str, str] = {}  # key of a trained state -> key of the state that teaches it on the way
        self._stops: dict[tuple[str, Training, int], list[int]] = {}

    def add(self, recipe: Recipe, dense: Training) -> list[Visit]:
        """Take in a recipe, and those of its teachers; its own visits are given back."""
        path = list(visits(recipe, dense))
        origin = start_key(recipe.start)
        self.starts[origin] = origin
        for visit in path:
            if visit.after in self.starts:
                continue
            self.starts[visit.after] = origin
            if isinstance(visit.step, Train):
                self._add_trained(visit.after, visit.before, visit.step.training, visit.step.start, visit.step.stop)
                if teacher := visit.step.training.teacher:
                    teaching = taught_by(recipe.start, teacher)
                    self.add(teaching, dense)
                    self.teachers[visit.after] = final_key(teaching)
                continue
            self.changed[visit.after] = Changed(visit.before, visit.step, visit.looks_at)
            self._add_moments(origin, visit, dense)
        return path

    def _add_moments(self, origin: str, visit: Visit, dense: Training) -> None:
        steps = visit.step.score.looks_at if isinstance(visit.step, Prune) else (getattr(visit.step, "to", 0),)
        for key, step in zip(visit.looks_at, steps, strict=True):
            if key not in self.starts:
                self.starts[key] = origin
                self._add_trained(key, origin, plain(dense), 0, step)

    def _add_trained(self, key: str, base: str, training: Training, start: int, stop: int) -> None:
        self.trained[key] = Trained(base, training, start, stop)
        bisect.insort(self._stops.setdefault((base, training, start), []), stop)

    def taken_up_at(self, key: str) -> tuple[str, int]:
        """The key and the step from which the training to this state goes on: the stop before it on the same Train."""
        node = self.trained[key]
        if node.training.select.kind != "last":
            return node.base, node.start  # the choice is among all states of the Train, so it runs in one piece
        stops = self._stops[node.base, node.training, node.start]
        place = bisect.bisect_left(stops, node.stop)
        if place == 0:
            return node.base, node.start
        return trained_key(node.base, node.training, node.start, stops[place - 1]), stops[place - 1]
