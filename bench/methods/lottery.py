"""The lottery ticket, and the same rounds without going back.

Frankle and Carbin, The Lottery Ticket Hypothesis, ICLR 2019 (rewinding to step 0); Frankle,
Dziugaite, Roy and Carbin, Linear Mode Connectivity and the Lottery Ticket Hypothesis, ICML 2020 (rewinding to step k);
Renda, Frankle and Carbin, Comparing Rewinding and Fine-tuning in Neural Network Pruning, ICLR 2020 (kept weights).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bench.durations import Duration
from bench.methods.task import Task
from bench.recipe import EVERYTHING, Reset, Step
from bench.registry import method


@method("lottery", reference="Frankle and Carbin, ICLR 2019", aliases=("imp", "lth", "lottery-ticket", "rewinding"))
def lottery(
    task: Task,
    rewind: Duration = Duration(0, "steps"),
    optimiser: Literal["fresh", "carried"] = "fresh",
    rounds: int | None = None,
) -> Iterator[Step]:
    """Train, prune a round, rewind what is left to an early step; at the level, train what is left from there.

    A `carried` optimiser keeps what it remembers when the weights go back, as that of a script with a single one does.
    Its rounds are those of the ladder, or `rounds` that each take the same share of what is left.
    """
    early = task.steps(rewind)
    parts = EVERYTHING if optimiser == "fresh" else tuple(part for part in EVERYTHING if part != "optimiser")
    yield task.train()
    for level in task.in_rounds(rounds):
        yield task.prune(level)
        yield Reset(to=early, parts=parts)
        yield task.train(early)


@method("lottery-kept", reference="Renda et al., ICLR 2020", aliases=("keep", "kept", "lr-rewinding", "lrr"))
def kept(task: Task) -> Iterator[Step]:
    """The control: the same rounds with the trained weights kept, only the learning rate and the data go back."""
    yield task.train()
    for level in task.rounds:
        yield task.prune(level)
        yield Reset(to=0, parts=("clock", "optimiser", "order"))
        yield task.train()
