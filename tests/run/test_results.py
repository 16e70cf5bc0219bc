"""What a carried-out plan leaves in the database, whatever the packs were."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.data.base import Dataset, Split, Tensors, open_dataset
from bench.recipe import Optimiser
from bench.registry import Choice
from bench.states import States
from bench.suite.values import PruneSpec, SelectSpec, SparsitySpec
from tests.plan.grids import EVERY_METHOD, method, plan, runs_of, steps
from tests.run.crews import Desk, Listener, layers, results, rows, run

WHOLE = 180  # weights of the penguins' network


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    torch.set_num_threads(1)
    run(plan(), folder)
    return folder


def test_every_cell_and_seed_has_its_row(undisturbed: Path) -> None:
    found = results(undisturbed)
    assert len(found) == 2 * (1 + 7 * 3)
    assert {row["status"] for row in found} == {"done"}
    assert {(row["method"], row["level"], row["seed"]) for row in found} == {
        (spec.label, level, seed)
        for spec in EVERY_METHOD
        for level in ([0] if spec.name == "none" else [1, 2, 3])
        for seed in (0, 1)
    }
    assert not rows(undisturbed, "SELECT * FROM missing")


def test_what_a_row_says(undisturbed: Path) -> None:
    for row in results(undisturbed):
        gone = {0: 0, 1: 43 + 11, 2: 86 + 22, 3: 130 + 32}[row["level"]]  # of 144 and 36 weights, rounded half up
        assert row["weights"] == WHOLE
        assert row["weights_kept"] == WHOLE - gone, row["method"]
        assert row["sparsity"] == pytest.approx(gone / WHOLE)
        assert row["effective_sparsity"] >= row["sparsity"] - 1e-12
        others = row["parameters"] - WHOLE
        assert row["parameters_effective"] <= row["parameters_kept"]
        assert row["macs_effective"] <= row["macs_kept"] == row["weights_kept"]
        assert row["theoretical_speedup"] == pytest.approx(row["macs"] / row["macs_kept"])
        assert row["bytes_dense"] == 4 * (WHOLE + others)
        assert row["bytes_bitmask"] == (144 + 36) / 8 + 0.5 + 4 * (row["weights_kept"] + others)  # 36 bits: 5 bytes
        assert 0 < row["bytes_gzip"] < row["bytes_csr"]
        assert row["recalibrated_test_accuracy"] is None  # there is no batch norm
        assert row["target_sparsity"] == {0: 0.0, 1: 0.3, 2: 0.6, 3: 0.9}[row["level"]]
        assert row["test_count"] == 33
        assert row["test_accuracy"] == pytest.approx(round(row["test_accuracy"] * 33) / 33)
        trained = ("train_loss",) if row["method"] != "one-shot" else ()  # which ends with a pruning
        for name in (*trained, "validation_loss", "test_loss"):
            assert 0.2 < row[name] < 3
        judged = [row[f"pruned_{part}_{what}"] for part in ("validation", "test") for what in ("loss", "accuracy")]
        assert (None in judged) == (row["level"] == 0)
        if row["method"] == "one-shot":
            assert row["pruned_test_loss"] == row["test_loss"]
        assert row["steps_alone"] >= 20


def test_one_shot_and_fine_tuning_are_judged_alike_right_after_pruning(undisturbed: Path) -> None:
    judged: dict[tuple[int, int], set[float]] = {}
    for row in results(undisturbed):
        if row["method"] in ("one-shot", "fine-tune"):
            judged.setdefault((row["level"], row["seed"]), set()).add(row["pruned_test_loss"])
    assert {len(values) for values in judged.values()} == {1}


def test_methods_of_a_seed_share_their_split(undisturbed: Path) -> None:
    found = rows(undisturbed, "SELECT DISTINCT seed, split_hash FROM runs")
    assert len(found) == 2
    assert len({split for _, split in found}) == 2


def test_costs_are_shared_out_in_full(undisturbed: Path) -> None:
    made = plan()
    by_key = {row["key"]: row for row in results(undisturbed)}
    assert sum(row["steps_shared"] for row in by_key.values()) == pytest.approx(made.steps_shared, abs=len(by_key))
    assert sum(row["steps_alone"] for row in by_key.values()) == made.steps_alone


@pytest.mark.parametrize(("width", "size"), [(1, 1), (3, 1), (33, 1), (4, 3)])
def test_packs_of_any_width_give_the_same_rows(width: int, size: int, undisturbed: Path, tmp_path: Path) -> None:
    run(plan(), tmp_path, Desk(States(tmp_path / "states"), width, size))
    assert without_curves(results(tmp_path)) == without_curves(results(undisturbed))
    assert layers(tmp_path) == layers(undisturbed)


def without_curves(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "width"} for row in found]


def test_a_second_run_makes_nothing(tmp_path: Path) -> None:
    made = plan(seeds=(0,))
    first = run(made, tmp_path)
    before = results(tmp_path)
    desk = Desk(States(tmp_path / "states"))
    second = run(made, tmp_path, desk)
    assert first.made == {"done": len(made.runs)}
    assert (second.before, second.made, second.steps) == (len(made.runs), {}, 0)
    assert not desk.orders
    assert results(tmp_path) == before


def test_what_was_not_asked_for_is_not_run(tmp_path: Path) -> None:
    made = plan(seeds=(0,))
    asked = {run.key for run in runs_of(made, "fine-tune")}
    assert run(made, tmp_path, asked=asked).made == {"done": 3}
    assert {row["method"] for row in results(tmp_path)} == {"fine-tune"}
    assert run(made, tmp_path).made == {"done": len(made.runs) - 3}


def test_a_part_made_first_changes_no_row(undisturbed: Path, tmp_path: Path) -> None:
    """Method after method, each in a command of its own, fine-tuning before what it shares its pruning with."""
    made = plan()
    for label in ("fine-tune", "lottery-redrawn", "dynamic", "none", "one-shot"):
        run(made, tmp_path, asked={one.key for seed in (0, 1) for one in runs_of(made, label, seed)})
    run(made, tmp_path)
    assert without_curves(results(tmp_path)) == without_curves(results(undisturbed))


def test_two_databases_may_share_their_states(tmp_path: Path, undisturbed: Path) -> None:
    """A state that the other database made brings its row no gaps."""
    run(plan((method("one-shot"),)), tmp_path, database="first.db")
    run(plan(), tmp_path, database="second.db")
    assert without_curves(results(tmp_path, "second.db")) == without_curves(results(undisturbed))


def test_a_state_without_its_judgement_is_judged_again(tmp_path: Path, undisturbed: Path) -> None:
    """As after a kill between saving a pruned state and writing its row, or with another database's states."""
    run(plan((method("one-shot"),)), tmp_path, database="first.db")
    only = (method("one-shot", "fine-tune", fine_tune=steps(6)),)
    run(plan(only), tmp_path, database="second.db")
    expected = [row for row in results(undisturbed) if row["method"] == "fine-tune"]
    names = ("pruned_validation_loss", "pruned_test_loss", "test_loss", "key")
    found = results(tmp_path, "second.db")
    assert [[row[name] for name in names] for row in found] == [[row[name] for name in names] for row in expected]


