"""Sparse training in which what is pruned moves: at some steps each layer drops kept weights and grows as many others.

Mocanu et al., Scalable training of artificial neural networks with adaptive sparse connectivity, Nature Communications
2018 (SET): the weights nearest to zero on both sides are dropped, others grow at random. Evci et al., Rigging the
Lottery, ICML 2020 (RigL): those grow for which the gradient of the step's batch is largest, and the step itself trains
nothing.

As in Evci's algorithm 1, whatever is not kept may grow, so also what has just been dropped; such a weight goes on as if
nothing had happened, with its value and its moments, which is what the authors' program does. All others begin at zero
without moments, in SET too, where Mocanu draws a small value: from zero on, the gradient alone decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from bench import random
from bench.models.layout import Layout
from bench.recipe import During
from bench.training.losses import Batch, Places
from bench.training.networks import StackedNetwork
from bench.training.stacks import Stack


@dataclass(frozen=True)
class Turn:
    """Neighbouring replicas whose weights move in the same step."""

    first: int  # the row of the first of them
    during: During
    step: int  # of the schedule
    places: Places  # the seed of each and where it stands in its data stream

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + len(self.places))


def gradient_and_moves(network: StackedNetwork, stack: Stack, batch: Batch, turns: Sequence[Turn]) -> Tensor:
    """The losses of a step, with the gradient in the stack, and the weights of those moved whose turn it is.

    What moves by chance has moved before the gradient is taken; what moves by the gradient does not use it again.
    """
    if stack.masks is None:  # nothing is pruned, so there is nowhere to move to
        return network.gradient(stack, batch)
    for turn in turns:
        if turn.during.kind == "set":
            _move(stack, network.parameters, turn)
    by_gradient = [turn for turn in turns if turn.during.kind == "rigl"]
    if not by_gradient:
        return network.gradient(stack, batch)
    losses = network.gradient(replace(stack, masks=None), batch)
    for turn in by_gradient:
        _move(stack, network.parameters, turn)
    # For all others the pruned part of the gradient is taken away, as it would have been at once.
    stack.gradient.mul_(stack.masks)
    return losses


def _move(stack: Stack, layout: Layout, turn: Turn) -> None:
    """Drop and grow in every layer; how many weights of it are kept stays the same."""
    if stack.masks is None:
        raise ValueError("nothing is pruned, so there is nowhere to move to")
    masks, weights, gradients = (
        layout.weights(flat[turn.rows]) for flat in (stack.masks, stack.weights, stack.gradient)
    )
    moments = [layout.weights(moment[turn.rows]) for moment in stack.moments.values()]
    share = turn.during.share_at(turn.step)
    for name, mask in masks.items():
        kept = mask.flatten(1) != 0
        if turn.during.kind == "set":
            appeal = _chances(turn.places, name, kept)
        else:
            appeal = _in_order(gradients[name].flatten(1).abs(), not_a_number=0.0)
        after = moved(kept, _in_order(weights[name].flatten(1).abs()), appeal, share)
        not_the_same = ~(kept & after).view_as(mask)
        mask.copy_(after.view_as(mask))
        for values in (weights[name], *(moment[name] for moment in moments)):
            values.masked_fill_(not_the_same, 0)


def moved(kept: Tensor, worth: Tensor, appeal: Tensor, share: float) -> Tensor:
    """Which weights (replicas, weights) are kept after an update: as many as before, in each replica.

    Of the kept ones a share, rounded half up, goes, the least worth first; of all that are not kept then, as many come,
    the most appealing first. Ties go by place.
    """
    counts = [_rounded(share * count) for count in kept.sum(dim=1).tolist()]
    drops = kept & _lowest(worth.masked_fill(~kept, torch.finfo(worth.dtype).max), counts)
    stays = kept & ~drops
    return stays | _highest(appeal.masked_fill(stays, -1), counts)


def _rounded(count: float) -> int:
    return math.floor(round(count, 9) + 0.5)


def _lowest(values: Tensor, counts: Sequence[int]) -> Tensor:
    return _highest(-values, counts)


def _highest(values: Tensor, counts: Sequence[int]) -> Tensor:
    """True for so many values of each row, the highest and among equal ones the first.

    Few are asked for of many, so finding the last of them is several times as quick as sorting all.
    """
    most = max(counts)
    if most == 0:
        return torch.zeros_like(values, dtype=torch.bool)
    wanted = torch.tensor(counts, device=values.device)[:, None]
    last = torch.topk(values, most, dim=1).values.gather(1, (wanted - 1).clamp_min(0))
    higher, equal = values > last, values == last
    return higher | (equal & (equal.cumsum(dim=1) <= wanted - higher.sum(dim=1, keepdim=True)))


def _in_order(sizes: Tensor, not_a_number: float = math.inf) -> Tensor:
    """Sizes that can be compared, also those of a training that has diverged: below what stands for no weight."""
    highest = torch.finfo(sizes.dtype).max / 2
    return sizes.nan_to_num(nan=min(not_a_number, highest), posinf=highest).clamp_max(highest)


def _chances(places: Places, layer: str, kept: Tensor) -> Tensor:
    """A random order of the weights for each replica: a function of its seed, its place in the stream and the layer."""
    drawn = [random.permutation(seed, "regrowth", place, layer, n=kept.shape[1]) for seed, place in places]
    return torch.from_numpy(np.stack(drawn)).to(kept.device)
