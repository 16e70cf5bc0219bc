"""Prunings that some run tells of are judged, and no others: each look at the test data has to say something."""

from __future__ import annotations

from tests.run.crews import Desk, results, rows, run  # isort: skip

from pathlib import Path
from typing import Any

import pytest

from bench.durations import Duration
from bench.recipe import Prune
from bench.states import States
from bench.suite.values import SparsitySpec
from tests.plan.grids import method, plan

TWICE = method("dynamic", "twice", at=(Duration(0.25, "share"), Duration(0.5, "share")))
ONCE = method("dynamic", "once", at=(Duration(0.25, "share"),))
TOLD = ("pruned_validation_loss", "pruned_validation_accuracy", "pruned_test_loss", "pruned_test_accuracy")


def told(folder: Path, label: str, level: int) -> dict[str, Any]:
    """What a method's row says of its last pruning."""
    (row,) = [row for row in results(folder) if (row["method"], row["level"]) == (label, level)]
    return {name: row[name] for name in TOLD}


def judged(folder: Path) -> int:
    return len(rows(folder, "SELECT key FROM evaluation"))


def test_of_twenty_prunings_the_last_is_judged(tmp_path: Path) -> None:
    made = plan([method("gradual", prunings=20)], SparsitySpec(targets=(0.5, 0.9)), seeds=(0,), length=40)
    assert all(sum(isinstance(step, Prune) for step in one.recipe.steps) == 19 for one in made.runs.values())
    run(made, tmp_path)
    assert judged(tmp_path) == 2
    assert None not in told(tmp_path, "gradual", 2).values()


def test_every_round_that_is_a_level_is_judged(tmp_path: Path) -> None:
    run(plan([method("lottery")], SparsitySpec(rate=0.5, rounds=3), seeds=(0,), length=12), tmp_path)
    assert judged(tmp_path) == 3
    found = [told(tmp_path, "lottery", level)["pruned_test_loss"] for level in (1, 2, 3)]
    assert len(set(found)) == 3


def test_a_pruning_that_a_later_suite_tells_of_is_made_again(tmp_path: Path) -> None:
    """The first of two prunings, on whose state the first plan has trained on already, is the only one of another."""
    first = plan([TWICE], SparsitySpec(targets=(0.75,)), seeds=(0,), length=40)
    second = plan([TWICE, ONCE], SparsitySpec(targets=(0.5, 0.75)), seeds=(0,), length=40)
    run(second, tmp_path / "fresh")
    expected = told(tmp_path / "fresh", "once", 1)
    assert None not in expected.values()

    run(first, tmp_path / "grown")
    assert judged(tmp_path / "grown") == 1
    desk = Desk(States(tmp_path / "grown" / "states"))
    run(second, tmp_path / "grown", desk)
    assert told(tmp_path / "grown", "once", 1) == {name: pytest.approx(value) for name, value in expected.items()}
    # What is judged already is not made once more.
    again = Desk(States(tmp_path / "grown" / "states"))
    run(second, tmp_path / "grown", again)
    assert again.made == []
