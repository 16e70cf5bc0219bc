"""What goes at once: a single weight, an output neuron with its bias, an input feature, or a block of the matrix.

A granularity folds a layer's scores into one number a granule and unfolds a choice of granules into a mask. The matrix
of a convolution is that of its outputs by all that its windows hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from bench.errors import UserError, nearest
from bench.patterns import block_of, n_of_m


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


@dataclass(frozen=True)
class Block:
    """So many rows by so many columns of the matrix; at its edges a block may be smaller."""

    rows: int
    columns: int
    takes_bias = False

    def fold(self, scores: Tensor) -> Tensor:
        matrix = scores.flatten(1)
        down, across = self._counts(matrix.shape)
        padded = functional.pad(matrix, (0, across * self.columns - matrix.shape[1], 0, down * self.rows - len(matrix)))
        blocks = padded.view(down, self.rows, across, self.columns).transpose(1, 2)
        return _signed_norm(blocks.reshape(down * across, -1))

    def unfold(self, kept: Tensor, shape: torch.Size) -> Tensor:
        wide = math.prod(shape[1:])
        blocks = kept.view(self._counts(torch.Size((shape[0], wide))))
        whole = blocks.repeat_interleave(self.rows, 0).repeat_interleave(self.columns, 1)
        return whole[: shape[0], :wide].reshape(shape)

    def _counts(self, shape: torch.Size) -> tuple[int, int]:
        return math.ceil(shape[0] / self.rows), math.ceil(shape[1] / self.columns)


def _signed_norm(scores: Tensor) -> Tensor:
    """The Euclidean norm of each row, for scores that are not negative."""
    squares = (scores * scores.abs()).sum(dim=1)
    return squares.sign() * squares.abs().sqrt()


GRANULARITIES: dict[str, Granularity] = {"weight": Weight(), "unit": Unit(), "input": Input()}


def granularity(name: str) -> Granularity:
    """The granularity of a name; 4x4 is a block of four rows by four columns."""
    if (block := block_of(name)) is not None:
        return Block(*block)
    if name not in GRANULARITIES:
        raise UserError(f"unknown granularity {name!r}; {nearest(name, GRANULARITIES)}")
    return GRANULARITIES[name]


def takes_bias(name: str) -> bool:
    """Whether what goes takes the bias of its unit along; of N of M it never is a whole unit."""
    return n_of_m(name) is None and granularity(name).takes_bias
