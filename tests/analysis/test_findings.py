"""What is said in words: only what a test carries, with numbers, interval and n."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats as scipy_stats

from analysis import comparison, load, load_missing
from analysis.findings import findings, overall
from tests.analysis.generate import GPU, Simulation, database
from tests.analysis.test_curves import TARGETS, Curves

NBSP = "\N{NO-BREAK SPACE}"


def said(curves: Curves, metric: str = "test_accuracy", test_count: int = 10_000) -> str:
    (usual,) = Simulation(methods=("none",), seeds=[0], test_count=test_count).rows()
    rows = []
    for position, (method, by_seed) in enumerate(curves.items()):
        for seed, values in enumerate(by_seed):
            for level, value in enumerate(values, start=0 if method == "none" else 1):
                target = 0.0 if level == 0 else TARGETS[level - 1]
                name = {"method": method, "method_name": method, "level": level, "target_sparsity": target}
                rows.append(usual | name | {"sparsity": target, "seed": seed, "position": position, metric: value})
    frame = pd.DataFrame(rows).assign(metric=metric)
    return " ".join(sentence for grid in comparison(frame).grids for sentence in findings(grid)).replace(NBSP, " ")


NOISE = (0.000, 0.002, -0.001, 0.001, -0.002)


def around(*values: float, step: float = 1.0) -> list[list[float | None]]:
    """Five seeds around these values, each level with noise of its own."""
    return [[value + step * NOISE[(seed + 2 * level) % 5] for level, value in enumerate(values)] for seed in range(5)]


DENSE: list[list[float | None]] = [[0.95 + step] for step in NOISE]


def test_who_beats_whom_from_where_on_by_how_much() -> None:
    text = said(
        {"none": DENSE, "better": around(0.95, 0.94, 0.93, 0.92), "worse": around(0.95, 0.93, 0.89, 0.82, step=0.5)}
    )
    found = re.search(
        r"better beats worse from 75 % sparsity on, by ([\d.]+) to ([\d.]+) points"
        r" \(95 % intervals from ([\d.]+) to ([\d.]+) points; n = 5\)",
        text,
    )
    assert found, text
    smallest, largest, low, high = map(float, found.groups())
    assert low <= smallest <= largest <= high
    assert largest == pytest.approx(10, abs=0.01)
    assert "worse beats better" not in text
    assert "Holm-corrected over 4 comparisons" in text


def test_what_no_test_tells_apart_is_not_called_equal() -> None:
    wide = said(
        {"none": DENSE, "one": around(0.9, 0.8, 0.7, 0.6, step=20), "other": around(0.9, 0.8, 0.7, 0.61, step=15)}
    )
    assert "alike at every sparsity" not in wide
    assert "Neither told apart nor shown to be alike (n = 5)" in wide
    assert "`bench power mnist --difference D --against one` says how many seeds" in wide
    close = said({"none": DENSE, "one": around(0.9, 0.8, 0.7, 0.6), "other": around(0.9, 0.8, 0.7, 0.6, step=0.8)})
    bound = re.search(r"Shown to be alike at every sparsity .*: one and other within ([\d.]+) points", close)
    assert bound, close
    differences = [0.2 * step for step in NOISE]
    reach = scipy_stats.t.ppf(0.95, 4) * scipy_stats.sem(differences) * 100
    assert float(bound.group(1)) == pytest.approx(reach, abs=0.01)


def test_equal_pairs_on_a_coarse_test_set_show_nothing() -> None:
    same: list[list[float | None]] = [[0.9, 0.9, 0.9, 0.9]] * 5
    text = said({"none": [[0.9]] * 5, "one": same, "other": same}, test_count=30)
    assert "alike" not in text
    assert "shown for no method at any sparsity" in text


def test_one_seed_says_nothing_about_differences() -> None:
    text = said({"none": [[0.95]], "one": [[0.9, 0.8, 0.7, 0.6]], "other": [[0.8, 0.7, 0.6, 0.5]]})
    assert "With a single seed nothing can be said about differences" in text
    assert "beats" not in text
    assert "n = " not in text


def test_less_loss_is_better() -> None:
    low: list[list[float | None]] = around(0.3, 0.31, 0.32, 0.33)
    text = said(
        {"none": [[0.3 + step] for step in NOISE], "low": low, "high": around(0.5, 0.6, 0.7, 0.8, step=0.5)},
        "test_loss",
    )
    assert "low beats high at every sparsity, by 0.2" in text
    assert "A loss at most 10 % above that of its own dense network, each seed against its own: low up to" in text


def test_an_incomplete_grid_says_so(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", Simulation(targets=(0.5, 0.9), seeds=range(3), planned=range(10)))
    (grid,) = comparison(load(path), missing=load_missing(path)).grids
    assert findings(grid)[1] == (
        "Incomplete: 17 of 17 cells lack seeds; most have 3 of 10. What is said here may change."
    )
    done = database(tmp_path / "done.db", Simulation(targets=(0.5,)))
    (grid,) = comparison(load(done), missing=load_missing(done)).grids
    assert not any("Incomplete" in sentence for sentence in findings(grid))


def test_several_comparisons_say_together_how_large_a_difference_is_at_most(tmp_path: Path) -> None:
    few = Simulation(methods=("none", "one-shot", "lottery"), targets=(0.8, 0.9, 0.95))
    other = Simulation(methods=few.methods, targets=few.targets, data="penguins", environment=GPU)
    frame = load(database(tmp_path / "r.db", few, other))
    (sentence,) = overall(comparison(frame).grids)
    seeds = frame[frame["data"] == "mnist"].pivot(index=["level", "seed"], columns="method", values="test_accuracy")
    differences = {
        level: 100 * (rows["lottery"] - rows["one-shot"]).to_numpy() for level, rows in seeds.groupby("level") if level
    }
    level, largest = max(differences.items(), key=lambda item: item[1].mean())
    low, high = scipy_stats.ttest_1samp(largest, 0).confidence_interval()
    assert sentence.replace(NBSP, " ") == (
        f"lottery beats one-shot at some sparsity in 2 of 2 comparisons: by up to {largest.mean():.2f} points"
        f" (95 % interval from {low:.2f} to {high:.2f} points; n = 5), at {100 * few.targets[level - 1]:.3g} %"
        " on mnist with lenet-300-100."
    )
    assert overall(()) == []


def test_a_problem_of_two_suites_is_told_with_its_suite(tmp_path: Path) -> None:
    few = Simulation(methods=("none", "one-shot", "lottery"), targets=(0.8, 0.9, 0.95))
    more = replace(few, suite="again", seeds=range(6))
    (sentence,) = overall(comparison(load(database(tmp_path / "r.db", few, more))).grids)
    assert sentence.endswith(" on mnist with lenet-300-100 in suite again.")
    assert "n = 6" in sentence  # the one with the most seeds


def test_a_whole_network_is_not_said_to_be_pruned_up_to_nothing() -> None:
    """A student, or a network of equal size, stands at level 0."""
    (usual,) = Simulation(methods=("none",), seeds=[0]).rows()
    rows = [
        usual
        | {"method": method, "method_name": method, "seed": seed, "position": position, "test_accuracy": 0.95 + step}
        for position, method in enumerate(("none", "student"))
        for seed, step in enumerate(NOISE)
    ]
    (grid,) = comparison(pd.DataFrame(rows)).grids
    text = " ".join(findings(grid)).replace(NBSP, " ")
    assert "student without any pruning" in text
    assert "up to 0 %" not in text
