import math
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.store import CurveRecord, PackRecord, RunRecord, SessionInfo, Store
from bench.store.statistics import LARGEST_DF, expansion, square_root_guesses, student_t
from tests.store.build import CPU, GPU, SUITE, cell, fill, rows, run

EXACT = 1e-9


def one(store: Store, sql: str) -> dict[str, Any]:
    (row,) = rows(store, sql)
    return dict(row)


def summary_of(fresh: Callable[[], Store], values: Sequence[float]) -> dict[str, Any]:
    """What the view makes of one cell with these losses."""
    with fresh() as store:
        seeds = range(len(values))
        runs = [run(f"one-shot/1/{seed}", None, value) for seed, value in zip(seeds, values, strict=True)]
        fill(store, [cell(seeds=seeds)], runs)
        return one(store, "select * from summary")


def check_against_scipy(row: dict[str, Any], values: Sequence[float]) -> None:
    mean, sd = np.mean(values), np.std(values, ddof=1)
    assert row["n"] == len(values)
    assert row["test_loss_mean"] == pytest.approx(mean, rel=EXACT)
    assert row["test_loss_sd"] == pytest.approx(sd, rel=EXACT, abs=1e-15 * abs(mean))
    low, high = stats.t.interval(0.95, len(values) - 1, mean, sd / math.sqrt(len(values))) if sd else (mean, mean)
    assert row["test_loss_low"] == pytest.approx(low, rel=EXACT, abs=EXACT * (high - low))
    assert row["test_loss_high"] == pytest.approx(high, rel=EXACT, abs=EXACT * (high - low))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.floats(1e-6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-9),
        min_size=2,
        max_size=12,
    )
)
def test_means_and_intervals_agree_with_scipy(fresh: Callable[[], Store], values: list[float]) -> None:
    check_against_scipy(summary_of(fresh, values), values)


@pytest.mark.parametrize(
    "values",
    [
        [0.98, 0.98 + 1e-9, 0.98 - 2e-9],  # a spread far below the mean
        [1e-20, 3e-20],
        [1e20, 3e20, 2e20],
        [0.1] * 7,
        list(np.random.default_rng(0).normal(0.97, 0.01, LARGEST_DF + 1)),
        list(np.random.default_rng(1).normal(0.97, 0.01, LARGEST_DF + 2)),
        list(np.random.default_rng(2).normal(0.97, 0.01, 3000)),
    ],
    ids=["small-spread", "tiny", "huge", "equal", "last-of-the-table", "first-beyond-it", "many"],
)
def test_hard_cases_agree_with_scipy(fresh: Callable[[], Store], values: list[float]) -> None:
    row = summary_of(fresh, values)
    if values[0] == pytest.approx(0.98):  # here the means themselves differ in the last digit
        assert row["test_loss_sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-6)
    else:
        check_against_scipy(row, values)


def test_a_single_run_has_a_mean_and_no_interval(fresh: Callable[[], Store]) -> None:
    row = summary_of(fresh, [0.5])
    assert (row["n"], row["test_loss_mean"]) == (1, 0.5)
    assert row["test_loss_sd"] is row["test_loss_low"] is row["test_loss_high"] is None


def test_the_quantiles_of_t_agree_with_scipy() -> None:
    for df in range(1, LARGEST_DF + 1):
        assert student_t(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-13)
    for df in (LARGEST_DF + 1, 1000, 10**6):
        assert eval(expansion(str(df))) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-11)


@given(st.floats(1e-55, 1e55))
def test_two_of_halleys_steps_from_the_guess_are_exact(value: float) -> None:
    guess = [guess for low, guess in square_root_guesses() if low <= value][-1]
    for _ in range(2):
        guess *= (guess * guess + 3 * value) / (3 * guess * guess + value)
    assert guess == pytest.approx(math.sqrt(value), rel=1e-11)


def test_results_shows_a_run_with_all_that_belongs_to_it(store: Store) -> None:
    fill(store, [cell()], [run("one-shot/1/2", 0.75, 0.5)])
    row = one(store, "select * from results")
    assert row["suite"] == "penguins"
    assert row["method"] == "one-shot"
    assert (row["level"], row["seed"], row["key"], row["origin"]) == (1, 2, "one-shot/1/2", "local")
    assert row["environment"] == CPU.label
    assert row["device"] == "AMD EPYC 9V74"
    assert (row["torch"], row["metric"], row["test_accuracy"], row["session"]) == ("2.15", "test_loss", 0.75, 1)


def test_environments_are_never_averaged(store: Store) -> None:
    fill(store, [cell()], [run("one-shot/1/0", 0.5)])
    fill(store, [cell()], [run("one-shot/1/0", 0.9)], GPU)
    means = {row["environment"]: row["test_accuracy_mean"] for row in rows(store, "select * from summary")}
    assert means == {CPU.label: 0.5, GPU.label: 0.9}


