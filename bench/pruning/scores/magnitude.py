"""Scores by how large a weight is, now or at another step of the dense training."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.durations import Duration
from bench.pruning.view import NetView
from bench.registry import score


@score(
    "magnitude",
    reference="Han et al., NIPS 2015",
    aliases=("l1", "abs", "smallest-weights", "norm-l2"),
)
def magnitude(net: NetView) -> dict[str, Tensor]:
    """The absolute value of a weight as it is now; of a unit or filter the L2 norm of its weights."""
    return {name: weight.abs() for name, weight in net.weights.items()}


@score("magnitude-at", moments=lambda step: (step,))
def magnitude_at(net: NetView, step: Duration) -> dict[str, Tensor]:
    """The absolute value that a weight has at a given step of the dense training."""
    return {name: weight.abs() for name, weight in net.weights_at(0).items()}


@score("norm-l1", reference="Li et al., ICLR 2017")
def norm_l1(net: NetView) -> dict[str, Tensor]:
    """Of a unit or filter the sum of its absolute weights (L1 norm); single weights rank as by magnitude."""
    # What goes at once counts by the root of the sum of the squares of its scores: here the root of the sum of |w|.
    return {name: weight.double().abs().sqrt() for name, weight in net.weights.items()}


@score("lamp", reference="Lee et al., ICLR 2021", granularities=("weight",), scopes=("global",))
def lamp(net: NetView) -> dict[str, Tensor]:
    """The square of a weight, as a share of the squares of all in its layer that are not smaller: for scope global.

    Among equal weights, one that comes later in the layer counts the earlier ones as smaller.
    """
    return {name: _share_of_larger(weight.double().square()) for name, weight in net.weights.items()}


def _share_of_larger(squares: Tensor) -> Tensor:
    ascending = squares.flatten().sort(stable=True)
    and_larger = ascending.values.flip(0).cumsum(0).flip(0)
    shares = torch.where(and_larger > 0, ascending.values / and_larger, 0.0)
    return torch.empty_like(shares).scatter_(0, ascending.indices, shares).view_as(squares)
