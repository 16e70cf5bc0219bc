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


@method("one-shot-rewound", reference="Renda et al., ICLR 2020", aliases=("learning-rate-rewinding",))
def one_shot_rewound(task: Task, rewind: Duration = Duration(0.5, "share")) -> Iterator[Step]:
    """Train, prune to the level in one go, take the learning rate back to an earlier step and train on from there."""
    early = task.steps(rewind)
    yield task.train()
    yield task.prune(task.level)
    yield Reset(to=early, parts=("clock", "optimiser", "order"))
    yield task.train(early)


@method("iterative", reference="Han et al., NIPS 2015", aliases=("prune-retrain", "gradual-fine-tuning"))
def iterative(
    task: Task,
    fine_tune: Duration = Duration(0.1, "share"),
    fine_tune_rate: float = 0.1,
    rounds: int | None = None,
) -> Iterator[Step]:
    """Train, then prune a round of the ladder and fine-tune, again and again until the level is reached.

    With `rounds` these are so many that each take the same share of what is left.
    """
    yield task.train()
    for level in task.in_rounds(rounds):
        yield task.prune(level)
        yield Reset(parts=("clock", "optimiser"))
        yield task.fine_tune(max(1, task.steps(fine_tune)), fine_tune_rate)
