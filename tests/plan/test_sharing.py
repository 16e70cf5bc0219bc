"""What recipes have in common is done once: equal prefixes have equal keys."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from bench.durations import Duration
from bench.errors import UserError
from bench.graph import Graph, visits
from bench.recipe import EVERYTHING, Level, Optimiser, Prune, Recipe, Reset, Schedule, Score, Start, Train, Training
from bench.registry import Choice
from bench.suite.values import PruneSpec, SelectSpec, SparsitySpec
from tests.plan.grids import EVERY_METHOD, method, plan, runs_of, steps

START = Start("data", ("net",), ("torch",), 0)
DENSE = Training(Optimiser("adam", 1e-3), Schedule("linear", 30), 50)
LEVEL = Level(1, (("fc1", 0.5),))
PRUNE = Prune(LEVEL, Score("magnitude"))


def test_dense_training_is_shared_by_all_that_begin_with_it() -> None:
    made = plan()
    (dense,) = runs_of(made, "none")
    for label in ("one-shot", "fine-tune", "lottery", "late", "lottery-redrawn", "lottery-kept"):
        for run in runs_of(made, label):
            assert run.path[0] == dense.key, label


def test_lottery_rounds_are_shared_along_the_ladder_and_with_its_control() -> None:
    made = plan()
    rounds = runs_of(made, "lottery")
    for shorter, longer in pairwise(rounds):
        assert longer.path[:-1] == shorter.path
    for ticket, control in zip(rounds, runs_of(made, "lottery-redrawn"), strict=True):
        assert control.last_pruning == ticket.last_pruning  # the ticket's masks
        assert control.path[:-1] == ticket.path[:-1]
        assert control.key != ticket.key


def test_dense_training_is_cut_where_others_leave_it() -> None:
    made = plan()
    (dense,) = runs_of(made, "none")
    rewound, pruned = runs_of(made, "late")[0], runs_of(made, "dynamic")[0]
    first_cut = pruned.path[0]
    graph = made.graph
    assert graph.trained[first_cut].stop == 7  # a third of 20 steps
    assert graph.taken_up_at(dense.key) == (first_cut, 7)
    to_5, step = graph.taken_up_at(first_cut)
    assert step == 5
    (reset,) = [
        c
        for c in graph.changed.values()
        if isinstance(c.step, Reset) and c.step.to == 5 and c.before == rewound.last_pruning
    ]
    assert reset.looks_at == (to_5,)
    assert graph.taken_up_at(to_5) == (graph.trained[to_5].base, 0)


def test_a_cut_renames_nothing() -> None:
    alone = runs_of(plan((method("none"),)), "none")[0]
    cut = runs_of(plan(), "none")[0]
    assert alone.key == cut.key


def test_levels_pair_by_place_and_share_keys_by_value() -> None:
    few = plan(sparsities=SparsitySpec(targets=(0.6,)))
    many = plan(sparsities=SparsitySpec(targets=(0.3, 0.6)))
    assert runs_of(few, "one-shot")[0].key == runs_of(many, "one-shot")[1].key
    assert runs_of(few, "dynamic")[0].key == runs_of(many, "dynamic")[1].key
    assert runs_of(few, "lottery")[0].key != runs_of(many, "lottery")[1].key  # one round is not two


def test_steps_are_counted_once() -> None:
    made = plan(seeds=(0,))
    length, levels = 20, 3
    lottery = levels * length
    late = length - 5
    expected = (
        length  # dense
        + levels * 6  # fine-tuning
        + lottery
        + levels * late
        + lottery  # redrawn: the last training of each level
        + lottery  # kept: a chain of its own after round 1's pruning
        + levels * (length - 7)  # dynamic
    )
    assert made.steps_shared == expected
    rounds = [1, 2, 3]
    alone = (
        length
        + sum(length for _ in rounds)
        + sum(length + 6 for _ in rounds)
        + 3 * sum(length * (level + 1) for level in rounds)  # lottery and its controls
        + sum(length + late * level for level in rounds)
        + sum(length for _ in rounds)
    )
    assert made.steps_alone == alone
    assert plan(seeds=(0, 1)).steps_shared == 2 * expected


def test_equal_runs_of_two_methods_are_one() -> None:
    made = plan((method("lottery"), method("lottery", "again", rewind=Duration(0, "share"))))
    assert [run.key for run in runs_of(made, "lottery")] == [run.key for run in runs_of(made, "again")]
    assert len(made.runs) == 3 * 2
    assert len(made.keys) == 6


def test_seeds_share_nothing() -> None:
    made = plan(seeds=(3, 4))
    assert not {run.key for run in runs_of(made, "lottery", 3)} & {run.key for run in runs_of(made, "lottery", 4)}
    paths = [{key for run in runs_of(made, "lottery", seed) for key in run.path} for seed in (3, 4)]
    assert not paths[0] & paths[1]


def test_what_is_chosen_by_validation_rewinds_to_the_way_itself() -> None:
    """Rewinding to step k goes to the weights at step k, not to the best of the first k."""
    made = plan((method("none"), method("lottery", rewind=steps(5))), select=SelectSpec("best", steps(4)))
    (dense,) = runs_of(made, "none")
    assert made.graph.trained[dense.key].training.select.kind == "best"
    moments = {key for changed in made.graph.changed.values() for key in changed.looks_at}
    for key in moments:
        assert made.graph.trained[key].training.select.kind == "last"
        assert made.graph.trained[key].stop == 5
    assert made.graph.taken_up_at(dense.key) == (made.graph.trained[dense.key].base, 0)


def test_scores_of_other_moments_look_at_the_dense_training() -> None:
    final = PruneSpec(score=Choice("large-final"))
    made = plan((method("none"), method("lottery", prune=final)))
    (dense,) = runs_of(made, "none")
    prunings = [changed for changed in made.graph.changed.values() if isinstance(changed.step, Prune)]
    assert {changed.looks_at for changed in prunings} == {(dense.key,), (runs_of(made, "none", 1)[0].key,)}


def test_fine_tuning_as_long_as_the_training_at_its_own_rate_is_planned() -> None:
    whole = method("one-shot", fine_tune=Duration(1, "share"), fine_tune_rate=1.0)
    assert len(plan((whole,)).runs) == 6


@pytest.mark.parametrize(
    ("steps_given", "words"),
    [
        ((Train(DENSE, 0, 40),), "a schedule of 30 steps"),
        ((Train(DENSE, 20, 10),), "give steps that rise"),
        ((Train(DENSE, -1, 10),), "give steps that rise"),
        ((Train(DENSE, 0, 10), Train(DENSE, 12, 30)), "its clock stands at step 10"),
        ((Train(DENSE, 0, 30), PRUNE, Train(DENSE, 0, 30)), "its clock stands at step 30"),
        ((Train(DENSE, 0, 30), PRUNE, Reset(5), Train(DENSE, 0, 30)), "its clock stands at step 5"),
        ((Train(DENSE, 0, 30), PRUNE, Reset(5, ("weights",)), Train(DENSE, 5, 30)), "its clock stands at step 30"),
        ((Train(DENSE, 0, 30), Reset(31)), "goes back to step 31"),
        ((Prune(LEVEL, Score("large-final", looks_at=(31,))),), "goes back to step 31"),
    ],
)
def test_contradictory_recipes_are_refused(steps_given: tuple[Train | Prune | Reset, ...], words: str) -> None:
    with pytest.raises(UserError) as caught:
        Graph().add(Recipe(START, steps_given), DENSE)
    assert words in str(caught.value)


def test_consistent_recipes_are_not() -> None:
    for steps_given in (
        (),
        (PRUNE,),
        (Train(DENSE, 0, 10), PRUNE, Train(DENSE, 10, 30)),
        (Train(DENSE, 0, 30), PRUNE, Reset(5), Train(DENSE, 5, 30)),
        (Train(DENSE, 0, 30), PRUNE, Reset(0, ("clock", "optimiser", "order")), Train(DENSE, 0, 30)),
        (Train(DENSE, 0, 30), PRUNE, Reset(0, EVERYTHING, redraw=True), Train(DENSE, 0, 30)),
    ):
        path = list(visits(Recipe(START, steps_given), DENSE))
        assert [visit.before for visit in path[1:]] == [visit.after for visit in path[:-1]]


MNIST_LIKE = SparsitySpec(rate=0.2, rounds=20, rates=(("output", 0.1),))


def test_a_ladder_like_that_of_mnist_is_mostly_shared() -> None:
    made = plan(
        (*EVERY_METHOD[:2], method("one-shot", "fine-tune", fine_tune=Duration(0.4, "share")), *EVERY_METHOD[3:]),
        sparsities=MNIST_LIKE,
        seeds=(0,),
        length=4600,
    )
    assert made.steps_shared / made.steps_alone <= 0.15
    assert len(made.runs) == 1 + 7 * 20


@pytest.mark.long
def test_twenty_thousand_runs_are_planned_in_seconds() -> None:
    began = time.perf_counter()
    made = plan(sparsities=MNIST_LIKE, seeds=range(142), length=4600)
    took = time.perf_counter() - began
    assert len(made.runs) >= 20_000
    assert made.steps_shared < made.steps_alone
    assert took < 10, f"{took:.1f} s"


def test_a_method_that_draws_by_the_seed_has_a_recipe_for_each() -> None:
    def moments(seeds: tuple[int, ...], seed: int) -> tuple[str, list[int]]:
        made = plan((method("dynamic-drawn", count=2, each_seed=True),), seeds=seeds, length=200)
        run = runs_of(made, "dynamic-drawn", seed)[0]
        return run.key, [step.stop for step in run.recipe.steps if isinstance(step, Train)]

    found = {seed: moments((0, 1, 2), seed) for seed in (0, 1, 2)}
    assert len({tuple(stops) for _, stops in found.values()}) > 1
    assert moments((2,), 2) == found[2], "whatever other seeds there are"
