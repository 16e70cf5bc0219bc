"""Fully connected networks. Each flattens its input, so it takes samples of any shape."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from math import prod
from typing import Any, Literal

from torch import nn

from bench.errors import UserError
from bench.models.heads import Head, head_layers
from bench.models.widths import all_scaled
from bench.registry import network

Activation = Literal["relu", "tanh"]

_FUNCTIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


def _narrowed(options: Mapping[str, Any], width: float) -> dict[str, Any]:
    """The options of the same network with all hidden layers scaled."""
    return {**options, "sizes": all_scaled(options.get("sizes", (64,)), width)}


@network("mlp", narrowed=_narrowed)
def mlp(
    shape: tuple[int, ...],
    classes: int,
    sizes: tuple[int, ...] = (64,),
    bias: bool = True,
    activation: Activation = "relu",
    head: Head = "logits",
) -> nn.Module:
    """Hidden layers of the given sizes and an output layer; `head: tanh` and `head: softmax` bound the outputs."""
    if any(size < 1 for size in sizes):
        raise UserError(f"mlp: sizes is {list(sizes)}; each hidden layer needs at least 1 unit")
    if activation not in _FUNCTIONS:
        raise UserError(f"mlp: activation is {activation!r}; give 'relu' or 'tanh'")
    layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    inputs = prod(shape)
    for number, size in enumerate(sizes, start=1):
        layers[f"fc{number}"] = nn.Linear(inputs, size, bias=bias)
        layers[f"{activation}{number}"] = _FUNCTIONS[activation]()
        inputs = size
    layers["output"] = nn.Linear(inputs, classes, bias=bias)
    layers.update(head_layers("mlp", head))
    return nn.Sequential(layers)


@network("penguin-net", reference="Lewis et al.: MLGroupProject, Dynamic Pruning", home=(12,))
def penguin_net(shape: tuple[int, ...], classes: int, head: Head = "tanh", width: float = 1.0) -> nn.Module:
    """One hidden layer of 12 units; on the penguins 12-12-3, 180 weights.

    As published, tanh bounds the outputs, which holds the cross-entropy above 0.2395; `head: logits` does not.
    """
    return mlp(shape, classes, all_scaled((12,), width), head=head)


@network(
    "lenet-300-100",
    reference="LeCun, Bottou, Bengio, Haffner: Gradient-based learning (1998)",
    aliases=("lenet",),
    home=(1, 28, 28),
)
def lenet_300_100(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Hidden layers of 300 and 100 units; on MNIST 266,200 weights."""
    return mlp(shape, classes, all_scaled((300, 100), width))


@network("mlp-1000-1000-500-200", reference="McAteer: Keras_pruning; Lange: for.AI challenge", home=(1, 28, 28))
def mlp_1000_1000_500_200(
    shape: tuple[int, ...], classes: int, bias: bool = True, head: Head = "logits", width: float = 1.0
) -> nn.Module:
    """Four hidden layers; on MNIST 2,386,000 weights. Keras_pruning has biases, the for.AI challenge none.

    The for.AI challenge trained with `head: softmax`, which holds the cross-entropy above 1.4612.
    """
    return mlp(shape, classes, all_scaled((1000, 1000, 500, 200), width), bias=bias, head=head)


@network("forai-student-1", reference="Lange: for.AI challenge", home=(1, 28, 28))
def forai_student_1(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """The larger student for distillation: six hidden layers, no biases; on MNIST 266,880 weights."""
    return mlp(shape, classes, all_scaled((256, 128, 128, 64, 64, 64), width), bias=False)


@network("forai-student-2", reference="Lange: for.AI challenge", home=(1, 28, 28))
def forai_student_2(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """The smaller student for distillation: four hidden layers of 64, no biases; on MNIST 63,104 weights."""
    return mlp(shape, classes, all_scaled((64, 64, 64, 64), width), bias=False)
