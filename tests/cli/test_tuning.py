"""`bench tune` as a user calls it: what it says, how it ends, and what is there afterwards."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Bench, outside
from tests.tuning.suites import written

STUDY = """\
  sparsities: [0.9]
  seeds: [1000]
  budget: {trials: 4}
  batch: 4
  studies: [{one-shot: {rates: each}}]
"""
METHODS = "[none, one-shot, {one-shot: {rates: tuned}}]"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_it_tunes_confirms_and_lists(folder: Path) -> None:
    written(folder, STUDY, seeds="3")
    done = outside(folder, "tune", "tuned.yaml", "--confirm", "--threads", "1")
    assert done.code == 0, done.err
    assert "one-shot at 90 % on digits with mlp: 0 trials made, about 4 more with a budget of 4 trials" in done.out
    assert "confirming on seeds 0 to 2: " in done.out
    last = done.lines[-1]
    assert last.startswith("one-shot (rates tuned) at 90 % on digits: test accuracy ")
    assert "3 pairs" in last
    assert "% when chosen" in last
    with closing(sqlite3.connect("results.db")) as connection:
        names = [row[0] for row in connection.execute("SELECT DISTINCT suite FROM results")]
        assert names == ["tuned-confirmed"]
        assert {row[0] for row in connection.execute("SELECT seed FROM results")} == {0, 1, 2}
    listed = outside(folder, "tune", "--list", "--json").json["studies"]
    assert [(one["suite"], one["name"], one["trials"], one["budget"]) for one in listed] == [
        ("tuned", "one-shot", 4, 4.0)
    ]
    again = outside(folder, "tune", "tuned.yaml", "--confirm", "--threads", "1")
    assert again.code == 0
    assert "its budget of 4 trials is spent" in again.out
    assert again.lines[-1] == last
    named = outside(folder, "runs", "tuned-confirmed")
    assert named.code == 0
    run = next(line.split()[0] for line in named.lines if "tuned" in line)
    opened = outside(folder, "export", run)
    assert opened.code == 0, opened.err  # what was tuned can be opened again


def test_a_suite_waits_for_its_studies(folder: Path) -> None:
    written(folder, STUDY.replace("  sparsities: [0.9]\n", ""), METHODS)
    done = outside(folder, "run", "tuned.yaml", "--no-report")
    assert done.code == 2
    assert done.err.splitlines() == [
        "method 'one-shot (rates tuned)': there is no study tuned/one-shot at 50 % in results.db; `bench tune tuned` "
        "makes it"
    ]
    planned = outside(folder, "plan", "tuned.yaml")
    assert planned.code == 0, planned.err
    assert "left out for now: method 'one-shot (rates tuned)': there is no study tuned/one-shot at 50 %" in planned.out
    assert "tuning: one-shot at 90 % on digits with mlp: 0 trials made, about 4 more" in planned.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tune",), "tune: no suite is named; give one, such as `bench tune mnist`, or --list"),
        (("tune", "tiny.yaml"), "suite tiny: has no key `tune`, so that there is nothing to tune"),
        (("tune", "tuned.yaml", "--study", "one-sot"), "suite tuned: has no study 'one-sot'; did you mean 'one-shot'?"),
        (("tune", "tuned.yaml", "--trials", "0"), "Invalid value for '--trials'"),
        (("tune", "nowhere.yaml"), "nowhere.yaml: no such suite file"),
        (("tune", "--list", "--db", "nowhere.db"), "nowhere.db: there is no such database"),
    ],
)
def test_bad_input_is_a_line(bench: Bench, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    written(folder, STUDY)
    done = bench(*arguments)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert not (folder / "results.db").exists()


def test_a_database_without_studies(bench: Bench, folder: Path) -> None:
    from bench.store import Store

    Store.open("results.db").close()
    assert bench("tune", "--list").lines == ["results.db holds no studies; `bench tune SUITE` makes some"]
