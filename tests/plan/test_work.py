"""The tasks that are left, their order, and the packs they make."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.plan import Plan, Work, inputs, ready_packs, work_left
from bench.recipe import Optimiser
from bench.registry import Choice
from bench.suite.values import PruneSpec, SelectSpec, SparsitySpec
from tests.plan.grids import EVERY_METHOD, method, plan, runs_of, steps

PLANS = {
    "every method": plan(),
    "taught": plan(
        (*EVERY_METHOD, method("equal-size"), method("distil"), method("distil-pruned", fine_tune=steps(6)))
    ),
    "selected": plan(select=SelectSpec("best", steps(4))),
    "looking elsewhere": plan((*EVERY_METHOD, method("lottery", "final", PruneSpec(score=Choice("large-final"))))),
    "fine-tuning first": plan((method("one-shot", "fine-tune", fine_tune=steps(6)), method("one-shot"))),
}


def everything(made: Plan) -> Work:
    return work_left(made, (), ())


def carried_out(work: Work, stored: set[str], starts: set[str]) -> None:
    """Walk through the packs and check that each task finds what it loads."""
    finished: set[str] = set()
    while len(finished) < len(work.tasks):
        packs = ready_packs(work, finished, ())
        assert packs, "nothing can begin although some is left"
        for tasks in packs.values():
            for task in tasks:
                for needed in inputs(task):
                    assert needed in finished | stored | starts
        finished |= {task.key for tasks in packs.values() for task in tasks}


@pytest.mark.parametrize("name", PLANS)
def test_every_task_comes_after_its_inputs(name: str) -> None:
    work = everything(PLANS[name])
    seen: set[str] = set()
    for key in work.tasks:
        assert work.waits_for[key] <= seen
        seen.add(key)
    carried_out(work, set(), set(PLANS[name].graph.starts.values()))


def test_dense_first_then_one_seed_of_every_cell_then_the_others() -> None:
    made = plan(seeds=(5, 2, 9))
    final = [made.runs[key] for key in everything(made).tasks if key in made.runs]
    assert len(final) == len(made.runs)
    order = [(run.last_pruning is not None, (5, 2, 9).index(run.seed) if run.last_pruning else 0) for run in final]
    # A state on the way to a run of another seed never comes first, so the order holds for tasks as for runs.
    assert order == sorted(order)
    assert [run.seed for run in final[:3]] == [5, 2, 9]


@pytest.mark.parametrize("name", PLANS)
def test_when_all_is_done_nothing_is_left(name: str) -> None:
    made = PLANS[name]
    assert not work_left(made, set(made.runs), ()).tasks
    assert not work_left(made, set(made.runs), set(made.graph.starts)).tasks


def test_steps_left_are_the_shared_ones() -> None:
    for name, made in PLANS.items():
        assert everything(made).steps == made.steps_shared, name


def test_what_is_stored_is_not_made_again() -> None:
    made = PLANS["every method"]
    stored = set(everything(made).tasks)
    dense = {run.key for seed in (0, 1) for run in runs_of(made, "none", seed)}
    work = work_left(made, set(made.runs) - {run.key for run in runs_of(made, "one-shot")}, stored)
    assert set(work.tasks) == {run.key for run in runs_of(made, "one-shot")}
    assert {task.source for task in work.tasks.values()} <= dense


def test_a_lost_state_is_made_again_and_nothing_else() -> None:
    made = PLANS["every method"]
    whole = everything(made)
    (dense,) = runs_of(made, "none")
    cut, _ = made.graph.taken_up_at(dense.key)
    stored = set(whole.tasks) - {dense.key}
    wanted = runs_of(made, "one-shot")[2].key
    work = work_left(made, set(made.runs) - {wanted}, stored - {wanted})
    assert list(work.tasks) == [dense.key, wanted]
    assert work.tasks[dense.key].source == cut  # from the cut before it, not from the start
    assert work.tasks[dense.key].steps == 20 - 7


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 10_000), name=st.sampled_from(sorted(PLANS)))
def test_from_any_state_of_affairs_the_rest_is_made(number: int, name: str) -> None:
    """Any runs done, any states stored: the rest can be carried out and gives every run that is missing."""
    made, choice = PLANS[name], random.Random(number)
    whole = everything(made)
    done = {key for key in made.runs if choice.random() < choice.random()}
    stored = {key for key in whole.tasks if choice.random() < choice.random()}
    work = work_left(made, done, stored)
    assert set(made.runs) - done <= set(work.tasks)
    assert not (set(work.tasks) & stored) - (set(made.runs) - done)
    carried_out(work, stored, set(made.graph.starts.values()))


def test_packs_hold_what_can_be_stacked() -> None:
    made = plan(seeds=range(4))
    work = everything(made)
    packs = ready_packs(work, (), ())
    (first,) = packs.values()
    assert {task.key for task in first} == {key for key in work.tasks if not work.waits_for[key]}
    others = plan(seeds=range(4), optimiser=Optimiser("sgd", 0.1)), plan(seeds=range(4), batch=20)
    for other in others:
        assert not set(other.runs) & set(made.runs)


def test_replicas_with_a_rule_of_selection_share_their_stretch() -> None:
    made = PLANS["selected"]
    for tasks in ready_packs(everything(made), (), ()).values():
        trainings = {
            (task.stretch.training.select, task.stretch.start, task.stretch.stop) for task in tasks if task.stretch
        }
        kinds = {rule.kind for rule, _, _ in trainings}
        assert kinds == {"last"} or len(trainings) == 1


def test_a_training_of_which_a_state_is_chosen_runs_in_one_piece() -> None:
    """The best of a training is the best of all its states, wherever others leave it."""
    for task in everything(PLANS["selected"]).tasks.values():
        if task.stretch and task.stretch.training.select.kind == "best":
            node = PLANS["selected"].graph.trained[task.key]
            assert (task.stretch.start, task.stretch.stop) == (node.start, node.stop)


@pytest.mark.long
def test_the_work_of_twenty_thousand_runs_is_found_in_seconds() -> None:
    made = plan(sparsities=SparsitySpec(rate=0.2, rounds=20), seeds=range(142), length=4600)
    began = time.perf_counter()
    work = everything(made)
    packs = ready_packs(work, (), ())
    took = time.perf_counter() - began
    assert len(work.tasks) >= 20_000
    assert packs
    assert took < 10, f"{took:.1f} s"
