"""What a rule for an operation gets to see, and what it says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.fx import Node

from bench.channels.atoms import Atoms, Axis
from bench.channels.tracing import Shape, Traced


class Unknown(Exception):
    """An operation does to channels what no rule tells; those that reach it stay whole."""


@dataclass(frozen=True)
class Kept:
    """Which atoms are left."""

    atoms: npt.NDArray[np.bool_]

    def places(self, axis: Axis) -> npt.NDArray[np.bool_]:
        return self.atoms[axis.atoms]

    def count(self, axis: Axis) -> int:
        return int(self.places(axis).sum())


@dataclass(frozen=True)
class Written:
    """An operation with the numbers that fit fewer channels."""

    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass
class Known:
    """What is known of the numbers that flow: for each operation its constant at each position, and NaN where it lives.

    The biases of layers are held apart, in double precision, as constants are added to them.
    """

    constants: dict[Node, Tensor]
    biases: dict[str, Tensor]

    def of(self, node: Node, axis: Axis) -> Tensor:
        found = self.constants.get(node)
        return torch.full((len(axis),), torch.nan, dtype=torch.float64) if found is None else found


Constants = Callable[[Known], Tensor]
Rewrite = Callable[[Kept], Written]


@dataclass(frozen=True)
class Value:
    """What an operation gives: where its channels lie, which are constant, and how it is written for fewer.

    Without an axis nothing is known of its channels, without constants they all live, without a rewriting it fits any
    number of channels as it is. `parts` is for what gives several tensors.
    """

    axis: Axis | None = None
    constants: Constants | None = None
    rewrite: Rewrite | None = None
    parts: tuple[tuple[int, int], ...] = ()


NOTHING = Value()


@dataclass(frozen=True)
class Layer:
    """A module with parameters for its channels."""

    name: str
    module: nn.Module
    kind: Literal["dense", "depthwise", "each"]  # all by all channels; each by itself: a convolution, or a factor
    source: Node
    inputs: Axis | None
    outputs: Axis


@dataclass
class Walk:
    """A walk along the operations, in their order."""

    traced: Traced
    modules: Mapping[str, nn.Module]
    own: frozenset[str]  # the modules that are called once, with parameters of their own
    atoms: Atoms = field(default_factory=Atoms)
    values: dict[Node, Value] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)

    def shape(self, node: Node) -> Shape:
        if node not in self.traced.shapes:
            raise Unknown
        return self.traced.shapes[node]

    def axis(self, node: Any) -> Axis | None:
        return self.values[node].axis if isinstance(node, Node) and node in self.values else None

    def fix(self, node: Any) -> None:
        """What reaches a place where channels cannot be followed stays whole."""
        axis = self.axis(node)
        if axis is not None:
            self.atoms.fix(axis.atoms)


def first(node: Node) -> Node:
    """The tensor that an operation works on."""
    found = node.args[0] if node.args else node.kwargs.get("input")
    if not isinstance(found, Node):
        raise Unknown
    return found


def argument(node: Node, place: int, name: str, default: Any = None) -> Any:
    """An argument by place or name. One that is computed while the network runs is not known."""
    found = node.args[place] if len(node.args) > place else node.kwargs.get(name, default)
    return plain(found)


def plain(value: Any) -> Any:
    """The value, unless a part of it is computed while the network runs."""
    if isinstance(value, Node) or (isinstance(value, Sequence) and any(isinstance(one, Node) for one in value)):
        raise Unknown
    return value


def alone(walk: Walk, node: Node) -> Node:
    """The tensor that an operation works on, where it is the only one."""
    if len(node.all_input_nodes) != 1:
        raise Unknown
    return first(node)
