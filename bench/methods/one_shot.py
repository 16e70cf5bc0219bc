"""Prune once, after training.

LeCun, Denker and Solla, Optimal Brain Damage, NIPS 1989; Han, Pool, Tran and Dally, Learning both Weights and
Connections for Efficient Neural Networks, NIPS 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.durations import Duration
from bench.methods.task import Task
from bench.recipe import Reset, Step
from bench.registry import method


@method("one-shot", reference="Han et al., NIPS 2015", aliases=("oneshot", "omp", "magnitude-pruning", "post-training"))
def one_shot(task: Task, fine_tune: Duration = Duration(0, "steps"), fine_tune_rate: float = 0.1) -> Iterator[Step]:
    """Train, prune to the level in one go, and fine-tune for a while where asked to."""
    yield task.train()
    yield task.prune(task.level)
    if length := task.steps(fine_tune):
        yield Reset(parts=("clock", "optimiser"))
        yield task.fine_tune(length, fine_tune_rate)
