"""How what is to go is divided over the layers: evenly, or by the shapes of the layers as in Erdos-Renyi graphs.

Mocanu et al., Scalable training of artificial neural networks with adaptive sparse connectivity inspired by network
science, Nature Communications 2018 (Erdos-Renyi); Evci et al., Rigging the Lottery, ICML 2020 (with kernels).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.models.base import LayerInfo
from bench.pruning.masks import exact_count

_HALVINGS = 200  # after which no two floating-point numbers are left to choose between


@dataclass(frozen=True)
class Prunable:
    """A layer with what of it may go."""

    layer: LayerInfo
    granules: int
    least: int  # granules that stay whatever happens
    factor: float = 1.0  # how much goes of it, against what goes of the others

    @property
    def most(self) -> float:
        """The share that may go."""
        return (self.granules - self.least) / self.granules


def evenly(prunables: Sequence[Prunable], weights: int) -> dict[str, float]:
    """So many weights gone, of each layer the same share, or one in proportion to its factor as far as that goes."""
    steepest = min((one.factor for one in prunables if one.factor > 0), default=1.0)

    def gone(scale: float) -> list[float]:
        return [min(one.most, scale * one.factor) for one in prunables]

    return _divided(prunables, weights, gone, (0.0, 1 / steepest))


def by_shape(prunables: Sequence[Prunable], weights: int, kernels: bool = True) -> dict[str, float]:
    """So many weights gone, and of each layer a part left that follows from its shape; none has more than all.

    What is left of a layer is in proportion to the sum of its lengths over their product. Without `kernels` the lengths
    are those of inputs and outputs alone.
    """
    raw = [_graph_density(one.layer.shape if kernels else one.layer.shape[:2]) for one in prunables]

    def gone(scale: float) -> list[float]:
        return [min(one.most, 1 - min(1.0, scale * density)) for one, density in zip(prunables, raw, strict=True)]

    return _divided(prunables, weights, gone, (1 / min(raw), 0.0))


def _graph_density(lengths: Sequence[int]) -> float:
    return sum(lengths) / math.prod(lengths)


def _divided(
    prunables: Sequence[Prunable], weights: int, gone: Callable[[float], list[float]], ends: tuple[float, float]
) -> dict[str, float]:
    """The shares at which whole granules come to so many weights, or as near to it as granules of many weights can.

    `gone` gives shares that rise from the first end to the second. On that way one granule goes after the other, and
    where several go at once, that of the earlier layer first: the order does not depend on how many are asked for. So
    no layer gets weights back when more are asked for, and no level depends on which others there are.
    """
    sizes = [one.layer.weights / one.granules for one in prunables]

    def counts(scale: float) -> list[int]:
        return [exact_count(share, one.granules) for share, one in zip(gone(scale), prunables, strict=True)]

    def total(found: Sequence[int]) -> float:
        return sum(count * size for count, size in zip(found, sizes, strict=True))

    low, high = ends
    before, after = counts(low), counts(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        found = counts(middle)
        if total(found) < weights:
            low, before = middle, found
        else:
            high, after = middle, found
    for place, size in enumerate(sizes):
        while before[place] < after[place] and total(before) + size / 2 <= weights:
            before[place] += 1
    return {one.layer.name: count / one.granules for one, count in zip(prunables, before, strict=True)}
