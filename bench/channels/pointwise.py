"""Operations that compute each number by itself, or from the numbers at the same place of two tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Node
from torch.nn import functional

from bench.channels.atoms import Axis
from bench.channels.walk import NOTHING, Unknown, Value, Walk, alone, first

_NAMES = (
    "relu", "relu6", "tanh", "sigmoid", "gelu", "silu", "elu", "leaky_relu", "selu", "celu", "softplus", "hardtanh",
    "hardswish", "hardsigmoid", "mish", "softsign", "logsigmoid", "tanhshrink", "softshrink", "hardshrink",
    "threshold", "exp", "expm1", "log1p", "abs", "neg", "sqrt", "rsqrt", "square", "sin", "cos", "erf", "clamp",
    "clamp_min", "clamp_max", "reciprocal", "sign", "pow",
)  # fmt: skip
_COPIES = ["contiguous", "clone", "detach", "float", "double", "half"]
_OWN_OPERATORS = (operator.neg, operator.abs, operator.pos, operator.pow)
_BINARY: dict[str, Callable[..., Any]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "truediv": torch.div,
    "maximum": torch.maximum, "minimum": torch.minimum,
}  # fmt: skip

ACTIVATIONS: frozenset[type[nn.Module]] = frozenset({
    nn.ReLU, nn.ReLU6, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.ELU, nn.LeakyReLU, nn.SELU, nn.CELU, nn.Softplus,
    nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Mish, nn.Softsign, nn.LogSigmoid, nn.Tanhshrink, nn.Softshrink,
    nn.Hardshrink, nn.Threshold,
})  # fmt: skip
SILENT: frozenset[type[nn.Module]] = frozenset(
    {nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout}
)


def functions() -> dict[Any, Callable[[Walk, Node], Value]]:
    """The rules by function, and by the name of a method."""
    rules: dict[Any, Callable[[Walk, Node], Value]] = {}
    for name in _NAMES:
        for spelling in (name, f"{name}_"):
            rules[spelling] = by_itself
            rules.update(
                {getattr(room, spelling): by_itself for room in (torch, functional) if hasattr(room, spelling)}
            )
    rules.update(dict.fromkeys(_OWN_OPERATORS, by_itself))
    rules.update(dict.fromkeys(_COPIES, as_it_is))
    rules.update({torch.clone: as_it_is, functional.dropout: dropped, functional.dropout2d: dropped})
    for name, function in _BINARY.items():
        rule = _by_place(function)
        rules.update(dict.fromkeys((name, f"{name}_", function), rule))
        for spelling in (name, f"i{name}"):
            if hasattr(operator, spelling):
                rules[getattr(operator, spelling)] = rule
    return rules


def as_it_is(walk: Walk, node: Node) -> Value:
    """Nothing happens to the numbers."""
    source = alone(walk, node)
    axis = walk.axis(source)
    return NOTHING if axis is None else Value(axis, lambda known: known.of(source, axis))


def dropped(walk: Walk, node: Node) -> Value:
    """Dropout, which does nothing in evaluation; one that does not ask goes on in it."""
    if node.kwargs.get("training", node.args[2] if len(node.args) > 2 else True) is not False:
        raise Unknown
    return as_it_is(walk, node)


def by_itself(walk: Walk, node: Node) -> Value:
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING

    def constants(known: Tensor) -> Tensor:
        rest = node.args[1:]
        if node.op == "call_method":
            return getattr(known, str(node.target))(*rest, **node.kwargs)  # type: ignore[no-any-return]
        options = {name: value for name, value in node.kwargs.items() if name != "input"}
        return node.target(known, *rest, **options)  # type: ignore[operator, no-any-return]

    return Value(axis, lambda known: computed(constants, known.of(source, axis)))


def activation(walk: Walk, node: Node, module: nn.Module) -> Value:
    source = first(node)
    axis = walk.axis(source)
    return NOTHING if axis is None else Value(axis, lambda known: computed(module, known.of(source, axis)))


def computed(function: Callable[[Tensor], Tensor], constants: Tensor) -> Tensor:
    """A function of the constants. What lives goes on living, and so does what is no number."""
    with torch.no_grad():
        found = function(torch.nan_to_num(constants).clone())
    return torch.where(constants.isnan() | ~found.isfinite(), torch.nan, found)


def _by_place(function: Callable[..., Tensor]) -> Callable[[Walk, Node], Value]:
    def rule(walk: Walk, node: Node) -> Value:
        if len(node.args) < 2:
            raise Unknown
        return _two(walk, node, function)

    return rule


def _two(walk: Walk, node: Node, function: Callable[..., Tensor]) -> Value:
    """Two tensors, or a tensor and a number. Tensors of one channel axis are tied by it."""
    operands = node.args[:2]
    if any(isinstance(one, Node) for one in (*node.args[2:], *node.kwargs.values())):
        raise Unknown
    rank = len(walk.shape(node))
    sides = [_Side(walk, one, rank) for one in operands]
    axes = [side.axis for side in sides if side.axis is not None]
    if not axes:
        return NOTHING
    dim, size = axes[0].dim, walk.shape(node)[axes[0].dim]
    if any(axis.dim != dim for axis in axes):
        raise Unknown
    wide = [axis for axis in axes if len(axis) == size]
    for side in sides:
        if side.length(dim) != size:  # one number for all channels
            walk.fix(side.operand)
        elif side.axis is None:
            raise Unknown
    if not wide:
        raise Unknown
    if len(wide) == 2:
        walk.atoms.tie(wide[0].atoms, wide[1].atoms)

    def constants(known: Any) -> Tensor:
        given = [side.constants(known, dim, size) for side in sides]
        found = function(*(torch.nan_to_num(one) for one in given), *node.args[2:], **node.kwargs)
        live = given[0].isnan() | given[1].isnan() | ~found.isfinite()
        if function is torch.mul:  # nothing times anything is nothing
            nothing = (given[0] == 0) | (given[1] == 0)
            found, live = torch.where(nothing, 0.0, found), live & ~nothing
        return torch.where(live, torch.nan, found)

    return Value(wide[0], constants)


class _Side:
    """One of two operands, counted from the last dimension as broadcasting does."""

    def __init__(self, walk: Walk, operand: Any, rank: int) -> None:
        self.operand = operand
        self.axis: Axis | None = None
        self._shape: tuple[int, ...] = ()
        if isinstance(operand, Node):
            if operand not in walk.traced.shapes:
                return  # a number that is computed from a shape
            shape = walk.shape(operand)
            self._shape = (1,) * (rank - len(shape)) + shape
            axis = walk.axis(operand)
            if axis is not None:
                self.axis = axis.moved(axis.dim + rank - len(shape))
        elif not isinstance(operand, int | float):
            raise Unknown

    def length(self, dim: int) -> int:
        return self._shape[dim] if self._shape else 1

    def constants(self, known: Any, dim: int, size: int) -> Tensor:
        if not isinstance(self.operand, Node):
            return torch.full((size,), float(self.operand), dtype=torch.float64)
        if self.axis is None or self.axis.dim != dim or len(self.axis) != size:
            return torch.full((size,), torch.nan, dtype=torch.float64)
        found: Tensor = known.of(self.operand, self.axis)
        return found
