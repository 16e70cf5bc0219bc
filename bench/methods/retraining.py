"""Masks that are found in the course of one training, and what is trained on them afterwards.

Castex, PruNet (2019): the lottery ticket, its control with new weights, and the network that is simply trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bench.durations import Duration
from bench.errors import UserError
from bench.methods.dynamic import rounds
from bench.methods.task import Task
from bench.methods.tickets import new_weights
from bench.recipe import Reset, Step
from bench.registry import method

Weights = Literal["first", "redrawn", "kept"]


@method("dynamic-retrained", reference="Castex, PruNet (2019)")
def retrained(
    task: Task, every: Duration = Duration(0.04, "share"), weights: Weights = "first", layers: tuple[str, ...] = ()
) -> Iterator[Step]:
    """Prune round by round in one training, as `dynamic-rounds`; then train anew, all of the suite's training.

    That begins with the `first` weights, with `redrawn` ones, or with those that the pruned network has, `kept`.
    `layers` draws only those of the layers that it names.
    """
    if layers and weights != "redrawn":
        raise UserError(f"dynamic-retrained: layers says what is drawn anew, and weights is {weights!r}; leave one out")
    *until_pruned, _ = rounds(task, every)
    yield from until_pruned
    if weights == "kept":
        yield Reset(parts=("clock", "optimiser", "order"))
    else:
        yield Reset()
    if weights == "redrawn":
        yield new_weights(task, layers, "dynamic-retrained")
    yield task.train()
