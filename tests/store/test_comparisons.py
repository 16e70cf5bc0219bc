"""The views that rank, pair and compare, against slow and obvious reckoning."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.store import CellRecord, RunRecord, Store, SuiteRecord
from bench.store.statistics import LARGEST_DF
from tests.store.build import CPU, GPU, SUITE, cell, fill, rows, run

EXACT = 1e-9
ACCURACY = SuiteRecord("penguins", "full", "Penguins", "test_accuracy", "c0ffee", "title: Penguins", {"seeds": 3})
fresh_store = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def filled(store: Store, cells: Sequence[CellRecord], runs: Sequence[RunRecord], **options: Any) -> None:
    fill(store, cells, runs, **{"suite": ACCURACY, **options})


def check_pair(row: dict[str, Any], differences: Sequence[float]) -> None:
    """Student's paired t by SciPy."""
    n = len(differences)
    mean, sd = np.mean(differences), np.std(differences, ddof=1)
    assert (row["n"], row["df"]) == (n, n - 1)
    assert row["difference_mean"] == pytest.approx(mean, rel=EXACT, abs=1e-15)
    assert row["difference_sd"] == pytest.approx(sd, rel=EXACT)
    low, high = stats.t.interval(0.95, n - 1, mean, sd / math.sqrt(n))
    assert row["difference_low"] == pytest.approx(low, rel=EXACT, abs=EXACT * (high - low))
    assert row["difference_high"] == pytest.approx(high, rel=EXACT, abs=EXACT * (high - low))
    assert row["t"] == pytest.approx(stats.ttest_1samp(differences, 0).statistic, rel=EXACT, abs=EXACT)


@fresh_store
@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(0.01, 10)), min_size=2, max_size=8))
def test_duels_agree_with_scipy_from_either_side(fresh: Callable[[], Store], losses: list[tuple[float, float]]) -> None:
    differences = [one - other for one, other in losses]
    if np.std(differences, ddof=1) < 1e-6:
        return  # what is left is rounding of the values themselves
    seeds = range(len(losses))
    with fresh() as store:
        runs = [run(f"one-shot/1/{seed}", None, losses[seed][0]) for seed in seeds]
        runs += [run(f"lottery/1/{seed}", None, losses[seed][1]) for seed in seeds]
        fill(store, [cell("one-shot", seeds=seeds), cell("lottery", seeds=seeds)], runs)
        lottery, one_shot = (dict(row) for row in rows(store, "select * from duels order by method"))
    check_pair(one_shot, differences)
    check_pair(lottery, [-one for one in differences])
    assert (lottery["rival"], one_shot["rival"], one_shot["metric"]) == ("one-shot", "lottery", "test_loss")
    less = sum(one < 0 for one in differences)  # of two losses the lower one wins
    assert (one_shot["wins"], lottery["losses"]) == (less, less)
    assert one_shot["ties"] == sum(one == 0 for one in differences)


def test_many_pairs_are_beyond_the_table_of_t(store: Store) -> None:
    seeds = range(LARGEST_DF + 30)
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.9, 0.01, len(seeds)), rng.normal(0.899, 0.01, len(seeds))
    runs = [run(f"a/1/{seed}", one[seed]) for seed in seeds] + [run(f"b/1/{seed}", other[seed]) for seed in seeds]
    filled(store, [cell("a", seeds=seeds), cell("b", seeds=seeds)], runs)
    (row,) = rows(store, "select * from duels where method = 'a'")
    check_pair(dict(row), one - other)


def test_only_like_sparsities_of_one_seed_level_and_environment_duel(store: Store) -> None:
    cells = [cell("a", 1), cell("b", 1), cell("c", 1), cell("a", 2)]
    runs = [
        *(run("a/1/0", 0.9), run("a/1/1", 0.8), run("a/1/2", 0.7)),
        *(run("b/1/0", 0.8, sparsity=0.5009), run("b/1/1", 0.5, sparsity=0.502)),  # the second is not alike
        run("c/1/1", 0.9, status="diverged"),
        run("a/2/0", 0.6),
    ]
    filled(store, cells, runs)
    filled(store, cells, [run("b/1/2", 0.9)], environment=GPU)
    found = rows(store, "select * from duels order by method")
    assert [(row["method"], row["rival"], row["level"], row["n"]) for row in found] == [
        ("a", "b", 1, 1),
        ("b", "a", 1, 1),
    ]
    assert found[0]["difference_mean"] == pytest.approx(0.1)
    assert (found[0]["wins"], found[0]["losses"], found[0]["ties"]) == (1, 0, 0)
    assert found[0]["difference_sd"] is found[0]["t"] is found[0]["difference_low"] is None
    assert (found[0]["sparsity"], found[0]["rival_sparsity"]) == (0.5, 0.5009)


def test_equal_differences_have_no_t(store: Store) -> None:
    runs = [run(f"{method}/1/{seed}", 0.5 + 0.25 * (method == "a")) for method in "ab" for seed in range(3)]
    filled(store, [cell("a"), cell("b")], runs)
    (row,) = rows(store, "select * from duels where method = 'a'")
    assert (row["difference_mean"], row["difference_sd"], row["t"], row["wins"]) == (0.25, 0, None, 3)


