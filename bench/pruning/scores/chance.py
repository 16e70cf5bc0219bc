"""The control that every score has to beat."""

from __future__ import annotations

from torch import Tensor

from bench.pruning.view import NetView
from bench.registry import score


@score("random")
def random(net: NetView) -> dict[str, Tensor]:
    """A number drawn for each weight, new at each pruning."""
    return {name: net.uniform(name) for name in net.weights}
