"""Scores that need nothing but weights: the present ones, or those of another step of the dense training.

Han et al., NIPS 2015; the names large-final and large-init are those of Zhou, Lan, Liu and Yosinski, Deconstructing
Lottery Tickets, NeurIPS 2019.
"""

from __future__ import annotations

from torch import Tensor

from bench.durations import Duration
from bench.pruning.view import NetView
from bench.registry import score


@score("magnitude", reference="Han et al., NIPS 2015", aliases=("l1", "abs", "smallest-weights"))
def magnitude(net: NetView) -> dict[str, Tensor]:
    """The absolute value of a weight as it is now."""
    return {name: weight.abs() for name, weight in net.weights.items()}


@score("large-final", reference="Zhou et al., NeurIPS 2019", moments=lambda: (Duration(1, "share"),))
def large_final(net: NetView) -> dict[str, Tensor]:
    """The absolute value that a weight has at the end of the dense training."""
    return {name: weight.abs() for name, weight in net.weights_at(0).items()}


@score("large-init", reference="Zhou et al., NeurIPS 2019", moments=lambda: (Duration(0, "steps"),))
def large_init(net: NetView) -> dict[str, Tensor]:
    """The absolute value that a weight was drawn with."""
    return {name: weight.abs() for name, weight in net.weights_at(0).items()}


@score("magnitude-at", moments=lambda step: (step,))
def magnitude_at(net: NetView, step: Duration) -> dict[str, Tensor]:
    """The absolute value that a weight has at a given step of the dense training."""
    return {name: weight.abs() for name, weight in net.weights_at(0).items()}
