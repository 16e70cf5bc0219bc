"""Successive halving: all trials of a batch are looked at briefly, and the better half of them at greater length.

Jamieson and Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter Optimization, AISTATS 2016.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.recipe import Prune, Step, Train
from bench.suite.studies import Halving


@dataclass(frozen=True)
class Rung:
    """How much is given to the trials that have come so far."""

    seeds: tuple[int, ...]
    part: float = 1.0  # of the last training

    @property
    def words(self) -> str:
        seeds = f"{len(self.seeds)} {'seed' if len(self.seeds) == 1 else 'seeds'}"
        return seeds if self.part == 1 else f"{seeds} and {100 * self.part:.4g} % of the fine-tuning"


def rungs(halving: Halving, seeds: Sequence[int], cuts: bool) -> list[Rung]:
    """From a first look to the whole: the seeds double, and where trials fine-tune, a part of that comes before all.

    Every trial of a batch has the same seeds, so that trials are compared in pairs.
    """
    count = min(halving.seeds or len(seeds), len(seeds))
    counts = [count]
    while counts[-1] < len(seeds):
        counts.append(min(2 * counts[-1], len(seeds)))
    found = [Rung(tuple(seeds[:number])) for number in counts]
    if cuts and halving.share < 1:
        found.insert(0, Rung(found[0].seeds, halving.share))
    return found


def better_half(scores: Mapping[int, float]) -> list[int]:
    """The trials that go on: half of them, rounded up; of equal ones the earlier."""
    ranked = sorted(scores, key=lambda number: (-scores[number], number))
    return sorted(ranked[: math.ceil(len(ranked) / 2)])


def can_be_cut(steps: Sequence[Step]) -> bool:
    """Whether a recipe ends with a training of its own after a pruning, which may be looked at before its end."""
    if len(steps) < 2 or not isinstance(last := steps[-1], Train):
        return False
    pruned = any(isinstance(step, Prune) for step in steps[:-1])
    return pruned and last.start == 0 and last.stop > 1 and last.training.select.kind == "last"


def cut(steps: tuple[Step, ...], part: float) -> tuple[Step, ...]:
    """The recipe with this part of its last training, a step at least; one that cannot be cut as it is."""
    last = steps[-1]
    if part == 1 or not can_be_cut(steps) or not isinstance(last, Train):
        return steps
    return (*steps[:-1], Train(last.training, 0, max(1, round(part * last.stop))))
