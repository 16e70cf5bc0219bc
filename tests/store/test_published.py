"""What others published, in the database and beside our own."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench.errors import UserError
from bench.store import Store, SuiteRecord, published
from bench.suite import builtin_suites
from tests.store.build import CPU, cell, fill, rows, run

PENGUINS = SuiteRecord("penguins", "full", "Penguins", "test_loss", "c0ffee", "title: Penguins", {"seeds": 3})
MNIST = SuiteRecord("mine", "full", "Mine", "test_accuracy", "c0ffee", "title: Mine", {"seeds": 3})
FIELDS: dict[str, str] = dict.fromkeys(published.COLUMNS, "") | {
    "their_data": "d",
    "their_model": "m",
    "their_method": "prune",
    "metric": "test_accuracy",
    "value": "0.75",
    "source": "log",
    "data": "penguins",
    "model": "penguin-net",
    "method": "one-shot",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of our own in place of those that come along."""
    made = tmp_path / "published"
    made.mkdir()
    monkeypatch.setattr(published, "files", lambda: sorted(made.glob("*.csv")))
    return made


def write(file: Path, *entries: dict[str, Any]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, published.COLUMNS)
        writer.writeheader()
        writer.writerows(FIELDS | entry for entry in entries)


def content(file: Path) -> list[tuple[Any, ...]]:
    with Store.open(file) as store:
        return store.query("select project, position, value from published order by project, position").rows


def test_a_changed_file_is_entered_anew_and_nothing_else_is_written(folder: Path, tmp_path: Path) -> None:
    database = tmp_path / "results.db"
    write(folder / "first.csv", {}, {"value": "0.5"})
    write(folder / "second.csv", {"value": "1"})
    before = [("first", 1, 0.75), ("first", 2, 0.5), ("second", 1, 1.0)]
    assert content(database) == before
    bytes_before = database.read_bytes()
    assert content(database) == before
    assert database.read_bytes()[100:] == bytes_before[100:]  # the head counts openings
    write(folder / "first.csv", {"value": "0.25"})
    assert content(database) == [("first", 1, 0.25), ("second", 1, 1.0)]
    (folder / "second.csv").unlink()
    assert content(database) == [("first", 1, 0.25)]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"value": "about 0.5"}, "first.csv:3: value 'about 0.5' is no number"),
        ({"value": ""}, "first.csv:3: value is empty"),
        ({"sparsity_true": "80"}, "first.csv:3: sparsity_true 80 is no share"),
        ({"source": "hearsay"}, "first.csv:3: the source 'hearsay' is not known; write one of csv, log"),
        ({"epochs": "1.5"}, "first.csv:3: epochs '1.5' is no number"),
    ],
)
def test_mistakes_in_a_file_are_said_with_their_place(
    folder: Path, tmp_path: Path, entry: dict[str, str], said: str
) -> None:
    write(folder / "first.csv", {}, entry)
    with pytest.raises(UserError) as error:
        Store.open(tmp_path / "results.db")
    (line,) = error.value.lines
    assert said in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published", "results.db"]  # closed and complete


def test_a_file_with_other_columns_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "first.csv").write_text("project,value\nmine,1\n", encoding="utf-8")
    with pytest.raises(UserError, match="write their_data,their_model"):
        Store.open(tmp_path / "results.db")


def test_every_number_that_comes_along_is_there(store: Store) -> None:
    counts = {
        row["project"]: row["n"] for row in rows(store, "select project, count(*) as n from published group by 1")
    }
    assert counts == {
        "forai-challenge": 43,
        "keras-pruning": 80,
        "lottery-ticket-pruner": 760,
        "mlgroup": 119,
        "prunet": 223,
    }
    known = "project = 'mlgroup' and their_method = 'dynamic' and metric = 'test_loss'"
    (dynamic,) = rows(store, f"select * from published where {known}")
    assert (dynamic["value"], dynamic["sparsity_claimed"], dynamic["sparsity_true"]) == (0.4289, 0.31, 0.3111)
    named = rows(store, "select distinct suite from published where suite is not null")
    assert {row["suite"] for row in named} <= builtin_suites().keys()
    halves = "select * from published where (data is null) <> (method is null) or (data is null) <> (model is null)"
    assert rows(store, halves) == []


def test_ours_stands_beside_theirs_with_the_interval_of_scipy(store: Store) -> None:
    losses = np.random.default_rng(4).normal(0.43, 0.02, 5)
    label = "dynamic at epochs 333 and 666 (as-run)"
    dynamic = cell(label, 1, range(5), target_sparsity=0.3111, model="penguin-net (published)", protocol="as-run")
    repeated = replace(PENGUINS, name="mlgroup-penguins")
    fill(store, [dynamic], [run(f"{label}/1/{seed}", 0.5, losses[seed]) for seed in range(5)], suite=repeated)
    (row,) = rows(store, "select * from versus_published")
    low, high = stats.t.interval(0.95, 4, losses.mean(), stats.sem(losses))
    assert (row["project"], row["their_method"], row["metric"], row["n"]) == ("mlgroup", "dynamic", "test_loss", 5)
    assert (row["published"], row["environment"]) == (0.4289, CPU.label)
    assert row["mean"] == pytest.approx(losses.mean(), rel=1e-9)
    assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-9)
    assert row["difference"] == pytest.approx(losses.mean() - 0.4289, rel=1e-9)
    assert row["inside"] == (low <= 0.4289 <= high)


