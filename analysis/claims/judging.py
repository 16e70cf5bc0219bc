"""Decides claims: for each check a number with its 95 % interval, and whether that lies where the rule wants it.

A check holds where the whole interval lies in its region and fails where none of it does; in between it is open, and
more seeds would tell. So a margin is what decides, in both directions, and chance alone never does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from analysis import stats
from analysis.claims.rules import Check, Claim, Project
from analysis.claims.runs import Found, Nothing, Runs, cell_sql, curve_sql
from analysis.wording import METRICS, count, listing

Outcome = Literal["holds", "fails", "open", "untestable"]
Verdict = Literal["reproduced", "not reproduced", "reproduced only in part", "untestable"]
VERDICTS: tuple[Verdict, ...] = ("reproduced", "reproduced only in part", "not reproduced", "untestable")


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, and where it lies."""

    label: str  # dense; dynamic − dense
    n: int
    value: float
    low: float
    high: float
    outcome: Outcome


@dataclass(frozen=True)
class Run:
    """A run that took part in a decision."""

    cell: str
    seed: int
    key: str
    value: float
    finished_at: str


@dataclass(frozen=True)
class Answer:
    """What came of a check."""

    check: Check
    outcome: Outcome
    reason: str  # why it is untestable; else empty
    environment: str
    estimates: tuple[Estimate, ...]
    lost: int  # runs that failed or diverged
    runs: tuple[Run, ...]
    sql: tuple[str, ...]

    @property
    def n(self) -> int:
        """Seeds, of the number with the fewest."""
        return min((estimate.n for estimate in self.estimates), default=0)


@dataclass(frozen=True)
class Judgement:
    """A claim and its verdict."""

    project: Project
    claim: Claim
    verdict: Verdict
    reason: str
    answers: tuple[Answer, ...]
    shown_by: tuple[Answer, ...]  # the checks of the explanation

    @property
    def runs(self) -> tuple[Run, ...]:
        """Those that the verdict rests on."""
        return tuple(run for answer in self.answers for run in answer.runs)

    @property
    def first(self) -> str:
        """When the first of its runs was finished; empty while there is none."""
        return min((run.finished_at for run in self.runs), default="")

    @property
    def last(self) -> str:
        """When the last of them was."""
        return max((run.finished_at for run in self.runs), default="")

    @property
    def explained(self) -> Outcome | None:
        """Whether the runs that replay the original show what the explanation says; None where nothing replays it."""
        return _together(self.shown_by) if self.shown_by else None


def judge(database: str | Path, projects: Sequence[Project]) -> tuple[Judgement, ...]:
    """Every claim, by the runs that are in the database now."""
    runs = Runs(database)
    return tuple(judged(runs, project, claim) for project in projects for claim in project.claims)


def judged(runs: Runs, project: Project, claim: Claim) -> Judgement:
    """One claim."""
    answers = tuple(_answer(runs, claim, check) for check in claim.checks)
    shown_by = tuple(_answer(runs, claim, check) for check in claim.shown_by)
    verdict, reason = _verdict(claim, answers)
    return Judgement(project, claim, verdict, reason, answers, shown_by)


def _verdict(claim: Claim, answers: Sequence[Answer]) -> tuple[Verdict, str]:
    if claim.untestable is not None:
        return "untestable", claim.untestable
    outcomes = [answer.outcome for answer in answers]
    decided = [outcome for outcome in outcomes if outcome != "untestable"]
    if len(decided) < len(outcomes):
        reasons = listing(dict.fromkeys(answer.reason for answer in answers if answer.outcome == "untestable"), 3)
        so_far = f"; so far {_counts(decided)}" if decided else ""
        return "untestable", f"{reasons}{so_far}"
    if all(outcome == "holds" for outcome in outcomes):
        return "reproduced", ""
    if "holds" in outcomes:
        return "reproduced only in part", f"{_counts(outcomes)} of {count(len(outcomes), 'check')}"
    if "fails" in outcomes:
        return "not reproduced", "" if "open" not in outcomes else f"{_counts(outcomes)}"
    return "untestable", "not enough seeds: the interval reaches to both sides of the margin"


def _counts(outcomes: Sequence[Outcome]) -> str:
    """2 hold, 1 fails and 1 is open."""
    words = {"holds": ("holds", "hold"), "fails": ("fails", "fail"), "open": ("is open", "are open")}
    numbers = {name: sum(outcome == name for outcome in outcomes) for name in words}
    return listing(f"{n} {words[name][n > 1]}" for name, n in numbers.items() if n)


def _together(answers: Sequence[Answer]) -> Outcome:
    outcomes = {answer.outcome for answer in answers}
    for outcome in ("untestable", "fails", "open"):
        if outcome in outcomes:
            return outcome
    return "holds"


