"""Operations that move numbers about: they flatten, turn, cut, join and pad."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.fx import Node
from torch.nn import functional

from bench.channels.atoms import Axis
from bench.channels.tracing import Shape
from bench.channels.walk import (
    NOTHING,
    Kept,
    Known,
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
        "chunk": chunked, torch.chunk: chunked, "split": split, torch.split: split,
        operator.getitem: item, torch.cat: joined, torch.concat: joined, functional.pad: padded,
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


def chunked(walk: Walk, node: Node) -> Value:
    count, dim = argument(node, 1, "chunks"), argument(node, 2, "dim", 0)
    return _cut(walk, node, dim, lambda length: -(-length // count))


def split(walk: Walk, node: Node) -> Value:
    name = "split_size" if node.op == "call_method" else "split_size_or_sections"
    return _cut(walk, node, argument(node, 2, "dim", 0), lambda _: argument(node, 1, name))


def _cut(walk: Walk, node: Node, dim: int, piece: Callable[[int], Any]) -> Value:
    """Several tensors side by side. Fewer channels are cut at other places."""
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    shape = walk.shape(source)
    if dim % len(shape) != axis.dim:
        return Value(axis, lambda known: known.of(source, axis))
    lengths = piece(len(axis))
    if isinstance(lengths, int):
        lengths = [min(lengths, len(axis) - start) for start in range(0, len(axis), lengths)]
    ends = np.cumsum([0, *lengths])
    parts = tuple((int(start), int(stop)) for start, stop in pairwise(ends))

    def rewrite(kept: Kept) -> Written:
        here = kept.places(axis)
        counts = [int(here[start:stop].sum()) for start, stop in parts]
        if here.all() or (len(set(counts)) == 1 and "chunk" in str(node.target)):
            return Written(node.target, node.args, dict(node.kwargs))
        target = "split" if node.op == "call_method" else torch.split
        return Written(target, (source, counts, dim), {})

    return Value(axis, lambda known: known.of(source, axis), rewrite, parts)


def item(walk: Walk, node: Node) -> Value:
    """One of several tensors, a number of a shape, or a part of a tensor."""
    source, index = node.args
    if not isinstance(source, Node):
        raise Unknown
    axis = walk.axis(source)
    if axis is None or source not in walk.values:
        return NOTHING
    if source not in walk.traced.shapes:
        return _part(walk, source, axis, plain(index))
    return _window(walk, node, source, axis, index if isinstance(index, tuple) else (index,))


def _part(walk: Walk, source: Node, axis: Axis, place: int) -> Value:
    parts = walk.values[source].parts
    if not parts:
        return Value(axis, lambda known: known.of(source, axis))
    start, stop = parts[place]
    return Value(Axis(axis.dim, axis.atoms[start:stop]), lambda known: known.of(source, axis)[start:stop])


def _window(walk: Walk, node: Node, source: Node, axis: Axis, index: tuple[Any, ...]) -> Value:
    if any(isinstance(one, Node) or not isinstance(one, slice | int | type(...)) for one in index):
        raise Unknown
    if any(isinstance(end, Node) for one in index if isinstance(one, slice) for end in (one.start, one.stop, one.step)):
        raise Unknown
    rank = len(walk.shape(source))
    if ... in index:
        place = index.index(...)
        index = (*index[:place], *[slice(None)] * (rank - len(index) + 1), *index[place + 1 :])
    index = (*index, *[slice(None)] * (rank - len(index)))
    here = index[axis.dim]
    if isinstance(here, int):
        raise Unknown
    dim = axis.dim - sum(isinstance(one, int) for one in index[: axis.dim])
    if here == slice(None):
        return Value(axis.moved(dim), lambda known: known.of(source, axis))
    start, stop, step = here.indices(len(axis))
    if step != 1:
        raise Unknown
    moved = Axis(dim, axis.atoms[start:stop])

    def rewrite(kept: Kept) -> Written:
        places = kept.places(axis)
        now = slice(int(places[:start].sum()), int(places[:stop].sum()))
        if places.all():
            now = here
        return Written(node.target, (source, (*index[: axis.dim], now, *index[axis.dim + 1 :])), {})

    return Value(moved, lambda known: known.of(source, axis)[start:stop], rewrite)


def joined(walk: Walk, node: Node) -> Value:
    tensors = node.args[0] if node.args else node.kwargs["tensors"]
    dim = argument(node, 1, "dim", 0)
    if not isinstance(tensors, tuple | list) or not all(isinstance(one, Node) for one in tensors):
        raise Unknown
    sources = [one for one in tensors if isinstance(one, Node)]
    axes = [walk.axis(source) for source in sources]
    dim %= len(walk.shape(node))
    if all(axis is None for axis in axes):
        return NOTHING
    if any(axis is not None and axis.dim != dim for axis in axes):
        return _stacked(walk, sources)
    whole = []
    for source, axis in zip(sources, axes, strict=True):
        if axis is None:
            atoms = walk.atoms.fresh(walk.shape(source)[dim])
            walk.atoms.fix(atoms)
            axis = Axis(dim, atoms)
        whole.append(axis)
    return Value(
        Axis(dim, np.concatenate([axis.atoms for axis in whole])),
        lambda known: torch.cat([known.of(source, axis) for source, axis in zip(sources, whole, strict=True)]),
    )


def _stacked(walk: Walk, sources: list[Node]) -> Value:
    """Joined along another dimension than that of the channels, which are thereby tied."""
    axes = [walk.axis(source) for source in sources]
    whole = [axis for axis in axes if axis is not None]
    if len(whole) < len(axes) or len({axis.dim for axis in whole}) > 1:
        raise Unknown
    for axis in whole[1:]:
        walk.atoms.tie(whole[0].atoms, axis.atoms)

    def constants(known: Known) -> Tensor:
        given = [known.of(source, axis) for source, axis in zip(sources, whole, strict=True)]
        same = torch.stack([one == given[0] for one in given]).all(dim=0)
        return torch.where(same, given[0], torch.nan)

    return Value(whole[0], constants)


def padded(walk: Walk, node: Node) -> Value:
    """Zeros, or another number, around an image or behind its channels."""
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    amounts = list(argument(node, 1, "pad"))
    mode, value = argument(node, 2, "mode", "constant"), float(argument(node, 3, "value", 0.0) or 0.0)
    rank = len(walk.shape(source))
    at = 2 * (rank - 1 - axis.dim)  # pairs of amounts stand from the last dimension on
    before, after = amounts[at : at + 2] if at < len(amounts) else (0, 0)
    around = any(amounts[:at]) or any(amounts[at + 2 :])
    if mode != "constant" and (before or after):
        raise Unknown
    if min(before, after) < 0:
        raise Unknown
    front, back = walk.atoms.fresh(before), walk.atoms.fresh(after)

    def constants(known: Known) -> Tensor:
        given = known.of(source, axis)
        if around and mode == "constant":
            given = torch.where(given == value, given, torch.nan)
        ends = [torch.full((count,), value, dtype=torch.float64) for count in (before, after)]
        return torch.cat([ends[0], given, ends[1]])

    def rewrite(kept: Kept) -> Written:
        now = list(amounts)
        if before or after:
            now[at : at + 2] = [int(kept.atoms[front].sum()), int(kept.atoms[back].sum())]
        if now == amounts:
            return Written(node.target, node.args, dict(node.kwargs))
        return Written(node.target, (source, tuple(now)), {"mode": mode, "value": value})

    return Value(Axis(axis.dim, np.concatenate([front, axis.atoms, back])), constants, rewrite)


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
        if not isinstance(place, int) or (place % rank == axis.dim and not _for_a_shape(user)):
            raise Unknown
    return NOTHING


def _index(user: Node) -> Any:
    return user.args[1] if user.target is operator.getitem else None


def _for_a_shape(node: Node) -> bool:
    return all(
        user.target in ("view", "reshape", torch.reshape) or (user.target is operator.mul and _for_a_shape(user))
        for user in node.users
    )
