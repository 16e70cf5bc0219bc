"""A network and weights of the user's own, from a suite to the database."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.data.base import open_dataset
from bench.data.policy import DataPolicy

NET = """
from torch import nn

class Small(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.hidden = nn.Sequential(nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU())
        self.output = nn.Linear(216, classes)

    def forward(self, images):
        return self.output(self.hidden(images).flatten(1))
"""
SUITE = """
title: A network of my own
data: digits
model: {{file: {net}, name: Small{weights}}}
training: {{optimiser: sgd, lr: 1e-9, batch: 50, steps: 1}}
seeds: 1
sparsities: [0.5]
methods: [none, one-shot]
"""


def suite(folder: Path, net: Path, weights: Path | None) -> Path:
    file = folder / "own.yaml"
    file.write_text(SUITE.format(net=net, weights=f", weights: {weights}" if weights else ""))
    return file


def keys(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM run")}


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "net.py"
    file.write_text(NET)
    return file


def trained(net: Path) -> nn.Module:
    """The user's network, trained without us, and its weights beside it."""
    names: dict[str, type[nn.Module]] = {}
    exec(net.read_text(), names)
    torch.manual_seed(0)
    module = names["Small"]()
    dataset = open_dataset("digits", DataPolicy.from_environment(download=False))
    tensors, split = dataset.tensors(), dataset.split(0)
    inputs = (tensors.inputs[split.train].float() - tensors.shift) * tensors.factor
    optimiser = torch.optim.Adam(module.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.cross_entropy(module(inputs), tensors.labels[split.train]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    torch.save(module.state_dict(), net.with_name("best.pt"))
    return module.eval()


def test_given_weights_are_where_every_run_starts(net: Path, tmp_path: Path) -> None:
    module = trained(net)
    dataset = open_dataset("digits", DataPolicy.from_environment(download=False))
    tensors, test = dataset.tensors(), dataset.split(0).test
    inputs = (tensors.inputs[test].float() - tensors.shift) * tensors.factor
    right = float((module(inputs).argmax(1) == tensors.labels[test]).float().mean())
    assert right > 0.9
    found = bench.run(suite(tmp_path, net, net.with_name("best.pt")), database=tmp_path / "results.db", threads=1)
    dense = found[found["method"] == "none"].iloc[0]
    assert dense["model"] == "Small"
    assert dense["test_accuracy"] == pytest.approx(right, abs=0.011)  # batch norm has seen one more batch
    drawn = bench.run(suite(tmp_path, net, None), database=tmp_path / "drawn.db", threads=1)
    assert drawn[drawn["method"] == "none"].iloc[0]["test_accuracy"] < 0.4


def test_results_belong_to_what_the_files_hold_not_to_where_they_lie(net: Path, tmp_path: Path) -> None:
    trained(net)
    weights = net.with_name("best.pt")
    database = tmp_path / "results.db"
    bench.run(suite(tmp_path, net, weights), database=database, threads=1)
    first = keys(database)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = shutil.copy(net, elsewhere), shutil.copy(weights, elsewhere)
    bench.run(suite(tmp_path, *moved), database=database, threads=1)
    assert keys(database) == first
    net.write_text(NET.replace("ReLU", "GELU"))
    bench.run(suite(tmp_path, net, weights), database=database, threads=1)
    second = keys(database)
    assert len(second) == 2 * len(first)
    torch.save({name: tensor * 1.01 for name, tensor in torch.load(weights).items()}, weights)
    bench.run(suite(tmp_path, net, weights), database=database, threads=1)
    assert len(keys(database)) == 3 * len(first)
