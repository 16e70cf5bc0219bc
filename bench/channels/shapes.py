"""Operations that give the same numbers another shape, and questions for a shape."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.fx import Node

from bench.channels.atoms import Axis
from bench.channels.tracing import Shape
from bench.channels.walk import (
    NOTHING,
    Kept,
    Unknown,
    Value,
    Walk,
    Written,
    alone,
    argument,
    first,
    plain,
)  # fmt: skip

Span = tuple[int, int]


def functions() -> dict[Any, Callable[[Walk, Node], Value]]:
    return {
        "flatten": regrouped, torch.flatten: regrouped, "unsqueeze": regrouped, torch.unsqueeze: regrouped,
        "squeeze": squeezed, torch.squeeze: squeezed,
        "view": reshaped, "reshape": reshaped, torch.reshape: reshaped,
        "permute": permuted, torch.permute: permuted, "transpose": transposed, torch.transpose: transposed,
        "size": size, getattr: attribute, "dim": number,
    }  # fmt: skip


def flatten_module(walk: Walk, node: Node, _: nn.Module) -> Value:
    return regrouped(walk, node)


def spans(before: Shape, after: Shape) -> Iterator[tuple[Span, Span]]:
    """Which neighbouring dimensions of one shape become which of another, in the smallest groups."""
    i = j = 0
    while i < len(before) and j < len(after):
        from_, to = i, j
        have, want = before[i], after[j]
        i, j = i + 1, j + 1
        while have != want:
            if (have < want and i == len(before)) or (have > want and j == len(after)):
                raise Unknown
            if have < want:
                have, i = have * before[i], i + 1
            else:
                want, j = want * after[j], j + 1
        yield (from_, i), (to, j)


def regrouped(walk: Walk, node: Node) -> Value:
    """Another shape for the same numbers: channels that are flattened with the places of an image come once a place."""
    source = first(node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    before, after = walk.shape(source), walk.shape(node)
    found = next((both for both in spans(before, after) if both[0][0] <= axis.dim < both[0][1]), None)
    if found is None:
        raise Unknown
    (start, stop), (to, end) = found
    wide = [dim for dim in range(to, end) if after[dim] == prod(before[start:stop])]
    if start == 0 or not wide or len(axis) == 1:  # mixed with the samples, or cut up; a single channel is nowhere
        raise Unknown
    outer, inner = prod(before[start : axis.dim]), prod(before[axis.dim + 1 : stop])
    moved = Axis(wide[0], np.tile(axis.atoms.repeat(inner), outer))
    return Value(moved, lambda known: known.of(source, axis).repeat_interleave(inner).repeat(outer))


def squeezed(walk: Walk, node: Node) -> Value:
    if argument(node, 1, "dim") is None:  # it would take a channel axis too, once that is down to one
        raise Unknown
    return regrouped(walk, node)


def reshaped(walk: Walk, node: Node) -> Value:
    """As above, with the new shape written out: its numbers have to follow the channels."""
    value = regrouped(walk, node)
    axis = value.axis
    if axis is None:
        return value
    given = node.args[1:] or (node.kwargs.get("shape") or node.kwargs.get("size"),)
    listed = isinstance(given[0], tuple | list)
    lengths = list(given[0]) if listed else list(given)  # type: ignore[arg-type]
    if len(lengths) != len(walk.shape(node)) or not all(isinstance(one, int | Node) for one in lengths):
        raise Unknown
    if not isinstance(lengths[axis.dim], int) or lengths[axis.dim] == -1:
        return value

    def rewrite(kept: Kept) -> Written:
        now = (*lengths[: axis.dim], kept.count(axis), *lengths[axis.dim + 1 :])
        return Written(node.target, (node.args[0], now) if listed else (node.args[0], *now), {})

    return Value(axis, value.constants, rewrite)


def permuted(walk: Walk, node: Node) -> Value:
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    given = node.args[1:] or (node.kwargs["dims"],)
    order = plain(given[0] if isinstance(given[0], tuple | list) else given)
    rank = len(walk.shape(source))
    return Value(axis.moved([dim % rank for dim in order].index(axis.dim)), lambda known: known.of(source, axis))


def transposed(walk: Walk, node: Node) -> Value:
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    rank = len(walk.shape(source))
    one, other = argument(node, 1, "dim0") % rank, argument(node, 2, "dim1") % rank
    moved = axis.moved({one: other, other: one}.get(axis.dim, axis.dim))
    return Value(moved, lambda known: known.of(source, axis))


def number(_: Walk, __: Node) -> Value:
    """Something that does not depend on how many channels there are."""
    return NOTHING


def attribute(walk: Walk, node: Node) -> Value:
    if node.args[1] == "shape":
        return size(walk, node)
    if node.args[1] in ("ndim", "dtype", "device"):
        return NOTHING
    raise Unknown


def size(walk: Walk, node: Node) -> Value:
    """The shape of a tensor. Whoever asks for the number of channels may only use it to write a shape."""
    source = first(node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    rank = len(walk.shape(source))
    dim = argument(node, 1, "dim") if node.op == "call_method" else None
    asked = [(node, dim)] if dim is not None else [(user, _index(user)) for user in node.users]
    for user, place in asked:
        if isinstance(place, slice) and not any(isinstance(end, Node) for end in (place.start, place.stop, place.step)):
            if axis.dim in range(*place.indices(rank)):
                raise Unknown
        elif not isinstance(place, int) or (place % rank == axis.dim and not _for_a_shape(user)):
            raise Unknown
    return NOTHING


def _index(user: Node) -> Any:
    return user.args[1] if user.target is operator.getitem else None


def _for_a_shape(node: Node) -> bool:
    return all(
        user.target in ("view", "reshape", torch.reshape) or (user.target is operator.mul and _for_a_shape(user))
        for user in node.users
    )
