"""Masks from one training and another training on them; optimisers that are carried on; students' own trainings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.durations import Duration
from bench.errors import UserError
from bench.methods.baselines import SMALL, another_network
from bench.methods.distillation import distil_into
from bench.methods.dynamic import rounds
from bench.methods.lottery import lottery
from bench.methods.retraining import retrained
from bench.methods.task import Task
from bench.recipe import Level, Optimiser, Prune, Reset, Schedule, Score, Train, Training
from tests.plan.grids import steps

LADDER = tuple(Level(index, (("fc1", 1 - 0.8**index), ("output", 0.1))) for index in range(1, 9))
PINS = json.loads((Path(__file__).parents[1] / "golden" / "pins.json").read_text())


def task(levels: int = 3, total: int = 80) -> Task:
    return Task(
        Training(Optimiser("adam", 1e-3), Schedule("constant", total), 60),
        *(10.0, LADDER[:levels], Score("magnitude"), "weight", "layer"),
    )


@given(levels=st.integers(1, 8), every=st.integers(1, 10), weights=st.sampled_from(["first", "redrawn", "kept"]))
def test_the_masks_are_those_of_one_training_and_the_other_one_is_whole(levels: int, every: int, weights: str) -> None:
    here = task(levels)
    found = list(retrained(here, steps(every), weights))  # type: ignore[arg-type]  # one of the three
    *until_pruned, _ = rounds(here, steps(every))
    assert found[: len(until_pruned)] == until_pruned
    assert isinstance(until_pruned[-1], Prune)
    assert found[-1] == here.train()
    resets = found[len(until_pruned) : -1]
    assert all(isinstance(step, Reset) for step in resets)
    kept = [set(step.parts) & {"weights", "biases"} == set() for step in resets if isinstance(step, Reset)]
    assert all(kept) == (weights == "kept")
    assert [step.redraw for step in resets if isinstance(step, Reset)][-1] == (weights == "redrawn")


def test_layers_are_for_what_is_drawn_anew() -> None:
    drawn = list(retrained(task(), steps(10), "redrawn", ("output",)))[-2]
    assert isinstance(drawn, Reset)
    assert drawn.layers == ("output",)
    with pytest.raises(UserError, match="layers says what is drawn anew, and weights is 'first'"):
        list(retrained(task(), steps(10), layers=("fc1",)))
    with pytest.raises(UserError, match=r"no layer 'fc9' is pruned; did you mean 'fc1'\?"):
        list(retrained(task(), steps(10), "redrawn", ("fc9",)))


def test_a_carried_optimiser_is_all_that_does_not_go_back() -> None:
    fresh, carried = list(lottery(task())), list(lottery(task(), optimiser="carried"))
    for one, other in zip(fresh, carried, strict=True):
        if isinstance(one, Reset) and isinstance(other, Reset):
            assert set(one.parts) - set(other.parts) == {"optimiser"}
        else:
            assert one == other
    one, other = (next(iter(PINS[f"method {name}"].values())) for name in ("lottery", "lottery, its optimiser carried"))
    assert one["weights_kept"] == other["weights_kept"]
    assert one["test_loss"] != other["test_loss"]


def test_a_student_may_have_a_training_of_its_own_and_its_control_the_same() -> None:
    for method in (distil_into, another_network):
        _, plain = method(task(), SMALL)
        assert isinstance(plain, Train)
        assert plain.training.schedule == task().training.schedule
        assert plain.training.optimiser == task().training.optimiser
        _, own = method(task(), SMALL, length=Duration(0.5, "share"), rate=10.0)
        assert isinstance(own, Train)
        assert (own.stop, own.training.schedule.length, own.training.optimiser.lr) == (40, 40, 1e-2)
        if own.training.teacher is not None:
            assert own.training.teacher.steps == (task().train(),), "the teacher keeps to the suite's training"
        with pytest.raises(UserError, match="rate is 0; give a factor"):
            list(method(task(), SMALL, rate=0.0))
