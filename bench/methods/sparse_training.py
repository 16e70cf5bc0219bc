"""Sparse from the first step to the last: a random mask whose weights move to better places in the course of training.

Mocanu et al., Scalable training of artificial neural networks with adaptive sparse connectivity, Nature Communications
2018; Evci et al., Rigging the Lottery: Making All Tickets Winners, ICML 2020. Their control, the same random mask left
as it is, is `at-init: {score: random}`; it shares the mask with both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bench.durations import Duration
from bench.errors import UserError
from bench.methods.task import Task
from bench.recipe import During, Step
from bench.registry import method

Decay = Literal["constant", "cosine"]
_OFTEN = {"every": Duration(3, "steps")}  # for trainings as short as those of the contract


@method(
    "set",
    reference="Mocanu et al., Nature Communications 2018",
    aliases=("sparse-evolutionary-training", "sparse-evolution"),
    by_chance=True,
    sample=_OFTEN,
)
def sparse_evolution(
    task: Task,
    every: Duration = Duration(1, "epochs"),
    until: Duration = Duration(1, "share"),
    fraction: float = 0.3,
    decay: Decay = "constant",
) -> Iterator[Step]:
    """Train a random part of the network; every so often the smallest weights go and as many grow at random."""
    yield task.prune_by_chance(task.level)
    yield task.train_while(_during("set", task, every, until, fraction, decay))


@method(
    "rigl",
    reference="Evci et al., ICML 2020",
    aliases=("rigging-the-lottery", "rigged-lottery"),
    by_chance=True,
    sample=_OFTEN,
)
def rigl(
    task: Task,
    every: Duration = Duration(100, "steps"),
    until: Duration = Duration(0.75, "share"),
    fraction: float = 0.3,
    decay: Decay = "cosine",
) -> Iterator[Step]:
    """Train a random part of the network; every so often the smallest weights go and those of largest gradient grow."""
    yield task.prune_by_chance(task.level)
    yield task.train_while(_during("rigl", task, every, until, fraction, decay))


def _during(
    kind: Literal["set", "rigl"], task: Task, every: Duration, until: Duration, fraction: float, decay: Decay
) -> During:
    """The updates, unless they are none: then the result would be that of the random mask under a false name."""
    if task.granularity != "weight":
        raise UserError(f"{kind}: moves single weights, not granules of {task.granularity!r}; give granularity: weight")
    if not 0 <= fraction <= 1:
        raise UserError(f"{kind}: fraction is {fraction:g}; give a share of the kept weights, from 0 to 1")
    each, last = max(1, task.steps(every)), task.steps(until)
    if each >= last:
        raise UserError(
            f"{kind}: no update comes every {each} steps before step {last} of {task.total}; "
            f"give a shorter every{f', such as {max(1, last // 10)} steps' if last > 1 else ' and a later until'}"
        )
    return During(kind, each, last, fraction, decay)