def poisoned(dataset: Dataset) -> Dataset:
    """The same data set with nonsense wherever seed 0 has its test part."""
    tensors, test = dataset.tensors(), dataset.split(0).test
    inputs, labels = tensors.inputs.clone(), tensors.labels.clone()
    inputs[test] = float("nan")
    labels[test] = (labels[test] + 1) % dataset.info.classes

    class Poisoned(Dataset):
        def split(self, seed: int) -> Split:
            return dataset.split(seed)

    return Poisoned(dataset.info, lambda: Tensors(inputs, labels, tensors.shift, tensors.factor), lambda seed: {})


@pytest.mark.parametrize("select", [None, SelectSpec("best", steps(3)), SelectSpec("stop", steps(3), 2)])
def test_test_data_are_read_after_every_choice(
    select: SelectSpec | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nonsense in the test part, all states, curves and judgements on validation data are the same."""
    made = plan(seeds=(0,), select=select)
    run(made, tmp_path / "clean")
    monkeypatch.setattr("bench.executors.workshop.open_dataset", lambda *given: poisoned(open_dataset(*given)))
    run(made, tmp_path / "poisoned")
    clean, dirty = (States(tmp_path / name / "states") for name in ("clean", "poisoned"))
    assert clean.keys() == dirty.keys()
    for key in clean.keys():  # noqa: SIM118  # a method, not a mapping's
        assert torch.equal(clean.get(key).weights, dirty.get(key).weights)
    curves = "SELECT trained.key, name, points FROM curve JOIN trained ON trained.id = trained_id ORDER BY 1, 2"
    assert rows(tmp_path / "clean", curves) == rows(tmp_path / "poisoned", curves)
    for one, other in zip(results(tmp_path / "clean"), results(tmp_path / "poisoned"), strict=True):
        for name in ("validation_loss", "pruned_validation_loss", "train_loss", "weights_kept"):
            assert one[name] == other[name]
        assert one["test_loss"] != other["test_loss"]


def test_diverged_runs_are_rows_with_what_hangs_on_them(tmp_path: Path) -> None:
    made = plan(seeds=(0, 1), optimiser=Optimiser("sgd", 1e30))
    listener = Listener()
    receipt = run(made, tmp_path, listener=listener)
    found = results(tmp_path)
    assert len(found) == 2 * 22
    for row in found:
        assert row["status"] == "diverged"
        assert "diverged by step" in row["reason"]
        assert row["test_loss"] is None
    assert {row["reason"].split(" by step")[0] for row in found} == {
        "a state that it starts from diverged: diverged"  # the training to step 5, for the late rewinding, is first
    }
    assert receipt.made == {"diverged": len(made.runs)}
    assert receipt.failed == 0
    again = Desk(States(tmp_path / "states"))
    assert run(made, tmp_path, again).made == {}
    assert not again.orders


def test_a_run_that_diverges_itself_says_when(tmp_path: Path) -> None:
    receipt = run(plan((method("none"), method("one-shot")), seeds=(0,), optimiser=Optimiser("sgd", 1e30)), tmp_path)
    assert receipt.made == {"diverged": 4}
    reasons = {row["method"]: row["reason"] for row in results(tmp_path)}
    assert reasons["none"].startswith("diverged by step")
    assert reasons["one-shot"] == f"a state that it starts from diverged: {reasons['none']}"


def test_a_run_that_hangs_on_two_diverged_states_is_one_row(tmp_path: Path) -> None:
    """With a rule of selection the dense training and the way back to step k are trained apart, and both diverge."""
    made = plan(
        (method("none"), method("lottery", "late", rewind=steps(5))),
        seeds=(0,),
        optimiser=Optimiser("sgd", 1e30),
        select=SelectSpec("best", steps(4)),
    )
    receipt = run(made, tmp_path)
    assert len(rows(tmp_path, "SELECT * FROM run")) == len(made.runs) == 4
    assert receipt.made == {"diverged": 4}


def test_collapsed_runs_are_rows_with_the_layer_that_is_empty(tmp_path: Path) -> None:
    made = plan((method("one-shot"), method("lottery")), SparsitySpec(targets=(0.5, 0.999)), seeds=(0,))
    assert run(made, tmp_path).made == {"done": 2, "collapsed": 2}
    for row in results(tmp_path):
        assert row["status"] == ("collapsed" if row["level"] == 2 else "done")
        if row["level"] == 2:
            assert row["reason"] == "no weight is left in fc1, output"
            assert row["sparsity"] == row["effective_sparsity"] == 1
            assert math.isfinite(row["test_loss"])
    assert run(made, tmp_path).made == {}


def test_pruned_units_and_inputs_are_counted(tmp_path: Path) -> None:
    units = PruneSpec(granularity="unit", exclude=("output",))
    inputs = PruneSpec(granularity="input", scope="global")
    spread = PruneSpec(scope="global", score=Choice("random"))
    specs = [method("one-shot", name, prune) for name, prune in (("u", units), ("i", inputs), ("g", spread))]
    run(plan(specs, SparsitySpec(targets=(0.5,)), seeds=(0,)), tmp_path)
    kept = {row["method"]: row["weights_kept"] for row in results(tmp_path)}
    assert kept["u"] == 6 * 12 + 36
    assert kept["g"] == 90
    by_layer: dict[str, dict[str, int]] = {}
    query = "SELECT method, layer.name, kept FROM results JOIN run USING (key) JOIN run_layer ON run.id = run_id "
    for label, layer, count in rows(tmp_path, query + "JOIN layer ON layer.id = layer_id"):
        by_layer.setdefault(label, {})[layer] = count
    assert by_layer["u"] == {"fc1": 72, "output": 36}
    assert by_layer["i"]["fc1"] % 12 == by_layer["i"]["output"] % 3 == 0  # whole columns, 12 of 24 in all
    assert by_layer["i"]["fc1"] // 12 + by_layer["i"]["output"] // 3 == 12
    assert sum(by_layer["g"].values()) == 90
