"""The learning rate at a step of the schedule, as a factor of the optimiser's rate."""

from __future__ import annotations

import math

from bench.recipe import Schedule


def factor(schedule: Schedule, step: int) -> float:
    """What the rate is multiplied with in the step that begins at `step`."""
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    after = max(1, schedule.length - schedule.warmup)
    progress = min(1.0, (step - schedule.warmup) / after)
    if schedule.kind == "linear":
        return 1 - (1 - schedule.final) * progress
    if schedule.kind == "cosine":
        return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * progress)) / 2
    if schedule.kind == "step":
        return schedule.gamma ** sum(step >= milestone for milestone in schedule.milestones)
    return 1.0
