"""A small suite with its results, run once; each test works on a copy of its own."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.benchmark import environment_of
from bench.data.policy import DataPolicy
from bench.driver import carry_out
from bench.grid import expand
from bench.plan import make_plan
from bench.provenance import session_info
from bench.receipts import Session
from bench.records import RESULTS_VERSION, cell_records, suite_record
from bench.states import States, states_folder
from bench.store import Store
from bench.suite import read_suite
from tests.run.crews import Desk, Listener

SUITE = """\
title: Networks to be opened again
problems:
  - {data: digits, model: {mlp: {sizes: [32, 16]}}}
  - {data: digits, model: {file: net.py, name: Normed}, training: {epochs: 0.5}, seeds: 1}
  - {data: penguins, model: penguin-net}
training: {optimiser: adam, lr: 3e-3, batch: 60, epochs: 2}
seeds: 2
sparsities: [0.5, 0.8]
prune: {granularity: unit, exclude: [output]}
methods: [none, one-shot: {fine-tune: 1 epoch}, lottery: {granularity: weight, label: lottery}]
"""
NET = """\
from torch import nn


class Normed(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
        self.output = nn.Linear(8 * 16, classes)

    def forward(self, images):
        return self.output(self.second(self.first(images)).flatten(1))
"""
STANDIN = """\
title: Where the real set is not to be had
data: mnist
model: {mlp: {sizes: [16]}}
training: {optimiser: adam, lr: 3e-3, batch: 60, steps: 20}
seeds: 1
sparsities: [0.5]
methods: [none, one-shot]
"""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which both suites were run."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "tiny.yaml").write_text(SUITE, encoding="utf-8")
    (folder / "standin.yaml").write_text(STANDIN, encoding="utf-8")
    (folder / "net.py").write_text(NET, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("BENCH_DATA", raising=False)
        run_here("tiny.yaml", DataPolicy("real"))
        run_here("standin.yaml", DataPolicy("standin"))
    return folder


def run_here(suite: str, policy: DataPolicy) -> None:
    """What `bench run` does, but in this process and without measuring how wide packs pay, which takes longer."""
    plan = make_plan(expand(read_suite(suite), policy))
    environment = environment_of("cpu")
    states = States(states_folder("results.db", environment.hash, RESULTS_VERSION))
    with Store.open("results.db") as store:
        number = store.start_session(session_info(None, ()))
        store.register(suite_record(plan), cell_records(plan))
        session = Session(store, number, store.environment(environment))
        carry_out(plan, plan.runs, session, states, Desk(states), Listener())  # type: ignore[arg-type]
        store.end_session(number, "done")


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the current folder."""
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    monkeypatch.chdir(copy)
    monkeypatch.delenv("BENCH_DATA", raising=False)
    return copy


def rows(folder: Path, where: str = "1") -> list[dict[str, Any]]:
    """The results, with the counts of right answers."""
    query = f"""
        SELECT results.*, (SELECT test_correct FROM run WHERE run.key = results.key) AS correct FROM results
        WHERE {where} ORDER BY suite, data, model, method, level, seed
    """
    with closing(sqlite3.connect(folder / "results.db")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def one(folder: Path, where: str) -> dict[str, Any]:
    return rows(folder, where)[0]
