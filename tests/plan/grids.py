"""Suites made in code: penguins and a small net, with whatever methods a test wants."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

from collections.abc import Sequence
from typing import Any

from bench.data.policy import DataPolicy
from bench.durations import Duration
from bench.grid import Grid, expand
from bench.plan import Plan, Run, make_plan
from bench.recipe import Optimiser
from bench.registry import Choice
from bench.suite.values import MethodSpec, Problem, PruneSpec, SelectSpec, SparsitySpec, Suite, TrainingSpec

ADAM = Optimiser("adam", 1e-2)
SCRATCH = "0" * 40


def steps(number: int) -> Duration:
    return Duration(number, "steps")


def method(name: str, label: str | None = None, prune: PruneSpec | None = None, **options: Any) -> MethodSpec:
    given = tuple(sorted((option.replace("_", "-"), value) for option, value in options.items()))
    return MethodSpec(label or name, name, given, prune or PruneSpec())


EVERY_METHOD = (
    method("none"),
    method("one-shot"),
    method("one-shot", "fine-tune", fine_tune=steps(6)),
    method("lottery"),
    method("lottery", "late", rewind=steps(5)),
    method("lottery-redrawn"),
    method("lottery-kept"),
    method("dynamic"),
)
LADDER = SparsitySpec(targets=(0.3, 0.6, 0.9))


def suite(
    methods: Sequence[MethodSpec] = EVERY_METHOD,
    sparsities: SparsitySpec = LADDER,
    seeds: Sequence[int] = (0, 1),
    length: int = 20,
    optimiser: Optimiser = ADAM,
    select: SelectSpec | None = None,
    model: str = "penguin-net",
    batch: int = 50,
) -> Suite:
    training = TrainingSpec(optimiser, batch, steps(length), select=select or SelectSpec())
    problem = Problem(
        Choice("penguins"), Choice(model), Choice("torch"), training, tuple(seeds), sparsities, tuple(methods)
    )
    return Suite("a-test", "A test", "full", "test_loss", (problem,), "text", SCRATCH, {})


def grid(*given: Any, **settings: Any) -> Grid:
    return expand(suite(*given, **settings), DataPolicy())


def plan(*given: Any, **settings: Any) -> Plan:
    return make_plan(grid(*given, **settings))


def runs_of(made: Plan, label: str, seed: int = 0) -> list[Run]:
    """The runs of a method, one a level, in the order of the levels."""
    cells = sorted((cell for cell in made.keys if cell.method.label == label), key=lambda cell: cell.level)
    return [made.runs[dict(made.keys[cell])[seed]] for cell in cells]


__all__ = ["ADAM", "EVERY_METHOD", "LADDER", "bench", "grid", "method", "plan", "runs_of", "steps", "suite"]
