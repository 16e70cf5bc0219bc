"""The statistics. What they assume and what is done where it does not hold stands with each; see docs/statistics.md.

Nothing here imports scipy.stats at the start, whose import alone takes longer than a table.
"""

from __future__ import annotations

from analysis.stats.bootstrap import bootstrap_mean
from analysis.stats.means import (
    CONFIDENCE,
    SIGNIFICANT,
    SMALL_TEST_SET,
    Mean,
    Values,
    accuracy_interval,
    mean_interval,
    share_interval,
    t_quantile,
    wilson,
)
from analysis.stats.ordered import Middle, median_interval
from analysis.stats.pairs import Paired, Pairs, hedges, holm, holm_array, many_pairs, paired
from analysis.stats.power import (
    POWER,
    detectable,
    equivalence,
    indistinct,
    power_of_test,
    sd_interval,
    seeds_needed,
)
from analysis.stats.ranking import Ranks, Wilcoxon, rank_methods

__all__ = [
    "CONFIDENCE",
    "POWER",
    "SIGNIFICANT",
    "SMALL_TEST_SET",
    "Mean",
    "Middle",
    "Paired",
    "Pairs",
    "Ranks",
    "Values",
    "Wilcoxon",
    "accuracy_interval",
    "bootstrap_mean",
    "detectable",
    "equivalence",
    "hedges",
    "holm",
    "holm_array",
    "indistinct",
    "many_pairs",
    "mean_interval",
    "median_interval",
    "paired",
    "power_of_test",
    "rank_methods",
    "sd_interval",
    "seeds_needed",
    "share_interval",
    "t_quantile",
    "wilson",
]
