"""Carrying out the tasks of a pack in this process: load, change, train, measure, save."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import torch

from bench import random
from bench.channels.structure import Structure
from bench.data.base import open_dataset
from bench.errors import UserError
from bench.executors.changes import prune
from bench.executors.judging import Judge, Judgement
from bench.executors.resets import reset
from bench.executors.tasks import (
    Change,
    Measured,
    PackResult,
    Place,
    Pruned,
    Task,
    TaskResult,
    TaughtBy,
)
from bench.measures.artifacts import Artifact, artifacts_of, confusion
from bench.measures.size import size_of
from bench.models.base import build, given_weights, multiply_adds
from bench.models.initialisations import initial_state
from bench.pruning.computing import Computing
from bench.recipe import Prune, Training
from bench.registry import Choice
from bench.states import States
from bench.training.calibration import Calibration, calibrate
from bench.training.content import Content
from bench.training.loop import Member, Trained, train
from bench.training.networks import StackedNetwork, stacked
from bench.training.recalibration import Recalibration
from bench.training.state import State
from bench.training.teaching import Lesson


class Workshop:
    """One data set and one network, ready for the packs that need them."""

    def __init__(self, place: Place, states: States, content: Content) -> None:
        self._plan = build(place.network, content.shape, content.classes)
        self._multiply_adds = multiply_adds(self._plan, content.shape)
        self._structure = Structure(self._plan, content.shape)
        self._network: StackedNetwork = stacked(self._plan.to(content.device))
        self._place = place
        self._shape = content.shape, content.classes
        self._content = content
        self._judge = Judge(self._network, content, Recalibration(self._plan, content))
        self._states = states
        self._teachers: dict[Choice, StackedNetwork] = {place.network: self._network}

    def run(self, tasks: Sequence[Task], progress: Callable[[int], None]) -> PackResult:
        """Carry out tasks that may be stacked, and save the states they make."""
        began = time.perf_counter()
        with torch.no_grad():
            prepared = [self._prepare(task) for task in tasks]
            pruned = self._judge_pruned(tasks, [at_pruning for at_pruning, _ in prepared])
            states = [state for _, state in prepared]
            trained = self._train(tasks, states, progress)
            ended = [outcome.state if outcome else state for outcome, state in zip(trained, states, strict=True)]
            measured = self._measure(tasks, ended, trained, pruned)
        for task, state, outcome in zip(tasks, ended, trained, strict=True):
            if outcome is None or outcome.diverged_at is None:
                self._states.put(task.key, state)
        results = [
            TaskResult(
                key=task.key,
                train_loss=outcome.train_loss if outcome else None,
                curve=outcome.curve if outcome else (),
                pruned=_pruned(task, pruned[place]) if place in pruned else None,
                measured=measured.get(place),
                diverged_at=outcome.diverged_at if outcome else None,
            )
            for place, (task, outcome) in enumerate(zip(tasks, trained, strict=True))
        ]
        return PackResult(tuple(results), time.perf_counter() - began, _peak_memory(self._content.device))

    def calibrate(self, training: Training, seed: int, most: int) -> Calibration:
        """How wide a pack of such trainings pays on this device."""
        with torch.no_grad():
            return calibrate(self._network, self._content, training, seed, self._drawn(seed), most)

    def _prepare(self, task: Task) -> tuple[State | None, State]:
        """The state right after the last pruning, if it is to be judged, and that from which training goes on."""
        state = self._state(task.source, task)
        at_pruning = None
        for change in task.changes:
            state = self._change(state, change, task)
            if isinstance(change.step, Prune) and task.judged:
                at_pruning = state
        return at_pruning, state

    def _state(self, key: str, task: Task) -> State:
        return self._drawn(task.seed) if key == task.start else self._states.get(key)

    def _drawn(self, seed: int, draw: int = 0) -> State:
        layout, buffers = self._network.parameters, self._network.buffers
        with torch.random.fork_rng(devices=[]):
            # What a network of the user's own draws for itself when it is built has to come from the seed as well.
            torch.manual_seed(int(random.words(seed, "build", draw, count=1)[0]) >> 1)
            module = build(self._place.network, *self._shape)
        tensors = initial_state(module, self._place.initialisation, seed, draw)
        if draw == 0:
            tensors.update(given_weights(self._place.network))
        return State(
            weights=layout.flatten({place.name: tensors[place.name] for place in layout.places}),
            mask=torch.ones(layout.width, dtype=torch.bool),
            buffers=buffers.flatten({place.name: tensors[place.name].float() for place in buffers.places}),
        )

    def _change(self, state: State, change: Change, task: Task) -> State:
        others = [self._state(key, task) for key in change.looks_at]
        layout = self._network.parameters
        if isinstance(change.step, Prune):
            computing = self._computing(task.seed, change.key, change.step.score.batch)
            return prune(state, change.step, layout, others, task.seed, change.key, computing, self._structure)
        place = task.seed, change.key
        return reset(state, change.step, layout, others[0], lambda: self._drawn(task.seed, draw=1), place)

    def _computing(self, seed: int, place: str, batch: int) -> Callable[[State], Computing]:
        layouts = self._network.parameters, self._network.buffers

        def at(state: State) -> Computing:
            return Computing(self._plan, layouts, state, self._content, batch, (seed, place))

        return at

    def _judge_pruned(self, tasks: Sequence[Task], states: Sequence[State | None]) -> dict[int, Judgement]:
        places = [place for place, state in enumerate(states) if state is not None]
        if not places:
            return {}
        judged = self._judge([state for state in states if state is not None], [tasks[place] for place in places])
        return dict(zip(places, judged, strict=True))

    def _train(
        self, tasks: Sequence[Task], states: Sequence[State], progress: Callable[[int], None]
    ) -> list[Trained | None]:
        lessons = {task.teacher.key: self._lesson(task.teacher) for task in tasks if task.teacher}
        members = {
            place: Member(
                task.seed,
                state,
                task.stretch.training,
                task.stretch.start,
                task.stretch.stop,
                lessons[task.teacher.key] if task.teacher else None,
            )
            for place, (task, state) in enumerate(zip(tasks, states, strict=True))
            if task.stretch is not None
        }
        trained = train(self._network, self._content, list(members.values()), progress) if members else []
        outcomes = dict(zip(members, trained, strict=True))
        return [outcomes.get(place) for place in range(len(tasks))]

    def _lesson(self, teacher: TaughtBy) -> Lesson:
        if teacher.network not in self._teachers:
            module = build(teacher.network, *self._shape)
            self._teachers[teacher.network] = stacked(module.to(self._content.device))
        return Lesson(self._teachers[teacher.network], self._states.get(teacher.key))

    def _measure(
        self,
        tasks: Sequence[Task],
        states: Sequence[State],
        trained: Sequence[Trained | None],
        pruned: Mapping[int, Judgement],
    ) -> dict[int, Measured]:
        places = [
            place
            for place, (task, outcome) in enumerate(zip(tasks, trained, strict=True))
            if task.final and (outcome is None or outcome.diverged_at is None)
        ]
        # A run that ends with its pruning was evaluated when it was pruned.
        judged = {place: pruned[place] for place in places if place in pruned and _ends_pruned(tasks[place])}
        others = [place for place in places if place not in judged]
        if others:
            found = self._judge([states[place] for place in others], [tasks[place] for place in others])
            judged |= dict(zip(others, found, strict=True))
        return {place: self._measured(tasks[place], states[place], judged[place]) for place in places}

    def _measured(self, task: Task, state: State, judged: Judgement) -> Measured:
        layout, split = self._network.parameters, self._content.split(task.seed)
        artifacts: tuple[Artifact, ...] = ()
        if judged.answers is not None:
            answered = confusion(self._content.labels_of(split.test), judged.answers, self._content.classes)
            artifacts = (*artifacts_of(layout, state.weights, state.mask), answered)
        return Measured(
            judged.validation,
            judged.test,
            judged.recalibrated,
            size_of(self._plan, self._shape[0], layout, state.weights, self._multiply_adds),
            split.hash,
            artifacts,
        )


class Workshops:
    """A workshop for each network, on one data set at a time, which lies on the device once."""

    def __init__(self, states: States, device: torch.device) -> None:
        self._states, self._device = states, device
        self._made: dict[Place, Workshop] = {}
        self._content: Content | None = None

    def at(self, place: Place) -> Workshop:
        if place not in self._made:
            if self._content is None or not any(place.same_data(other) for other in self._made):
                self._made.clear()
                self._content = None  # before the next one needs the room
                self._content = self._opened(place)
            self._made[place] = Workshop(place, self._states, self._content)
        return self._made[place]

    def _opened(self, place: Place) -> Content:
        dataset = open_dataset(place.data, place.policy)
        if dataset.info.fingerprint != place.fingerprint:
            raise UserError(
                f"data set {dataset.info.name}: its files changed since the run was planned "
                f"({place.fingerprint[:8]} then, {dataset.info.fingerprint[:8]} now); start again"
            )
        return Content(dataset, self._device)


def _pruned(task: Task, judged: Judgement) -> Pruned:
    key = [change.key for change in task.changes if isinstance(change.step, Prune)][-1]
    return Pruned(key, judged.validation, judged.test, judged.recalibrated)


def _ends_pruned(task: Task) -> bool:
    return task.stretch is None and bool(task.changes) and isinstance(task.changes[-1].step, Prune)


def _peak_memory(device: torch.device) -> int | None:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
