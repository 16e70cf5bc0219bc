"""Power, detectable differences and equivalence, against SciPy, statsmodels and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from analysis import stats

sizes = st.integers(2, 60)
effects = st.floats(0.01, 4)
alphas = st.sampled_from([0.05, 0.05 / 40, 0.01])


def exact_power(effect: float, n: int, alpha: float) -> float:
    """By SciPy's non-central t."""
    limit, shift = scipy_stats.t.ppf(1 - alpha / 2, n - 1), effect * np.sqrt(n)
    return float(scipy_stats.nct.sf(limit, n - 1, shift) + scipy_stats.nct.cdf(-limit, n - 1, shift))


@given(effects, sizes, alphas)
def test_power_is_that_of_scipy(effect: float, n: int, alpha: float) -> None:
    expected = exact_power(effect, n, alpha)
    if not np.isnan(expected):  # where SciPy's own tail is out of range
        assert stats.power_of_test(effect, 1.0, n, alpha) == pytest.approx(expected, abs=1e-9)


@pytest.mark.long  # statsmodels takes seconds to import
@pytest.mark.parametrize(("effect", "n"), [(0.5, 10), (1.2, 5), (0.2, 50), (2.0, 4)])
def test_power_is_that_of_statsmodels(effect: float, n: int) -> None:
    power = pytest.importorskip("statsmodels.stats.power")
    theirs = power.TTestPower().power(effect, n, 0.05, alternative="two-sided")
    assert stats.power_of_test(effect * 3.0, 3.0, n) == pytest.approx(theirs, abs=1e-8)
    needed = power.TTestPower().solve_power(effect, power=0.8, alpha=0.05)
    assert stats.seeds_needed(effect, 1.0) == max(2, np.ceil(needed))


@given(st.floats(1e-4, 10), sizes, st.sampled_from([0.5, 0.8, 0.95]), alphas)
def test_what_is_detectable_is_detected_with_its_power(sd: float, n: int, power: float, alpha: float) -> None:
    smallest = stats.detectable(sd, n, power, alpha)
    assert stats.power_of_test(smallest, sd, n, alpha) == pytest.approx(power, abs=1e-6)


@given(st.floats(0.02, 5), st.sampled_from([0.5, 0.8, 0.95]), alphas)
def test_the_seeds_needed_are_the_fewest_that_do(effect: float, power: float, alpha: float) -> None:
    needed = float(stats.seeds_needed(effect, 1.0, power, alpha))
    assert stats.power_of_test(effect, 1.0, needed, alpha) >= power
    if needed > 2:
        assert stats.power_of_test(effect, 1.0, needed - 1, alpha) < power


def test_seeds_needed_come_in_arrays_and_say_when_there_are_too_many() -> None:
    found = stats.seeds_needed(0.3, np.array([0.0, 0.3, np.nan, 1e6]))
    assert found[0] == 2
    assert found[1] == 10  # G*Power: paired t test, two tails, d_z = 1, power 0.8 needs 10 pairs
    assert np.isnan(found[2])
    assert np.isinf(found[3])


def test_a_single_pair_detects_nothing() -> None:
    assert np.isnan(stats.detectable(1.0, 1))
    assert np.isnan(stats.power_of_test(1.0, 1.0, 1))
    assert all(np.isnan(end) for end in stats.sd_interval(1.0, 1))


@pytest.mark.parametrize("n", [2, 5, 30])
def test_the_interval_of_a_deviation_covers_at_its_rate(n: int) -> None:
    sd = np.random.default_rng(n).normal(0, 2, (4_000, n)).std(axis=1, ddof=1)
    low, high = stats.sd_interval(sd, np.full(4_000, n))
    assert np.mean((low <= 2) & (high >= 2)) == pytest.approx(0.95, abs=0.015)


@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 4)), min_size=3, max_size=20), st.floats(0.01, 2))
def test_equivalence_is_two_tests_of_scipy(differences: list[float], margin: float) -> None:
    array = np.array(differences)
    if array.std() < 1e-6:
        return
    above = scipy_stats.ttest_1samp(array, -margin, alternative="greater").pvalue
    below = scipy_stats.ttest_1samp(array, margin, alternative="less").pvalue
    mean, sd = array.mean(), array.std(ddof=1)
    assert stats.equivalence(mean, sd, len(array), margin) == pytest.approx(max(above, below), abs=1e-9)


@given(st.floats(-1, 1), st.floats(0.01, 1), st.integers(2, 40))
def test_equivalence_is_shown_just_within_what_is_indistinct(mean: float, sd: float, n: int) -> None:
    bound = float(stats.indistinct(mean, sd, n))
    assert stats.equivalence(mean, sd, n, bound * 1.001 + 1e-9) < stats.SIGNIFICANT
    assert stats.equivalence(mean, sd, n, bound * 0.999 - 1e-9) > stats.SIGNIFICANT


def test_equal_pairs_show_no_equivalence() -> None:
    assert np.isnan(stats.indistinct(0.0, 0.0, 5))


def test_true_differences_beyond_the_bound_are_rarely_called_alike() -> None:
    """Two methods that differ by just the margin are shown to be alike in 5 % of experiments at most."""
    rng = np.random.default_rng(7)
    samples = rng.normal(0.5, 1.0, (4_000, 10))
    p = stats.equivalence(samples.mean(axis=1), samples.std(axis=1, ddof=1), np.full(4_000, 10), 0.5)
    assert np.mean(p < 0.05) < 0.06
