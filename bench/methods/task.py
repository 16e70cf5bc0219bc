"""What a method is given: the training of the suite, the levels up to the one asked for, and how to prune."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.durations import Duration
from bench.recipe import Level, Prune, Schedule, Score, Train, Training


@dataclass(frozen=True)
class Task:
    """One point of the grid, seen by a method."""

    training: Training
    steps_per_epoch: float
    rounds: tuple[Level, ...]  # the ladder up to the level that is asked for, which is the last; empty when dense
    score: Score
    granularity: str
    scope: str
    norms: bool = False  # whether units take batch norms along

    @property
    def level(self) -> Level:
        """The level to reach."""
        return self.rounds[-1]

    @property
    def total(self) -> int:
        """How many steps the suite's training has."""
        return self.training.schedule.length

    def steps(self, duration: Duration) -> int:
        """A duration of the suite file in steps."""
        return duration.steps(self.steps_per_epoch, self.total)

    def train(self, start: int = 0, stop: int | None = None) -> Train:
        """The suite's training from a step to a step, to its end by default."""
        return Train(self.training, start, self.total if stop is None else stop)

    def prune(self, level: Level) -> Prune:
        """Prune to a level by the score, granularity and scope of the suite."""
        return Prune(level, self.score, self.granularity, self.scope, self.norms)

    def fine_tune(self, length: int, rate: float) -> Train:
        """A training of its own length, at a share of the rate; a schedule in steps becomes a constant one."""
        kind = "constant" if self.training.schedule.kind == "step" else self.training.schedule.kind
        schedule = Schedule(kind, length, final=self.training.schedule.final)
        optimiser = replace(self.training.optimiser, lr=self.training.optimiser.lr * rate)
        return Train(replace(self.training, optimiser=optimiser, schedule=schedule), 0, length)