def test_failed_and_diverged_runs_are_counted_and_in_no_mean(store: Store) -> None:
    runs = [
        run("one-shot/1/0", 0.8),
        run("one-shot/1/1", 0.1, status="collapsed"),
        run("one-shot/1/2", 0.3, math.nan, status="diverged"),
        RunRecord("one-shot/1/3", 3, "failed", reason="out of memory"),
    ]
    fill(store, [cell(seeds=range(5))], runs)
    row = one(store, "select * from summary")
    assert (row["n"], row["failed"], row["collapsed"], row["diverged"]) == (2, 1, 1, 1)
    assert row["test_accuracy_mean"] == pytest.approx(0.45)


def test_a_success_after_failures_stands_for_the_run(store: Store) -> None:
    failure = RunRecord("one-shot/1/0", 0, "failed", reason="out of memory")
    fill(store, [cell()], [failure])
    fill(store, [cell()], [failure])
    assert one(store, "select status from results")["status"] == "failed"
    fill(store, [cell()], [run("one-shot/1/0", 0.7)])
    assert one(store, "select status, test_accuracy from results") == {"status": "done", "test_accuracy": 0.7}
    assert len(rows(store, "select * from run")) == 3


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([("reference", 1, "done", 0.1)], 0.5),  # what was made here stands before what was shipped
        ([("merged", 1, "done", 0.1)], 0.5),
        ([("reference", 2, "done", 0.1)], 0.1),  # an older results version is superseded
    ],
)
def test_one_row_stands_for_a_run(
    store: Store, tmp_path: Path, others: list[tuple[str, int, str, float]], expected: float
) -> None:
    fill(store, [cell()], [run("one-shot/1/0", 0.5)])
    insert_copies(tmp_path / "results.db", others)
    assert one(store, "select test_accuracy from results")["test_accuracy"] == expected
    assert one(store, "select test_accuracy_mean from summary")["test_accuracy_mean"] == expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([("reference", 1, "done", 0.1)], 0.1),
        ([("reference", 1, "done", 0.1), ("merged", 1, "done", 0.2)], 0.2),
        ([("reference", 1, "done", 0.1), ("local", 1, "failed", 0.3)], 0.3),  # a failure here is not hidden
        ([("merged", 1, "done", 0.2), ("local", 1, "failed", 0.3)], 0.2),  # a merged result is a result
    ],
)
def test_origins_have_an_order(
    store: Store, tmp_path: Path, others: list[tuple[str, int, str, float]], expected: float
) -> None:
    fill(store, [cell()], [run("one-shot/1/0", 0.5)])
    insert_copies(tmp_path / "results.db", others, replace=True)
    assert one(store, "select test_accuracy from results")["test_accuracy"] == expected


def insert_copies(file: Path, others: list[tuple[str, int, str, float]], replace: bool = False) -> None:
    """Copies of the one run, as a merge or a shipped database bring them."""
    connection = sqlite3.connect(file)
    columns = [row[1] for row in connection.execute("pragma table_info(run)") if row[1] != "id"]
    (row,) = connection.execute(f"select {', '.join(columns)} from run").fetchall()
    if replace:
        connection.execute("delete from run_layer")
        connection.execute("delete from run_step")
        connection.execute("delete from run")
    for origin, version, status, accuracy in others:
        changed = {"origin": origin, "results_version": version, "status": status, "test_accuracy": accuracy}
        values = [changed.get(name, old) for name, old in zip(columns, row, strict=True)]
        marks = ", ".join("?" * len(columns))
        connection.execute(f"insert into run ({', '.join(columns)}) values ({marks})", values)
    connection.commit()
    connection.close()


def test_standins_stay_out_of_comparisons(store: Store) -> None:
    cells = [cell("none", 0), cell("one-shot", 1)]
    standins = [cell(one.method, one.level, prefix="standin/", data="mnist-standin", standin=True) for one in cells]
    runs = [run(key) for one in (*cells, *standins) for _, key in one.seeds[:1]]
    fill(store, [*cells, *standins], runs)
    assert {row["data"] for row in rows(store, "select data from results")} == {"penguins", "mnist-standin"}
    assert {row["data"] for row in rows(store, "select data from summary")} == {"penguins"}
    assert {row["data"] for row in rows(store, "select data from versus_dense")} == {"penguins"}


