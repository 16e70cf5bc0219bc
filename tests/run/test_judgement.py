"""Scores mean something: a network that loses what they rank lowest does best, one that loses the opposite worst.

Chance lies between the two. That holds for a score as a whole, with its sign, its data and the counts of its masks.
"""

from __future__ import annotations

from tests.run.crews import results, run  # isort: skip

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import pytest

from bench.data.policy import DataPolicy
from bench.data.sets.mnist import MNIST
from bench.grid import expand
from bench.plan import make_plan
from bench.suite import read_suite

TRAINED = ("magnitude", "taylor", "fisher", "lamp", "snip")  # of a network that has learnt, as it is after its pruning
DRAWN = ("snip", "grasp", "synflow")  # of a network just drawn, trained afterwards

DIGITS = """
data: digits
model: {mlp: {sizes: [64, 32]}}
training: {optimiser: adam, lr: 5e-3, batch: 50, epochs: 8}
seeds: 2
"""
REAL = """
data: mnist
model: lenet-300-100
initialisation: glorot-normal
training: {optimiser: adam, lr: 1.2e-3, batch: 60, steps: 450}
seeds: 2
"""
SUITE = """
title: Scores and their opposites
{ground}
sparsities: [{sparsity}]
prune: {{scope: global}}
methods: [{methods}]
"""


@dataclass(frozen=True)
class Judged:
    """The mean accuracy over the seeds, by label."""

    accuracy: dict[str, float]

    def of(self, score: str) -> tuple[float, float, float]:
        """With the score, with chance, and with the opposite of the score."""
        return self.accuracy[score], self.accuracy["random"], self.accuracy[f"inverted {score}"]


def judged(folder: Path, ground: str, method: str, sparsity: float, scores: tuple[str, ...]) -> Judged:
    entries = ["{M: {label: random, score: random}}"]
    entries += [f"{{M: {{label: {one}, score: {one}}}}}" for one in scores]
    # The rounds of SynFlow have no opposite.
    turned = [one for one in scores if one != "synflow"]
    entries += [f"{{M: {{label: inverted {one}, score: {{inverted: {one}}}}}}}" for one in turned]
    methods = ", ".join(entries).replace("{M:", f"{{{method}:")
    file = folder / "suite.yaml"
    file.write_text(SUITE.format(ground=ground, sparsity=sparsity, methods=methods))
    run(make_plan(expand(read_suite(file), DataPolicy.from_environment(download=False))), folder)
    found = defaultdict(list)
    for row in results(folder):
        found[row["method"]].append(row["test_accuracy"])
    assert all(len(values) == 2 for values in found.values())
    return Judged({label: mean(values) for label, values in found.items()})


def test_after_training_on_digits(tmp_path: Path) -> None:
    found = judged(tmp_path, DIGITS, "one-shot", 0.6, TRAINED)
    for score in TRAINED:
        own, chance, opposite = found.of(score)
        assert own > chance + 0.2, score
        assert chance > opposite + 0.1, score


def test_before_training_on_digits(tmp_path: Path) -> None:
    """Of GraSP its sign: with the other one the gradient that flows is the least, and the network learns little."""
    found = judged(tmp_path, DIGITS, "at-init", 0.95, DRAWN)
    for score in DRAWN:
        assert found.accuracy[score] > found.accuracy["random"] + 0.2, score
    for score in ("snip", "grasp"):
        own, _, opposite = found.of(score)
        assert own > opposite + 0.2, score


def real_ground() -> str:
    """MNIST where it is; else the digits that come with a dependency."""
    return REAL if MNIST.publication.find(DataPolicy.from_environment(download=False)) else DIGITS


@pytest.mark.long
def test_after_training_on_mnist(tmp_path: Path) -> None:
    found = judged(tmp_path, real_ground(), "one-shot", 0.7, TRAINED)
    for score in TRAINED:
        own, chance, opposite = found.of(score)
        assert own > chance + 0.2, score
        assert chance > opposite + 0.1, score


@pytest.mark.long
def test_before_training_on_mnist(tmp_path: Path) -> None:
    """The opposite of GraSP is left out: on this network it does as well as GraSP itself."""
    found = judged(tmp_path, real_ground(), "at-init", 0.98, DRAWN)
    for score in DRAWN:
        assert found.accuracy[score] > found.accuracy["random"] + 0.1, score
    own, chance, opposite = found.of("snip")
    assert own > chance + 0.1
    assert own > opposite + 0.2
