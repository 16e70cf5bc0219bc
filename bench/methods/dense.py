"""No pruning at all: what every other method is compared with."""

from __future__ import annotations

from collections.abc import Iterator

from bench.methods.task import Task
from bench.recipe import Step
from bench.registry import method


@method("none", aliases=("dense", "baseline", "unpruned"), dense=True)
def none(task: Task) -> Iterator[Step]:
    """Train the network whole."""
    yield task.train()
