"""Makes result databases for the tests: plain tables with the columns of the views, filled by simulation."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from analysis.load import COUNTS, MISSING, NUMBERS, RESULTS

CPU = "cpu AMD EPYC 9V74, torch 2.15, float32, deterministic"
GPU = "cuda NVIDIA H200, torch 2.15, float32, deterministic"
LADDER = tuple(1 - 0.8**k for k in range(1, 21))

# label -> name, and how many points of accuracy fall away with every halving of the weights, and with its power
METHODS: dict[str, tuple[str, float, float]] = {
    "none": ("none", 0.0, 0.0),
    "one-shot": ("one-shot", 0.3, 0.35),
    "one-shot (fine-tune 1 epoch)": ("one-shot", 0.1, 0.06),
    "random one-shot": ("one-shot", 2.0, 2.0),
    "lottery": ("lottery", -0.12, 0.011),
    "lottery (rewind 100 steps)": ("lottery", -0.15, 0.009),
    "lottery-redrawn": ("lottery-redrawn", 0.2, 0.04),
    "lottery-kept": ("lottery-kept", -0.05, 0.012),
    "dynamic": ("dynamic", 0.05, 0.03),
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Simulation:
    """One suite on one problem in one environment."""

    suite: str = "mnist"
    profile: str = "full"
    data: str = "mnist"
    standin: bool = False
    model: str = "lenet-300-100"
    metric: str = "test_accuracy"
    environment: str = CPU
    origin: str = "local"
    methods: Sequence[str] = tuple(METHODS)
    targets: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.98)
    seeds: Sequence[int] = tuple(range(5))
    planned: Sequence[int] | None = None  # seeds asked for; those that are not in `seeds` are missing
    test_count: int = 10_000
    dense: float = 0.982
    noise: float = 0.001
    statuses: dict[tuple[str, int, int], tuple[str, str]] = field(default_factory=dict)  # (method, level, seed)

    def cells(self) -> Iterator[tuple[str, int, float]]:
        for method in self.methods:
            if METHODS[method][0] == "none":
                yield method, 0, 0.0
            else:
                yield from ((method, level, target) for level, target in enumerate(self.targets, start=1))

    def rows(self) -> Iterator[Row]:
        for method, level, target in self.cells():
            for seed in self.seeds:
                yield self._row(method, level, target, seed)

    def position(self, method: str, level: int) -> int:
        """Of a cell in its suite."""
        return [(one, number) for one, number, _ in self.cells()].index((method, level))

    def missing(self) -> Iterator[Row]:
        wanted = self.seeds if self.planned is None else self.planned
        for method, level, target in self.cells():
            for seed in wanted:
                status = self.statuses.get((method, level, seed), ("done", ""))[0]
                if seed not in self.seeds or status == "failed" or self.origin == "reference":
                    yield {
                        **{name: getattr(self, name) for name in ("suite", "profile", "data", "model")},
                        "method": method,
                        "level": level,
                        "target_sparsity": target,
                        "seed": seed,
                        "key": self._key(method, level, seed),
                        "failed": int(status == "failed"),
                        "position": self.position(method, level),
                    }

    def _key(self, method: str, level: int, seed: int) -> str:
        return f"{hash_of(self.suite, self.data, self.model, method, level, seed):016x}"[::-1] * 2

    def _row(self, method: str, level: int, target: float, seed: int) -> Row:
        status, reason = self.statuses.get((method, level, seed), ("done", None))
        name, linear, cubic = METHODS[method]
        halvings = -math.log2(1 - target)
        shared = np.random.default_rng(hash_of(self.data, seed)).normal(0, self.noise)
        own = np.random.default_rng(hash_of(self.data, self.environment, method, level, seed)).normal(0, self.noise / 2)
        fall = (linear * halvings + cubic * halvings**3) / 100
        chance = 0.1
        accuracy = max(chance, self.dense - fall + shared + own * (1 + 40 * max(fall, 0)))
        accuracy = round(min(1.0, accuracy) * self.test_count) / self.test_count
        weights = 266_200
        kept = weights - math.floor(target * weights + 0.5)
        test_loss = 0.06 + 2.2 * (self.dense - accuracy) + 0.01 * abs(own) / self.noise
        row: Row = dict.fromkeys(RESULTS)
        row |= {name: getattr(self, name) for name in ("suite", "profile", "data", "model", "metric", "environment")}
        row |= {"suite_hash": "5" * 40, "standin": int(self.standin), "method": method, "method_name": name}
        row |= {"options": json.dumps({}), "level": level, "target_sparsity": target, "seed": seed}
        row |= {"position": self.position(method, level)}
        row |= {"key": self._key(method, level, seed), "origin": self.origin, "status": status, "reason": reason}
        row |= {"device": self.environment.split(",")[0], "torch": "2.15", "session": "1"}
        row |= {"weights": weights, "parameters": weights + 410, "macs": weights, "test_count": self.test_count}
        row |= {"steps_alone": 4_580 * (level + 1), "steps_shared": 4_580 * level, "flops_alone": 1e12, "seconds": 1.5}
        row |= {"finished_at": f"2026-11-2{seed % 10}T10:00:00Z"}
        if status in ("done", "collapsed"):
            row |= {"sparsity": 1 - kept / weights, "effective_sparsity": 1 - kept / weights, "weights_kept": kept}
            row |= {"parameters_kept": kept + 410, "macs_kept": kept}
            row |= {"test_accuracy": accuracy, "validation_accuracy": accuracy, "test_loss": test_loss}
            row |= {"validation_loss": test_loss, "train_loss": test_loss / 2}
            if target:
                row |= {"pruned_test_accuracy": max(chance, accuracy - 0.1), "pruned_test_loss": test_loss + 0.4}
        if status == "collapsed":
            row |= {"test_accuracy": chance, "test_loss": 2.3026}
        return row


def hash_of(*parts: object) -> int:
    """A stable number for a place, to seed a generator with."""
    number = 7
    for sign in repr(parts).encode():
        number = (number * 1_000_003 + sign) % (1 << 61)
    return number


def database(path: Path, *simulations: Simulation) -> Path:
    """A database with these results."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns in (("results", RESULTS), ("missing", MISSING)):
            typed = ", ".join(f"{name} {'' if name in (*COUNTS, *NUMBERS) else 'text'}" for name in columns)
            connection.execute(f"create table {table} ({typed})")
            rows = [row for simulation in simulations for row in getattr(simulation, _SOURCE[table])()]
            marks = ", ".join(f":{name}" for name in columns)
            connection.executemany(f"insert into {table} ({', '.join(columns)}) values ({marks})", rows)
    return path


_SOURCE = {"results": "rows", "missing": "missing"}
