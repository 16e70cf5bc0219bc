"""Which states stay on the disk when a suite has been run."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.policy import DataPolicy
from bench.grid import expand
from bench.keeping import Validated, dear, to_drop
from bench.plan import Plan, inputs, make_plan, work_left
from bench.states import States
from bench.suite.values import Keep
from bench.training.state import State
from tests.plan.grids import method, suite

METHODS = (method("none"), method("one-shot"), method("lottery"))
SUITE = """\
title: States
data: penguins
model: {penguin-net: {head: logits}}
training: {optimiser: adam, lr: 1e-2, batch: 50, epochs: 2}
seeds: 3
sparsities: [0.5]
methods: [none, one-shot: {fine-tune: 1 epoch}]
"""


def planned(keep: Keep) -> Plan:
    made = suite(METHODS, seeds=(0, 1, 2))
    (problem,) = made.problems
    return make_plan(expand(replace(made, problems=(replace(problem, keep=keep),)), DataPolicy()))


PLANS: dict[Keep, Plan] = {keep: planned(keep) for keep in ("none", "last", "best", "all")}
STATES = {key for key in PLANS["last"].graph.starts if key not in PLANS["last"].graph.starts.values()}
RUNS = sorted(PLANS["last"].runs)
# The test suite names the test loss for its headline, so that the loss counts.
losses = st.lists(st.floats(0, 3), min_size=len(RUNS), max_size=len(RUNS))


def results(values: Collection[float]) -> dict[str, Validated]:
    return {key: Validated(0.5, loss) for key, loss in zip(RUNS, values, strict=True)}


def test_what_stays_is_part_of_no_key() -> None:
    assert {frozenset(plan.runs) for plan in PLANS.values()} == {frozenset(RUNS)}


@given(losses)
@settings(max_examples=25, deadline=None)
def test_what_stays_when_all_is_done(values: list[float]) -> None:
    found = results(values)
    for keep in ("last", "all"):
        assert to_drop(PLANS[keep], found, STATES, ()) == set()
    assert to_drop(PLANS["none"], found, STATES, ()) == STATES
    best = PLANS["best"]
    stay = STATES - to_drop(best, found, STATES, ())
    for cell, keys in best.keys.items():
        kept = [key for _, key in keys if key in stay]
        least = min(found[key].loss or 0.0 for _, key in keys)
        assert any(found[key].loss == least for key in kept), cell
    assert len(stay) <= len(best.keys)  # one of each cell, and nothing to branch from


@given(st.sets(st.sampled_from(RUNS)), st.sets(st.sampled_from(RUNS)))
@settings(max_examples=25, deadline=None)
def test_what_a_missing_run_or_another_suite_needs_stays(missing: set[str], elsewhere: set[str]) -> None:
    found = {key: one for key, one in results([1.0] * len(RUNS)).items() if key not in missing}
    for keep in ("none", "best"):
        stay = STATES - to_drop(PLANS[keep], found, STATES, elsewhere)
        assert elsewhere <= stay
        left = work_left(PLANS[keep], found.keys(), STATES).tasks.values()
        assert {key for task in left for key in inputs(task)} <= stay
        assert work_left(PLANS[keep], found.keys(), stay).steps == work_left(PLANS[keep], found.keys(), STATES).steps


def test_what_goes_last_when_the_folder_is_full(tmp_path: Path) -> None:
    runs = set(RUNS)
    assert dear(PLANS["none"], {"other"}) == {"other"}
    assert dear(PLANS["last"], ()) == dear(PLANS["best"], ()) == runs
    assert dear(PLANS["all"], ()) >= STATES
    state = State(torch.zeros(1000), torch.ones(1000, dtype=torch.bool), torch.zeros(0))
    states = States(tmp_path, limit=14_000)  # three of them
    for age, key in enumerate(("first", "second", "third", "fourth")):
        states.put(key, state)
        os.utime(next(tmp_path.rglob(f"{key}.state")), (1e9 + age, 1e9 + age))
    states.favour({"first", "fourth"})
    states.trim(())
    assert states.keys() == {"first", "third", "fourth"}
    States(tmp_path, limit=5000).trim(())
    assert states.keys() == {"fourth"}  # favoured by nobody, by the time of its last use
    states.drop({"fourth", "never there"})
    assert states.keys() == set()


def left(folder: Path) -> set[str]:
    return {file.stem for file in (folder / ".bench" / "states").rglob("*.state")}


def test_a_suite_that_keeps_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(SUITE + "keep: best\n", encoding="utf-8")
    bench.run("tiny.yaml", threads=1, device="cpu")
    with closing(sqlite3.connect("results.db")) as connection:
        rows = connection.execute("SELECT method, key, validation_accuracy, validation_loss FROM results").fetchall()
        before = connection.execute("SELECT * FROM run ORDER BY key").fetchall()
    best = {
        max((row for row in rows if row[0] == name), key=lambda row: (row[2], -row[3]))[1]
        for name in {r[0] for r in rows}
    }
    assert left(tmp_path) == best
    (tmp_path / "tiny.yaml").write_text(SUITE + "keep: none\n", encoding="utf-8")
    bench.run("tiny.yaml", threads=1, device="cpu")  # nothing is left to do, but to tidy up
    assert left(tmp_path) == set()
    with closing(sqlite3.connect("results.db")) as connection:
        assert connection.execute("SELECT * FROM run ORDER BY key").fetchall() == before
        assert connection.execute("SELECT count(*) FROM suite").fetchone() == (1,)  # it is the same suite
