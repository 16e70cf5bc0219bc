"""How a judgement reads: in the terminal, in tables, and on a page that links every number to its runs and its SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.claims.judging import VERDICTS, Answer, Estimate, Judgement, Verdict
from analysis.claims.reading import Register
from analysis.claims.rules import Check, Published
from analysis.sheet import Sheet
from analysis.wording import METRICS, count, listing, number, signed


@dataclass(frozen=True)
class ToldCheck:
    """A check in words, with all that leads back to its runs."""

    outcome: str
    numbers: tuple[str, ...]  # dynamic − dense: −0.012 nats [−0.020, −0.004], n = 100
    asked: str  # below −0.005 nats, of at least 30 seeds
    why: str  # the reason of the margin
    lost: str  # what is left out of it; empty where nothing is
    environment: str
    runs: tuple[tuple[str, int, str], ...]  # cell, seed, key
    sql: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """A claim in words, as a page shows it."""

    id: str
    project: str
    title: str
    link: str
    statement: str
    where: str
    published: str
    measured: str
    because: str
    verdict: Verdict
    reason: str
    checks: tuple[ToldCheck, ...]
    shown_by: tuple[ToldCheck, ...]
    explained: str  # whether the runs show what the explanation says; empty where nothing is replayed
    rule: str  # its hash
    registered: str
    standing: str  # what is to be said of the rule: changed since it was registered, later than the runs; or empty
    first_run: str
    last_run: str


def tell(judgement: Judgement, register: Register) -> Told:
    """Everything about one claim, in words."""
    claim = judgement.claim
    return Told(
        id=claim.id,
        project=judgement.project.project,
        title=judgement.project.title,
        link=judgement.project.link,
        statement=claim.statement,
        where=claim.where,
        published=listing(_published(one) for one in claim.published) if claim.published else "",
        measured=claim.measured or "",
        because=claim.because or "",
        verdict=judgement.verdict,
        reason=judgement.reason,
        checks=tuple(_check(answer) for answer in judgement.answers),
        shown_by=tuple(_check(answer) for answer in judgement.shown_by),
        explained=_explained(judgement),
        rule=claim.rule,
        registered=claim.registered.isoformat(),
        standing=_standing(judgement, register),
        first_run=judgement.first[:10],
        last_run=judgement.last[:10],
    )


def _published(one: Published) -> str:
    return f"{number(one.value, 10).rstrip('0').rstrip('.')} ({one.what})"


def _explained(judgement: Judgement) -> str:
    words = {
        "holds": "the runs that replay the original show it",
        "fails": "the runs that replay the original do not show it",
        "open": "the runs that replay the original leave it open",
        "untestable": "nothing has replayed the original yet",
    }
    return words[judgement.explained] if judgement.explained else ""


def _standing(judgement: Judgement, register: Register) -> str:
    """A rule may be mended, but not in silence."""
    claim = judgement.claim
    entries = register.get(claim.id, ())
    said = []
    if not entries or entries[-1].rule != claim.rule:
        said.append("the rule does not stand in the register as it is")
    if len(entries) > 1:
        said.append(f"the rule was changed {count(len(entries) - 1, 'time')}: {entries[-1].why}")
    if judgement.first and claim.registered.isoformat() > judgement.first[:10]:
        said.append("the rule was written down after the first of its runs")
    return "; ".join(said)


def _check(answer: Answer) -> ToldCheck:
    return ToldCheck(
        outcome=answer.outcome,
        numbers=tuple(f"{one.label}: {estimate_text(answer.check, one)}, n = {one.n}" for one in answer.estimates),
        asked=asked_text(answer.check),
        why=answer.check.reason,
        lost=f"{count(answer.lost, 'run')} failed or diverged and are in no mean" if answer.lost else "",
        environment=answer.environment,
        runs=tuple((run.cell, run.seed, run.key) for run in answer.runs),
        sql=answer.sql,
    )


@dataclass(frozen=True)
class _Format:
    scale: float
    decimals: int
    unit: str


def _format(check: Check) -> _Format:
    if check.ratio is not None:
        return _Format(1.0, 2, "")
    if not isinstance(check.value, str):
        return _Format(1.0, 0, " steps")
    metric = METRICS.get(check.value)
    if metric is None:
        small = any(word in check.value for word in ("sparsity", "speedup"))
        return _Format(1.0, 4 if small else 0, "")
    unit = metric.unit if check.mean is not None else metric.difference_unit
    return _Format(metric.scale, metric.decimals, f" {unit}")


def estimate_text(check: Check, estimate: Estimate) -> str:
    """−0.012 nats [−0.020, −0.004]."""
    form = _format(check)
    write = number if check.mean is not None or check.ratio is not None else signed
    value, low, high = (write(one * form.scale, form.decimals) for one in (estimate.value, estimate.low, estimate.high))
    return f"{value}{form.unit} [{low}, {high}]"


def asked_text(check: Check) -> str:
    """What the rule wants: below −0.005 nats."""
    form, region = _format(check), check.expect

    def plain(value: float) -> str:
        text = number(value * form.scale, 6)
        return text.rstrip("0").rstrip(".") if "." in text else text

    if region.within is not None:
        where = f"within ±{plain(region.within)}{form.unit}"
    elif region.between is not None:
        where = f"between {plain(region.between[0])} and {plain(region.between[1])}{form.unit}"
    elif region.includes is not None:
        where = f"a spread over seeds with the published {plain(region.includes)}{form.unit} in it"
    elif region.above is not None:
        where = f"above {plain(region.above)}{form.unit}"
    else:
        where = f"below {plain(region.below or 0.0)}{form.unit}"
    return f"{where}, of at least {count(check.seeds, 'seed')}"


def sheets(judgements: Sequence[Judgement], register: Register) -> tuple[Sheet, Sheet]:
    """The verdicts, a row a claim; and how many of each kind every project has."""
    told = [tell(one, register) for one in judgements]
    rows = [
        (one.title, one.statement, one.published, one.verdict, _evidence(one), one.measured, one.rule, *_dates(one))
        for one in told
    ]
    columns = (
        *("source", "claim", "published", "verdict", "decided by", "what was measured there"),
        *("rule", "written down", "runs"),
    )
    titles = list(dict.fromkeys(one.title for one in told))
    counts = [
        (title, *(str(sum((one.title, one.verdict) == (title, verdict) for one in told)) for verdict in VERDICTS))
        for title in titles
    ]
    return (
        Sheet("claims", "What others claimed, and whether our runs bear it out", columns, tuple(rows)),
        Sheet("verdicts", "Verdicts by source", ("source", *VERDICTS), tuple(counts), frozenset(VERDICTS)),
    )


def _evidence(told: Told) -> str:
    """The numbers that decide, or why nothing does."""
    numbers = [f"{text} ({check.outcome})" for check in told.checks for text in check.numbers]
    return "; ".join(([told.reason] if told.reason else []) + numbers)


def _dates(told: Told) -> tuple[str, str]:
    runs = told.first_run if told.first_run == told.last_run else f"{told.first_run} to {told.last_run}"
    return told.registered, runs
