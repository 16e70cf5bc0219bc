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
class Plot:
    """A layer with what of it may go."""

    layer: LayerInfo
    granules: int
    least: int  # granules that stay whatever happens
    factor: float = 1.0  # how much goes of it, against what goes of the others

    @property
    def most(self) -> float:
        """The share that may go."""
        return (self.granules - self.least) / self.granules


def evenly(plots: Sequence[Plot], weights: int) -> dict[str, float]:
    """So many weights gone, of each layer the same share, or one in proportion to its factor as far as that goes."""
    steepest = min((plot.factor for plot in plots if plot.factor > 0), default=1.0)

    def gone(scale: float) -> list[float]:
        return [min(plot.most, scale * plot.factor) for plot in plots]

    return _divided(plots, weights, gone, (0.0, 1 / steepest))


def by_shape(plots: Sequence[Plot], weights: int, kernels: bool = True) -> dict[str, float]:
    """So many weights gone, and of each layer a part left that follows from its shape; none has more than all.

    What is left of a layer is in proportion to the sum of its lengths over their product. Without `kernels` the lengths
    are those of inputs and outputs alone.
    """
    raw = [_graph_density(plot.layer.shape if kernels else plot.layer.shape[:2]) for plot in plots]

    def gone(scale: float) -> list[float]:
        return [min(plot.most, 1 - min(1.0, scale * one)) for plot, one in zip(plots, raw, strict=True)]

    return _divided(plots, weights, gone, (1 / min(raw), 0.0))


def _graph_density(lengths: Sequence[int]) -> float:
    return sum(lengths) / math.prod(lengths)


def _divided(
    plots: Sequence[Plot], weights: int, gone: Callable[[float], list[float]], ends: tuple[float, float]
) -> dict[str, float]:
    """The shares at which the whole granules of all layers come to so many weights; of granules that are larger than
    a weight, as near to it as they come.

    `gone` gives shares that rise from the first end to the second. On that way one granule goes after the other, and
    where several go at once, that of the earlier layer first: the order does not depend on how many are asked for. So
    no layer gets weights back when more are asked for, and no level depends on which others there are.
    """
    sizes = [plot.layer.weights / plot.granules for plot in plots]

    def counts(scale: float) -> list[int]:
        return [exact_count(share, plot.granules) for share, plot in zip(gone(scale), plots, strict=True)]

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
    return {plot.layer.name: count / plot.granules for plot, count in zip(plots, before, strict=True)}
