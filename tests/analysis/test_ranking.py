"""Average ranks, critical differences and groups, against SciPy, the published table and scikit-posthocs."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from analysis import stats
from analysis.stats.ranking import critical_difference

# Demšar (2006), table 5a: critical values of Nemenyi's two-tailed test at 5 %, for 2 to 10 methods.
DEMSAR = (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164)


@pytest.mark.parametrize(("methods", "q"), [*enumerate(DEMSAR, start=2)])
def test_the_critical_difference_is_that_of_the_published_table(methods: int, q: float) -> None:
    # The table has three decimals, cut or rounded.
    assert critical_difference(methods, 14) == pytest.approx(
        q * math.sqrt(methods * (methods + 1) / (6 * 14)), rel=5e-4
    )


def test_the_worked_example_of_the_published_article() -> None:
    """Demšar (2006), table 6: four classifiers on 14 data sets, average ranks 3.143, 2.000, 2.893, 1.964.

    One value has a fourth decimal here, which gives it the rank that it has in the article.
    """
    table = """0.763 0.768 0.771 0.798  0.599 0.591 0.590 0.569  0.954 0.971 0.968 0.967  0.628 0.661 0.654 0.657
    0.882 0.888 0.886 0.898  0.936 0.931 0.916 0.931  0.661 0.668 0.609 0.685  0.583 0.583 0.563 0.625
    0.775 0.838 0.866 0.875  1.000 1.000 1.000 1.000  0.940 0.962 0.965 0.962  0.619 0.666 0.614 0.669
    0.972 0.981 0.9751 0.975  0.957 0.978 0.946 0.970"""
    scores = np.array(table.split(), dtype=float).reshape(14, 4).T
    found = stats.rank_methods(["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"], scores)
    assert found.methods == ("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5")
    assert found.ranks == pytest.approx((1.964, 2.000, 2.893, 3.143), abs=5e-4)
    assert found.critical == pytest.approx(1.25, abs=0.005)
    assert found.p is not None
    assert 0.01 < found.p < 0.05  # F = 3.69 with 3 and 39 degrees of freedom


scores_of = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).normal(size=(5, 8)).round(1))


@settings(deadline=None, max_examples=12)
@given(scores_of)
def test_ranks_and_groups_keep_their_promises(scores: np.ndarray) -> None:
    names = [f"m{row}" for row in range(len(scores))]
    found = stats.rank_methods(names, scores)
    theirs = dict(zip(names, scipy_stats.rankdata(-scores, axis=0).mean(axis=1), strict=True))
    rank = dict(zip(found.methods, found.ranks, strict=True))
    assert rank == pytest.approx(theirs)
    assert list(found.ranks) == sorted(found.ranks)
    assert found.p is not None
    chi = scipy_stats.friedmanchisquare(*scores).statistic
    assert found.p == pytest.approx(scipy_stats.f.sf(7 * chi / (8 * 4 - chi), 4, 28), rel=1e-6)
    letters = dict(zip(found.methods, found.letters, strict=True))
    for one, other in combinations(names, 2):
        together = any(one in group and other in group for group in found.groups)
        assert together == (abs(rank[one] - rank[other]) <= found.critical)
        assert together == bool(set(letters[one]) & set(letters[other]))
    for pair in found.pairs:
        difference = scores[names.index(pair.first)] - scores[names.index(pair.second)]
        expected = scipy_stats.wilcoxon(difference).pvalue if np.any(difference) else 1.0
        assert pair.p == pytest.approx(expected)
        together = any(pair.first in group and pair.second in group for group in found.cliques)
        assert together == (pair.p_holm >= stats.SIGNIFICANT)


def test_the_same_order_everywhere_is_rare_but_not_impossible() -> None:
    scores = np.arange(3)[:, np.newaxis] + np.zeros((3, 4))
    assert stats.rank_methods(["a", "b", "c"], scores).p == pytest.approx(6.0**-3)
    assert stats.rank_methods(["a", "b", "c"], np.zeros((3, 4))).p == 1.0
    assert stats.rank_methods(["a", "b"], scores[:2]).p is None


@pytest.mark.parametrize("scores", [np.zeros((1, 5)), np.zeros((3, 1)), np.array([[1, np.nan], [2, 3]])])
def test_too_little_is_refused(scores: np.ndarray) -> None:
    with pytest.raises(ValueError, match="two methods and two blocks"):
        stats.rank_methods([f"m{row}" for row in range(len(scores))], scores)


@pytest.mark.long  # it takes seconds to import
@pytest.mark.filterwarnings("ignore")
def test_nemenyi_and_wilcoxon_are_those_of_scikit_posthocs() -> None:
    posthocs = pytest.importorskip("scikit_posthocs")
    scores = np.random.default_rng(3).normal(size=(6, 30)) + np.linspace(0, 1.2, 6)[:, np.newaxis]
    names = [f"m{row}" for row in range(6)]
    found = stats.rank_methods(names, scores)
    nemenyi = posthocs.posthoc_nemenyi_friedman(scores.T).to_numpy()
    wilcoxon = posthocs.posthoc_wilcoxon(list(scores), p_adjust="holm").to_numpy()
    told = 0
    for pair in found.pairs:
        one, other = names.index(pair.first), names.index(pair.second)
        together = any(pair.first in group and pair.second in group for group in found.groups)
        assert together == (nemenyi[one, other] >= 0.05)
        assert pair.p_holm == pytest.approx(wilcoxon[one, other])
        told += not together
    assert 0 < told < len(found.pairs)
