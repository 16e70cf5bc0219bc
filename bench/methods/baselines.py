"""Baselines of equal cost and of equal size: what else the same training, or as many weights, could have been used for.

What is pruned trains on at the whole rate unless a suite says otherwise; fine-tuned at a small one it would be a weak
baseline: Le and Hua, Network Pruning That Matters: A Case Study on Retraining Variants, ICLR 2021.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.durations import Duration
from bench.methods.task import Instead, Task
from bench.recipe import Reset, Step
from bench.registry import Choice, NetworkChoice, method

SMALL = Choice("mlp", (("sizes", (8,)),))  # to try such methods with


@method("dense-longer", aliases=("longer", "dense-equal-cost"), whole=True)
def dense_longer(task: Task, rewind: Duration = Duration(0, "steps")) -> Iterator[Step]:
    """The control: no pruning, but as many steps of training as the lottery ticket took in all to reach the level.

    The schedule is stretched over all of them. `rewind` is that of the ticket.
    """
    yield task.longer(_steps_of_the_ticket(task, rewind))


@method("one-shot-longer", reference="Le and Hua, ICLR 2021", aliases=("one-shot-equal-cost",))
def one_shot_longer(task: Task, fine_tune_rate: float = 1.0, rewind: Duration = Duration(0, "steps")) -> Iterator[Step]:
    """The control: train, prune to the level in one go, train on for the rest of the steps that the ticket took.

    The schedule begins anew and is stretched over the rest, at `fine-tune-rate` times its rate. `rewind` is that of the
    ticket.
    """
    yield task.train()
    yield task.prune(task.level)
    if rest := _steps_of_the_ticket(task, rewind) - task.total:
        yield Reset(parts=("clock", "optimiser"))
        yield task.longer(rest, fine_tune_rate)


def _steps_of_the_ticket(task: Task, rewind: Duration) -> int:
    """The dense training, and one from the rewinding point on for each round of the ladder."""
    return task.total + len(task.rounds) * (task.total - task.steps(rewind))


@method("equal-size", aliases=("small-dense", "dense-small"), whole=True, sized=True)
def equal_size(task: Task) -> Iterator[Instead | Step]:
    """The control: a narrower network, whole, with as many weights as the level leaves, or just fewer."""
    yield task.equal_size()
    yield task.train()


@method("another-network", aliases=("other-network",), dense=True, sample={"network": SMALL})
def another_network(
    task: Task, network: NetworkChoice, length: Duration = Duration(1, "share"), rate: float = 1.0
) -> Iterator[Instead | Step]:
    """The control: a network of your choice, whole, trained as the suite's is; a student without a teacher.

    `length` is that of its training where it has another one, `rate` a factor of the suite's learning rate.
    """
    yield Instead(network)
    yield task.student(length, rate)
