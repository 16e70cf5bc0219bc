"""What a database holds besides numbers: how complete its suites are, what failed and why, where runs were made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from analysis.cube import FINAL
from analysis.plan import PROBLEM
from analysis.sheet import Sheet
from analysis.wording import count, listing, natural, percent

NOT_STARTED = "not started"
REASON_LENGTH = 240
MOST_FAILURES = 200


def coverage(runs: pd.DataFrame, planned: pd.DataFrame) -> Sheet:
    """For each problem and environment: runs with a result, of those that the suite asks for, and their origin."""
    started = dict(iter(runs.groupby(PROBLEM, sort=False)))
    rows: list[tuple[str, ...]] = []
    for problem, wanted in _sorted(planned.groupby(PROBLEM, sort=False)):
        here = started.get(problem)
        if here is None:
            rows.append((*problem, NOT_STARTED, f"0 of {len(wanted):,}", "", "", "", "", ""))
            continue
        for (environment,), group in _sorted(here.groupby(["environment"])):
            rows.append((*problem, environment, *_coverage(group, len(wanted))))
    columns = ("suite", "profile", "data", "network", "environment", "runs", "collapsed", "diverged", "failed")
    numeric = frozenset(("runs", "collapsed", "diverged", "failed"))
    return Sheet("coverage", "What has been run", (*columns, "origin", "last result"), tuple(rows), numeric)


def _sorted(groups: Iterable[tuple[Any, pd.DataFrame]]) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """Groups by their names, as people sort them."""
    named = [(tuple(str(word) for word in name), group) for name, group in groups]
    return sorted(named, key=lambda item: [natural(word) for word in item[0]])


def _coverage(runs: pd.DataFrame, planned: int) -> tuple[str, ...]:
    status, origin = runs["status"].value_counts(), runs["origin"].value_counts()
    final = int(runs["status"].isin(FINAL).sum())
    origins = sorted(origin.index) if len(origin) < 2 else [f"{origin[name]:,} {name}" for name in sorted(origin.index)]
    endings = (f"{int(status.get(word, 0)):,}" for word in ("collapsed", "diverged", "failed"))
    return (f"{final:,} of {planned:,}", *endings, listing(origins), str(runs["finished_at"].max())[:10])


def failures(runs: pd.DataFrame) -> Sheet:
    """Every way in which runs failed, diverged or collapsed, with its reason, the most frequent first."""
    bad = runs[runs["status"].isin(("failed", "diverged", "collapsed"))]
    bad = bad.assign(reason=[_first_line(reason) for reason in bad["reason"]])
    groups = bad.groupby([*PROBLEM, "method", "environment", "status", "reason"], sort=False)
    rows = [
        (
            *map(str, (suite, profile, data, model, method, environment)),
            str(status),
            str(reason),
            f"{len(group):,}",
            _span(group),
            listing((str(seed) for seed in sorted(group["seed"].unique())), most=6),
            str(group["key"].min())[:8],
        )
        for (suite, profile, data, model, method, environment, status, reason), group in groups
    ]
    rows.sort(key=lambda row: (-int(row[8].replace(",", "")), row))
    columns = ("suite", "profile", "data", "network", "method", "environment", "how it ended", "reason", "runs")
    title = "What failed, and why"
    if len(rows) > MOST_FAILURES:
        title += f" (the {MOST_FAILURES} most frequent of {count(len(rows), 'way')})"
    return Sheet(
        "failures",
        title,
        (*columns, "sparsity", "seeds", "first run"),
        tuple(rows[:MOST_FAILURES]),
        frozenset(("runs",)),
    )


def _first_line(reason: object) -> str:
    """Reasons are told apart by their first line; the rest is in the database."""
    lines = str(reason or "").strip().splitlines()
    text = lines[0] if lines else "no reason was recorded"
    return text if len(text) <= REASON_LENGTH else text[: REASON_LENGTH - 1] + "…"


def _span(group: pd.DataFrame) -> str:
    low, high = percent(group["target_sparsity"].min()), percent(group["target_sparsity"].max())
    return low if low == high else f"{low} to {high}"


def environments(runs: pd.DataFrame) -> Sheet:
    """Where runs were made."""
    rows = [
        (environment, _all(group["device"]), _all(group["torch"]), f"{len(group):,}", _all(group["origin"]))
        for (environment,), group in _sorted(runs.groupby(["environment"]))
    ]
    columns = ("environment", "device", "PyTorch", "runs", "origin")
    return Sheet("environments", "Where it was run", columns, tuple(rows), frozenset(("runs",)))


def _all(column: pd.Series[str]) -> str:
    return listing(sorted({str(word) for word in column}))
