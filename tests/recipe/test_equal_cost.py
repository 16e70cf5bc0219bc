"""Baselines that are given as many training steps as the lottery ladder took in all."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.durations import Duration
from bench.methods.baselines import dense_longer, one_shot_longer
from bench.methods.lottery import lottery
from bench.methods.task import Task
from bench.recipe import Level, Optimiser, Prune, Schedule, Score, Step, Train, Training
from bench.suite.values import SparsitySpec
from bench.training.schedules import factor
from tests.plan.grids import method, plan, runs_of, steps

LADDER = tuple(Level(index, (("fc1", 1 - 0.8**index),)) for index in range(1, 9))
STEP = Schedule("step", 100, warmup=10, milestones=(50, 75), gamma=0.2)


def task(schedule: Schedule, levels: int) -> Task:
    training = Training(Optimiser("sgd", 0.1, momentum=0.9), schedule, 60)
    return Task(training, 100.0, LADDER[:levels], Score("magnitude"), "weight", "layer")


def trained(written: Iterable[Step]) -> int:
    return sum(step.stop - step.start for step in written if isinstance(step, Train))


@given(levels=st.integers(1, 8), total=st.integers(1, 500), rewind=st.floats(0, 1))
def test_they_train_exactly_as_long_as_the_ticket(levels: int, total: int, rewind: float) -> None:
    here, early = task(Schedule("linear", total), levels), Duration(rewind, "share")
    wanted = trained(lottery(here, early))
    assert trained(dense_longer(here, early)) == wanted
    assert trained(one_shot_longer(here, rewind=early)) == wanted


@pytest.mark.parametrize("sparsities", [SparsitySpec(targets=(0.3, 0.6, 0.9)), SparsitySpec(rate=0.2, rounds=3)])
def test_of_a_list_of_sparsities_each_is_a_round(sparsities: SparsitySpec) -> None:
    made = plan((method("lottery"), method("dense-longer"), method("one-shot-longer")), sparsities, length=20)
    for label in ("lottery", "dense-longer", "one-shot-longer"):
        assert [run.steps_alone for run in runs_of(made, label)] == [40, 60, 80], label


@given(levels=st.integers(1, 8), share=st.floats(0.1, 0.99))  # in the warm-up the first step is no step of 0
def test_the_stretched_schedule_is_the_same_curve(levels: int, share: float) -> None:
    (longer,) = dense_longer(task(STEP, levels))
    assert isinstance(longer, Train)
    schedule = longer.training.schedule
    assert (schedule.warmup, schedule.milestones) == (10 * (levels + 1), (50 * (levels + 1), 75 * (levels + 1)))
    whole = int(share * 100)
    assert factor(schedule, whole * (levels + 1)) == pytest.approx(factor(STEP, whole))


def test_what_is_pruned_trains_on_at_the_rate_that_is_asked_for() -> None:
    written = list(one_shot_longer(task(STEP, 3), fine_tune_rate=0.5))
    assert [type(step).__name__ for step in written] == ["Train", "Prune", "Reset", "Train"]
    last = written[-1]
    assert isinstance(last, Train)
    assert last.training.optimiser.lr == pytest.approx(0.05)
    assert last.training.schedule.milestones == (150, 225)


def test_a_whole_network_has_a_row_a_level_and_waits_its_turn() -> None:
    made = plan((method("dense-longer"), method("none"), method("one-shot", fine_tune=steps(5))), seeds=(0,))
    cells = [cell for cell in made.keys if cell.method.name == "dense-longer"]
    assert [(cell.level, cell.target) for cell in cells] == [(1, 0.3), (2, 0.6), (3, 0.9)]
    assert not any(isinstance(step, Prune) for cell in cells for step in cell.steps)
    (dense,) = runs_of(made, "none")
    assert dense.cell.level == 0
