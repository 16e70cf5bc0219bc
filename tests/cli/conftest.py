"""The command in a folder of its own, and a small suite with its results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.registry import Component, registry

ROOT = Path(__file__).resolve().parents[2]
TINY = """\
title: A few penguins
metric: test_loss
data: penguins
model: {penguin-net: {head: logits}}
training: {optimiser: adam, lr: 1e-2, batch: 50, epochs: 4}
seeds: 3
sparsities: [0.5, 0.8]
methods: [none, one-shot, lottery, {one-shot: {fine-tune: 1 epoch}}]
profiles:
  quick: {seeds: 1}
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.strip().splitlines()


Bench = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, with the small suite in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCH_DATA", raising=False)
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def bench(folder: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    """The command in this process: quick, for what neither trains nor loads plugins."""

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


def outside(folder: Path, *arguments: str) -> Answer:
    """The command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """The small suite, run once: the folder, and what was printed."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return folder, outside(folder, "run", "tiny.yaml", "--threads", "1")


@pytest.fixture
def results(folder: Path, first_run: tuple[Path, Answer]) -> Path:
    """A copy of the results of the small suite, in the current folder."""
    shutil.copy(first_run[0] / "results.db", folder)
    return folder / "results.db"


@pytest.fixture
def sets() -> Iterator[dict[str, Component]]:
    """Data sets that are registered for one test."""
    known = registry("dataset")
    known.names()
    before = dict(known._components)
    yield known._components
    known._components.clear()
    known._components.update(before)


def suite_with(folder: Path, data: str, quick: str = "{seeds: 1}") -> str:
    """The small suite on other data; its path."""
    text = (
        TINY.replace("data: penguins", f"data: {data}")
        .replace("batch: 50", "batch: 10")
        .replace("{penguin-net: {head: logits}}", "mlp")
    )
    (folder / "mine.yaml").write_text(text.replace("{seeds: 1}", quick), encoding="utf-8")
    return "mine.yaml"
