"""`bench data fetch`: all that suites need, or a line for what can not be had."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from bench.data.base import Dataset, from_arrays
from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.policy import DataPolicy
from bench.data.published import Published, open_published
from bench.registry import Component
from tests.cli.conftest import Bench, suite_with
from tests.data.conftest import Shop, shop  # noqa: F401  # a fixture

NOWHERE = "http://127.0.0.1:9/"  # nobody listens there
CONTENT = bytes(range(200))


@pytest.fixture
def leaf(sets: dict[str, Component]) -> None:
    """A data set of one published file, which anyone can serve."""
    file = PublishedFile("leaf.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    published = Published("leaf", "Leaves", Publication("leaf", (), (file,)), "digits", "digits")

    def real(paths: tuple[Path, ...]) -> Dataset:
        inputs = np.frombuffer(paths[0].read_bytes(), np.uint8).reshape(50, 4).copy()
        parts = {"train": 30, "validation": 10, "test": 10}
        return from_arrays("leaf", inputs, np.arange(50) % 2, parts, source=f"Leaves, from {paths[0].parent}")

    def make(policy: DataPolicy, side: int = 4) -> Dataset:
        """Leaves."""
        return open_published(published, policy, real)

    sets["leaf"] = Component("dataset", "leaf", make, extra={"published": published})


@pytest.mark.usefixtures("leaf")
def test_fetch_brings_what_a_suite_needs(
    bench: Bench,
    folder: Path,
    shop: Shop,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.files["leaf.bin"] = CONTENT
    monkeypatch.setenv("BENCH_MIRROR", shop.address)
    answer = bench("data", "fetch", suite_with(folder, "leaf"))
    assert answer.code == 0, answer.err
    assert "fetching leaf.bin" in answer.out
    assert "leaf: Leaves, from data/leaf" in answer.out
    assert f"everything is here; run the suites from this folder too, {folder}" in answer.out
    assert (folder / "data" / "leaf" / "leaf.bin").read_bytes() == CONTENT
    monkeypatch.setenv("BENCH_MIRROR", NOWHERE)
    again = bench("data", "fetch", "leaf", "penguins")
    assert again.code == 0
    assert "fetching" not in again.out


@pytest.mark.usefixtures("leaf")
def test_fetch_looks_into_every_profile(bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_MIRROR", NOWHERE)
    suite = suite_with(folder, "[penguins, digits]", "{data: [leaf, digits]}")
    answer = bench("data", "fetch", suite)
    assert answer.code == 2
    assert "2 of 3 are here" in answer.out
    assert answer.err.startswith("leaf: leaf.bin not found in ")
    assert "no connection to 127.0.0.1:9" in answer.err
    assert "put the files into data/leaf or name their folder in $BENCH_DATA" in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.usefixtures("leaf")
def test_fetch_as_json(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_MIRROR", NOWHERE)
    answer = bench("data", "fetch", "penguins", "leaf", "--json")
    assert answer.code == 2
    penguins, leaf = answer.json
    assert (penguins["name"], penguins["source"]) == ("penguins", "the package palmerpenguins")
    assert (leaf["source"], len(leaf["reasons"])) == (None, 1)


def test_a_suite_is_meant_where_a_data_set_has_the_same_name(bench: Bench) -> None:
    answer = bench("data", "fetch", "starter")
    assert [line.split(":")[0] for line in answer.lines if ": " in line] == ["penguins", "digits"]
