"""What each operation of PyTorch becomes when a network is asked which of its weights lie on a path.

Every number is 0 or positive, positive where a signal from the inputs arrives. So nothing may cancel: a difference
becomes a sum, an activation hands on what it gets. Biases and other constants are no signal, and a product needs all
its signals, except those that are never zero, such as the weights of an attention. Convolutions see whole channels.
What is not known here raises `Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class Unknown(Exception):
    """An operation of which it is not known who reaches whom through it."""


class Signals(TorchFunctionMode):
    """Within it, tensors that need a gradient are signals and all others constants."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if not any(tensor.requires_grad for tensor in tensors_in((args, kwargs))):
            return function(*args, **kwargs)
        name = name_of(function)
        if not torch.is_grad_enabled():
            raise Unknown(f"{name} without a gradient")
        if name.endswith("_") and not name.startswith("__"):
            target: Tensor = args[0]
            changed = self._apply(function, name[:-1], (target.clone(), *args[1:]), kwargs)
            return target.copy_(changed) if isinstance(changed, Tensor) else changed
        return self._apply(function, name, args, kwargs)

    def _apply(self, function: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What comes of an operation that takes a signal."""
        raise NotImplementedError


class Operations(Signals):
    """The operations as they are for paths: all that counts is whether a signal arrives."""

    def __init__(self) -> None:
        super().__init__()
        self._never_zero: dict[int, Tensor] = {}  # by identity; holding them keeps the identities apart

    def _apply(self, function: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = SAME_AS.get(name, name)
        signals = [tensor for tensor in tensors_in((args, kwargs)) if tensor.requires_grad]
        open_ones = [id(signal) in self._never_zero for signal in signals]
        never_zero = all(open_ones)
        result: Any
        if name in HANDING_ON:
            result = clip(args[0])
        elif name in _NEVER_ZERO:
            result, never_zero = clip(args[0]), True
        elif name in MOVING:
            result = function(*args, **kwargs)
        elif name == "add":
            result = sum_of_signals(args[0], args[1])
            never_zero = any(open_ones) or any(isinstance(part, int | float) and part for part in args[:2])
        elif name in _PRODUCTS:
            result = self._product(_PRODUCTS[name], args, kwargs)
        elif name in _OTHERS:
            result, never_zero = _OTHERS[name](function, *args, **kwargs), never_zero and name == "div"
        else:
            result, never_zero = function(*args, **kwargs), False
            if not is_no_signal(result):
                raise Unknown(name)
        if never_zero:
            self._never_zero.update((id(tensor), tensor) for tensor in tensors_in(result))
        return result

    def _product(self, multiply: Callable[..., Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        """Needs every signal but those that are never zero, which may also be 1."""
        signals = [part for part in tensors_in(args) if part.requires_grad]
        all_open = all(id(signal) in self._never_zero for signal in signals)
        if all_open and len(signals) > 1 and multiply is not torch.mul:
            raise Unknown("a product of weights that are never zero")
        if all_open and len(signals) > 1:
            return clip(sum_of_signals(*args[:2]) + args[0] * args[1])
        return clip(multiply(*(self._factor(part, all_open) for part in args), **kwargs))

    def _factor(self, part: Any, all_open: bool) -> Any:
        if isinstance(part, list | tuple):
            return type(part)(self._factor(one, all_open) for one in part)
        if not isinstance(part, Tensor):
            return abs(part) if isinstance(part, int | float) else part
        if part.requires_grad:
            return part + 1 if id(part) in self._never_zero and not all_open else part
        return (part != 0).to(torch.get_default_dtype())


class _Clip(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        return (values > 0).to(values.dtype)

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        return (gradients[0] > 0).to(gradients[0].dtype)


def clip(values: Tensor) -> Tensor:
    """1 where a number is positive, and so is the gradient: in no depth do they vanish or overflow."""
    clipped: Tensor = _Clip.apply(values)
    return clipped


def tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors_in(one)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


def is_no_signal(result: Any) -> bool:
    """Such as a shape, a type, a comparison."""
    if isinstance(result, Tensor):
        return not result.is_floating_point()
    if isinstance(result, tuple):
        return all(is_no_signal(one) for one in result)
    return result is None or isinstance(result, bool | int | str | torch.dtype | torch.device | torch.layout)


def sum_of_signals(first: Any, second: Any) -> Tensor:
    """Of what is a signal; the rest only widens it."""
    total, *others = sorted(tensors_in((first, second)), key=lambda part: part.requires_grad, reverse=True)
    for other in others:
        total = total + (other if other.requires_grad else torch.zeros(other.shape))
    return total


def joined(function: Callable[..., Tensor], parts: Any, *args: Any, **kwargs: Any) -> Tensor:
    return function([part if part.requires_grad else torch.zeros_like(part) for part in parts], *args, **kwargs)


def _quotient(_: Any, above: Any, below: Any) -> Tensor:
    """What is divided by is never zero."""
    both = all(isinstance(part, Tensor) and part.requires_grad for part in (above, below))
    return clip(above * (below + 1) if both else sum_of_signals(above, below))


def _where(_: Any, condition: Tensor, first: Any, second: Any) -> Tensor:
    return sum_of_signals(sum_of_signals(first, second), condition)


def _linear(_: Any, inputs: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return clip(functional.linear(inputs, _indicator(weight)))


def _indicator(weight: Tensor) -> Tensor:
    return weight if weight.requires_grad else (weight != 0).to(torch.get_default_dtype())


def _convolution(
    function: Callable[..., Tensor],
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """A channel that is reached anywhere is reached everywhere, so that one sum over each window and image will do."""
    window = weight.dim() - 2
    image = tuple(range(-window, 0))
    plan = function(*(part.detach().to("meta") for part in (inputs, weight)), None, stride, padding, dilation, groups)
    links = _indicator(weight)
    links = links.sum(image) if 0 not in links.stride() else links.flatten(2)[..., 0]
    channels = inputs.sum(image)
    channels = channels.reshape(*channels.shape[:-1], groups, -1)
    reached = torch.einsum("...gc,goc->...go", channels, links.reshape(groups, -1, links.shape[1])).flatten(-2)
    return clip(reached[(..., *[None] * window)]).expand(plan.shape).contiguous()


def _transposed(function: Callable[..., Tensor], inputs: Tensor, weight: Tensor, _: Any = None, *rest: Any) -> Tensor:
    return clip(function(inputs, _indicator(weight), None, *rest))


def _largest_pool(average: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Taking the largest of a window would ask only one of them who is heard."""

    def pool(
        _: Any,
        inputs: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Tensor:
        if return_indices or dilation not in (1, (1, 1)):
            raise Unknown("pooling with indices or gaps")
        return average(inputs, kernel_size, stride, padding, ceil_mode)

    return pool


def _largest_adaptive_pool(average: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def pool(_: Any, inputs: Tensor, output_size: Any, return_indices: bool = False) -> Tensor:
        if return_indices:
            raise Unknown("pooling with indices")
        return average(inputs, output_size)

    return pool


def _largest(function: Callable[..., Any], inputs: Tensor, other: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Of two tensors, or along a dimension."""
    if kwargs.keys() - {"dim", "keepdim"}:
        raise Unknown("a maximum")
    if isinstance(other, Tensor):
        return sum_of_signals(inputs, other)
    plain = function(inputs, *(() if other is None else (other,)), *args, **kwargs)
    if isinstance(plain, Tensor):
        return inputs.sum() if other is None and "dim" not in kwargs else _reduced(inputs, other, *args, **kwargs)
    return type(plain)((_reduced(inputs, other, *args, **kwargs), plain.indices))


def _reduced(inputs: Tensor, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    return inputs.sum(kwargs.get("dim", dim), keepdim=keepdim)


def _attention(_: Any, query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The weights of the tokens are never zero, but equal without a signal in queries and keys."""
    return clip((1 + query @ key.transpose(-2, -1)) @ value)


def _gated(_: Any, inputs: Tensor, dim: int = -1) -> Tensor:
    value, gate = inputs.chunk(2, dim)
    return clip(value * (1 + gate))


def padded(_: Any, inputs: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    return functional.pad(inputs, pad, mode)


def resized(function: Callable[..., Tensor], inputs: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if "bicubic" in (*args, kwargs.get("mode")):
        raise Unknown("bicubic interpolation")
    return function(inputs, *args, **kwargs)


def _power(_: Any, base: Any, exponent: Any) -> Tensor:
    if isinstance(exponent, int | float) and exponent > 0:
        return clip(base)
    raise Unknown("a power that is not positive")


def name_of(function: Callable[..., Any]) -> str:
    """The name that a user knows it by; an attribute such as x.T has that of the attribute."""
    name: str = getattr(function, "__name__", "")
    return str(getattr(getattr(function, "__self__", None), "__name__", name)) if name == "__get__" else name


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SAME_AS = {
    **dict.fromkeys(("__radd__", "sub", "subtract", "rsub", "__rsub__", "maximum", "minimum"), "add"),
    **dict.fromkeys(("__rmul__", "multiply"), "mul"),
    **dict.fromkeys(("true_divide", "divide"), "div"),
    **dict.fromkeys(("__matmul__", "__rmatmul__", "mm", "bmm"), "matmul"),
    **dict.fromkeys(("concat", "concatenate", "stack", "hstack", "vstack"), "cat"),
    **dict.fromkeys(("min", "amax", "amin"), "max"),
}
_PRODUCTS: dict[str, Callable[..., Tensor]] = {"mul": torch.mul, "matmul": torch.matmul, "einsum": torch.einsum}
HANDING_ON = words(
    "relu relu6 leaky_relu rrelu prelu elu selu celu gelu silu mish tanh hardtanh hardswish softsign tanhshrink "
    "hardshrink softshrink threshold dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout "
    "batch_norm instance_norm layer_norm group_norm rms_norm local_response_norm normalize neg abs sqrt square clamp "
    "clamp_min clamp_max masked_fill detach erf sin log1p expm1"
)
_NEVER_ZERO = words(
    "sigmoid hardsigmoid logsigmoid softmax softmin log_softmax softplus exp cos rsqrt reciprocal log "
    "__rdiv__ __rtruediv__"
)
MOVING = words(
    "T mT t view reshape flatten unflatten ravel permute transpose swapaxes swapdims movedim moveaxis squeeze "
    "unsqueeze expand expand_as broadcast_to view_as reshape_as contiguous clone to float double chunk split "
    "tensor_split unbind narrow select __getitem__ index_select gather roll flip repeat tile repeat_interleave "
    "pixel_shuffle pixel_unshuffle channel_shuffle unfold fold mean sum avg_pool1d avg_pool2d avg_pool3d "
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d zeros_like ones_like full_like "
    "new_zeros new_ones new_full"
)
_OTHERS: dict[str, Callable[..., Any]] = {
    "cat": joined,
    "div": _quotient,
    "where": _where,
    "linear": _linear,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed),
    "max_pool1d": _largest_pool(functional.avg_pool1d),
    "max_pool2d": _largest_pool(functional.avg_pool2d),
    "max_pool3d": _largest_pool(functional.avg_pool3d),
    "adaptive_max_pool1d": _largest_adaptive_pool(functional.adaptive_avg_pool1d),
    "adaptive_max_pool2d": _largest_adaptive_pool(functional.adaptive_avg_pool2d),
    "adaptive_max_pool3d": _largest_adaptive_pool(functional.adaptive_avg_pool3d),
    "max": _largest,
    "scaled_dot_product_attention": _attention,
    "glu": _gated,
    "pad": padded,
    "interpolate": resized,
    "pow": _power,
}
