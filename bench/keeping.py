"""Which states stay on the disk: what `keep` of a suite says. It decides no number and is part of no key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.grid import Cell
from bench.ground import Ground
from bench.plan import Plan, inputs, work_left
from bench.store import Store

_RESULTS = """
SELECT runs.key, runs.validation_accuracy, runs.validation_loss FROM runs
JOIN environment ON environment.label = runs.environment
WHERE environment.id = :environment AND runs.status <> 'failed'
"""
_ELSEWHERE = """
SELECT DISTINCT planned.key FROM planned
JOIN cell ON cell.id = planned.cell_id JOIN suite ON suite.id = cell.suite_id
WHERE suite.is_current = 1 AND (suite.name <> :suite OR suite.profile <> :profile)
"""


@dataclass(frozen=True)
class Validated:
    """How a run did on its validation data; the test data choose nothing here either."""

    accuracy: float | None
    loss: float | None


def results_of(store: Store, environment: int) -> dict[str, Validated]:
    """The finished runs of an environment, by key."""
    return {row[0]: Validated(row[1], row[2]) for row in store.query(_RESULTS, {"environment": environment}).rows}


def wanted_elsewhere(store: Store, plan: Plan) -> set[str]:
    """The runs that the other suites of the database have planned: their states are not ours to delete."""
    suite = plan.grid.suite
    return {row[0] for row in store.query(_ELSEWHERE, {"suite": suite.name, "profile": suite.profile}).rows}


def dear(plan: Plan, elsewhere: Collection[str]) -> set[str]:
    """The states that go last when the folder is full."""
    kept = {key for key, run in plan.runs.items() if run.cell.ground.problem.keep != "none"}
    branches = {key for key, ground in _grounds(plan) if ground.problem.keep == "all"}
    return kept | branches | set(elsewhere)


def to_drop(
    plan: Plan, results: Mapping[str, Validated], stored: Collection[str], elsewhere: Collection[str]
) -> set[str]:
    """The stored states that are not to stay, now that these results are there.

    What a missing run would start from stays until it is made.
    """
    tasks = work_left(plan, results.keys(), stored).tasks.values()
    needed = {key for task in tasks for key in inputs(task)}
    chosen = {_best(plan, cell, results) for cell in plan.keys if cell.ground.problem.keep == "best"}
    leaving = {key for key, ground in _grounds(plan) if ground.problem.keep in ("none", "best")}
    return (leaving & set(stored)) - needed - chosen - set(elsewhere)


def _best(plan: Plan, cell: Cell, results: Mapping[str, Validated]) -> str:
    """The run of a cell that did best on its validation data; of equal ones, or without such data, the first seed."""
    keys = [key for _, key in plan.keys[cell] if key in results] or [plan.keys[cell][0][1]]
    by_loss = plan.grid.suite.metric == "test_loss"

    def worth(key: str) -> tuple[Any, ...]:
        found = results.get(key, Validated(None, None))
        accuracy = -1.0 if found.accuracy is None else found.accuracy
        loss = -float("inf") if found.loss is None else -found.loss
        return (loss, accuracy) if by_loss else (accuracy, loss)

    return max(keys, key=worth)


def _grounds(plan: Plan) -> Iterator[tuple[str, Ground]]:
    """All states of the plan, and where they belong."""
    for key, start in plan.graph.starts.items():
        yield key, plan.grounds[start]