def test_what_is_compared_follows_the_rule(folder: Path, tmp_path: Path) -> None:
    write(
        folder / "p.csv",
        {"sparsity_claimed": "0.9", "their_method": "claimed"},
        {"sparsity_claimed": "0.5", "sparsity_true": "0.9", "their_method": "true"},
        {"sparsity_claimed": "0.9", "sparsity_true": "0.5", "their_method": "not true"},
        {"sparsity_claimed": "0.904", "their_method": "near"},  # 9.6 % are left, and 10 % of ours
        {"sparsity_claimed": "0.91", "their_method": "not near"},
        {"their_method": "unknown"},
        {"sparsity_claimed": "0.9", "suite": "penguins", "their_method": "of our suite"},
        {"sparsity_claimed": "0.9", "suite": "other", "their_method": "of another suite"},
        {"sparsity_claimed": "0.9", "model": "", "their_method": "of no network here"},
        {"sparsity_claimed": "0.9", "metric": "top5", "their_method": "of another metric"},
        {"sparsity_claimed": "0.9", "method": "lottery", "their_method": "by name"},
        {"sparsity_claimed": "0.9", "method": "one-shot (fine-tune 1)", "their_method": "by label"},
    )
    cells = [cell(name, 9, [0]) for name in ("one-shot", "one-shot (fine-tune 1)", "lottery (rewind 1)")]
    with Store.open(tmp_path / "results.db") as store:
        fill(store, cells, [run(f"{one.method}/9/0") for one in cells], suite=PENGUINS)
        found = rows(store, "select their_method, method, inside from versus_published")
    assert {(row["their_method"], row["method"]) for row in found} == {
        *((words, "one-shot") for words in ("claimed", "true", "near", "of our suite")),
        ("by name", "lottery (rewind 1)"),
        ("by label", "one-shot (fine-tune 1)"),
    }
    assert {row["inside"] for row in found} == {None}  # a single run has no interval


def test_a_suite_of_ones_own_is_compared_too(store: Store) -> None:
    chosen = {"data": "mnist", "model": "mlp-1000-1000-500-200", "target_sparsity": 0.9}
    fill(store, [cell("one-shot", 9, [0], **chosen)], [run("one-shot/9/0", 0.95)], suite=MNIST)
    found = rows(store, "select project, published from versus_published where metric = 'test_accuracy' order by 1")
    assert [tuple(row.values()) for row in found] == [("forai-challenge", 0.956), ("keras-pruning", 0.911)]


def test_a_database_that_is_only_read_stays_as_it_is(blank: Path, tmp_path: Path, folder: Path) -> None:
    shutil.copy(blank, tmp_path / "results.db")
    before = (tmp_path / "results.db").read_bytes()
    write(folder / "first.csv", {})
    with Store.open(tmp_path / "results.db", read_only=True) as store:
        assert store.query("select count(*) from published").rows == [(1225,)]
    assert (tmp_path / "results.db").read_bytes() == before


def test_each_arm_of_a_reproduction_stands_beside_what_was_published(folder: Path, tmp_path: Path) -> None:
    write(
        folder / "p.csv",
        {"sparsity_claimed": "0.9", "their_method": "any arm"},
        {"sparsity_claimed": "0.9", "their_method": "one arm", "model": "penguin-net (as-run)"},
    )
    arms = ("published", "as-run", None)
    cells = [
        cell("one-shot", 9, [0], prefix=str(one), model=f"penguin-net ({one})" if one else "penguin-net", protocol=one)
        for one in arms
    ]
    with Store.open(tmp_path / "results.db") as store:
        fill(store, cells, [run(f"{one}one-shot/9/0") for one in arms], suite=PENGUINS)
        found = rows(store, "select their_method, protocol from versus_published")
        told = rows(store, "select protocol from results union all select protocol from summary")
    assert sorted((row["their_method"], str(row["protocol"])) for row in found) == [
        *(("any arm", word) for word in ("None", "as-run", "published")),
        ("one arm", "as-run"),
    ]
    assert sorted(str(row["protocol"]) for row in told) == sorted(2 * ["None", "as-run", "published"])


def test_of_several_near_levels_the_nearest_is_compared(folder: Path, tmp_path: Path) -> None:
    write(folder / "p.csv", *({"sparsity_claimed": share} for share in ("0.00376", "0.00605", "0.3")))
    targets = (0.00135, 0.00376, 0.00605, 0.3, 0.3111)
    cells = [cell("one-shot", level, [0], target_sparsity=target) for level, target in enumerate(targets, start=1)]
    with Store.open(tmp_path / "results.db") as store:
        fill(store, cells, [run(f"one-shot/{level}/0") for level in range(1, 6)], suite=PENGUINS)
        found = rows(store, "select sparsity_claimed, target_sparsity from versus_published order by 1")
    assert [(row["sparsity_claimed"], row["target_sparsity"]) for row in found] == [
        *((0.00376, 0.00376), (0.00605, 0.00605), (0.3, 0.3)),
    ]
