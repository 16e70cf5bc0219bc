"""Prune while one training goes on: at a few moments, round by round, or a little all the time.

Lewis et al., Dynamic Pruning (MLGroupProject); Castex, PruNet; Zhu and Gupta, To prune, or not to prune, 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.durations import Duration
from bench.errors import UserError
from bench.methods.task import Task
from bench.recipe import Level, Step
from bench.registry import method


@method("dynamic", reference="Lewis et al., Dynamic Pruning (MLGroupProject)", aliases=("during-training",))
def dynamic(
    task: Task,
    at: tuple[Duration, ...] = (Duration(1 / 3, "share"), Duration(2 / 3, "share")),
    parts: tuple[float, ...] = (),
) -> Iterator[Step]:
    """Stop at some moments of one training, prune the same share of what is left at each, and go on.

    `parts` says how far each moment goes, against the others: [1, 3] takes at the second what three such prunings take.
    """
    moments = [task.steps(moment) for moment in at]
    if not moments or moments != sorted(moments) or moments[-1] > task.total:
        told = ", ".join(map(str, at))
        raise UserError(
            f"dynamic: at is [{told}], in a training of {task.total} steps; "
            "give at least one moment, none before the one that stands before it, none after the end"
        )
    yield from _interrupted(task, moments, _in_parts(task, parts or (1.0,) * len(moments), len(moments)))


def _in_parts(task: Task, parts: Sequence[float], count: int) -> list[Level]:
    """The levels on the way that are reached when each layer has lost a portion of its rest in proportion to a part."""
    if len(parts) != count or min(parts) <= 0 or sum(parts) == float("inf"):
        told = ", ".join(f"{part:g}" for part in parts)
        raise UserError(f"dynamic: parts is [{told}], for {count} moments; give a number above 0 for each of them")
    return [task.level.part(sum(parts[:number]) / sum(parts)) for number in range(1, count)] + [task.level.part(1.0)]


@method("dynamic-drawn", reference="Lewis et al., Dynamic Pruning (MLGroupProject)", by_seed=True)
def drawn(
    task: Task,
    count: int = 5,
    first: Duration = Duration(0.2, "share"),
    last: Duration = Duration(1, "share"),
    draw: int = 1,
    apart: Duration = Duration(1, "steps"),
    each_seed: bool = False,
) -> Iterator[Step]:
    """As `dynamic`, at so many moments between two others that are drawn once, by the number `draw`, for all seeds.

    They are whole multiples of `apart`, such as `1 epoch`. With `each-seed` every seed draws its own.
    """
    from bench import random  # which needs numpy: suites are read without it

    unit = max(1, task.steps(apart))
    low, high = -(-task.steps(first) // unit), -(-task.steps(last) // unit)
    if not 0 < count <= high - low:
        raise UserError(
            f"dynamic-drawn: count is {count}, and there are {max(0, high - low)} moments between first and last, "
            f"{unit} steps apart; give a number from 1 to that"
        )
    by = (draw, "dynamic-drawn", task.seed) if each_seed else (draw, "dynamic-drawn")
    chosen = random.permutation(*by, n=high - low)[:count]
    moments = sorted((low + int(place)) * unit for place in chosen)
    yield from _interrupted(task, moments, [task.level.part(number / count) for number in range(1, count + 1)])


@method("dynamic-rounds", reference="Castex, PruNet (2019)", aliases=("iterative-during-training",))
def rounds(task: Task, every: Duration = Duration(0.04, "share")) -> Iterator[Step]:
    """One training in which a round of the ladder is pruned every so often, until the level is reached."""
    each = max(1, task.steps(every))
    moments = [each * number for number in range(1, len(task.rounds) + 1)]
    if moments[-1] > task.total:
        raise UserError(
            f"dynamic-rounds: {len(moments)} rounds, one every {each} steps, do not fit into {task.total} steps of "
            f"training; prune every {max(1, task.total // len(moments))} steps or more often"
        )
    yield from _interrupted(task, moments, task.rounds)


@method("gradual", reference="Zhu and Gupta, 2017", aliases=("agp", "zhu-gupta", "cubic"))
def gradual(
    task: Task,
    begin: Duration = Duration(0, "steps"),
    end: Duration = Duration(0.75, "share"),
    prunings: int = 20,
) -> Iterator[Step]:
    """One training in which sparsity grows from `begin` to `end`, quickly at first: by 1 - (1 - t) cubed."""
    low, high = task.steps(begin), task.steps(end)
    if prunings < 1 or high < low:
        raise UserError(
            f"gradual: {prunings} prunings between step {low} and step {high}; give at least 1, and a later end"
        )
    count = min(prunings, high - low + 1)
    ways = [number / (count - 1) if count > 1 else 1.0 for number in range(count)]
    # At the very beginning the curve is at 0: there is nothing to prune yet.
    moments = [low + round((high - low) * way) for way in ways if way > 0]
    yield from _interrupted(task, moments, [task.level.times(1 - (1 - way) ** 3) for way in ways if way > 0])


def _interrupted(task: Task, moments: Sequence[int], levels: Sequence[Level]) -> Iterator[Step]:
    """One training that is stopped at each of the moments to prune to the level that belongs to it."""
    start = 0
    for moment, level in zip(moments, levels, strict=True):
        yield task.train(start, moment)
        yield task.prune(level)
        start = moment
    yield task.train(start)
