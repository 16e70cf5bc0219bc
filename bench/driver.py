"""Carries a plan out: packs to a worker, results to the store, until nothing is left or the user stops it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Literal

from bench.errors import UserError
from bench.executors.local import Answer, Crew, LocalWorker
from bench.executors.messages import Done, Failed, Measure, Measured, Order
from bench.executors.tasks import PackResult, Task
from bench.ground import Ground
from bench.ledger import ATTEMPTS, Books, Ledger
from bench.pace import Pace
from bench.plan import Plan, Work, inputs, pack_of, ready_packs
from bench.receipts import Listener, Receipt, Session
from bench.sharing import Sharing
from bench.states import States
from bench.store.leases import Progress
from bench.widths import Widths, packable

PACKS_BETWEEN_TRIMS = 20
LOOK = 0.5  # seconds between two looks at what others have done, at least


def carry_out(
    plan: Plan,
    asked: Collection[str],
    session: Session,
    states: States,
    crew: Crew,
    listener: Listener,
    again: Collection[str] = (),
) -> Receipt:
    """Make the runs of these keys that are not made yet, and the states of those of `again` whether they are or not.

    Ctrl-C ends it cleanly, with all finished packs kept.
    """
    try:
        return drive(plan, lambda: Ledger(plan, asked, again, session), session, states, crew, listener)
    finally:
        crew.stop()


def drive(
    plan: Plan, opened: Callable[[], Books], session: Session, states: States, crew: Crew, listener: Listener
) -> Receipt:
    """Make what books ask for; they are opened once others know that this driver is there. The crew stays at hand."""
    began = time.monotonic()
    sharing = Sharing(session, crew.size)
    try:
        books = opened()
        try:
            _Driver(plan, books, states, crew, listener, sharing, Widths(session)).work()
        except KeyboardInterrupt:
            books.receipt.ending = "interrupted"
        books.count_others()
    finally:
        sharing.leave()
    books.receipt.seconds = time.monotonic() - began
    return books.receipt


class _Driver:
    def __init__(
        self,
        plan: Plan,
        ledger: Books,
        states: States,
        crew: Crew,
        listener: Listener,
        sharing: Sharing,
        widths: Widths,
    ) -> None:
        self._plan, self._ledger, self._states = plan, ledger, states
        self._crew, self._listener, self._sharing, self._widths = crew, listener, sharing, widths
        self._work: Work = ledger.left(states.keys())
        self._looked, self._looking = time.monotonic(), 0.0  # when the work was planned, and how long that took
        self._reserved = -math.inf  # when a share of the work was last asked for
        self._pace = Pace()
        self._finished: set[str] = set()
        self._under_way: dict[LocalWorker, Sequence[Task]] = {}
        self._measuring: dict[LocalWorker, tuple[Hashable, Ground]] = {}
        self._broken: list[Sequence[Task]] = []  # parts of packs that broke
        self._tried_again: set[str] = set()
        self._waited = False  # whether it was said that others are waited for
        self._outdated = False  # whether the plan counts on a state that is not there
        self._packs = 0
        if ledger.given_up:
            listener.noticed(f"{len(ledger.given_up)} runs failed {ATTEMPTS} times and are not tried again")

    def work(self) -> None:
        while self._is_unfinished():
            if self._outdated and not self._under_way:
                self._look_again()
            while self._crew.idle and not self._measuring and self._give_out():
                pass
            if self._under_way or self._measuring:
                for worker, answer in self._crew.answers(self._advanced, self._sharing.until_due):
                    self._hear(worker, answer)
            elif self._sharing.company:
                self._wait_for_others()
            elif self._is_unfinished():  # and was not done by others, as looking again has shown
                raise RuntimeError("no task can begin although some are left")
            if self._sharing.due:
                self._tell(waiting=self._sharing.told.waiting)
                self._sharing.exchange()
                self._sharing.give_back(self._sharing.spare(self._work, self._finished, self._taken, self._crew.idle))

    def _is_unfinished(self) -> bool:
        return any(key not in self._finished for key in self._work.tasks)

    @property
    def _taken(self) -> set[str]:
        """The tasks that workers have."""
        return {task.key for tasks in self._under_way.values() for task in tasks}

    def _give_out(self) -> bool:
        """Give an idle worker the pack with the most urgent task; False when nothing can begin now."""
        if self._outdated:
            return False
        if self._broken:
            self._submit(self._broken.pop(), threads=1)
            return True
        if self._sharing.company and not self._sharing.others:
            self._look_again()  # what those who were here have made
        packs = self._ready()
        if not packs and self._sharing.company and self._reserve():
            packs = self._ready()
        if not packs:
            return False
        kind, tasks = next(iter(packs.items()))
        width = self._widths.of(kind, tasks[0], self._work)
        if width is None:
            return self._measure(kind, tasks[0])
        # Enough packs for all that are idle, none wider than it pays.
        shares = max(math.ceil(len(tasks) / width), min(self._crew.idle, len(tasks)))
        alone = self._crew.size if shares == 1 and len(packs) == 1 and not self._under_way else 1
        chosen = self._leased(tasks[: math.ceil(len(tasks) / shares)])
        if chosen:
            self._submit(chosen, threads=alone)
        return bool(chosen) or not self._sharing.others

    def _ready(self) -> dict[Hashable, list[Task]]:
        return ready_packs(self._work, self._finished, self._taken | self._sharing.closed(self._work.tasks))

    def _leased(self, tasks: Sequence[Task]) -> Sequence[Task]:
        """Those of the tasks that are this driver's to do."""
        keys = {task.key for task in tasks}
        if keys <= self._sharing.mine and not self._sharing.due:
            return tasks
        self._tell(waiting=False)
        taken, final = self._sharing.exchange(keys)
        if self._ledger.news(final):
            self._look_again()
            return [
                self._work.tasks[key] for key in (task.key for task in tasks) if key in taken & self._work.tasks.keys()
            ]
        return [task for task in tasks if task.key in self._sharing.mine]

    def _reserve(self) -> bool:
        """Plan anew by what others have done, then take a share of what is free; whether there was any."""
        now = time.monotonic()
        if now - self._reserved < max(LOOK, 10 * self._looking):
            return False
        self._reserved = now
        if now - self._looked > LOOK:
            self._look_again()
        wanted = self._ledger.asked & self._work.tasks.keys()
        branches = self._sharing.share(self._work, self._finished, self._taken, wanted)
        self._tell(waiting=not branches)
        taken, final = self._sharing.exchange(branches)
        if self._ledger.news(final) or any(key in self._states for key in taken):
            self._look_again()  # others have made some of it between the plan and the lease
        return bool(taken) or not self._sharing.others

    def _tell(self, *, waiting: bool) -> None:
        left = sum(task.steps for key, task in self._work.tasks.items() if key not in self._finished)
        seconds = self._pace.seconds_left(self._work, self._finished, self._crew.size)
        self._sharing.told = Progress(waiting, self._ledger.receipt.steps, left, seconds)

    def _advanced(self, replica_steps: int) -> None:
        self._pace.advanced(replica_steps)
        self._listener.advanced(replica_steps)

    def _wait_for_others(self) -> None:
        """Nothing is left here to begin: what others have taken comes from them, or falls free when they are gone."""
        theirs = len(self._sharing.held(self._ledger.asked) - self._finished)
        if theirs and not self._waited:
            self._waited = True
            runs, others = "1 run" if theirs == 1 else f"{theirs:,} runs", self._sharing.others
            makers = "another command is" if others == 1 else f"{others} other commands are"
            self._listener.noticed(f"waiting for {runs} that {makers} making on this database")
        time.sleep(min(LOOK, self._sharing.until_due))

    def _submit(self, tasks: Sequence[Task], threads: int) -> None:
        worker = self._crew.submit(Order(self._ground(tasks[0]).place, tuple(tasks), threads))
        self._under_way[worker] = tasks

    def _ground(self, task: Task) -> Ground:
        return self._plan.grounds[task.start]

    def _measure(self, kind: Hashable, task: Task) -> bool:
        """Have the width measured, once the machine is free for it; False while it is not."""
        if self._under_way or task.stretch is None:
            return False
        question = Measure(self._ground(task).place, task.stretch.training, task.seed, packable(kind, self._work))
        self._measuring[self._crew.submit(question)] = kind, self._ground(task)
        return True

    def _hear(self, worker: LocalWorker, answer: Answer) -> None:
        if worker in self._measuring:
            kind, ground = self._measuring.pop(worker)
            if isinstance(answer, Measured):
                self._widths.learn(kind, ground, answer.calibration)
            elif isinstance(answer, Failed):
                self._listener.noticed(f"the width of a pack could not be measured ({answer.message}); taking 1")
                self._widths.settle(kind, 1)
            return
        tasks = self._under_way.pop(worker)
        if isinstance(answer, Failed):
            self._mend(tasks, answer)
        elif isinstance(answer, Done):
            self._take_in(tasks, answer.result)

    def _mend(self, tasks: Sequence[Task], failure: Failed) -> None:
        """Split a pack that broke, so that a task that cannot be done takes no other down with it."""
        if failure.cause == "input":
            raise UserError(failure.message)
        if failure.cause == "state":
            self._listener.noticed(f"{failure.message}; it is made again")
            self._outdated = True
        elif len(tasks) == 1 and failure.cause == "died" and tasks[0].key not in self._tried_again:
            self._tried_again.add(tasks[0].key)
            self._broken.append(tasks)
        elif len(tasks) == 1:
            self._lose(tasks[0].key, "failed", failure.message)
        else:
            half = len(tasks) // 2
            if failure.cause in ("memory", "died"):
                self._widths.settle(pack_of(tasks[0], self._ground(tasks[0])), half)
            self._listener.noticed(f"a pack of {len(tasks)} broke ({failure.message}); trying it in halves")
            self._broken += [tasks[half:], tasks[:half]]

    def _look_again(self) -> None:
        """Plan anew what is left: others have made some of it, or a state has gone and must be made again."""
        began = time.monotonic()
        self._outdated = False
        self._ledger.look_again(self._finished)
        self._work = self._ledger.left(self._states.keys())
        self._finished = set()
        self._broken = []
        self._sharing.company = self._sharing.others > 0
        self._sharing.give_back(self._sharing.mine - self._work.tasks.keys() - self._taken)
        self._looked, self._looking = time.monotonic(), time.monotonic() - began

    def _take_in(self, tasks: Sequence[Task], answer: PackResult) -> None:
        """Write what a pack gave, in one transaction, then go on."""
        for line in self._ledger.enter(answer, len(tasks)):
            self._listener.noticed(line)
        self._pace.learn(tasks, self._ground(tasks[0]), answer.seconds)
        self._ledger.receipt.steps += sum(task.steps for task in tasks)
        self._finished.update(task.key for task in tasks)
        self._sharing.give_back(task.key for task in tasks)
        for result in answer.results:
            if result.diverged_at is not None:
                self._lose(result.key, "diverged", f"diverged by step {result.diverged_at}: a loss is not a number")
        self._packs += 1
        if self._packs % PACKS_BETWEEN_TRIMS == 0:
            unfinished = [task for key, task in self._work.tasks.items() if key not in self._finished]
            self._states.trim({key for task in unfinished for key in inputs(task)})

    def _lose(self, key: str, status: Literal["failed", "diverged"], reason: str) -> None:
        """Give up a task and all that would have come of it; the runs among them become rows with the reason."""
        lost = {key}
        for other in self._work.tasks:
            if self._work.waits_for[other] & lost:
                lost.add(other)
        lost -= self._finished - {key}  # what was given up with another state already
        lost -= self._sharing.held(lost)  # what others make may come off there
        self._ledger.enter_broken(
            [
                (other, status, reason if other == key else f"a state that it starts from {status}: {reason}")
                for other in self._work.tasks
                if other in lost and self._ledger.is_open(other)
            ]
        )
        self._finished.update(lost)
        self._sharing.give_back(lost)
