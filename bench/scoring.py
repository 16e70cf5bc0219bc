"""The score of a suite, as a recipe has it: its options in steps, and no more in its key than decides its numbers."""

from __future__ import annotations

from typing import Any

from bench.arguments import arguments, settings
from bench.durations import Duration
from bench.ground import Ground
from bench.pruning import asking
from bench.recipe import Score
from bench.registry import Choice, Component, registry


def score_of(choice: Choice, ground: Ground) -> Score:
    component = registry("score").get(choice.name)
    given = arguments(component, dict(choice.options))
    total = ground.training.schedule.length
    in_steps = {
        name: value.steps(ground.steps_per_epoch, total) if isinstance(value, Duration) else value
        for name, value in choice.options
    }
    chosen, statistics = _with_statistics(component, given, settings(component, in_steps), ground.batch_norm)
    return Score(
        component.name,
        chosen,
        (*asking.identity(component, given), *statistics),
        tuple(moment.steps(ground.steps_per_epoch, total) for moment in asking.moments(component, given)),
        ground.training.batch if asking.wants_batches(component, given) else 0,
    )


def _with_statistics(
    component: Component, given: asking.Options, chosen: tuple[tuple[str, Any], ...], batch_norm: bool
) -> tuple[tuple[tuple[str, Any], ...], tuple[str, ...]]:
    """The options of a score, and what joins its identity, by what batch norm goes by while it computes.

    A network without batch norm has nothing to choose, and the key says nothing of it. In one with batch norm a key
    says `batch` also where that is the default: those that say nothing are of the time when there was no choice, and
    all went by running statistics.
    """
    statistics = asking.statistics(component, given)
    if not statistics:
        return chosen, ()
    said = (("statistics", statistics),) if batch_norm else ()
    if "statistics" not in component.options:  # it passes on the numbers of another
        return chosen, tuple(f"statistics {value}" for _, value in said if value == "batch")
    if statistics == component.options["statistics"].default == "running":
        said = ()
    return tuple(sorted((*(one for one in chosen if one[0] != "statistics"), *said))), ()
