"""Runs that are made up, the same at every call: as many as a database is to be tried out with.

A suite compares ten methods at twenty levels, with ten seeds, of a network like LeNet-300-100. Every run has all the
numbers that a training leaves, three layers, its recipe, a state that was evaluated after pruning, and three curves of
twenty points. Keys are hashes, as those of real runs are: nothing about their order helps an index.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bench.store.values import (
    CellRecord,
    CurveRecord,
    EnvironmentInfo,
    EvaluationRecord,
    LayerRecord,
    PackRecord,
    RunRecord,
    SuiteRecord,
)

METHODS, LEVELS, SEEDS = 10, 20, 10
LAYERS = {"fc1": 235_200, "fc2": 30_000, "output": 1_000}
BIASES = 410
ENVIRONMENT = EnvironmentInfo("cpu", "made up", "2.9")
_CURVES = ("train_loss", "validation_loss", "validation_accuracy")
_POINTS = 20


@dataclass(frozen=True)
class MadeUp:
    """So many runs, written so many at a time."""

    runs: int
    pack: int = 100

    def suites(self) -> Iterator[tuple[SuiteRecord, list[CellRecord]]]:
        """As many suites as hold the runs."""
        left, number = self.runs, 0
        while left > 0:
            name = f"suite-{number}"
            cells = [self._cell(name, place) for place in range(min(METHODS * LEVELS + 1, -(-left // SEEDS)))]
            yield SuiteRecord(name, "full", name, "test_accuracy", _hash(name), f"title: {name}"), cells
            left, number = left - SEEDS * len(cells), number + 1

    def _cell(self, suite: str, place: int) -> CellRecord:
        method = "none" if place == 0 else f"method-{(place - 1) // LEVELS}"
        level = 0 if place == 0 else (place - 1) % LEVELS + 1
        keys = tuple((seed, _hash(f"{suite} {place} {seed}")) for seed in range(SEEDS))
        settings = {"batch": 60, "epochs": 5, "level": level}
        return CellRecord(
            "mnist", False, "lenet-300-100", method, method, {}, level, 1 - 0.8**level, settings, "", keys, place
        )

    def packs(self) -> Iterator[PackRecord]:
        """The results of the runs, in packs."""
        draw = random.Random(0)
        wanted = ((cell, seed, key) for _, cells in self.suites() for cell in cells for seed, key in cell.seeds)
        runs = islice(wanted, self.runs)
        while chosen := list(islice(runs, self.pack)):
            yield PackRecord(
                tuple(_run(draw, *one) for one in chosen),
                tuple(EvaluationRecord(_hash(f"pruned {key}"), *_measured(draw)) for _, _, key in chosen),
                tuple(CurveRecord(key, name, _curve(draw)) for _, _, key in chosen for name in _CURVES),
                10.0,
                len(chosen),
            )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _curve(draw: random.Random) -> list[tuple[int, float]]:
    return [(59 * point, draw.random()) for point in range(_POINTS)]


def _measured(draw: random.Random) -> tuple[float, float, float, float]:
    """Loss and accuracy on validation and on test data."""
    return draw.random(), draw.randint(4500, 4950) / 5000, draw.random(), draw.randint(9000, 9900) / 10_000


def _run(draw: random.Random, cell: CellRecord, seed: int, key: str) -> RunRecord:
    share = 1 - cell.target_sparsity
    layers = tuple(
        LayerRecord(name, "linear", count, round(share * count), round(0.99 * share * count))
        for name, count in LAYERS.items()
    )
    weights, kept = sum(LAYERS.values()), sum(layer.kept for layer in layers)
    effective = sum(layer.effective or 0 for layer in layers)
    validation_loss, validation_accuracy, test_loss, test_accuracy = _measured(draw)
    pruned = _measured(draw)
    return RunRecord(
        key,
        seed,
        "done",
        sparsity=1 - kept / weights,
        effective_sparsity=1 - effective / weights,
        weights=weights,
        weights_kept=kept,
        parameters=weights + BIASES,
        parameters_kept=kept + BIASES,
        parameters_effective=effective + BIASES,
        macs=weights,
        macs_kept=kept,
        macs_effective=effective,
        bytes_dense=4 * (weights + BIASES),
        bytes_bitmask=weights // 8 + 4 * (kept + BIASES),
        bytes_csr=8 * kept + 4 * BIASES,
        bytes_gzip=round(4.5 * kept) + 4 * BIASES,
        train_loss=draw.random(),
        validation_loss=validation_loss,
        validation_accuracy=validation_accuracy,
        validation_count=5000,
        test_loss=test_loss,
        test_accuracy=test_accuracy,
        test_correct=round(10_000 * test_accuracy),
        test_count=10_000,
        pruned_validation_loss=pruned[0],
        pruned_validation_accuracy=pruned[1],
        pruned_test_loss=pruned[2],
        pruned_test_accuracy=pruned[3],
        steps_alone=4583,
        steps_shared=4583,
        flops_alone=2.0 * 60 * 4583 * 3 * weights,
        seconds=10 * draw.random(),
        layers=layers,
        steps=(key,),
        recipe=json.dumps({"start": {"data": "mnist", "seed": seed}, "steps": [cell.method, cell.level]}),
        split_hash=_hash(f"split {seed}"),
        components={"score": "magnitude 1", "method": f"{cell.method_name} 1"},
    )