@pytest.mark.parametrize(("suite", "better"), [(ACCURACY, -1), (SUITE, 1)])
@fresh_store
@given(values=st.lists(st.sampled_from([0.125, 0.25, 0.5, 0.75]), min_size=1, max_size=6))
def test_places_are_those_of_scipy_with_ties_shared(
    fresh: Callable[[], Store], suite: SuiteRecord, better: int, values: list[float]
) -> None:
    methods = [f"m{number}" for number in range(len(values))]
    with fresh() as store:
        runs = [run(f"{name}/1/{seed}", v, v) for name, v in zip(methods, values, strict=True) for seed in range(2)]
        fill(store, [cell(name, seeds=range(2)) for name in methods], runs, suite=suite)
        found = {row["method"]: row for row in rows(store, "select * from leaderboard")}
    places = stats.rankdata([better * value for value in values], method="min")
    best = min(better * value for value in values)
    for name, place, value in zip(methods, places, values, strict=True):
        row = found[name]
        assert (row["place"], row["methods"], row["n"], row["metric"]) == (place, len(values), 2, suite.metric)
        assert (row["mean"], row["sd"], row["low"], row["high"]) == (value, 0, value, value)
        assert row["behind"] == better * value - best


def test_the_leaderboard_has_the_intervals_of_the_summary(store: Store) -> None:
    rng = np.random.default_rng(2)
    runs = [run(f"{method}/1/{seed}", rng.random(), rng.random()) for method in "ab" for seed in range(5)]
    runs += [run("none/0/0", 0.9, 0.1)]
    seeds = range(6)
    filled(store, [cell("a", seeds=seeds), cell("b", seeds=seeds), cell("none", 0, [0])], [*runs, failed("b/1/5")])
    names = "method, n, failed, collapsed, diverged, sparsity"
    board = rows(store, f"select {names}, mean, sd, low, high from leaderboard order by method")
    of = ", ".join(f"test_accuracy_{what} as {what}" for what in ("mean", "sd", "low", "high"))
    assert board == rows(store, f"select {names}, {of} from summary where level > 0 order by method")
    assert [row["failed"] for row in board] == [0, 1]


def failed(key: str) -> RunRecord:
    return RunRecord(key, int(key.rpartition("/")[2]), "failed", reason="out of memory")


POINT = st.tuples(st.integers(1, 5), st.sampled_from([0.125, 0.25, 0.375, 0.5]))


@fresh_store
@given(st.lists(POINT, min_size=1, max_size=8))
def test_the_frontier_is_what_nothing_beats(fresh: Callable[[], Store], points: list[tuple[int, float]]) -> None:
    with fresh() as store:
        cells = [cell("m", level, [0, 1]) for level in range(len(points))]
        runs = [
            run(f"m/{level}/{seed}", accuracy, macs=100, macs_kept=10 * size, parameters=9, parameters_kept=9 - size)
            for level, (size, accuracy) in enumerate(points)
            for seed in (0, 1)
        ]
        filled(store, cells, runs)
        found = rows(store, "select cost, level, size from frontier")
    for cost, sizes in (
        ("macs", [10 * size for size, _ in points]),
        ("parameters", [9 - size for size, _ in points]),
    ):
        wanted = {
            level
            for level, (_, accuracy) in enumerate(points)
            if not any(
                (sizes[other] <= sizes[level] and points[other][1] > accuracy)
                or (sizes[other] < sizes[level] and points[other][1] >= accuracy)
                for other in range(len(points))
            )
        }
        assert {(row["level"], row["size"]) for row in found if row["cost"] == cost} == {
            (level, sizes[level]) for level in wanted
        }
    assert "bytes" not in {row["cost"] for row in found}  # which was not measured


def test_standins_are_in_no_comparison(store: Store) -> None:
    cells = [cell(method, prefix="s/", data="mnist-standin", standin=True) for method in ("a", "b")]
    runs = [run(key, parameters=9, parameters_kept=3) for one in cells for _, key in one.seeds]
    filled(store, cells, runs)
    assert rows(store, "select * from results")
    for view in ("summary", "leaderboard", "duels", "frontier", "versus_dense", "versus_published"):
        assert not rows(store, f"select * from {view}"), view


def test_environments_are_never_compared(store: Store) -> None:
    sizes = {"parameters": 9, "parameters_kept": 3}
    cells = [cell("a"), cell("b")]
    filled(store, cells, [run("a/1/0", 0.5, **sizes)])
    filled(store, cells, [run("b/1/0", 0.9, **sizes)], environment=GPU)
    board = rows(store, "select method, environment, place, methods from leaderboard")
    assert {tuple(row.values()) for row in board} == {("a", CPU.label, 1, 1), ("b", GPU.label, 1, 1)}
    assert len(rows(store, "select * from frontier")) == 2
    assert rows(store, "select * from duels") == []
