"""Prune before any training: the setting of SNIP, GraSP and SynFlow."""

from __future__ import annotations

from collections.abc import Iterator

from bench.methods.task import Task
from bench.recipe import Step
from bench.registry import method


@method("at-init", reference="Lee et al., ICLR 2019", aliases=("pruning-at-initialisation", "pai", "foresight"))
def at_init(task: Task) -> Iterator[Step]:
    """Prune the network as it was drawn to the level in one go, then train what is left."""
    yield task.prune(task.level)
    yield task.train()
