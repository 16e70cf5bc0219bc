"""What every method promises."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

import torch

from bench.contract import Promise, samples
from bench.durations import Duration
from bench.executors.tasks import TaskResult
from bench.executors.workshop import Workshops
from bench.graph import visits
from bench.grid import Cell, Grid, expand
from bench.methods.kinds import prunes
from bench.plan import Plan, make_plan, work_left
from bench.pruning.masks import exact_count
from bench.recipe import Optimiser, Prune, Reset, Train
from bench.registry import Choice, Component
from bench.states import States
from bench.suite.options import annotation_of, known_options
from bench.suite.values import MethodSpec, Problem, SparsitySpec, Suite, TrainingSpec

ROUNDS = 3
LENGTHS = (24, 7)  # steps of the suite's training
DATA, NETWORK = "penguins", "penguin-net"


def _grid(component: Component, length: int = LENGTHS[0], seed: int = 0) -> Grid:
    """The method on a small problem, with a ladder of three rounds."""
    problem = Problem(
        data=Choice(DATA),
        model=Choice(NETWORK, (("head", "logits"),)),
        initialisation=Choice("torch"),
        training=TrainingSpec(Optimiser("adam", 0.01), batch=50, length=Duration(length, "steps"), schedule="linear"),
        seeds=(seed,),
        sparsities=SparsitySpec(rate=0.4, rounds=ROUNDS),
        methods=(MethodSpec(component.name, component.name, samples.options(component)),),
    )
    suite = Suite("contract", "contract", "full", "test_accuracy", (problem,), "", "", {})
    return expand(suite, samples.policy())


def typed_options(component: Component) -> str | None:
    for name, parameter in known_options(component).items():
        if annotation_of(component, parameter) is inspect.Parameter.empty:
            return f"the option {name!r} has no type, so that a suite's value cannot be checked; write {name}: int = 1"
    return None


def gives_steps(component: Component) -> str | None:
    for cell in _cells(component):
        steps: tuple[Any, ...] = cell.steps
        for step in steps:
            if not isinstance(step, Train | Prune | Reset):
                return f"level {cell.level}: gives {step!r}, which is no Train, Prune or Reset"
        if not any(isinstance(step, Train) for step in cell.steps):
            return f"level {cell.level}: never trains"
    return None


def _cells(component: Component) -> list[Cell]:
    return [cell for length in LENGTHS for cell in _grid(component, length).cells]


def deterministic(component: Component) -> str | None:
    for first, second in zip(_cells(component), _cells(component), strict=True):
        if first.steps != second.steps:
            return f"level {first.level}: the same task gives two different recipes"
    return None


def consistent_clocks(component: Component) -> str | None:
    for cell in _cells(component):
        recipe = cell.recipe(0)
        total = cell.ground.training.schedule.length
        try:
            list(visits(recipe, cell.ground.training))
        except Exception as error:
            return f"a training of {total} steps, level {cell.level}: {error}"
    return None


def asks_for_the_level(component: Component) -> str | None:
    seen: dict[str, int] = {}
    plan = make_plan(_grid(component))
    for cell, keys in plan.keys.items():
        prunings = [step for step in cell.steps if isinstance(step, Prune)]
        if prunings and not prunes(component):
            return "it is registered as one that prunes nothing, but prunes"
        if not prunings and prunes(component):
            return (
                f"level {cell.level}: prunes nothing; if that is meant, register it with dense=True, or with "
                "whole=True where it differs from level to level all the same"
            )
        key = keys[0][1]
        if key in seen:
            return f"the levels {seen[key]} and {cell.level} lead to the same network"
        seen[key] = cell.level
    return None


def reaches_the_level(component: Component) -> str | None:
    plan = make_plan(_grid(component))
    results = _carry_out(plan)
    for cell, keys in plan.keys.items():
        found = results[keys[0][1]]
        if found.diverged_at is not None:
            return f"level {cell.level}: a loss is not a number any more by step {found.diverged_at}"
        if found.measured is None:
            return f"level {cell.level}: comes to no result"
        targets = {layer.name: 0.4 for layer in cell.ground.layers} if prunes(component) else {}
        for layer in found.measured.size.layers:
            share = round(1 - (1 - targets.get(layer.name, 0.0)) ** cell.level, 12)
            wanted = exact_count(share, layer.weights)
            gone = layer.weights - layer.kept
            if gone < wanted or (gone > wanted and not _grows(cell)):
                return (
                    f"level {cell.level}: {gone} of the {layer.weights} weights of layer {layer.name!r} are gone at "
                    f"the end, {wanted} were asked for"
                )
    return None


def _grows(cell: Cell) -> bool:
    """Whether weights grow in training: they begin at zero, and stay there where an input is always zero."""
    return any(isinstance(step, Train) and step.training.during is not None for step in cell.steps)


def learns(component: Component) -> str | None:
    """At the mildest level a few hundred steps must beat guessing by far: three classes guessed are ln 3 of loss."""
    if component.extra.get("untrained"):  # it ends where it began, with a mask
        return None
    plan = make_plan(_grid(component, length=300))
    first = next(iter(plan.keys.values()))[0][1]
    result = _carry_out(plan, only=first)[first]
    if result.measured is None or result.measured.validation.accuracy < 0.6:
        told = f"{result.measured.validation.accuracy:.0%}" if result.measured else "no result"
        return f"after 300 steps on the penguins at level 1 it is right on {told} of the validation data"
    return None


def _carry_out(plan: Plan, only: str | None = None) -> dict[str, TaskResult]:
    """Run a small plan in this process."""
    skipped = set(plan.runs) - {only} if only else set()
    work = work_left(plan, skipped, ())
    results: dict[str, TaskResult] = {}
    with tempfile.TemporaryDirectory() as folder:
        workshops = Workshops(States(Path(folder)), torch.device("cpu"))
        for key, task in work.tasks.items():  # each stands after those that it rests on
            answer = workshops.at(work.ground[key].place).run([task], lambda replica_steps: None)
            results.update({result.key: result for result in answer.results})
    return results


PROMISES = (
    Promise("has a type for each of its options", typed_options),
    Promise("gives steps, among them a training", gives_steps),
    Promise("gives the same recipe for the same task", deterministic),
    Promise("keeps its clock: each training goes on where the clock stands", consistent_clocks),
    Promise("has a way of its own to each level", asks_for_the_level),
    Promise("ends with exactly as many weights gone as the level asks for", reaches_the_level),
    Promise("learns", learns),
)
