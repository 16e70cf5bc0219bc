"""What the views that rank, pair and compare mean, and their columns."""

from __future__ import annotations

from bench.store.sentences.tables import TABLES
from bench.store.sentences.words import ENVIRONMENT, PROTOCOL, SUITE, Sentences

_METRIC = "The suite's headline, by which is judged: test_accuracy or test_loss."
_OF_METRIC = "share or nats"

COMPARISONS: dict[str, Sentences] = {
    "leaderboard": {
        "": "The methods of each suite, data set, network, sparsity and environment, ranked by the suite's headline.",
        **SUITE,
        "environment": ENVIRONMENT,
        "metric": _METRIC,
        "place": "1 for the best mean; equal means share a place, and the next places are left out. [index]",
        "methods": "How many methods are ranked here. [count]",
        "sparsity": "Mean measured sparsity. [share]",
        "n": "Seeds that count: done or collapsed. [count]",
        "failed": "Runs that failed in all their attempts so far; they are in no mean. [count]",
        "collapsed": "Runs that collapsed; they are in the means. [count]",
        "diverged": "Runs that diverged; they are in no mean. [count]",
        "mean": f"Mean of the headline over seeds. [{_OF_METRIC}]",
        "sd": f"Its standard deviation over seeds; NULL for a single run. [{_OF_METRIC}]",
        "low": f"Lower end of the 95 % t interval of the mean. [{_OF_METRIC}]",
        "high": f"Upper end of the 95 % t interval of the mean. [{_OF_METRIC}]",
        "behind": f"How much worse the mean is than that of the first place, 0 for that one. [{_OF_METRIC}]",
    },
    "duels": {
        "": "Every two methods of one suite, problem, level and environment, paired by seed; shown from either side.",
        **SUITE,
        "rival": "The label of the other method; the same pair stands there once more with the two exchanged.",
        "environment": ENVIRONMENT,
        "metric": _METRIC,
        "sparsity": "Mean measured sparsity of the method over the pairs. [share]",
        "rival_sparsity": "The same of the rival; the two of a pair differ by less than 0.001. [share]",
        "n": "Seeds that have both runs at like sparsity. [count]",
        "wins": "Seeds in which the method has the better headline. [count]",
        "losses": "Seeds in which the rival has the better one. [count]",
        "ties": "Seeds in which they are equal. [count]",
        "difference_mean": f"Mean over seeds of the method's headline minus the rival's. [{_OF_METRIC}]",
        "difference_sd": f"Standard deviation of the difference; NULL for a single pair. [{_OF_METRIC}]",
        "difference_low": f"Lower end of the 95 % t interval of the mean difference. [{_OF_METRIC}]",
        "difference_high": f"Upper end of the 95 % t interval of the mean difference. [{_OF_METRIC}]",
        "t": "Student's t of the paired differences; NULL where they have no spread. [ratio]",
        "df": "Its degrees of freedom. [count]",
    },
    "frontier": {
        "": "The cells that no other of their suite, problem and environment beats in both accuracy and a cost.",
        **SUITE,
        "environment": ENVIRONMENT,
        "cost": "Which cost: parameters (left), macs (of weights that are left) or bytes (a bit a weight and values).",
        "size": "Mean of that cost over seeds; a plot has it across and the accuracy up. [count or bytes]",
        "sparsity": "Mean measured sparsity. [share]",
        "n": "Runs that count: done or collapsed. [count]",
        "test_accuracy_mean": "Mean test accuracy: no cell of at most this size has a higher one. [share]",
        "test_accuracy_sd": "Its standard deviation over seeds; NULL for a single run. [share]",
        "test_accuracy_low": "Lower end of the 95 % t interval of the mean. [share]",
        "test_accuracy_high": "Upper end of the 95 % t interval of the mean. [share]",
    },
    "versus_published": {
        "": "Cells beside the published numbers that their data, network, method and target sparsity match.",
        **SUITE,
        "environment": ENVIRONMENT,
        "project": TABLES["published"]["project"],
        "their_method": TABLES["published"]["their_method"],
        "sparsity_claimed": TABLES["published"]["sparsity_claimed"],
        "sparsity_true": TABLES["published"]["sparsity_true"],
        "metric": "What is compared: test_accuracy or test_loss.",
        "published": f"The published value. [{_OF_METRIC}]",
        "n": "Our runs that count: done or collapsed. [count]",
        "mean": f"Our mean. [{_OF_METRIC}]",
        "sd": f"Its standard deviation over seeds; NULL for a single run. [{_OF_METRIC}]",
        "low": f"Lower end of the 95 % t interval of our mean. [{_OF_METRIC}]",
        "high": f"Upper end of the 95 % t interval of our mean. [{_OF_METRIC}]",
        "difference": f"Our mean minus the published value. [{_OF_METRIC}]",
        "inside": "1 when the published value lies in our interval, 0 when not; NULL without an interval.",
        "source": TABLES["published"]["source"],
        "note": TABLES["published"]["note"],
        "protocol": PROTOCOL,
    },
}
