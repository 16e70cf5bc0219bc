"""How values of a metric are spaced along an axis, so that those near the end of their scale can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from analysis.figures.scales import Scale, linear_scale, log_scale, odds_scale
from analysis.wording import Metric

Spacing = Literal["odds", "log", "linear"]
WORDS: dict[Spacing, str] = {
    "odds": "Accuracy is spaced by its odds, so that differences near 100 % can be seen.",
    "log": "The loss is on a logarithmic scale.",
    "linear": "",
}


def edge(test_count: int | None) -> float:
    """Half an answer of the test set."""
    return 0.5 / (test_count or 10_000)


def spacing(metric: Metric, values: Sequence[float], test_count: int | None) -> Spacing:
    """Equal steps, unless values near the end of the scale would be crushed by those far from it."""
    low, high = min(values), max(values)
    if metric.is_accuracy:
        inside = edge(test_count) < low and high < 1 - edge(test_count)
        return "odds" if inside and high > 0.9 and high - low > 0.15 else "linear"
    return "log" if low > 0 and high > 5 * low else "linear"


def scale(metric: Metric, values: Sequence[float], test_count: int | None) -> Scale:
    """The scale that has this spacing."""
    kind = spacing(metric, values, test_count)
    if kind == "odds":
        return odds_scale(edge(test_count))
    return log_scale(min(values) / 3) if kind == "log" else linear_scale(metric.scale)
