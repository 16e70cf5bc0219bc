"""Where data is looked for, and what `bench data` says of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.data.describe import DataStatus, describe_datasets
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import Component, registry
from tests.data.conftest import Copies


def test_named_folders_come_first_then_ours_then_the_shared_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_DATA", raising=False)
    monkeypatch.delenv("BENCH_MIRROR", raising=False)
    assert DataPolicy.from_environment().folders == (Path("data"), Path("../shared/data"))
    monkeypatch.setenv("BENCH_DATA", os.pathsep.join(["/a", "", "~/b", "data"]))
    policy = DataPolicy.from_environment("real", download=False)
    assert policy.folders == (Path("/a"), Path.home() / "b", Path("data"), Path("../shared/data"))
    assert (policy.mode, policy.download, policy.mirror) == ("real", False, None)
    monkeypatch.setenv("BENCH_MIRROR", "http://mirror.example/")
    assert DataPolicy.from_environment().mirror == "http://mirror.example/"


def test_a_wrong_choice_of_data_is_refused() -> None:
    with pytest.raises(UserError, match=r"--data fake: .* give auto, real or standin"):
        DataPolicy.from_environment("fake")  # type: ignore[arg-type]


def described(policy: DataPolicy) -> dict[str, DataStatus]:
    return {status.name: status for status in describe_datasets(policy)}


@pytest.fixture
def extra() -> Iterator[dict[str, Component]]:
    """Data sets that are registered for one test."""
    known = registry("dataset")
    known.names()
    before = dict(known._components)
    yield known._components
    known._components.clear()
    known._components.update(before)


def test_each_set_is_described_with_what_is_known_of_it(tmp_path: Path) -> None:
    sets = described(DataPolicy(folders=(tmp_path,), own=tmp_path / "own"))
    assert set(sets) >= {"penguins", "digits", "mnist", "fmnist", "mnist-standin", "fmnist-standin"}
    penguins = sets["penguins"]
    assert (penguins.status, penguins.classes, penguins.shape) == ("ready", 3, (12,))
    assert penguins.counts == {"train": 200, "validation": 100, "test": 33}
    assert penguins.fingerprint is not None
    mnist = sets["mnist"]
    assert (mnist.status, mnist.counts) == ("missing", None)
    assert "would be fetched from" in mnist.text
    assert "(12 MB) into" in mnist.text
    assert "mnist-standin" in mnist.text
    assert sets["mnist-standin"].standin
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({"mode": "real"}, "would be fetched", "takes its place"),
        ({"mode": "standin"}, "takes its place", "would be fetched"),
        ({"download": False}, "downloads are off, so mnist-standin", "would be fetched"),
        ({"mode": "real", "download": False}, "can not be used", "takes its place"),
        ({"mirror": "http://mirror.example/"}, "from http://mirror.example/", "amazonaws"),
    ],
)
def test_the_remedy_for_a_missing_set_follows_the_policy(changes: dict[str, object], said: str, unsaid: str) -> None:
    text = described(replace(DataPolicy(), **changes))["mnist"].text  # type: ignore[arg-type]
    assert said in text
    assert unsaid not in text


def test_what_is_broken_does_not_hide_the_rest(copies: Copies, extra: dict[str, Component]) -> None:
    def fails(policy: DataPolicy) -> None:
        raise ValueError("no such table")

    def asks(policy: DataPolicy, folder: str) -> None:
        raise AssertionError("never called without its option")

    extra["mnist"] = replace(extra["mnist"], extra={"published": copies.images})
    extra["fails"] = Component("dataset", "fails", fails)
    extra["asks"] = Component("dataset", "asks", asks)
    path = copies.raw / "train-labels-idx1-ubyte.gz"
    path.write_bytes(b"torn")
    sets = described(DataPolicy(folders=(copies.folder,)))
    assert sets["mnist"].status == "broken"
    assert str(path) in sets["mnist"].text
    assert (sets["fails"].status, sets["fails"].text) == ("broken", "ValueError: no such table")
    assert (sets["asks"].status, sets["asks"].text) == ("needs options", "give it folder: data: {asks: FOLDER}")
    assert sets["penguins"].status == "ready"


def test_neither_opening_nor_describing_needs_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from bench.data.describe import describe_datasets; from bench.data.policy import DataPolicy; "
        "describe_datasets(DataPolicy()); print([m for m in ('torch', 'pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
