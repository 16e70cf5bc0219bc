"""Simulations: intervals cover what is true at the rate that they promise, tests are wrong no more often."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import stats
from analysis.retention import crossings
from analysis.stats import Mean

pytestmark = pytest.mark.long
EXPERIMENTS = 2_000
SLACK = 0.015  # three standard errors of a rate of 95 % over 2,000 experiments


def covered(found: Mean, true: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= true <= found.high


@pytest.mark.parametrize("n", [3, 5, 10])
def test_paired_intervals_cover_and_their_tests_are_wrong_in_5_per_cent(n: int) -> None:
    """Methods share most of what a seed brings: the paired interval is right, and far shorter than an unpaired one."""
    rng = np.random.default_rng(n)
    seeds = rng.normal(0.95, 0.02, (EXPERIMENTS, n))
    first = seeds + 0.003 + rng.normal(0, 0.002, seeds.shape)
    second = seeds + rng.normal(0, 0.002, seeds.shape)
    found = stats.many_pairs(first - second, bound=1.0)
    assert np.mean((found.low <= 0.003) & (found.high >= 0.003)) == pytest.approx(0.95, abs=SLACK)
    nothing = stats.many_pairs(second - seeds)
    assert np.mean(nothing.p < 0.05) == pytest.approx(0.05, abs=SLACK)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("true", [0.85, 0.97, 0.995])
def test_accuracies_of_small_test_sets_cover_at_least_at_their_rate(n: int, true: float) -> None:
    rng = np.random.default_rng(n)
    rates = rng.beta(true * 400, (1 - true) * 400, size=(EXPERIMENTS, n))
    rows = rng.binomial(33, rates) / 33
    assert np.mean([covered(stats.accuracy_interval(row, 33), true) for row in rows]) > 0.95 - SLACK


def falling(rng: np.random.Generator, ladder: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Where each seed's accuracy first falls below 98 % of its dense one, interpolated on the ladder, in halvings.

    The curves bend down smoothly, each seed's at a place of its own; measured with the noise of a test set.
    """
    dense = rng.normal(0.98, 0.002, shape)
    place = rng.normal(4.0, 0.35, shape)
    drops = np.exp(1.5 * (ladder[:, np.newaxis, np.newaxis] - place)) * 0.02
    curves = dense * (1 - drops) + rng.normal(0, 0.001, (len(ladder), *shape))
    flat = (len(ladder), -1)
    places = np.broadcast_to(ladder[:, np.newaxis], (len(ladder), dense.size))
    return crossings(places, curves.reshape(flat), 0.98 * dense.ravel(), dense.ravel()).reshape(shape)


LADDER = -np.log2(0.8) * np.arange(1, 21)  # a fifth of what is left goes at each level


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_sparsity_kept_is_covered(n: int) -> None:
    rng = np.random.default_rng(n)
    true = float(falling(rng, LADDER, (200_000, 1)).mean())
    found = falling(rng, LADDER, (EXPERIMENTS, n))
    assert np.isfinite(found).all()
    assert np.mean([covered(stats.mean_interval(row), true) for row in found]) == pytest.approx(0.95, abs=SLACK)


@pytest.mark.parametrize("n", [6, 10, 20])
def test_the_sparsity_kept_is_covered_where_some_seeds_never_lose_so_much(n: int) -> None:
    rng = np.random.default_rng(n)
    short = LADDER[LADDER < 4.3]  # about a quarter of the seeds are beyond its end
    wide = falling(rng, short, (200_000, 1))
    true = float(np.median(wide))
    assert 0.1 < np.mean(np.isinf(wide)) < 0.4
    rows = falling(rng, short, (EXPERIMENTS, n))
    found = [stats.median_interval(row) for row in rows]
    rate = np.mean([one.low is not None and one.high is not None and one.low <= true <= one.high for one in found])
    assert rate > 0.95 - SLACK


def test_the_bootstrap_of_collapsed_networks_covers_as_t_does_and_stays_below_one() -> None:
    rng = np.random.default_rng(5)
    true = 0.6 * 0.95 + 0.4 * 0.1
    rows = np.where(rng.random((400, 10)) < 0.4, 0.1, rng.normal(0.95, 0.01, (400, 10)))
    found = [stats.bootstrap_mean(row) for row in rows]
    assert np.mean([covered(one, true) for one in found]) > 0.95 - 0.035  # 400 experiments
    assert all(one.high is not None and one.high < 1 for one in found)
    assert any((stats.mean_interval(row).high or 0) > 1 for row in rows)


def test_what_is_called_detectable_is_detected_at_its_rate() -> None:
    rng = np.random.default_rng(6)
    smallest = float(stats.detectable(0.01, 5))
    samples = rng.normal(smallest, 0.01, (EXPERIMENTS, 5))
    assert np.mean(stats.many_pairs(samples).p < 0.05) == pytest.approx(0.8, abs=0.03)


def test_holm_keeps_the_family_below_its_rate() -> None:
    rng = np.random.default_rng(8)
    samples = rng.normal(0, 1, (EXPERIMENTS, 20, 5))
    p = stats.many_pairs(samples).p
    wrong = [bool((stats.holm_array(family) < 0.05).any()) for family in p]
    assert np.mean(wrong) < 0.05 + SLACK
