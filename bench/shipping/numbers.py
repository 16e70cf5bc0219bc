"""What a card tells in numbers: the run's own, those of its dense network, and those of the other seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.opening import OpenedRun
from bench.store import Store
from bench.stored import NAME

_CELL = """
FROM results WHERE suite = :suite AND profile = :profile AND data = :data AND model = :model
AND environment = :environment AND status IN ('done', 'collapsed')
"""
_SEEDS = f"SELECT DISTINCT seed, test_accuracy {_CELL} AND method = :method AND level = :level ORDER BY seed"
_DENSE = f"SELECT key, test_accuracy, test_loss, parameters, macs {_CELL} AND method_name = 'none' AND seed = :seed"


@dataclass(frozen=True)
class Dense:
    """The unpruned network of the same seed."""

    name: str
    accuracy: float
    loss: float | None


@dataclass(frozen=True)
class Numbers:
    accuracy: float
    low: float  # Wilson's 95 % interval over the test samples
    high: float
    correct: int
    count: int
    dense: Dense | None
    seeds: tuple[float, ...]  # the accuracies of all seeds of its cell

    @property
    def difference(self) -> float | None:
        return self.accuracy - self.dense.accuracy if self.dense else None


def numbers_of(opened: OpenedRun) -> Numbers:
    """From the database that the run is in."""
    from analysis.stats import wilson

    facts = opened.facts
    with Store.open(opened.database, read_only=True) as store:
        seeds = store.query(_SEEDS, _named(facts, "method", "level")).rows
        dense = store.query(_DENSE, _named(facts, "seed")).rows
    correct, count = int(facts["test_correct"]), int(facts["test_count"])
    low, high = wilson(correct / count, count)
    return Numbers(
        accuracy=correct / count,
        low=low,
        high=high,
        correct=correct,
        count=count,
        dense=Dense(dense[0][0][:NAME], dense[0][1], dense[0][2]) if dense else None,
        seeds=tuple(row[1] for row in seeds),
    )


def _named(facts: Mapping[str, Any], *more: str) -> dict[str, Any]:
    return {name: facts[name] for name in ("suite", "profile", "data", "model", "environment", *more)}
