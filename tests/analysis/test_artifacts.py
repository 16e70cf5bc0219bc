"""What is read back is what was written, bit for bit, and what is not there is said in a line."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import artifacts
from bench.errors import UserError
from bench.measures.artifacts import artifacts_of, confusion
from bench.store import ArtifactRecord, PackRecord, SessionInfo, Store
from tests.measures.test_artifacts import Shapes, laid_out, shapes, sparsities, state
from tests.store.build import CPU, GPU, cell, fill, run

NUMBERS = count()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cells: the first seeds have arrays, and one of them was made in two environments."""
    path = tmp_path_factory.mktemp("arrays") / "results.db"
    dense, pruned = records([(3, 4), (2, 3)], 1, 0.0), records([(3, 4), (2, 3)], 2, 0.5)
    runs = [run("none/0/0", artifacts=dense), run("one-shot/1/0", artifacts=pruned), run("one-shot/1/1")]
    with Store.open(path) as store:
        fill(store, [cell("none", 0), cell("one-shot", 1)], runs)
        fill(store, [cell("none", 0), cell("one-shot", 1)], [runs[0]], GPU)
    return path


def records(sizes: Shapes, seed: int, sparsity: float) -> tuple[ArtifactRecord, ...]:
    layout = laid_out(sizes)
    answered = confusion(torch.tensor([0, 1, 1, 2]), torch.tensor([0, 1, 0, 2]), 3)
    found = (*artifacts_of(layout, *state(layout, seed, sparsity)), answered)
    return tuple(ArtifactRecord(**asdict(one)) for one in found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes, st.integers(0, 1000), sparsities)
def test_what_a_state_had_is_read_back(file: Path, sizes: Shapes, seed: int, sparsity: float) -> None:
    layout, key = laid_out(sizes), f"drawn {next(NUMBERS)}/"
    weights, mask = state(layout, seed, sparsity)
    with Store.open(file) as store:
        session = store.start_session(SessionInfo("bench run"))
        record = run(f"{key}0", artifacts=records(sizes, seed, sparsity))
        store.write(session, store.environment(CPU), PackRecord((record,)))
    found = artifacts.masks(file, key)
    assert list(found) == [layer.name for layer in layout.layers]
    for name, expected in layout.weights(mask).items():
        assert found[name].dtype == np.bool_
        assert np.array_equal(found[name], expected.numpy())
    for name, histogram in artifacts.histograms(file, key).items():
        kept = layout.weights(weights)[name]
        kept = kept[kept != 0].double()
        assert histogram.counts.sum() == len(kept)
        assert len(histogram.edges) == len(histogram.counts) + 1
        if len(kept):
            assert np.array_equal(histogram.counts, np.histogram(kept, histogram.edges)[0])
    assert artifacts.confusion(file, key).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_the_arrays_of_a_suite_stand_beside_their_cells(file: Path) -> None:
    frame = artifacts.load_arrays(file, "mask", suite="penguins", only={"environment": [CPU.label]})
    assert [tuple(row) for row in frame[["method", "level", "seed", "name"]].to_numpy()] == [
        (method, level, 0, f"layer{number}") for method, level in (("none", 0), ("one-shot", 1)) for number in (0, 1)
    ]
    for row in frame.itertuples():
        expected = artifacts.masks(file, str(row.key), CPU.label)[str(row.name)]
        assert np.array_equal(row.array, expected)  # type: ignore[arg-type]  # a cell of a frame may be anything
    assert set(artifacts.load_arrays(file, "histogram", only={"method": ["one-shot"]})["scale"] > 0) == {True}
    assert len(artifacts.load_arrays(file, "confusion")) == 3
    assert len(artifacts.load_arrays(file, "confusion", only={"seed": ["0"], "environment": [GPU.label]})) == 1


def test_a_mask_that_was_left_out_is_not_there(tmp_path: Path) -> None:
    first, second, *_ = records([(3, 4), (2, 3)], 1, 0.5)
    with Store.open(tmp_path / "results.db") as store:
        fill(store, [cell()], [run("one-shot/1/0", artifacts=(first, replace(second, content=None)))])
    assert list(artifacts.masks(tmp_path / "results.db", "one-shot/1/0")) == ["layer0"]
    frame = artifacts.load_arrays(tmp_path / "results.db", "mask")
    assert [array is None for array in frame["array"]] == [False, True]


def test_the_form_in_which_arrays_are_stored_stays(tmp_path: Path) -> None:
    """Written out by hand: databases of earlier releases have them so."""
    bits, numbers = bytes([0b10110000, 0b01000000]), bytes([3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    stored = (
        ArtifactRecord("mask", "fc1", 0, "bool", (2, 5), "bits+zlib", zlib.compress(bits)),
        ArtifactRecord("histogram", "fc1", 0, "int64", (2,), "zlib", zlib.compress(numbers), 0.5),
    )
    with Store.open(tmp_path / "results.db") as store:
        fill(store, [cell()], [run("one-shot/1/0", artifacts=stored)])
    mask = artifacts.masks(tmp_path / "results.db", "one-shot/1/0")["fc1"]
    assert mask.tolist() == [[True, False, True, True, False], [False, False, False, False, True]]
    histogram = artifacts.histograms(tmp_path / "results.db", "one-shot/1/0")["fc1"]
    assert (histogram.counts.tolist(), histogram.edges.tolist()) == ([3, 256], [-0.5, 0.0, 0.5])


def test_it_needs_no_more_than_a_light_installation_has(file: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from analysis import artifacts;"
        "print(*artifacts.masks(sys.argv[1], 'one-shot/1/0'))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["layer0", "layer1"]


def test_reading_writes_nothing(file: Path) -> None:
    before = file.read_bytes()
    artifacts.masks(file, "one-shot/1/0")
    assert file.read_bytes() == before


def test_what_is_not_there_is_said_in_a_line(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.execute("create table results (suite)")
    cases = {
        "two environments": (lambda: artifacts.masks(file, "none/0/0"), "made in 2 environments; name one: 'c"),
        "another one": (lambda: artifacts.masks(file, "none/0/0", "cpu"), "no mask of the environment 'cpu'"),
        "no such run": (lambda: artifacts.confusion(file, "beef"), "run beef: results.db has no such run"),
        "later seed": (lambda: artifacts.masks(file, "one-shot/1/1"), "has no mask in results.db; the first seed"),
        "too short": (lambda: artifacts.histograms(file, "drawn"), "runs begin so; give more digits"),
        "nothing": (lambda: artifacts.masks(file, ""), "is no name of a run"),
        "suite": (lambda: artifacts.load_arrays(file, "mask", "pengins"), "did you mean 'penguins'"),
        "kind": (lambda: artifacts.load_arrays(file, "masks"), "did you mean 'mask'"),  # type: ignore[arg-type]
        "filter": (lambda: artifacts.load_arrays(file, "mask", only={"colour": ["red"]}), "nothing to choose by"),
        "old": (lambda: artifacts.masks(tmp_path / "old.db", "a"), "it has no view `artifacts`"),
    }
    for what, (read, says) in cases.items():
        with pytest.raises(UserError) as caught:
            read()
        assert says in str(caught.value), what
        assert len(caught.value.lines) == 1
