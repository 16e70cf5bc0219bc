"""Pruning before any training, from a suite to the database, with the scores that were made for it."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

from pathlib import Path

import numpy as np
import pytest

NET = """
from torch import nn

class Small(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 6, 3)
        self.pool = nn.MaxPool2d(2)
        self.output = nn.Linear(54, classes)

    def forward(self, images):
        hidden = self.conv2(self.conv1(images).relu()).relu()
        return self.output(self.pool(hidden).flatten(1))
"""
SUITE = """
title: Before training
data: {data}
model: {model}
training: {{optimiser: adam, lr: 1e-2, batch: 50, steps: {steps}}}
seeds: 1
sparsities: [0.6, 0.9]
prune: {{scope: global}}
methods:
  - none
  - at-init: {{score: snip}}
  - at-init: {{score: {{grasp: {{per-class: 4}}}}}}
  - at-init: {{score: {{synflow: {{rounds: 5}}}}}}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def carried_out(folder: Path, data: str, model: str, steps: int) -> dict[tuple[str, int], float]:
    """The accuracy of each method at each level, once all that a run has to be has been looked at."""
    suite = folder / "suite.yaml"
    suite.write_text(SUITE.format(data=data, model=model, steps=steps))
    found = bench.run(suite, database=folder / "results.db", threads=1)
    assert set(found["status"]) == {"done"}
    pruned = found[found["method"] != "none"]
    assert len(pruned) == 3 * 2
    for _, row in pruned.iterrows():
        assert row["weights_kept"] == pytest.approx(row["weights"] * (1 - row["target_sparsity"]), abs=1)
        assert row["steps_alone"] == steps
    return {(row["method"], row["level"]): row["test_accuracy"] for _, row in found.iterrows()}


def test_a_small_network_learns_the_digits(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    accuracy = carried_out(tmp_path, "digits", "{file: net.py, name: Small}", 100)
    assert len(accuracy) == 1 + 3 * 2
    for (method, level), share in accuracy.items():
        assert share > (0.7 if level < 2 else 0.2), (method, level)


def test_a_residual_network_on_noise(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0)
    np.savez(tmp_path / "noise.npz", x=drawn.integers(0, 256, (120, 3, 8, 8), np.uint8), y=np.arange(120) % 4)
    carried_out(tmp_path, "{npz: noise.npz}", "resnet-20", 2)
