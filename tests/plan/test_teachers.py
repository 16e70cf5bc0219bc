"""Teachers are recipes of the same graph: trained once, before their students, and counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.errors import UserError
from bench.explain import explain
from bench.graph import Graph
from bench.methods.task import Instead, Task
from bench.only import picked
from bench.plan import Plan, Run, inputs, pack_of, ready_packs, work_left
from bench.recipe import (
    Optimiser,
    Recipe,
    Schedule,
    Start,
    Teacher,
    Train,
    Training,
    final_key,
    taught_by,
    trained_key,
)
from bench.records import PASSES, Accounts
from bench.registry import Choice, method, registry
from bench.suite.values import SelectSpec, SparsitySpec
from tests.plan.grids import grid, plan, runs_of, steps
from tests.plan.grids import method as spec

LEVELS = SparsitySpec(targets=(0.4, 0.8))
DISTILLED = (spec("none"), spec("equal-size"), spec("distil"), spec("distil-pruned", fine_tune=steps(6)))
START = Start("data", ("net",), ("torch",), 3)
DENSE = Training(Optimiser("adam", 1e-3), Schedule("linear", 30), 50)
TEACHER = Teacher(("larger",), (Train(DENSE, 0, 30),), 0.9, 4.0)
TAUGHT = replace(DENSE, teacher=TEACHER)


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(DISTILLED, LEVELS, seeds=(0, 1), length=20)


def test_a_training_without_a_teacher_keeps_its_key_and_each_part_of_a_teacher_is_in_it() -> None:
    other = Training(Optimiser("adam", 1e-3), Schedule("linear", 30), 50, None, DENSE.select, None)
    assert trained_key("base", other, 0, 30) == trained_key("base", DENSE, 0, 30)
    teachers = [
        TEACHER,
        replace(TEACHER, network=("other",)),
        replace(TEACHER, steps=(Train(DENSE, 0, 29),)),
        replace(TEACHER, steps=(Train(replace(DENSE, batch=60), 0, 30),)),
        replace(TEACHER, alpha=0.8),
        replace(TEACHER, temperature=3.0),
    ]
    keys = {trained_key("base", replace(DENSE, teacher=teacher), 0, 30) for teacher in (None, *teachers)}
    assert len(keys) == 1 + len(teachers)


def test_a_teacher_has_the_data_initialisation_and_seed_of_its_student() -> None:
    teaching = taught_by(START, TEACHER)
    assert teaching == Recipe(replace(START, network=("larger",)), TEACHER.steps)
    graph = Graph()
    (visit,) = graph.add(Recipe(START, (Train(TAUGHT, 0, 30),)), DENSE)
    assert graph.teachers == {visit.after: final_key(teaching)}
    assert final_key(teaching) in graph.trained


def test_a_teacher_may_have_a_teacher() -> None:
    middle = Teacher(("middle",), (Train(TAUGHT, 0, 30),), 0.5, 2.0)
    graph = Graph()
    (visit,) = graph.add(Recipe(START, (Train(replace(DENSE, teacher=middle), 0, 30),)), DENSE)
    way = [visit.after]
    while way[-1] in graph.teachers:
        way.append(graph.teachers[way[-1]])
    assert [graph.trained[key].training.teacher for key in way] == [middle, TEACHER, None]


def test_the_dense_network_teaches_all_students_of_its_seed(made: Plan) -> None:
    for seed in (0, 1):
        (dense,) = runs_of(made, "none", seed)
        for label in ("distil", "distil-pruned"):
            for run in runs_of(made, label, seed):
                assert made.graph.teachers[run.path[-1]] == dense.key
                assert run.teaching == (dense.key,)


def test_it_is_trained_once_and_first(made: Plan) -> None:
    work = work_left(made, (), ())
    assert work.steps == made.steps_shared
    # dense; two sizes of two ways; two prunings that share the dense training, with 6 steps more each
    assert work.steps == 2 * (20 + 4 * 20 + 2 * 6)
    for key, task in work.tasks.items():
        if task.teacher:
            assert task.teacher.key in inputs(task)
            assert task.teacher.key in work.waits_for[key]


def test_it_is_trained_even_where_it_is_no_run_of_the_suite() -> None:
    made = plan((spec("distil"),), LEVELS, seeds=(0,), length=20)
    work = work_left(made, (), ())
    assert len(made.runs) == 2
    (teacher,) = set(work.tasks) - set(made.runs)
    assert not work.tasks[teacher].final
    assert work.ground[teacher] is made.grid.grounds[0]
    # Stored, it is not made again; where all is done, nothing is.
    assert set(work_left(made, (), {teacher}).tasks) == set(made.runs)
    assert not work_left(made, made.runs.keys(), ()).tasks


def test_students_are_packed_by_the_network_of_their_teacher(made: Plan) -> None:
    work = work_left(made, (), ())
    dense = {run.key for seed in (0, 1) for run in runs_of(made, "none", seed)}
    packs = ready_packs(work, dense, ())
    for tasks in packs.values():
        assert len({task.teacher and task.teacher.network for task in tasks}) == 1
    by_label = {
        label: {pack_of(work.tasks[run.key], work.ground[run.key]) for run in runs_of(made, label)[:1]}
        for label in ("equal-size", "distil")
    }
    assert by_label["equal-size"].isdisjoint(by_label["distil"])  # one network, with a teacher and without


def cost(run: Run) -> int:
    return sum(
        effort.steps * (PASSES * effort.ground.multiply_adds + (effort.teacher.multiply_adds if effort.teacher else 0))
        for effort in run.efforts
    )


def test_a_student_pays_for_its_teacher(made: Plan) -> None:
    (dense,) = runs_of(made, "none")
    assert (dense.steps_alone, cost(dense)) == (20, 20 * 3 * 180)
    control, student = runs_of(made, "equal-size")[1], runs_of(made, "distil")[1]
    assert (control.steps_alone, cost(control)) == (20, 20 * 3 * 30)
    assert (student.steps_alone, cost(student)) == (40, 20 * 3 * 180 + 20 * (3 * 30 + 180))
    # What is pruned began as its own teacher: that is trained once.
    pruned = runs_of(made, "distil-pruned")[1]
    assert (pruned.steps_alone, cost(pruned)) == (26, 20 * 3 * 180 + 6 * (3 * 180 + 180))


def test_what_all_runs_pay_together_is_what_was_made(made: Plan) -> None:
    accounts = Accounts(made)
    paid = sum(accounts.steps_shared(run) for run in made.runs.values())
    assert abs(paid - made.steps_shared) <= len(made.runs) / 2  # each is rounded


def test_a_teacher_that_is_selected_teaches_with_its_best_state() -> None:
    made = plan(DISTILLED, LEVELS, seeds=(0,), length=20, select=SelectSpec("best", steps(4)))
    (dense,) = runs_of(made, "none")
    assert runs_of(made, "distil")[0].teaching == (dense.key,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 1.5}, "alpha is 1.5; give a share from 0 to 1"),
        ({"temperature": 0.0}, "temperature is 0; give a number above 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        grid((spec("distil", **options),), LEVELS)


def test_a_teacher_of_some_third_network_is_refused() -> None:
    @method("taught-by-a-stranger", whole=True)
    def stranger(task: Task):  # type: ignore[no-untyped-def]  # what a user may write
        yield Instead(Choice("mlp", (("sizes", (2 + task.level.index,)),)))
        yield replace(task, network=("someone", (12,), 3)).taught(0.5, 2.0).train()

    try:
        with pytest.raises(UserError, match="its teacher has a network that is neither the suite's nor its own"):
            plan((spec("taught-by-a-stranger"),), LEVELS)
    finally:
        registry("method")._components.pop("taught-by-a-stranger")


def test_a_student_of_choice_has_one_row_and_a_control_of_its_own() -> None:
    small = Choice("mlp", (("sizes", (5,)),))
    made = plan((spec("none"), spec("distil-into", network=small), spec("another-network", network=small)), LEVELS)
    (dense,), (student,), (control,) = (runs_of(made, label) for label in ("none", "distil-into", "another-network"))
    assert student.teaching == (dense.key,)
    assert student.recipe.start == control.recipe.start != dense.recipe.start
    assert student.cell.own is control.cell.own
    assert student.cell.level == control.cell.level == 0
    assert (student.steps_alone, control.steps_alone) == (40, 20)


def test_picking_a_method_leaves_other_networks_out() -> None:
    small = Choice("mlp", (("sizes", (5,)),))
    made = grid((spec("none"), spec("one-shot"), spec("another-network", network=small)), LEVELS)
    assert {cell.method.name for cell in picked(made.cells, {"method": ["one-shot"]})} == {"none", "one-shot"}
    assert "another-network" in {cell.method.name for cell in picked(made.cells, {"method": ["another-network"]})}


def test_it_is_told_in_words(made: Plan) -> None:
    told = {(cell.method.name, cell.level): explain(made, cell) for cell in made.keys}
    student = told["distil", 2]
    assert student.whole
    assert student.network == "penguin-net (width 0.2083), 30 weights in place of 180"
    (step,) = student.steps
    assert step.words.startswith("train all 20 steps of the suite's training (")
    assert step.words.endswith(
        ", taught by the suite's network after its dense training, which counts 0.9 against the labels, "
        "at temperature 4"
    )
    assert (student.steps_alone, student.teacher_steps, student.steps_of_its_own) == (40, 20, 20)
    pruned = told["distil-pruned", 2]
    assert (pruned.whole, pruned.network, pruned.teacher_steps) == (False, None, 0)
    assert "taught by the suite's network" in pruned.steps[-1].words
    assert "taught" not in pruned.steps[0].words
    # The dense training is shared by its own row, by students and by what is pruned.
    assert {"distil", "distil-pruned"} <= set(told["none", 0].steps[0].shared[0].methods)
