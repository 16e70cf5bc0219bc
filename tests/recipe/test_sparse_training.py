"""SET and RigL as recipes: a random mask, then one training with the updates that were asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.durations import Duration
from bench.errors import UserError
from bench.explain import explain
from bench.methods.sparse_training import rigl, sparse_evolution
from bench.recipe import During, Prune, Score
from bench.registry import registry
from bench.suite.values import PruneSpec
from tests.plan.grids import Choice, method, plan, runs_of, steps
from tests.recipe.test_during_training import LADDER, task


def during(make: Any, total: int = 1000, **options: Any) -> During:
    pruned, trained = make(task(total), **options)
    assert pruned == Prune(LADDER[-1], Score("random"))
    assert (trained.start, trained.stop) == (0, total)
    assert replace(trained.training, during=None) == task(total).training
    assert isinstance(trained.training.during, During)
    return trained.training.during


def test_the_defaults_are_those_of_the_papers() -> None:
    assert during(rigl) == During("rigl", 100, 750, 0.3, "cosine")
    assert during(sparse_evolution, 750) == During("set", 100, 750, 0.3, "constant")  # an epoch has 100 steps here


def test_options_are_times_of_the_training() -> None:
    found = during(rigl, every=Duration(0.02, "share"), until=Duration(4, "epochs"), fraction=0.5, decay="constant")
    assert found == During("rigl", 20, 400, 0.5, "constant")


@pytest.mark.parametrize("make", [rigl, sparse_evolution])
def test_what_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(UserError, match="no update comes every 100 steps before step 60 of 80; give a shorter every"):
        list(make(task(80), every=steps(100), until=Duration(0.75, "share")))
    with pytest.raises(UserError, match="no update comes every 5 steps before step 0 of 80"):
        list(make(task(80), every=steps(5), until=steps(0)))
    with pytest.raises(UserError, match="fraction is 1.5; give a share"):
        list(make(task(80), every=steps(5), fraction=1.5))
    with pytest.raises(UserError, match="give granularity: weight"):
        list(make(replace(task(80), granularity="unit"), every=steps(5)))


def test_the_first_mask_is_that_of_the_control_and_no_training_is_shared_with_it() -> None:
    control = method("at-init", "control", PruneSpec(score=Choice("random")))
    made = plan([method("none"), control, method("set", every=steps(4)), method("rigl", every=steps(4))])
    for one, *others in zip(*(runs_of(made, label) for label in ("control", "set", "rigl")), strict=True):
        assert {run.last_pruning for run in others} == {one.last_pruning}
        assert len({one.key, *(run.key for run in others)}) == 3


def test_a_new_version_of_chance_reaches_them(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = registry("score")
    before = plan([method("rigl", every=steps(4))])
    monkeypatch.setitem(scores._components, "random", replace(scores.get("random"), version=2))
    assert not before.runs.keys() & plan([method("rigl", every=steps(4))]).runs.keys()


def test_in_words() -> None:
    made = plan([method("none"), method("set", every=steps(4), fraction=0.25), method("rigl", every=steps(4))])
    told = {}
    for cell in made.keys:
        told[cell.method.name] = explain(made, cell).steps[-1].words
    plain = "train all 20 steps of the suite's training (adam at 0.01, constant rate, batch 50)"
    assert told["none"] == plain
    assert told["set"] == (
        f"{plain}; every 4 steps before step 20, 4 times, 25 % of each layer's weights that are left move: "
        "those nearest to zero go, as many come at places drawn at random"
    )
    assert told["rigl"] == (
        f"{plain}; every 4 steps before step 15, 3 times, 30 % of each layer's weights that are left (less and less, "
        "along a cosine) move: those nearest to zero go, as many come where the gradient is largest, which the step is "
        "spent on"
    )
