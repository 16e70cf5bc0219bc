"""What goes at once: a single weight, an output neuron with its bias, or an input feature.

A granularity folds a layer's scores into one number a granule and unfolds a choice of granules into a mask.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from bench.errors import UserError, nearest


class Granularity(Protocol):
    """How the weights of a layer, in the shape (out, in, ...), are tied together."""

    takes_bias: bool  # whether a granule that goes takes its bias along

    def fold(self, scores: Tensor) -> Tensor:
        """One number a granule: the Euclidean norm of its scores, in which negative ones count against the others."""
        ...

    def unfold(self, kept: Tensor, shape: torch.Size) -> Tensor:
        """The mask of the weights that belong to the granules that are kept."""
        ...


class Weight:
    takes_bias = False

    def fold(self, scores: Tensor) -> Tensor:
        return scores.flatten()

    def unfold(self, kept: Tensor, shape: torch.Size) -> Tensor:
        return kept.reshape(shape)


class Unit:
    """An output neuron, or a filter: a row of the weights, with its bias."""

    takes_bias = True

    def fold(self, scores: Tensor) -> Tensor:
        return _signed_norm(scores.flatten(1))

    def unfold(self, kept: Tensor, shape: torch.Size) -> Tensor:
        return kept.reshape(-1, *[1] * (len(shape) - 1)).expand(shape)


class Input:
    """An input feature, or channel: a column of the weights."""

    takes_bias = False

    def fold(self, scores: Tensor) -> Tensor:
        return _signed_norm(scores.transpose(0, 1).flatten(1))

    def unfold(self, kept: Tensor, shape: torch.Size) -> Tensor:
        return kept.reshape(1, -1, *[1] * (len(shape) - 2)).expand(shape)


def _signed_norm(scores: Tensor) -> Tensor:
    """The Euclidean norm of each row, for scores that are not negative."""
    squares = (scores * scores.abs()).sum(dim=1)
    return squares.sign() * squares.abs().sqrt()


GRANULARITIES: dict[str, Granularity] = {"weight": Weight(), "unit": Unit(), "input": Input()}


def granularity(name: str) -> Granularity:
    if name not in GRANULARITIES:
        raise UserError(f"unknown granularity {name!r}; {nearest(name, GRANULARITIES)}")
    return GRANULARITIES[name]
