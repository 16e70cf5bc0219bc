"""Distillation: a student learns from what a trained network says to the same samples, besides their labels.

Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015. The teacher is the suite's network after
its dense training, with the student's seed. The undistilled control of `distil` is `equal-size`, that of
`distil-into` is `another-network`, that of `distil-pruned` is `one-shot` with the same fine-tuning.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.durations import Duration
from bench.methods.baselines import SMALL
from bench.methods.task import Instead, Task
from bench.recipe import Reset, Step
from bench.registry import NetworkChoice, method

_PAPER = "Hinton, Vinyals and Dean, 2015"


@method("distil", reference=_PAPER, aliases=("distillation", "knowledge-distillation", "kd"), whole=True, sized=True)
def distil(task: Task, alpha: float = 0.9, temperature: float = 4.0) -> Iterator[Instead | Step]:
    """A narrower network, whole, with as many weights as the level leaves, is taught by the dense one.

    `alpha` is what the teacher counts against the labels, `temperature` softens what both say.
    """
    yield task.equal_size()
    yield task.taught(alpha, temperature).train()


@method("distil-into", reference=_PAPER, dense=True, sample={"network": SMALL})
def distil_into(
    task: Task,
    network: NetworkChoice,
    alpha: float = 0.9,
    temperature: float = 4.0,
    length: Duration = Duration(1, "share"),
    rate: float = 1.0,
) -> Iterator[Instead | Step]:
    """A student of your choice, whole, is taught by the dense network.

    `length` is that of its training where it has another one than its teacher, `rate` a factor of the learning rate.
    """
    yield Instead(network)
    yield task.taught(alpha, temperature).student(length, rate)


@method("distil-pruned", reference=_PAPER, aliases=("distilled-fine-tuning",))
def distil_pruned(
    task: Task,
    fine_tune: Duration = Duration(1, "share"),
    fine_tune_rate: float = 0.1,
    alpha: float = 0.9,
    temperature: float = 4.0,
) -> Iterator[Step]:
    """Train, prune to the level in one go, and fine-tune what is left with the dense network for a teacher."""
    yield task.train()
    yield task.prune(task.level)
    yield Reset(parts=("clock", "optimiser"))
    yield task.taught(alpha, temperature).fine_tune(max(1, task.steps(fine_tune)), fine_tune_rate)
