"""Prune while training goes on."""

from __future__ import annotations

from collections.abc import Iterator

from bench.durations import Duration
from bench.methods.task import Task
from bench.recipe import Step
from bench.registry import method


@method("dynamic", reference="Lewis et al., Dynamic Pruning (MLGroupProject)", aliases=("during-training",))
def dynamic(
    task: Task, at: tuple[Duration, ...] = (Duration(1 / 3, "share"), Duration(2 / 3, "share"))
) -> Iterator[Step]:
    """Stop at some moments of one training, prune the same share of what is left at each, and go on."""
    moments = [task.steps(moment) for moment in at]
    start = 0
    for count, moment in enumerate(moments, start=1):
        yield task.train(start, moment)
        yield task.prune(task.level.part(count / len(moments)))
        start = moment
    yield task.train(start)
