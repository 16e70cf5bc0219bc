"""Which cell to take within limits, what lies next to it, and what each limit costs.

Chosen is by the mean accuracy on validation data. Test accuracy goes along to be read and decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from analysis.candidates import Candidate, Problem

Cost = Literal["ms", "bytes", "macs", "parameters"]
COSTS: tuple[Cost, ...] = ("ms", "bytes", "macs", "parameters")


@dataclass(frozen=True)
class Limit:
    """The most that something may cost, or the least accuracy."""

    of: Cost | Literal["accuracy"]
    bound: float

    @property
    def option(self) -> str:
        """How the user gave it."""
        return f"--min-{self.of}" if self.of == "accuracy" else f"--max-{self.of}"

    def keeps(self, candidate: Candidate) -> bool:
        return self.excess(candidate) <= 0

    def excess(self, candidate: Candidate) -> float:
        """By which share of the limit a candidate is beyond it; infinite where it was not measured."""
        value: float | None = getattr(candidate, self.of)
        if value is None:
            return math.inf
        beyond = self.bound - value if self.of == "accuracy" else value - self.bound
        return beyond / self.bound if self.bound else math.copysign(math.inf, beyond) if beyond else 0.0


@dataclass(frozen=True)
class Price:
    """What a limit costs: what would be chosen without it, and what it alone rules out."""

    limit: Limit
    without: Candidate | None
    excluded: int  # candidates that break it
    unmeasured: int  # of these, those of which it is not known


@dataclass(frozen=True)
class Choice:
    """The answer for one problem."""

    problem: Problem
    limits: tuple[Limit, ...]
    axis: Cost  # what its neighbours are larger and smaller in
    fitting: int
    chosen: Candidate | None
    larger: Candidate | None  # the next one that is better, at a higher cost
    smaller: Candidate | None  # the best of those at a lower cost
    nearest: Candidate | None  # where nothing fits: the one that is beyond the limits by least
    prices: tuple[Price, ...]

    def broken(self, candidate: Candidate) -> tuple[Limit, ...]:
        """The limits that a candidate does not keep."""
        return tuple(limit for limit in self.limits if not limit.keeps(candidate))


def choose(problem: Problem, limits: Sequence[Limit]) -> Choice:
    """The best that keeps all limits, with all that helps to doubt it."""
    axis = _axis(problem, limits)
    fitting = _fitting(problem, limits)
    chosen = _best(fitting, axis)
    around = _frontier(problem.candidates, axis)
    prices = tuple(
        Price(
            limit,
            _best(_fitting(problem, [other for other in limits if other != limit]), axis),
            sum(not limit.keeps(candidate) for candidate in problem.candidates),
            sum(getattr(candidate, limit.of) is None for candidate in problem.candidates),
        )
        for limit in limits
    )
    plain = Choice(problem, tuple(limits), axis, len(fitting), chosen, None, None, None, prices)
    if chosen is None:
        return replace(plain, nearest=_nearest(problem, limits, axis))
    here = getattr(chosen, axis)
    if here is None:
        return plain
    larger = [one for one in around if getattr(one, axis) > here and one.accuracy > chosen.accuracy]
    smaller = [one for one in around if getattr(one, axis) < here]
    return replace(plain, larger=larger[0] if larger else None, smaller=smaller[-1] if smaller else None)


def _axis(problem: Problem, limits: Sequence[Limit]) -> Cost:
    """The cost that is limited; without such a limit bytes, where they are known."""
    limited = {limit.of for limit in limits}
    stored = any(one.bytes is not None for one in problem.candidates)
    return next((axis for axis in COSTS if axis in limited), "bytes" if stored else "parameters")


def _fitting(problem: Problem, limits: Sequence[Limit]) -> list[Candidate]:
    return [one for one in problem.candidates if all(limit.keeps(one) for limit in limits)]


def _cost(candidate: Candidate, axis: Cost) -> float:
    value: float | None = getattr(candidate, axis)
    return math.inf if value is None else value


def _best(candidates: Sequence[Candidate], axis: Cost) -> Candidate | None:
    """The most accurate; of several that are equally so the cheapest."""
    return max(candidates, key=lambda one: (one.accuracy, -_cost(one, axis)), default=None)


def _frontier(candidates: Sequence[Candidate], axis: Cost) -> list[Candidate]:
    """Those than which nothing is both as cheap and as good: from the cheapest to the best."""
    found: list[Candidate] = []
    known = [one for one in candidates if math.isfinite(_cost(one, axis))]
    for one in sorted(known, key=lambda one: (_cost(one, axis), -one.accuracy)):
        if not found or one.accuracy > found[-1].accuracy:
            found.append(one)
    return found


def _nearest(problem: Problem, limits: Sequence[Limit], axis: Cost) -> Candidate | None:
    def distance(one: Candidate) -> tuple[float, float, float]:
        return max(limit.excess(one) for limit in limits), -one.accuracy, _cost(one, axis)

    measured = [one for one in problem.candidates if math.isfinite(distance(one)[0])]
    return min(measured, key=distance, default=None)
