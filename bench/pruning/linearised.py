"""A network in the linearised form of Tanaka et al. (2020): what flows from a 1 at each input along all its paths.

Every weight counts by its absolute value, activations hand on what they get, and nothing is added on the way: biases,
the means and shifts of batch norm and other constants are left out. So what flows through each layer of a line is the
same, which is what keeps SynFlow from emptying one. Where these are zero, as in the authors' networks at their start,
this is what the authors' code computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bench.measures.operations import (
    HANDING_ON,
    MOVING,
    SAME_AS,
    Signals,
    Unknown,
    is_no_signal,
    joined,
    padded,
    resized,
    sum_of_signals,
    words,
)


class Linearised(Signals):
    """Within it, a network computes in this form."""

    def _apply(self, function: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name in _AS_THEY_ARE:
            return function(*args, **kwargs)
        name = SAME_AS.get(name, name)
        if name in _OTHERS:
            return _OTHERS[name](function, *args, **kwargs)
        if name in _ACTIVATIONS:
            return args[0]
        if name == "add":
            return sum_of_signals(args[0], args[1])
        if name in _PRODUCTS:
            return function(*map(_positive, args), **kwargs)
        result = function(*args, **kwargs)
        if not is_no_signal(result):
            raise Unknown(name)
        return result


def _positive(part: Any) -> Any:
    """A factor by its absolute value; signals are positive as they are."""
    if isinstance(part, list | tuple):
        return type(part)(_positive(one) for one in part)
    if isinstance(part, Tensor):
        return part if part.requires_grad else part.abs()
    return abs(part) if isinstance(part, int | float) else part


def _weighted(
    function: Callable[..., Tensor], inputs: Tensor, weight: Tensor, bias: Any = None, *rest: Any, **named: Any
) -> Tensor:
    return function(inputs, _positive(weight), None, *rest, **named)


def _quotient(_: Any, above: Tensor, below: Any) -> Tensor:
    if isinstance(below, Tensor) and below.requires_grad:
        raise Unknown("a division by a signal")
    return torch.div(above, _positive(below))


def _by_statistics(
    _: Any,
    inputs: Tensor,
    mean: Tensor | None = None,
    variance: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Batch norm and the like: the factor of each channel."""
    factor = torch.ones(inputs.shape[1], dtype=inputs.dtype, device=inputs.device) if weight is None else weight.abs()
    if variance is not None:
        factor = factor / (variance + eps).sqrt()
    return inputs * factor.reshape(-1, *[1] * (inputs.dim() - 2))


def _by_place(_: Any, inputs: Tensor, shape: Any, weight: Tensor | None = None, *rest: Any, **named: Any) -> Tensor:
    """Layer norm, whose statistics are those of a sample: only its factors are known."""
    return inputs if weight is None else inputs * weight.abs()


def _by_group(_: Any, inputs: Tensor, groups: Any, weight: Tensor | None = None, *rest: Any, **named: Any) -> Tensor:
    return inputs if weight is None else inputs * weight.abs().reshape(-1, *[1] * (inputs.dim() - 2))


def _either(_: Any, condition: Tensor, first: Any, second: Any) -> Tensor:
    return sum_of_signals(first, second)


# The largest of what is positive is a part of it.
_AS_THEY_ARE = MOVING | words(
    "max maximum amax min minimum amin max_pool1d max_pool2d max_pool3d "
    "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d"
)
_ACTIVATIONS = (HANDING_ON - words("square sqrt erf sin log1p expm1")) | words(
    "sigmoid hardsigmoid logsigmoid softmax softmin log_softmax softplus"
)
_PRODUCTS = words("mul matmul einsum")
_OTHERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(words("linear conv1d conv2d conv3d"), _weighted),
    **dict.fromkeys(words("conv_transpose1d conv_transpose2d conv_transpose3d"), _weighted),
    **dict.fromkeys(words("batch_norm instance_norm"), _by_statistics),
    **dict.fromkeys(words("layer_norm rms_norm"), _by_place),
    "group_norm": _by_group,
    "cat": joined,
    "div": _quotient,
    "where": _either,
    "pad": padded,
    "interpolate": resized,
}