def test_differences_to_dense_are_paired_by_seed(store: Store) -> None:
    rng = np.random.default_rng(3)
    seeds = range(6)
    dense, pruned = rng.normal(0.9, 0.03, 6), rng.normal(0.8, 0.03, 6)
    runs = [run(f"none/0/{seed}", dense[seed], dense[seed] / 2) for seed in seeds]
    runs += [run(f"one-shot/5/{seed}", pruned[seed], pruned[seed] / 3) for seed in seeds if seed != 4]
    runs += [run("one-shot/6/0", 0.1)]
    cells = [cell("none", 0, seeds), cell("one-shot", 5, seeds), cell("one-shot", 6, seeds)]
    fill(store, cells, runs)
    fill(store, cells, [run("one-shot/5/4", 0.1)], GPU)  # without a dense run in its environment it has no pair

    first, second = rows(store, "select * from versus_dense order by level")
    pairs = [seed for seed in seeds if seed != 4]
    for metric, differences in (
        ("test_accuracy", pruned[pairs] - dense[pairs]),
        ("test_loss", pruned[pairs] / 3 - dense[pairs] / 2),
    ):
        interval = stats.t.interval(0.95, 4, differences.mean(), differences.std(ddof=1) / math.sqrt(5))
        assert first[f"{metric}_difference_mean"] == pytest.approx(differences.mean(), rel=EXACT)
        assert first[f"{metric}_difference_sd"] == pytest.approx(differences.std(ddof=1), rel=EXACT)
        assert first[f"{metric}_difference_low"] == pytest.approx(interval[0], rel=EXACT)
        assert first[f"{metric}_difference_high"] == pytest.approx(interval[1], rel=EXACT)
    assert (first["level"], first["n"], first["environment"]) == (5, 5, CPU.label)
    assert (second["level"], second["n"], second["test_accuracy_difference_sd"]) == (6, 1, None)


def test_missing_lists_what_has_no_final_run_here(store: Store, tmp_path: Path) -> None:
    fill(store, [cell(seeds=range(4))], [run("one-shot/1/0")])
    insert_copies(tmp_path / "results.db", [("reference", 1, "done", 0.1)], replace=True)
    fill(store, [cell(seeds=range(4))], [RunRecord("one-shot/1/1", 1, "failed", reason="memory"), run("one-shot/1/2")])
    missing = {row["seed"]: row["failed"] for row in rows(store, "select seed, failed from missing")}
    assert missing == {0: 0, 1: 1, 3: 0}


def test_views_show_the_current_version_of_each_suite_and_profile(store: Store) -> None:
    fill(store, [cell(level=1)], [run("one-shot/1/0")])
    edited = SUITE.__class__(**{**SUITE.__dict__, "hash": "edited"})
    fill(store, [cell(level=2)], [run("one-shot/2/0")], suite=edited)
    quick = SUITE.__class__(**{**SUITE.__dict__, "profile": "quick"})
    fill(store, [cell(level=3)], [run("one-shot/3/0")], suite=quick)
    shown = {(row["profile"], row["level"]) for row in rows(store, "select * from results")}
    assert shown == {("full", 2), ("quick", 3)}
    assert {row["level"] for row in rows(store, "select level from missing")} == {2, 3}
    fill(store, [cell(level=1)], [])  # back to the first version
    assert {row["level"] for row in rows(store, "select level from results where profile = 'full'")} == {1}


def test_a_run_shows_in_every_suite_that_plans_it(store: Store) -> None:
    fill(store, [cell()], [run("one-shot/1/0", 0.5)])
    other = SUITE.__class__(**{**SUITE.__dict__, "name": "other"})
    fill(store, [cell()], [], suite=other)
    assert [row["suite"] for row in rows(store, "select suite from results order by suite")] == ["other", "penguins"]


def test_layers_show_what_is_left_of_them(store: Store) -> None:
    fill(store, [cell()], [run("one-shot/1/0")])
    first, second = rows(store, "select * from layers order by position")
    assert (first["layer"], first["kind"], first["weights"], first["kept"], first["effective"]) == (
        "fc1",
        "linear",
        60,
        30,
        29,
    )
    assert first["sparsity"] == 0.5
    assert (second["layer"], second["effective"]) == ("output", None)


def test_curves_hang_on_the_steps_that_runs_share(store: Store) -> None:
    session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
    curve = CurveRecord("shared", "train_loss", [(1, 2.0), (10, np.float32(0.123456789)), (20, math.nan)])
    runs = (run("a/1/0", steps=("shared",)), run("a/2/0", steps=("first", "shared")))
    store.write(session, place, PackRecord(runs, curves=(curve,)))
    points = rows(store, "select part, step, value from curves where key = 'a/2/0' order by step")
    assert [tuple(point.values()) for point in points] == [(1, 1, 2.0), (1, 10, 0.1234568), (1, 20, None)]
    assert len(rows(store, "select * from curves")) == 6
