"""What one driver does while others work on the same database: it takes branches of the work, and waits for the rest.

Alone, a driver takes what it gives to a worker and no more. As soon as others are there, each reserves branches: a task
that can begin, with all that rests on it, so that what a state leads to is made where the state is. It takes its share
of what is free, again and again, which evens out machines of different speed; and to one that has nothing to do it
hands over half of what it has not begun.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bench.errors import UserError
from bench.plan import Work
from bench.receipts import Session
from bench.records import RESULTS_VERSION
from bench.store.leases import Progress, Seat, limit

BEATS = 12  # signs of life in the time after which a driver counts as gone
TOGETHER = 2.0  # seconds between two of them, at most, while others are there


class Sharing:
    """The leases of one driver, and what it knows of the others."""

    def __init__(self, session: Session, workers: int) -> None:
        self._session = session
        self._seat = Seat(session.session, session.environment, RESULTS_VERSION, workers)
        self._between = limit() / BEATS
        self._next = 0.0
        self._returning: set[str] = set()
        self._held: frozenset[str] = frozenset()
        self.told = Progress()  # with the next sign of life
        self.mine: set[str] = set()
        self.others = 0
        self.waiting = 0  # of the others
        self.company = False  # whether others were there since the work was last looked at
        self.exchange()

    def exchange(self, take: Collection[str] = ()) -> tuple[frozenset[str], frozenset[str]]:
        """Give a sign of life and what is to be given back, and take leases: those that it got, and what is final."""
        told = self._session.store.exchange(self._seat, self.told, sorted(take), sorted(self._returning))
        self._returning.clear()
        if told.lost:
            self.mine.clear()
        self.mine |= told.taken
        self._held, self.others, self.waiting = told.held, told.others, told.waiting
        self.company = self.company or self.others > 0
        self._next = time.monotonic() + min(self._between, TOGETHER if self.others else self._between)
        return told.taken, told.final

    @property
    def due(self) -> bool:
        """Whether it is time for a sign of life."""
        return time.monotonic() >= self._next

    @property
    def until_due(self) -> float:
        return max(0.0, self._next - time.monotonic())

    def give_back(self, keys: Iterable[str]) -> None:
        """What is done, or left to others; it is free with the next sign of life."""
        leaving = self.mine & set(keys)
        self.mine -= leaving
        self._returning |= leaving

    def closed(self, keys: Iterable[str]) -> set[str]:
        """The tasks that are not to be begun here now."""
        if self.others:
            return set(keys) - self.mine
        return set(self._held)

    def held(self, keys: Iterable[str]) -> set[str]:
        """Which of these are with others."""
        return set(self._held.intersection(keys))

    def leave(self) -> None:
        """Give everything back. Where the database fails by now, the others will find the process gone."""
        with contextlib.suppress(UserError):
            self._session.store.leave(self._seat.session)

    def share(
        self, work: Work, finished: Collection[str], under_way: Collection[str], wanted: Collection[str]
    ) -> set[str]:
        """Branches to take: of those that are free, as much as falls to each; what nobody else has a part of first."""
        if not self.others:
            return set()
        free = [
            branch
            for branch in _branches(work, set(finished), set(work.tasks).difference(finished, under_way))
            if branch.root not in self._held and branch.root not in self.mine
        ]
        needed = set(wanted) - self._held
        free = [branch for branch in free if branch.keys & needed]
        free.sort(key=lambda branch: len(branch.keys & self._held) / len(branch.keys))
        steps = {branch.root: sum(1 + work.tasks[key].steps for key in branch.keys - self._held) for branch in free}
        enough = sum(steps.values()) / (self.others + 1)
        found: set[str] = set()
        taken = 0
        for branch in free:
            if taken >= enough:
                break
            found.update(branch.keys - self._held)
            taken += steps[branch.root]
        return found

    def spare(self, work: Work, finished: Collection[str], under_way: Collection[str], idle: int) -> set[str]:
        """What to leave to those that wait: half of the branches that are reserved and not begun."""
        if not self.waiting:
            return set()
        own = _branches(work, set(finished), self.mine.difference(finished, under_way))
        kept = max(idle, math.ceil(len(own) / 2)) if idle else len(own) // 2
        staying = set().union(*(branch.keys for branch in own[:kept]))
        return set().union(*(branch.keys for branch in own[kept:])) - staying


@dataclass(frozen=True)
class _Branch:
    """A task that can begin, and all that rests on it."""

    root: str
    keys: frozenset[str]


def _branches(work: Work, finished: set[str], among: set[str]) -> list[_Branch]:
    """Those within some tasks, in the order of the work."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    for key, needed in work.waits_for.items():
        for one in needed:
            after[one].append(key)
    found = []
    for root in work.tasks:
        if root not in among or not work.waits_for[root] <= finished:
            continue
        keys, waiting = {root}, [root]
        while waiting:
            for key in after[waiting.pop()]:
                if key in among and key not in keys:
                    keys.add(key)
                    waiting.append(key)
        found.append(_Branch(root, frozenset(keys)))
    return found
