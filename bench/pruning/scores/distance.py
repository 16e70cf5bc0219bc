"""Scores of whole units by what sets them apart from the others of their layer."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bench.pruning.view import NetView
from bench.registry import score


@score("fpgm", reference="He et al., CVPR 2019", aliases=("geometric-median",), granularities=("unit", "channel"))
def fpgm(net: NetView) -> dict[str, Tensor]:
    """The sum of the distances of a unit or filter to all others of its layer: those in the middle go first.

    Only units that are still there count.
    """
    return {name: _distances(weight, net.masks[name]) for name, weight in net.weights.items()}


def _distances(weight: Tensor, mask: Tensor) -> Tensor:
    there = mask.flatten(1).any(dim=1)
    rows = weight.flatten(1).double()[there]
    sums = torch.zeros(len(weight), dtype=torch.float64)
    # The fast way of taking all distances at once loses digits where units are alike.
    sums[there] = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist").sum(dim=1)
    # A unit counts by the Euclidean norm of the scores of its weights, so that each gets its part.
    each = sums / math.sqrt(weight[0].numel())
    return each.view(-1, *[1] * (weight.dim() - 1)).expand(weight.shape).clone()