def _answer(runs: Runs, claim: Claim, check: Check) -> Answer:
    cells = {name: claim.cells[name] for name in check.cells}
    sql = tuple(cell_sql(cell, check.value) for cell in cells.values())
    found: dict[str, list[Found]] = {}
    for name, cell in cells.items():
        values = runs.of(cell, check.value)
        if isinstance(values, Nothing):
            return _undecided(check, values.reason, sql)
        found[name] = values
    here = _fullest(found)
    if here is None:
        return _undecided(check, "no environment has runs of all its cells", sql)
    estimates = _estimates(check, here)
    shared = len(set.intersection(*(set(values.by_seed) for values in here.values())))
    n = min((estimate.n for estimate in estimates), default=shared)
    taken = tuple(
        Run(name, seed, value.key, value.number, value.finished_at)
        for name, values in here.items()
        for seed, value in sorted(values.by_seed.items())
    )
    if not isinstance(check.value, str):
        sql = (*sql, curve_sql(check.value, [run.key for run in taken]))
    few = n < check.seeds
    return Answer(
        check=check,
        outcome="untestable" if few else _all_of(estimates),
        reason=f"not enough seeds: {n} of at least {check.seeds}" if few else "",
        environment=next(iter(here.values())).environment,
        estimates=estimates,
        lost=sum(values.lost for values in here.values()),
        runs=taken,
        sql=sql,
    )


def _undecided(check: Check, reason: str, sql: tuple[str, ...]) -> Answer:
    return Answer(check, "untestable", reason, "", (), 0, (), sql)


def _fullest(found: dict[str, list[Found]]) -> dict[str, Found] | None:
    """The environment in which most seeds have a run of every cell; never a mean across environments."""
    by_place = [{one.environment: one for one in values} for values in found.values()]
    common = sorted(set.intersection(*(set(places) for places in by_place)))
    if not common:
        return None

    def shared(environment: str) -> int:
        return len(set.intersection(*(set(places[environment].by_seed) for places in by_place)))

    best = max(common, key=shared)
    return {name: places[best] for name, places in zip(found, by_place, strict=True)}


def _estimates(check: Check, cells: dict[str, Found]) -> tuple[Estimate, ...]:
    if check.mean is not None:
        return tuple(_of_mean(check, cells[check.mean]))
    pairs = list(pairwise(check.order)) if check.order else [check.difference or check.ratio or ("", "")]
    sign = "/" if check.ratio else "−"
    made = [_of_pair(check, f"{a} {sign} {b}", cells[a], cells[b]) for a, b in pairs]
    return tuple(one for one in made if one is not None)


def _of_mean(check: Check, cell: Found) -> list[Estimate]:
    numbers = [value.number for _, value in sorted(cell.by_seed.items())]
    if len(numbers) < 2:
        return []
    metric = METRICS.get(check.value) if isinstance(check.value, str) else None
    if check.expect.includes is not None:
        n, mean, low, high = prediction(numbers)
    elif metric is not None and metric.is_accuracy:
        found = stats.accuracy_interval(numbers, cell.test_count if metric.is_test else None)
        n, mean, low, high = found.n, found.mean, found.low or 0.0, found.high if found.high is not None else 1.0
    else:
        plain = stats.mean_interval(numbers)
        n, mean, low, high = plain.n, plain.mean, *_ends(plain)
    return [Estimate(check.mean or "", n, mean, low, high, _outcome(check, low, high))]


def _of_pair(check: Check, label: str, first: Found, second: Found) -> Estimate | None:
    seeds = sorted(first.by_seed.keys() & second.by_seed.keys())
    pairs = [(first.by_seed[seed].number, second.by_seed[seed].number) for seed in seeds]
    if check.ratio is not None:
        pairs = [(math.log(a), math.log(b)) for a, b in pairs if a > 0 and b > 0]
    if len(pairs) < 2:
        return None
    found = stats.paired([a - b for a, b in pairs])
    mean, (low, high) = found.mean, _ends(found)
    if check.ratio is not None:
        mean, low, high = math.exp(mean), math.exp(low), math.exp(high)
    return Estimate(label, found.n, mean, low, high, _outcome(check, low, high))


def _ends(found: stats.Mean | stats.Paired) -> tuple[float, float]:
    return (found.mean if found.low is None else found.low), (found.mean if found.high is None else found.high)


def prediction(numbers: Sequence[float]) -> tuple[int, float, float, float]:
    """Where a further draw lies with 95 %: Student's prediction interval."""
    found = stats.mean_interval(numbers)
    reach = stats.t_quantile(found.n - 1) * (found.sd or 0.0) * math.sqrt(1 + 1 / found.n)
    return found.n, found.mean, found.mean - reach, found.mean + reach


def _outcome(check: Check, low: float, high: float) -> Outcome:
    draw = check.expect.includes
    if draw is not None:
        return "holds" if low <= draw <= high else "fails"
    least, most = check.expect.limits
    if low > least and high < most:
        return "holds"
    return "fails" if high <= least or low >= most else "open"


def _all_of(estimates: Sequence[Estimate]) -> Outcome:
    """An order holds where every step of it does, and fails where one does."""
    outcomes = {estimate.outcome for estimate in estimates}
    return "fails" if "fails" in outcomes else "open" if "open" in outcomes else "holds"
