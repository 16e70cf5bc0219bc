"""Claims: each verdict follows from an interval and a margin, and every number leads back to its runs."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from analysis import load
from analysis.claims import Judgement, judge, read_claims, read_register, sheets, tell
from analysis.claims.judging import prediction
from analysis.claims.rules import Claim
from bench.errors import UserError
from tests.analysis.generate import CPU, GPU, Simulation, database

HEAD = "project: ours\ntitle: Our claims\nlink: https://example.org\nclaims:\n"
CLAIM = """\
  - id: lottery-beats-one-shot
    statement: Tickets beat one-shot pruning.
    where: abstract
    registered: 2026-11-01
    cells:
      ticket: {suite: mnist, method: lottery, sparsity: 0.98}
      one-shot: {suite: mnist, method: one-shot, sparsity: 0.98}
      dense: {suite: mnist, method: none}
    checks:
"""
TICKETS = Simulation(methods=("none", "one-shot", "lottery"), targets=(0.5, 0.9, 0.98), seeds=range(8))
NO_RUNS = "no such runs yet (suite mnist"
BOTH_SIDES = "not enough seeds: the interval reaches to both sides of the margin"
IDLE = "      - {mean: dense, value: test_accuracy, expect: {above: 0}, seeds: 2, reason: it is there}\n"
ALL = IDLE.replace("mean: dense", "difference: [ticket, one-shot]").replace("above: 0", "above: -1")


def check(quantity: str, expect: str, value: str = "test_accuracy", seeds: int = 3) -> str:
    return (
        f"      - {{{quantity}, value: {value}, expect: {{{expect}}}, seeds: {seeds}, reason: as small as matters}}\n"
    )


def rules(folder: Path, *checks: str, claim: str = CLAIM) -> Path:
    """A file with one claim whose cells are all looked at."""
    file = folder / "mine.yaml"
    file.write_text(HEAD + claim + "".join(checks) + IDLE + ALL, encoding="utf-8")
    return file


def judged(folder: Path, *checks: str, runs: tuple[Simulation, ...] = (TICKETS,)) -> Judgement:
    path = folder / "results.db"
    if not path.exists():
        database(path, *runs)
    (found,) = judge(path, read_claims([rules(folder, *checks)]))
    return found


def values(path: Path, method: str, column: str = "test_accuracy", environment: str = CPU) -> dict[int, float]:
    runs = load(path)
    chosen = runs[(runs["method"] == method) & (runs["environment"] == environment)]
    chosen = chosen[chosen["target_sparsity"] == chosen["target_sparsity"].max()]
    return dict(zip(chosen["seed"], chosen[column], strict=True))


def test_a_difference_has_the_interval_of_the_paired_t_test(tmp_path: Path) -> None:
    found = judged(tmp_path, check("difference: [ticket, one-shot]", "above: 0.001"))
    estimate = found.answers[0].estimates[0]
    ticket, one_shot = (values(tmp_path / "results.db", name) for name in ("lottery", "one-shot"))
    expected = reference.ttest_rel(list(ticket.values()), [one_shot[seed] for seed in ticket]).confidence_interval(0.95)
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
    assert estimate.n == 8
    assert (found.verdict, found.answers[0].outcome) == ("reproduced", "holds")


@pytest.mark.parametrize(
    ("expect", "outcome", "verdict"),
    [
        (lambda low, high: f"above: {low - 1e-6}", "holds", "reproduced"),
        (lambda low, high: f"above: {low + 1e-6}", "open", "reproduced only in part"),
        (lambda low, high: f"above: {high + 1e-6}", "fails", "reproduced only in part"),
        (lambda low, high: f"below: {high + 1e-6}", "holds", "reproduced"),
        (lambda low, high: f"below: {low - 1e-6}", "fails", "reproduced only in part"),
        (lambda low, high: f"between: [{low - 1e-6}, {high + 1e-6}]", "holds", "reproduced"),
        (lambda low, high: f"between: [{low + 1e-6}, {high + 1}]", "open", "reproduced only in part"),
        (lambda low, high: f"within: {high - 1e-6}", "open", "reproduced only in part"),
        (lambda low, high: f"within: {high + 1e-6}", "holds", "reproduced"),
        (lambda low, high: f"within: {low - 1e-6}", "fails", "reproduced only in part"),
    ],
)
def test_the_whole_interval_decides(
    tmp_path: Path, expect: Callable[[float, float], str], outcome: str, verdict: str
) -> None:
    first = judged(tmp_path, check("difference: [ticket, one-shot]", "above: 0"))
    estimate = first.answers[0].estimates[0]
    assert 0 < estimate.low < estimate.high
    found = judged(tmp_path, check("difference: [ticket, one-shot]", expect(estimate.low, estimate.high)))
    assert (found.answers[0].outcome, found.verdict) == (outcome, verdict)


def test_what_fails_alone_is_not_reproduced_and_what_is_open_alone_untestable(tmp_path: Path) -> None:
    database(tmp_path / "results.db", TICKETS)
    claim = CLAIM.replace("      dense: {suite: mnist, method: none}\n", "")
    file = tmp_path / "mine.yaml"
    for expect, verdict, reason in (
        ("above: 0.9", "not reproduced", ""),
        (
            "between: [-0.5, {value}]",
            "untestable",
            "not enough seeds: the interval reaches to both sides of the margin",
        ),
    ):
        value = np.mean([b - a for a, b in _pairs(tmp_path)])
        text = check("difference: [ticket, one-shot]", expect.format(value=value))
        file.write_text(HEAD + claim + text, encoding="utf-8")
        (found,) = judge(tmp_path / "results.db", read_claims([file]))
        assert (found.verdict, found.reason) == (verdict, reason)


def _pairs(folder: Path) -> list[tuple[float, float]]:
    ticket, one_shot = (values(folder / "results.db", name) for name in ("lottery", "one-shot"))
    return [(one_shot[seed], ticket[seed]) for seed in ticket]


def test_an_order_is_all_of_its_steps(tmp_path: Path) -> None:
    found = judged(tmp_path, check("order: [dense, ticket, one-shot]", "above: -0.003"))
    steps = found.answers[0].estimates
    assert [step.label for step in steps] == ["dense − ticket", "ticket − one-shot"]
    assert found.answers[0].outcome == "holds"
    turned = judged(tmp_path, check("order: [one-shot, ticket, dense]", "above: -0.003"))
    assert turned.answers[0].outcome == "fails"


def test_a_published_draw_lies_in_the_prediction_interval(tmp_path: Path) -> None:
    database(tmp_path / "results.db", TICKETS)
    drawn = list(values(tmp_path / "results.db", "lottery").values())
    n, mean, sd = len(drawn), np.mean(drawn), np.std(drawn, ddof=1)
    low, high = reference.t.interval(0.95, n - 1, loc=mean, scale=sd * math.sqrt(1 + 1 / n))
    assert prediction(drawn)[2:] == pytest.approx((low, high))
    inside = judged(tmp_path, check("mean: ticket", f"includes: {high - 1e-6}"))
    outside = judged(tmp_path, check("mean: ticket", f"includes: {high + 1e-6}"))
    assert (inside.answers[0].outcome, outside.answers[0].outcome) == ("holds", "fails")


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_a_prediction_is_wider_than_the_interval_of_the_mean(numbers: list[float]) -> None:
    n, mean, low, high = prediction(numbers)
    assert n == len(numbers)
    assert low <= mean <= high
    assert high - low >= 2 * reference.t.ppf(0.975, n - 1) * np.std(numbers, ddof=1) / math.sqrt(n) - 1e-6


def test_ratios_of_learning_curves_look_at_the_last_training(tmp_path: Path) -> None:
    """The curve of an earlier round is lower, and is not looked at; a training that was cut in two is one."""
    path = database(tmp_path / "results.db", TICKETS)
    best: dict[str, dict[int, int]] = {"lottery": {}, "one-shot": {}}
    runs = load(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table curves (key, environment, name, part, step, value)")
        for _, run in runs[runs["target_sparsity"] == 0.98].iterrows():
            quick = 100 + int(run["seed"]) if run["method"] == "lottery" else 200 + 3 * int(run["seed"])
            best[run["method"]][int(run["seed"])] = quick
            earlier = [(0, step, 0.01) for step in (50, 400)]
            last = [(1, 10, 0.9), (1, quick, 0.2), (2, 300, 0.2), (2, 400, 0.5)]
            rows = [(run["key"], CPU, "validation_loss", *point) for point in earlier + last]
            connection.executemany("insert into curves values (?, ?, ?, ?, ?, ?)", rows)
    found = judged(tmp_path, check("ratio: [one-shot, ticket]", "above: 1.5", "{curve: validation_loss}"))
    estimate = found.answers[0].estimates[0]
    logs = [math.log(best["one-shot"][seed] / best["lottery"][seed]) for seed in range(8)]
    interval = reference.t.interval(0.95, 7, loc=np.mean(logs), scale=np.std(logs, ddof=1) / math.sqrt(8))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(math.exp(end) for end in interval))
    reached = judged(
        tmp_path, check("difference: [ticket, one-shot]", "below: -50", "{curve: validation_loss, reaches: 0.25}")
    )
    assert reached.answers[0].estimates[0].value == pytest.approx(
        np.mean([best["lottery"][seed] - best["one-shot"][seed] for seed in range(8)])
    )


def test_the_sql_gives_the_values_and_the_runs(tmp_path: Path) -> None:
    ended = {("lottery", 3, 2): ("failed", "out of memory"), ("one-shot", 3, 5): ("diverged", "loss was not finite")}
    found = judged(
        tmp_path, check("difference: [ticket, one-shot]", "above: 0"), runs=(replace(TICKETS, statuses=ended),)
    )
    answer = found.answers[0]
    assert (answer.n, answer.lost) == (6, 2)
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
        for cell, sql in zip(("ticket", "one-shot"), answer.sql, strict=True):
            rows = connection.execute(sql).fetchall()
            given = {(seed, key): number for _, seed, key, status, _, number in rows if status == "done"}
            assert given == {(run.seed, run.key): run.value for run in answer.runs if run.cell == cell}
    told = tell(found, {})
    assert told.checks[0].lost == "2 runs failed or diverged and are in no mean"
    assert (told.first_run, told.last_run) == ("2026-11-20", "2026-11-27")


def test_environments_are_never_mixed_and_the_fuller_one_decides(tmp_path: Path) -> None:
    graphics = replace(TICKETS, environment=GPU, seeds=range(20), methods=("none", "lottery"))
    alone = judged(tmp_path, check("mean: ticket", "above: 0"), runs=(TICKETS, graphics))
    assert (alone.answers[0].environment, alone.answers[0].n) == (GPU, 20)
    both = judged(tmp_path, check("difference: [ticket, one-shot]", "above: 0"))
    assert (both.answers[0].environment, both.answers[0].n) == (CPU, 8)


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ((), f"{NO_RUNS}, method lottery, sparsity 0.98) and {NO_RUNS}, method none)"),
        ((replace(TICKETS, seeds=[0, 1]),), "not enough seeds: 2 of at least 3; so far 2 hold"),
        ((replace(TICKETS, seeds=[0]),), "not enough seeds: 1 of at least 3 and not enough seeds: 1 of at least 2"),
    ],
    ids=["no runs", "two seeds", "one seed"],
)
def test_what_cannot_be_decided_says_why(tmp_path: Path, runs: tuple[Simulation, ...], reason: str) -> None:
    found = judged(tmp_path, check("difference: [ticket, one-shot]", "above: 0"), runs=runs)
    assert (found.verdict, found.reason) == ("untestable", reason)


def test_a_choice_of_several_runs_a_seed_is_refused(tmp_path: Path) -> None:
    file = rules(tmp_path, check("mean: ticket", "above: 0"))
    file.write_text(file.read_text().replace("method: lottery, sparsity: 0.98", "method: lottery"))
    with pytest.raises(UserError, match=r"suite mnist, method lottery is more than one run of the seed 0; add"):
        judge(database(tmp_path / "results.db", TICKETS), read_claims([file]))


BAD: dict[str, tuple[tuple[str, str], str]] = {
    "a key that is not known": (("where: abstract", "wher: abstract"), "mine.yaml:7: unknown key 'wher'; did you mean"),
    "a statement that is missing": (("    statement: Tickets beat one-shot pruning.\n", ""), "'statement' is missing"),
    "a margin that is none": (("{above: 0.5}", "{above: much}"), "mine.yaml:14: claims.0.checks.0.expect.above: "),
    "no region": (("{above: 0.5}", "{}"), "mine.yaml:14: claims.0.checks.0.expect: has 0 of above, below"),
    "two regions": (("{above: 0.5}", "{above: 0.5, below: 1}"), "mine.yaml:14: claims.0.checks.0.expect: has 2 of"),
    "ends the wrong way round": (("{above: 0.5}", "{between: [2, 1]}"), "the first number is not below the second"),
    "a cell that is not there": (
        ("[ticket, one-shot], value", "[tickt, one-shot], value"),
        "looks at the cell 'tickt'",
    ),
    "a cell without a method": (("method: lottery, ", ""), "mine.yaml:10: claims.0.cells.ticket: names no method"),
    "a single seed": (("seeds: 3", "seeds: 1"), "mine.yaml:14: claims.0.checks.0.seeds: input should be greater"),
    "no date": (("    registered: 2026-11-01\n", ""), "'registered' is missing"),
    "a day that is none": (("2026-11-01", "soon"), "mine.yaml:8: claims.0.registered: "),
    "no reason": ((", reason: as small as matters", ""), "mine.yaml:14: 'reason' is missing; give it"),
    "broken YAML": (("cells:\n", "cells: {\n"), "mine.yaml:"),
    "an id twice": (("claims:\n", "claims:\n  - {id: lottery-beats-one-shot}\n"), "is there twice"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, mistake: str) -> None:
    file = rules(tmp_path, check("difference: [ticket, one-shot]", "above: 0.5"))
    (before, after), said = BAD[mistake]
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(UserError) as caught:
        read_claims([file])
    lines = str(caught.value).splitlines()
    assert any(said in line for line in lines), lines
    assert all(line.startswith(f"{file}:") for line in lines), lines


def claim_of(**changes: Any) -> Claim:
    content = {
        "id": "one",
        "statement": "It is so.",
        "where": "abstract",
        "registered": "2026-11-01",
        "cells": {"a": {"suite": "mnist", "method": "none"}},
        "checks": [{"mean": "a", "value": "test_loss", "expect": {"below": 1}, "seeds": 5, "reason": "why not"}],
    }
    return Claim.model_validate(content | changes)


def test_the_hash_of_a_rule_is_of_what_decides() -> None:
    same = [claim_of(), claim_of(where="readme"), claim_of(measured="Something else.", because="A bug.")]
    assert len({claim.rule for claim in same}) == 1
    loose = {"mean": "a", "value": "test_loss", "expect": {"below": 1.1}, "seeds": 5, "reason": "why not"}
    other = [
        claim_of(statement="It is not so."),
        claim_of(registered="2026-11-02"),
        claim_of(checks=[loose]),
        claim_of(checks=[loose | {"seeds": 3, "expect": {"below": 1}}]),
        claim_of(cells={"a": {"suite": "mnist", "method": "none", "level": 0}}),
        claim_of(published=[{"what": "loss", "value": 1}]),
    ]
    assert len({claim.rule for claim in (same[0], *other)}) == len(other) + 1


def test_a_rule_that_was_changed_or_came_late_is_told(tmp_path: Path) -> None:
    found = judged(tmp_path, check("mean: ticket", "above: 0"))
    rule = found.claim.rule
    entry = next(iter(read_register().values()))[0]
    as_it_was = {found.claim.id: (replace(entry, rule=rule),)}
    assert tell(found, as_it_was).standing == ""
    assert tell(found, {}).standing == "the rule does not stand in the register as it is"
    mended = {found.claim.id: (entry, replace(entry, rule=rule, why="the label had changed"))}
    assert tell(found, mended).standing == "the rule was changed 1 time: the label had changed"
    late = replace(
        found, claim=found.claim.model_copy(update={"registered": found.claim.registered.replace(year=2027)})
    )
    assert "after the first of its runs" in tell(late, mended).standing


def test_tables_have_a_row_a_claim(tmp_path: Path) -> None:
    found = judged(tmp_path, check("difference: [ticket, one-shot]", "above: 0.001"))
    table, counts = sheets([found], {})
    (row,) = table.rows
    assert dict(zip(table.columns, row, strict=True))["verdict"] == "reproduced"
    assert "ticket − one-shot: +" in row[4]
    assert "points [+" in row[4]
    assert counts.rows == (("Our claims", "1", "0", "0", "0"),)
    assert r"$-$" in table.to_latex()
