"""Training a pack: replicas that may differ in seed, mask, rate, place in the schedule and length train as one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from bench.recipe import Training
from bench.training.content import AHEAD, Batches, Content
from bench.training.curves import looks
from bench.training.devices import sum_type
from bench.training.evaluation import totals
from bench.training.losses import Batch
from bench.training.networks import StackedNetwork
from bench.training.optimisers import Rows, group_rows, update
from bench.training.regrowth import Turn, gradient_and_moves
from bench.training.schedules import factor
from bench.training.selection import Selection
from bench.training.stacks import Stack, lay, take, updates_behind
from bench.training.state import State
from bench.training.teaching import Lesson, Teachers, teachers

CurveAt = Callable[[int, int, int, int, int], list[int]]  # start, stop, batch, validation samples, width -> steps


@dataclass(frozen=True)
class Member:
    """One replica's part in a pack: its state and the stretch of its training."""

    seed: int
    state: State
    training: Training
    start: int
    stop: int
    lesson: Lesson | None = None  # where its training has a teacher

    @property
    def length(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class CurvePoint:
    step: int  # of the schedule
    train_loss: float  # mean of the batches since the point before
    validation_loss: float | None
    validation_accuracy: float | None


@dataclass(frozen=True)
class Trained:
    """What became of a member."""

    state: State
    train_loss: float  # mean over the last epoch, or over all there was when it was less
    curve: tuple[CurvePoint, ...]
    diverged_at: int | None  # the step by which a loss or a weight was no longer a number


@dataclass
class _Running:
    """A pack on its way. Rows are places in the stack, members are numbers in the list that the pack began with."""

    members: Sequence[Member]
    stack: Stack
    total: Tensor  # the sum of the batch losses of each row
    alive: list[int]  # the member in each row
    curves: dict[int, list[CurvePoint]] = field(default_factory=lambda: defaultdict(list))
    marks: dict[int, tuple[int, float]] = field(default_factory=dict)  # member -> step and total at its last look
    before_last_epoch: dict[int, float] = field(default_factory=dict)


class PrunedWeightReturned(RuntimeError):
    """A weight that was pruned is not zero: the trainer's first promise is broken."""


def train(
    network: StackedNetwork,
    content: Content,
    members: Sequence[Member],
    progress: Callable[[int], None] = lambda replica_steps: None,
    curve_at: CurveAt = looks,
) -> list[Trained]:
    """Train every member over its stretch; the results are in the members' order.

    All have teachers of one network, or none has. Members with a selection rule must share the rule and the stretch.
    """
    with torch.no_grad():
        return _Pack(network, content, members, progress, curve_at).run()


class _Pack:
    def __init__(
        self,
        network: StackedNetwork,
        content: Content,
        members: Sequence[Member],
        progress: Callable[[int], None],
        curve_at: CurveAt,
    ) -> None:
        self._network, self._content, self._progress = network, content, progress
        self._members = members
        self._batch = members[0].training.batch
        samples = len(content.split(members[0].seed).train)
        self._epoch = max(1, round(samples / self._batch))
        validation = len(content.split(members[0].seed).validation)
        # Equal schedules side by side share one update of the optimiser.
        order = sorted(
            range(len(members)), key=lambda m: (repr(members[m].training), members[m].start, -members[m].stop)
        )
        stack = lay([members[m].state for m in order], [members[m].training.optimiser for m in order], content.device)
        self._running = _Running(
            members, stack, torch.zeros(len(order), dtype=sum_type(content.device), device=content.device), order
        )
        self._batches = Batches(content, *self._places(), self._batch, members[0].training.augmentation)
        self._groups = self._group()
        self._teachers = self._hired()
        self._ends = sorted({member.length for member in members})
        self._look_at = self._moments(
            lambda m: [step - m.start for step in curve_at(m.start, m.stop, self._batch, validation, len(members))]
        )
        self._select_at = self._moments(self._selection_steps)
        self._mark_at = self._moments(lambda m: [max(0, m.length - self._epoch)])
        selecting = any(member.training.select.kind != "last" for member in members)
        self._selection = Selection(stack, [members[m].training.select for m in order]) if selecting else None
        self._finished: dict[int, Trained] = {}

    def run(self) -> list[Trained]:
        done = 0
        self._mark(0)
        for end in self._ends:
            while done < end:
                self._step(done)
                done += 1
                self._after(done)
                if done % AHEAD == 0 or done == end:
                    self._progress(len(self._running.alive) * (done % AHEAD or AHEAD))
            self._leave(done)
        return [self._finished[m] for m in range(len(self._members))]

    def _step(self, done: int) -> None:
        stack = self._running.stack
        inputs, labels = self._batches.at(done)
        places = self._stream_places(done) if self._network.noisy else ()
        taught = self._teachers.at(inputs) if self._teachers else None
        batch = Batch(inputs, labels, places, taught)
        self._running.total += gradient_and_moves(self._network, stack, batch, self._turns(done))
        for rows, member in self._groups:
            training, step = member.training, member.start + done
            if training.learns_at(step):
                rate = rows.settings.lr * factor(training.schedule, step)
                made = training.learning_steps(member.start, step)
                update(rows, made, rate, stack.weights, stack.gradient, stack.moments)

    def _turns(self, done: int) -> list[Turn]:
        """The replicas whose pruned weights move in this step, in groups that do so alike."""
        moving = [
            (rows, during, member.start + done)
            for rows, member in self._groups
            if (during := member.training.during) is not None and during.moves_at(member.start + done)
        ]
        places = self._stream_places(done) if moving else []
        return [Turn(rows.first, during, step, places[rows.first : rows.last]) for rows, during, step in moving]

    def _after(self, done: int) -> None:
        if members := self._select_at.get(done):
            self._select(members)
        if members := self._look_at.get(done):
            self._look(done, members)
        self._mark(done)

    def _mark(self, done: int) -> None:
        for row, total in self._totals_of(self._mark_at.get(done, [])):
            self._running.before_last_epoch[row] = total

    def _totals_of(self, members: Sequence[int]) -> list[tuple[int, float]]:
        if not members:
            return []
        sums = self._running.total.tolist()
        rows = {member: row for row, member in enumerate(self._running.alive)}
        return [(member, sums[rows[member]]) for member in members if member in rows]

    def _look(self, done: int, members: Sequence[int]) -> None:
        part, losses, right, count = self._validate(members)
        for place, (member, total) in enumerate(self._totals_of(part)):
            before, sum_before = self._running.marks.get(member, (0, 0.0))
            self._running.marks[member] = (done, total)
            point = CurvePoint(
                self._members[member].start + done,
                (total - sum_before) / (done - before),
                losses[place].item() / count if count else None,
                right[place].item() / count if count else None,
            )
            self._running.curves[member].append(point)

    def _validate(self, members: Sequence[int]) -> tuple[list[int], Tensor, Tensor, int]:
        """Those of the members that are still here, in the order of their rows, with their validation results."""
        wanted = set(members)
        rows = [row for row, member in enumerate(self._running.alive) if member in wanted]
        here = [self._running.alive[row] for row in rows]
        stack = self._running.stack
        if len(rows) < len(self._running.alive):
            stack = stack.keep(torch.tensor(rows, device=self._content.device))
        parts = [self._content.split(self._members[member].seed).validation for member in here]
        losses, right = totals(self._network, stack, self._content, parts)
        return here, losses, right, len(parts[0])

    def _select(self, members: Sequence[int]) -> None:
        if self._selection is None:
            return
        _, losses, _, _ = self._validate(members)
        self._selection.look(self._running.stack, losses)

    def _selection_steps(self, member: Member) -> list[int]:
        rule = member.training.select
        if rule.kind == "last":
            return []
        every = rule.every or self._epoch
        return [*range(every, member.length, every), member.length]

    def _leave(self, done: int) -> None:
        """Take out the members that end here, and close the ranks when half have left."""
        running = self._running
        if self._selection is not None:
            self._selection.restore(running.stack)
        sums = running.total.tolist()
        staying = []
        for row, member in enumerate(running.alive):
            if self._members[member].length == done and member not in self._finished:
                self._finished[member] = self._finish(row, member, sums[row])
            elif self._members[member].length > done:
                staying.append(row)
        if staying and len(staying) * 2 <= len(running.alive):
            self._compact(staying)

    def _finish(self, row: int, member: int, total: float) -> Trained:
        own, running = self._members[member], self._running
        state = take(running.stack, row, own.state, own.training, own.start, own.stop)
        if own.training.select.kind != "last":
            state = state.fresh()
        curve = tuple(running.curves[member])
        # Of a training from which a state was selected, what came after that state does not count.
        points = curve if own.training.select.kind == "last" else ()
        broken = next((point.step for point in points if not _all_numbers(point)), None)
        if broken is None and not bool(torch.isfinite(state.weights).all()):
            broken = own.stop
        if broken is None and bool((state.weights[~state.mask] != 0).any()):
            raise PrunedWeightReturned(f"a pruned weight of seed {own.seed} is not zero after step {own.stop}")
        last = min(self._epoch, own.length)
        return Trained(state, (total - running.before_last_epoch[member]) / last, curve, broken)

    def _compact(self, rows: list[int]) -> None:
        running = self._running
        kept = torch.tensor(rows, device=self._content.device)
        running.stack = running.stack.keep(kept)
        running.total = running.total[kept]
        running.alive = [running.alive[row] for row in rows]
        self._batches.keep(*self._places())
        self._groups = self._group()
        self._teachers = self._hired()

    def _hired(self) -> Teachers | None:
        alive = [self._members[m] for m in self._running.alive]
        lessons = [(m.lesson, m.training.teacher, (m.seed, m.state.order)) for m in alive]
        return teachers(lessons, self._content.device)

    def _stream_places(self, done: int) -> list[tuple[int, int]]:
        """The seed of each replica and where it stands in its data stream: what its random numbers are drawn from."""
        alive = [self._members[m] for m in self._running.alive]
        return [(m.seed, m.state.order + done) for m in alive]

    def _places(self) -> tuple[list[int], list[int]]:
        alive = [self._members[m] for m in self._running.alive]
        return [m.seed for m in alive], [m.state.order for m in alive]

    def _group(self) -> list[tuple[Rows, Member]]:
        alive = [self._members[m] for m in self._running.alive]
        groups = group_rows(
            [m.training.optimiser for m in alive],
            [updates_behind(m.state, m.training.optimiser) for m in alive],
            [(m.training.schedule, m.training.during, m.start) for m in alive],
        )
        return [(rows, alive[rows.first]) for rows in groups]

    def _moments(self, steps: Callable[[Member], Sequence[int]]) -> dict[int, list[int]]:
        """For each number of steps done, the members for which something is to be done then."""
        moments: dict[int, list[int]] = defaultdict(list)
        for place, member in enumerate(self._members):
            for step in steps(member):
                moments[step].append(place)
        return moments


def _all_numbers(point: CurvePoint) -> bool:
    return math.isfinite(point.train_loss) and (point.validation_loss is None or math.isfinite(point.validation_loss))
