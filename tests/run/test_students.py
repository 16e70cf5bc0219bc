"""Networks that a method puts in the place of the suite's, from a suite to the database."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

from pathlib import Path

import pytest

from bench.errors import UserError
from bench.methods.task import Instead, Task
from bench.plan import pack_of, work_left
from bench.recipe import Optimiser
from bench.records import PASSES
from bench.registry import Choice, method, registry
from bench.states import States
from bench.suite.values import PruneSpec, SparsitySpec
from tests.plan.grids import grid, plan, steps
from tests.plan.grids import method as spec
from tests.run.crews import Desk, results, rows, run

LEVELS = SparsitySpec(targets=(0.4, 0.8))


def test_a_smaller_network_stands_beside_what_is_pruned(tmp_path: Path) -> None:
    made = plan((spec("none"), spec("one-shot"), spec("equal-size")), LEVELS, seeds=(0, 1), length=30)
    run(made, tmp_path)
    found = results(tmp_path)
    assert {row["status"] for row in found} == {"done"}
    assert {(row["data"], row["model"]) for row in found} == {("penguins", "penguin-net")}
    by_place = {(row["method"], row["level"], row["seed"]): row for row in found}
    for level, units in ((1, 7), (2, 2)):  # of 12 + 3 weights each, where 108 and 36 are left
        pruned, small = by_place["one-shot", level, 0], by_place["equal-size", level, 0]
        assert small["target_sparsity"] == pruned["target_sparsity"]
        assert (small["sparsity"], small["weights"], small["weights_kept"]) == (0, 15 * units, 15 * units)
        assert 0 <= pruned["weights_kept"] - small["weights_kept"] < 15
        assert small["macs"] == 15 * units
        assert small["steps_alone"] == 30
        assert small["flops_alone"] == 2 * PASSES * 15 * units * 50 * 30
    assert by_place["equal-size", 1, 0]["test_loss"] != by_place["equal-size", 1, 1]["test_loss"]
    shapes = rows(
        tmp_path,
        "SELECT DISTINCT layers.layer, layers.weights FROM layers JOIN results USING (key) "
        "WHERE results.method = 'equal-size' AND results.level = 2",
    )
    assert sorted(shapes) == [("fc1", 24), ("output", 6)]


def test_each_network_is_packed_for_itself_and_the_data_are_opened_once(tmp_path: Path) -> None:
    made = plan((spec("none"), spec("equal-size")), LEVELS, seeds=(0, 1, 2), length=30)
    work = work_left(made, (), ())
    kinds = {pack_of(task, work.ground[key]) for key, task in work.tasks.items()}
    assert len(kinds) == 3
    desk = Desk(States(tmp_path / "states"))
    run(made, tmp_path, desk)
    assert sorted(len(order.tasks) for order in desk.orders) == [3, 3, 3]


def test_the_same_network_is_the_same_ground() -> None:
    made = grid((spec("equal-size"),), SparsitySpec(targets=(0.8, 0.81)))
    first, second = (cell.own for cell in made.cells)
    assert first is second  # 36 and 34 weights are left: two units either way
    (ground,) = made.grounds
    assert first is not ground
    assert first.start(0) != ground.start(0)
    assert ground.on(ground.place.network) is ground


def test_excluded_layers_are_whole_in_the_count() -> None:
    made = grid((spec("equal-size", prune=PruneSpec(exclude=("output",))),), SparsitySpec(targets=(0.5,)))
    (cell,) = made.cells
    assert sum(layer.weights for layer in cell.own.layers) == 15 * ((72 + 36) // 15)


@pytest.mark.parametrize(
    "prune",
    [
        PruneSpec(),
        PruneSpec(scope="global"),
        PruneSpec(granularity="unit", exclude=("output",)),
        PruneSpec(granularity="input"),
        PruneSpec(exclude=("output",)),
    ],
    ids=["weights", "global", "units", "inputs", "a layer left out"],
)
def test_it_is_never_larger_than_what_is_pruned(prune: PruneSpec, tmp_path: Path) -> None:
    """However it is pruned: one unit more of it would be."""
    targets = SparsitySpec(targets=(0.28, 0.39, 0.53, 0.61))
    made = plan((spec("one-shot", prune=prune), spec("equal-size", prune=prune)), targets, seeds=(0,), length=5)
    run(made, tmp_path)
    kept = {(row["method"], row["level"]): row["weights_kept"] for row in results(tmp_path)}
    for level in range(1, 5):
        spare = kept["one-shot", level] - kept["equal-size", level]
        assert 0 <= spare < 15  # a unit has 12 weights in and 3 out


def test_where_there_is_no_network_so_small_the_row_is_left_out_and_it_is_said() -> None:
    made = grid((spec("one-shot"), spec("equal-size")), SparsitySpec(targets=(0.4, 0.95)))
    assert [(cell.method.name, cell.level) for cell in made.cells] == [
        ("one-shot", 1), ("one-shot", 2), ("equal-size", 1),
    ]  # fmt: skip
    assert made.notices == (
        "penguins, penguin-net: method 'equal-size' has no row at level 2: the narrowest penguin-net has 15 weights, "
        "more than the 9 that are left at this level",
    )


def test_another_network_is_named_first() -> None:
    @method("late-change", whole=True)
    def late(task: Task):  # type: ignore[no-untyped-def]  # what a user may write
        yield task.train()
        yield Instead(Choice("mlp"))

    try:
        with pytest.raises(UserError, match="'late-change': names another network in the middle of its recipe"):
            grid((spec("late-change"),))
    finally:
        registry("method")._components.pop("late-change")


SUITE = """
title: Students
data: digits
model: {mlp: {sizes: [24]}}
training: {optimiser: adam, lr: 1e-2, batch: 100, steps: 60}
seeds: 2
sparsities: [0.5, 0.8]
methods: [none, equal-size, distil, {one-shot: {fine-tune: 20 steps}}, {distil-pruned: {fine-tune: 20 steps}}]
"""


def test_students_and_their_controls_learn_the_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.yaml").write_text(SUITE)
    found = bench.run("suite.yaml", database="results.db", threads=1)
    assert set(found["status"]) == {"done"}
    assert len(found) == 2 * (1 + 4 * 2)
    assert (found["test_accuracy"] > 0.4).all()
    paired = found.set_index(["method", "level", "seed"])
    for level in (1, 2):
        for seed in (0, 1):
            student, control = paired.loc[("distil", level, seed)], paired.loc[("equal-size", level, seed)]
            assert student["weights"] == control["weights"]
            assert student["weights_kept"] == control["weights_kept"]
            assert student["test_loss"] != control["test_loss"]
            assert (student["steps_alone"], control["steps_alone"]) == (120, 60)


TAUGHT = (spec("distil"), spec("distil-pruned", fine_tune=steps(10)))


def test_a_run_that_is_interrupted_goes_on_with_the_same_teachers(tmp_path: Path) -> None:
    made = plan(TAUGHT, LEVELS, seeds=(0, 1), length=30)
    run(made, tmp_path / "whole")
    count = 0

    def stop_at_the_third(question: object) -> None:
        nonlocal count
        count += 1
        if count > 3:
            raise KeyboardInterrupt

    folder = tmp_path / "interrupted"
    receipt = run(made, folder, Desk(States(folder / "states"), before=stop_at_the_third))
    assert receipt.ending == "interrupted"
    run(made, folder)
    passing = ("steps_shared",)
    assert [{name: row[name] for name in row if name not in passing} for row in results(folder)] == [
        {name: row[name] for name in row if name not in passing} for row in results(tmp_path / "whole")
    ]


def test_a_teacher_that_is_lost_is_made_again(tmp_path: Path) -> None:
    run(plan(TAUGHT, LEVELS, seeds=(0,), length=30), tmp_path)
    before = {row["key"]: row["test_loss"] for row in results(tmp_path)}
    for file in (tmp_path / "states").glob("*/*.state"):
        file.unlink()
    more = plan((*TAUGHT, spec("distil", "cooler", temperature=2.0)), LEVELS, seeds=(0,), length=30)
    desk = Desk(States(tmp_path / "states"))
    run(more, tmp_path, desk)
    assert len(desk.made) == 3  # the teacher, which is no run of the suite, and two students
    after = {row["key"]: row["test_loss"] for row in results(tmp_path)}
    assert before.items() < after.items()
    assert len(after) == 6


def test_a_teacher_that_diverges_takes_its_students_with_it(tmp_path: Path) -> None:
    run(plan(TAUGHT, LEVELS, seeds=(0,), length=60, optimiser=Optimiser("sgd", 1e30)), tmp_path)
    found = results(tmp_path)
    assert {row["status"] for row in found} == {"diverged"}
    assert all("a state that it starts from diverged" in row["reason"] for row in found)
