"""Operations that take a part of a tensor, or put several together: they cut, join and pad."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx import Node
from torch.nn import functional

from bench.channels.atoms import Axis
from bench.channels.walk import NOTHING, Kept, Known, Unknown, Value, Walk, Written, alone, argument, plain


def functions() -> dict[Any, Callable[[Walk, Node], Value]]:
    return {
        "chunk": chunked, torch.chunk: chunked, "split": split, torch.split: split,
        operator.getitem: item, torch.cat: joined, torch.concat: joined, functional.pad: padded,
    }  # fmt: skip


def chunked(walk: Walk, node: Node) -> Value:
    count = argument(node, 1, "chunks")
    return _cut(walk, node, argument(node, 2, "dim", 0), lambda length: _pieces(length, -(-length // count)))


def split(walk: Walk, node: Node) -> Value:
    size = argument(node, 1, "split_size" if node.op == "call_method" else "split_size_or_sections")

    def pieces(length: int) -> list[int]:
        return _pieces(length, size) if isinstance(size, int) else list(size)

    return _cut(walk, node, argument(node, 2, "dim", 0), pieces)


def _pieces(length: int, size: int) -> list[int]:
    return [min(size, length - start) for start in range(0, length, size)]


def _cut(walk: Walk, node: Node, dim: int, pieces: Callable[[int], list[int]]) -> Value:
    """Several tensors side by side. Fewer channels may have to be cut at other places."""
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    if dim % len(walk.shape(source)) != axis.dim:
        return Value(axis, lambda known: known.of(source, axis))
    ends = np.cumsum([0, *pieces(len(axis))])
    parts = tuple((int(start), int(stop)) for start, stop in pairwise(ends))

    def rewrite(kept: Kept) -> Written:
        here = kept.places(axis)
        counts = [int(here[start:stop].sum()) for start, stop in parts]
        if pieces(sum(counts)) == counts:
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
    """A part of a tensor by slices and places, with further axes where None stands."""
    if any(one is not None and not isinstance(one, slice | int | type(...)) for one in index):
        raise Unknown
    if any(isinstance(end, Node) for one in index if isinstance(one, slice) for end in (one.start, one.stop, one.step)):
        raise Unknown
    taken = sum(one is not None and one is not ... for one in index)
    place = index.index(...) if ... in index else len(index)
    rest = [slice(None)] * (len(walk.shape(source)) - taken)
    index = (*index[:place], *rest, *index[place + 1 :])
    at = [number for number, one in enumerate(index) if one is not None][axis.dim]
    here = index[at]
    if not isinstance(here, slice):
        raise Unknown
    dim = at - sum(isinstance(one, int) for one in index[:at])
    start, stop, step = here.indices(len(axis))
    if here == slice(None):
        return Value(axis.moved(dim), lambda known: known.of(source, axis))
    if step != 1:
        raise Unknown

    def rewrite(kept: Kept) -> Written:
        places = kept.places(axis)
        now = here if places.all() else slice(int(places[:start].sum()), int(places[:stop].sum()))
        return Written(node.target, (source, (*index[:at], now, *index[at + 1 :])), {})

    return Value(Axis(dim, axis.atoms[start:stop]), lambda known: known.of(source, axis)[start:stop], rewrite)


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
