"""A run leaves arrays beside its rows: of the first seed of a cell, and of what its final state is in fact."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis import artifacts
from bench.data.base import open_dataset
from bench.data.policy import DataPolicy
from bench.grid import expand
from bench.models.base import build
from bench.models.layout import parameter_layout
from bench.plan import Plan, make_plan
from bench.registry import Choice
from bench.states import States
from bench.suite.values import Artifacts
from tests.plan.grids import LADDER, method, suite
from tests.run.crews import Desk, results, rows, run

METHODS = (method("none"), method("one-shot"), method("lottery"))


def planned(artifacts: Artifacts) -> Plan:
    made = suite(METHODS, LADDER, seeds=(3, 1, 2))
    (problem,) = made.problems
    return make_plan(expand(replace(made, problems=(replace(problem, artifacts=artifacts),)), DataPolicy()))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("done")
    torch.set_num_threads(1)
    run(planned("first"), folder)
    return folder


def test_the_first_seed_of_each_cell_has_arrays(done: Path) -> None:
    found = rows(done, "SELECT kind, results.seed, count(*) FROM artifacts JOIN results USING (key) GROUP BY 1, 2")
    cells = 1 + 2 * len(LADDER.targets)
    layers = 2
    assert set(found) == {("mask", 3, cells * layers), ("histogram", 3, cells * layers), ("confusion", 3, cells)}


def test_a_suite_may_want_them_of_every_seed_or_of_none(done: Path, tmp_path: Path) -> None:
    for choice, seeds in (("all", {1, 2, 3}), ("none", set())):
        run(planned(choice), tmp_path / choice)  # type: ignore[arg-type]  # one of the words
        found = rows(tmp_path / choice, "SELECT DISTINCT results.seed FROM artifacts JOIN results USING (key)")
        assert {seed for (seed,) in found} == seeds
        assert results(tmp_path / choice) == results(done)  # which changes no row


def test_the_masks_are_those_of_the_states(done: Path) -> None:
    layout = parameter_layout(build(Choice("penguin-net"), (12,), 3))
    states = States(done / "states")
    keys = [key for (key,) in rows(done, "SELECT DISTINCT key FROM artifacts")]
    assert len(keys) == 7
    for key in keys:
        state = states.get(key)
        masks, histograms = artifacts.masks(done / "results.db", key), artifacts.histograms(done / "results.db", key)
        kept = dict(rows(done, f"SELECT layer, kept FROM layers WHERE key = '{key}'"))
        for name, mask in layout.weights(state.mask).items():
            assert np.array_equal(masks[name], mask.numpy())
            assert histograms[name].counts.sum() == kept[name]
            assert histograms[name].scale == layout.weights(state.weights)[name].abs().max()


def test_the_confusion_matrices_tell_what_the_rows_tell(done: Path) -> None:
    dataset = open_dataset(Choice("penguins"), DataPolicy())
    split = dataset.split(3)
    counts = Counter(dataset.tensors().labels[split.test].tolist())
    frame = artifacts.load_arrays(done / "results.db", "confusion")
    right = dict(rows(done, "SELECT key, test_correct FROM run"))
    assert len(frame) == 7
    for key, array in zip(frame["key"], frame["array"], strict=True):
        assert array.trace() == right[key]
        assert array.sum(axis=1).tolist() == [counts[label] for label in range(dataset.info.classes)]


def test_they_are_the_same_in_any_company(done: Path, tmp_path: Path) -> None:
    """A pack of one, and runs of which nothing is trained again because their states are there."""
    run(planned("first"), tmp_path / "alone", Desk(States(tmp_path / "alone" / "states"), width=1))
    run(planned("first"), tmp_path / "again", Desk(States(done / "states")))
    query = "SELECT key, kind, name, hex(content) FROM runs JOIN artifact ON run_id = id ORDER BY 1, 2, 3"
    expected = rows(done, query)
    assert rows(tmp_path / "alone", query) == expected
    assert rows(tmp_path / "again", query) == expected


def test_a_second_run_writes_nothing(done: Path) -> None:
    before = rows(done, "SELECT * FROM artifact")
    run(planned("all"), done)  # what is made already is not measured again
    assert rows(done, "SELECT * FROM artifact") == before


def test_shapes_are_those_of_the_layers(done: Path) -> None:
    shapes = rows(done, "SELECT DISTINCT name, shape FROM artifacts WHERE kind = 'mask' ORDER BY position")
    weights = dict(rows(done, "SELECT DISTINCT layer, weights FROM layers"))
    assert {name: int(np.prod(json.loads(shape))) for name, shape in shapes} == weights
