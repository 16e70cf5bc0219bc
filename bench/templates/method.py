"""A method of my own.

    bench check FILE                      # does it keep what every method promises?
    bench run my-suite.yaml --plugin FILE

In the suite:  methods: [none, my-method, {my-method: {between: 2 epochs}}]
"""

from collections.abc import Iterator

from bench import method
from bench.durations import Duration
from bench.methods.task import Task
from bench.recipe import Step


# Whatever stands in this file is part of what identifies its runs: after an edit they are made anew, the old ones stay.
@method("my-method")
def my_method(task: Task, between: Duration = Duration(1, "epochs"), rate: float = 0.1) -> Iterator[Step]:
    """Prune half of the way, recover for a while, prune the rest, recover again."""
    # A method trains nothing itself: it gives the steps of a recipe, and what recipes share is trained once.
    # Every argument after `task` is an option of the method in a suite, checked by its type.
    #
    # task.train(start, stop)       the suite's training between two steps; without them, all of it
    # task.prune(level)             down to a level, by the suite's score, granularity and scope
    # task.level                    the level to reach; task.level.part(1 / 2) lies half of the way there
    # task.rounds                   the levels of the ladder up to it, for pruning round by round
    # task.fine_tune(steps, rate)   a training of its own length, at a share of the learning rate
    # Reset(to=k)                   everything but the masks back to step k (from bench.recipe import Reset)
    yield task.train()
    yield task.prune(task.level.part(1 / 2))
    yield task.fine_tune(task.steps(between), rate)
    yield task.prune(task.level)
    yield task.fine_tune(task.steps(between), rate)
