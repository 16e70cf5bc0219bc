"""Networks with batch norm are judged a second time, with statistics that fit what is left of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from bench.data.policy import DataPolicy
from bench.executors.workshop import Workshops
from bench.grid import expand
from bench.plan import Plan, make_plan
from bench.states import States
from bench.suite import read_suite
from tests.run.crews import Desk, results, run

NET = """
from torch import nn

class Small(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.hidden = nn.Sequential(nn.Conv2d(1, 6, 3, stride=2), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten())
        self.output = nn.Linear(54, classes)

    def forward(self, images):
        return self.output(self.hidden(images))
"""
SUITE = """
title: Batch norm
data: digits
model: {{file: {net}, name: Small}}
training: {{optimiser: adam, lr: 1e-2, batch: 50, steps: 60}}
seeds: 2
sparsities: [0.5, 0.8]
methods:
  - none
  - one-shot
  - one-shot: {{fine-tune: 2 steps, label: tuned}}
"""
NAMES = [f"recalibrated_{part}_{what}" for part in ("validation", "test") for what in ("loss", "accuracy")]
PRUNED = [f"recalibrated_pruned_{part}_accuracy" for part in ("validation", "test")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("suite")
    (folder / "net.py").write_text(NET)
    (folder / "suite.yaml").write_text(SUITE.format(net=folder / "net.py"))
    return make_plan(expand(read_suite(str(folder / "suite.yaml")), DataPolicy.from_environment(download=False)))


@pytest.fixture(scope="module")
def done(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("done")
    run(made, folder, Desk(States(folder / "states"), width=1))
    return folder


def test_every_run_is_judged_twice(done: Path) -> None:
    found = results(done)
    assert len(found) == 2 * 5
    for row in found:
        assert all(0 <= row[name] <= 1 for name in NAMES if "accuracy" in name)
        assert row["recalibrated_test_loss"] != row["test_loss"]
        assert all((row[name] is None) == (row["method"] == "none") for name in PRUNED)
        if row["method"] == "one-shot":  # which ends with its pruning
            assert [row[name] for name in PRUNED] == [row[NAMES[1]], row[NAMES[3]]]
    for seed in (0, 1):
        pruned = {row["method"]: row for row in found if row["seed"] == seed and row["level"] == 2}
        assert [pruned["tuned"][name] for name in PRUNED] == [pruned["one-shot"][name] for name in PRUNED]


def test_it_gives_back_some_of_what_pruning_took(done: Path) -> None:
    pruned = [row for row in results(done) if row["method"] == "one-shot"]
    gained = [row["recalibrated_test_loss"] - row["test_loss"] for row in pruned]
    assert sum(gained) < 0


def test_it_is_the_same_whatever_is_judged_along(done: Path, made: Plan, tmp_path: Path) -> None:
    """From the same trained states, judged together and one after the other."""
    shutil.copytree(done / "states", tmp_path / "states")
    states = States(tmp_path / "states")
    desk = Desk(states)
    run(made, tmp_path, desk, asked={key for key, one in made.runs.items() if one.cell.method.label == "one-shot"})
    (order,) = desk.orders  # nothing is trained again
    assert len(order.tasks) == 4
    workshop = Workshops(states, torch.device("cpu")).at(order.place)
    together = workshop.run(order.tasks, lambda steps: None).results
    for task, result in zip(order.tasks, together, strict=True):
        (alone,) = workshop.run([task], lambda steps: None).results
        assert result.measured == alone.measured
        assert result.measured is not None
        assert result.measured.recalibrated is not None
    by_key = {row["key"]: row for row in results(done)}
    for row in results(tmp_path):
        assert [row[name] for name in NAMES] == [by_key[row["key"]][name] for name in NAMES]


def test_nothing_of_it_is_in_a_state(made: Plan, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, all states and all other numbers are the same."""
    monkeypatch.setattr("bench.executors.workshop.Recalibration.applies", False)
    run(made, tmp_path, Desk(States(tmp_path / "states"), width=1))
    here, there = States(done / "states"), States(tmp_path / "states")
    assert here.keys() == there.keys()
    for key in here.keys():  # noqa: SIM118  # a method, not a mapping's
        one, other = here.get(key), there.get(key)
        assert torch.equal(one.weights, other.weights)
        assert torch.equal(one.buffers, other.buffers)
    new = {*NAMES, *PRUNED}
    for row, plain in zip(results(done), results(tmp_path), strict=True):
        assert {name: value for name, value in row.items() if name not in new} == {
            name: value for name, value in plain.items() if name not in new
        }
        assert all(plain[name] is None for name in new)
