"""What a method is given: the training of the suite, the levels up to the one asked for, and how to prune."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bench.durations import Duration
from bench.errors import UserError
from bench.recipe import During, Level, Prune, Schedule, Score, Teacher, Train, Training
from bench.registry import Choice

_CHANCE = Score("random")


@dataclass(frozen=True)
class Instead:
    """Said before the first step: the recipe starts from this network, not from that of the suite."""

    network: Choice


def _unknown() -> Choice:
    raise LookupError("this task was made without a network, so that there is none of another size")


@dataclass(frozen=True)
class Task:
    """One point of the grid, seen by a method."""

    training: Training
    steps_per_epoch: float
    rounds: tuple[Level, ...]  # the ladder up to the level that is asked for, which is the last; empty when dense
    score: Score
    granularity: str
    scope: str
    floor: float = 0
    norms: bool = False  # whether units take batch norms along
    chance: Score = _CHANCE  # for a method that prunes at random whatever the suite's score is
    smaller: Callable[[], Choice] = _unknown  # the network narrowed to what the level leaves of its weights
    network: tuple[Any, ...] = ()  # what identifies the suite's network
    seed: int = 0  # for a method registered with `by_seed=True`; all others get the first one of the suite

    @property
    def level(self) -> Level:
        """The level to reach."""
        return self.rounds[-1]

    @property
    def total(self) -> int:
        """How many steps the suite's training has."""
        return self.training.schedule.length

    def in_rounds(self, count: int | None) -> tuple[Level, ...]:
        """The way to the level: the ladder's rounds, or so many that each take the same share of a layer's rest."""
        if count is None:
            return self.rounds
        if count < 1:
            raise UserError(f"rounds: {count} rounds lead to no level; give 1 or more")
        return (*(self.level.part(number / count) for number in range(1, count)), self.level)

    def steps(self, duration: Duration) -> int:
        """A duration of the suite file in steps."""
        return duration.steps(self.steps_per_epoch, self.total)

    def train(self, start: int = 0, stop: int | None = None) -> Train:
        """The suite's training from a step to a step, to its end by default."""
        return Train(self.training, start, self.total if stop is None else stop)

    def equal_size(self) -> Instead:
        """The network narrowed until it has no more weights than the level leaves, to be whole in place of pruned."""
        return Instead(self.smaller())

    def taught(self, alpha: float, temperature: float) -> Task:
        """The same with a teacher in every training: the suite's network at the end of its dense training."""
        if not 0 <= alpha <= 1:
            raise UserError(f"alpha is {alpha:g}; give a share from 0 to 1, which is what the teacher counts")
        if not 0 < temperature < float("inf"):
            raise UserError(f"temperature is {temperature:g}; give a number above 0, such as 4")
        teacher = Teacher(self.network, (self.train(),), alpha, temperature)
        return replace(self, training=replace(self.training, teacher=teacher))

    def prune(self, level: Level) -> Prune:
        """Prune to a level by the score, granularity and scope of the suite."""
        return Prune(level, self.score, self.granularity, self.scope, self.floor, self.norms)

    def prune_by_chance(self, level: Level) -> Prune:
        """Prune to a level at random, whatever the suite's score is, as `at-init: {score: random}` does."""
        return replace(self.prune(level), score=self.chance)

    def train_while(self, during: During) -> Train:
        """All of the suite's training, with masks that move on the way."""
        return Train(replace(self.training, during=during), 0, self.total)

    def fine_tune(self, length: int, rate: float) -> Train:
        """A training of its own length, at a share of the rate; a schedule in steps becomes a constant one."""
        kind = "constant" if self.training.schedule.kind == "step" else self.training.schedule.kind
        schedule = Schedule(kind, length, final=self.training.schedule.final)
        return self._anew(schedule, rate)

    def longer(self, length: int, rate: float = 1.0) -> Train:
        """The suite's training with its schedule stretched, or shortened, to a length, at a share of the rate."""
        whole = self.training.schedule
        schedule = replace(
            whole,
            length=length,
            warmup=_stretched(whole.warmup, length, whole.length),
            milestones=tuple(_stretched(milestone, length, whole.length) for milestone in whole.milestones),
        )
        return self._anew(schedule, rate)

    def student(self, length: Duration, rate: float) -> Train:
        """The training of another network than the suite's: of its own length, at a factor of the rate."""
        if not 0 < rate < float("inf"):
            raise UserError(f"rate is {rate:g}; give a factor of the suite's learning rate above 0, such as 10")
        return self.longer(max(1, self.steps(length)), rate)

    def _anew(self, schedule: Schedule, rate: float) -> Train:
        optimiser = replace(self.training.optimiser, lr=self.training.optimiser.lr * rate)
        return Train(replace(self.training, optimiser=optimiser, schedule=schedule), 0, schedule.length)


def _stretched(step: int, length: int, whole: int) -> int:
    """The step that is as far on in a schedule of another length, rounded half up."""
    return (2 * step * length + whole) // (2 * whole)
