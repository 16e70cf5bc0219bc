"""The statistics against SciPy and statsmodels, and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from analysis import stats

values = st.lists(st.floats(-1e3, 1e3, allow_nan=False).map(lambda x: round(x, 6)), min_size=2, max_size=40)


@given(values)
def test_the_interval_of_a_mean_is_that_of_scipy(sample: list[float]) -> None:
    ours = stats.mean_interval(sample)
    assert ours.n == len(sample)
    assert ours.mean == pytest.approx(np.mean(sample), abs=1e-9)
    if ours.sd == 0:
        assert ours.low == ours.high == ours.mean
        return
    theirs = scipy_stats.t.interval(0.95, len(sample) - 1, loc=np.mean(sample), scale=scipy_stats.sem(sample))
    assert (ours.low, ours.high) == pytest.approx(theirs, rel=1e-9, abs=1e-9)
    assert ours.sd == pytest.approx(np.std(sample, ddof=1), rel=1e-9)


def test_a_single_run_has_no_interval() -> None:
    assert stats.mean_interval([0.9]) == stats.Mean(1, 0.9, None, None, None, None)
    assert stats.accuracy_interval([0.9], 33) == stats.Mean(1, 0.9, None, None, None, None)
    assert stats.paired([0.1]) == stats.Paired(1, 0.1, None, None, None, None, None)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_is_that_of_scipy(right: int, more: int) -> None:
    trials = right + more
    theirs = scipy_stats.binomtest(right, trials).proportion_ci(0.95, method="wilson")
    assert stats.wilson(right / trials, trials) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=30))
def test_the_paired_test_is_that_of_scipy(pairs: list[tuple[float, float]]) -> None:
    first, second = np.round(np.array(pairs).T, 4)
    ours = stats.paired(first - second)
    if not ours.sd:
        return
    theirs = scipy_stats.ttest_rel(first, second)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-7, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-7, abs=1e-10)


@given(st.lists(st.lists(st.floats(-1, 1).map(lambda x: round(x, 4)), max_size=6), min_size=1, max_size=8))
def test_many_pairs_at_once_are_each_as_alone(rows: list[list[float]]) -> None:
    array = np.full((len(rows), 6), np.nan)
    for place, row in enumerate(rows):
        array[place, 6 - len(row) :] = row
    found = stats.many_pairs(array, bound=1.0)
    corrected = stats.holm_array(found.p)
    alone = [stats.paired(row, bound=1.0) if row else None for row in rows]
    for place, one in enumerate(alone):
        together = found.at((place,))
        if one is None or together is None:
            assert together is one is None
            continue
        for name in ("n", "mean", "sd", "low", "high", "effect", "p", "least", "most"):
            assert getattr(together, name) == pytest.approx(getattr(one, name)), name
        assert together.low is None or together.low >= -1
        assert together.high is None or together.high <= 1
    tested = [one.p for one in alone if one is not None and one.p is not None]
    assert corrected[~np.isnan(corrected)].tolist() == pytest.approx(stats.holm(tested))


def test_differences_of_accuracies_cannot_pass_100_points() -> None:
    ours = stats.paired([0.2, -0.1], bound=1.0)
    assert (ours.low, ours.high) == (-1.0, 1.0)
    assert (ours.least, ours.most) == (-0.1, 0.2)
    free = stats.paired([0.2, -0.1])
    assert free.high is not None
    assert free.high > 1


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_equal_differences_fall_to_the_sign_test(n: int) -> None:
    # 31/33 - 32/33 in floating point: equal but for the last digit
    differences = [(k + 1) / 33 - k / 33 for k in range(n)]
    ours = stats.paired(differences)
    assert ours.sd == 0
    assert ours.p == pytest.approx(scipy_stats.binomtest(0, n).pvalue)
    assert ours.effect is None
    assert stats.paired([0.0] * n).p == 1.0


def test_the_effect_size_is_unbiased() -> None:
    rng = np.random.default_rng(1)
    true = 0.8
    for n in (3, 5, 10):
        effects = [stats.paired(rng.normal(true, 1.0, n)).effect for _ in range(6_000)]
        assert np.mean([effect for effect in effects if effect is not None]) == pytest.approx(true, abs=0.05)
    assert stats.hedges(13) == pytest.approx(1 - 3 / (4 * 13 - 1), rel=2e-3)  # the usual approximation


@pytest.mark.long  # statsmodels takes seconds to import
@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    ours = stats.holm(p_values)
    if p_values:
        assert ours == pytest.approx(list(multitest.multipletests(p_values, method="holm")[1]))
    else:
        assert ours == []


def test_holm_by_hand() -> None:
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 9).map(lambda x: round(x, 3)), min_size=1, max_size=30), st.integers(0, 30))
def test_the_interval_of_a_median_is_that_of_the_sign_test(values: list[float], beyond: int) -> None:
    array = np.array(values + [np.inf] * beyond)
    ours = stats.median_interval(array)
    assert ours.median == np.inf if beyond >= len(values) else ours.median == np.median(array)
    if len(array) < 6:
        assert ours.low is ours.high is None
        return
    theirs = scipy_stats.quantile_test(array, p=0.5).confidence_interval(0.95)
    assert (ours.low, ours.high) == (theirs.low, theirs.high)


def test_the_bootstrap_leans_where_the_values_do() -> None:
    rng = np.random.default_rng(4)
    values = np.where(rng.random(30) < 0.2, 0.1, rng.normal(0.95, 0.01, 30))  # some networks collapsed
    ours, plain = stats.bootstrap_mean(values), stats.mean_interval(values)
    assert ours.interval == "BCa"
    assert (ours.n, ours.mean, ours.sd) == (plain.n, plain.mean, plain.sd)
    assert ours.low is not None
    assert ours.high is not None
    assert ours.mean - ours.low > ours.high - ours.mean > 0
    assert stats.bootstrap_mean(values) == ours  # the same whenever it is asked for
    assert stats.bootstrap_mean(values[:9]).interval == "t"
    assert stats.bootstrap_mean([0.5] * 12).interval == "t"


def covers(interval: stats.Mean, true: float) -> bool:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low <= true <= interval.high


@pytest.mark.parametrize(("n", "true"), [(3, 0.9), (10, 0.97), (10, 0.995)])
def test_the_interval_of_a_small_test_set_covers_where_the_t_interval_does_not(n: int, true: float) -> None:
    rng = np.random.default_rng(2)
    test_count, trials = 33, 1_000
    rates = rng.beta(true * 400, (1 - true) * 400, size=(trials, n))  # the networks differ a little
    accuracies = rng.binomial(test_count, rates) / test_count
    ours = np.mean([covers(stats.accuracy_interval(row, test_count), true) for row in accuracies])
    plain = np.mean([covers(stats.mean_interval(row), true) for row in accuracies])
    assert ours >= 0.94
    assert ours >= plain
    if true > 0.99:
        assert plain < 0.85  # this is why


def test_the_t_interval_covers_at_its_rate() -> None:
    rng = np.random.default_rng(3)
    samples = rng.normal(0.98, 0.001, size=(3_000, 5))
    assert np.mean([covers(stats.mean_interval(row), 0.98) for row in samples]) == pytest.approx(0.95, abs=0.012)


def test_all_right_answers_are_not_certainty() -> None:
    ours = stats.accuracy_interval([1.0] * 5, 33)
    assert ours.high == 1.0
    assert ours.low == pytest.approx(stats.wilson(1.0, 165)[0])
    assert ours.interval == "t and Wilson"


def test_accuracies_stay_within_0_and_1_on_a_large_test_set() -> None:
    ours = stats.accuracy_interval([0.999, 0.99, 1.0], 10_000)
    assert ours.high == 1.0
    assert ours.interval == "t"
    assert math.isclose(ours.low or 0, stats.mean_interval([0.999, 0.99, 1.0]).low or 0)
