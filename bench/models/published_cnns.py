"""The convolutional networks of the projects whose experiments are repeated here.

Some were trained with bounded outputs, which keeps the cross-entropy from coming near zero. `head` says so; as
everywhere, the plain outputs are the default.
"""

from __future__ import annotations

from torch import nn

from bench.models.base import picture
from bench.models.heads import Head
from bench.models.line import Line
from bench.registry import network

_MLGROUP = "Lewis et al.: MLGroupProject, Dynamic Pruning"


@network("mlgroup-cifar10-cnn", reference=_MLGROUP, home=(3, 32, 32))
def mlgroup_cifar10_cnn(shape: tuple[int, ...], classes: int, head: Head = "logits", width: float = 1.0) -> nn.Module:
    """Three convolutions without padding and a layer of 256 units; on CIFAR-10 1,294,528 weights.

    Published with `head: softmax`, which holds the cross-entropy above 1.4612.
    """
    line = Line("mlgroup-cifar10-cnn", picture("mlgroup-cifar10-cnn", shape, least=12), width)
    line.conv(64, 3)
    line.conv(64, 3)
    line.pool()
    line.conv(128, 3)
    line.pool()
    line.flatten()
    line.linear(256)
    return line.network(classes, head)


@network("mlgroup-fmnist-cnn", reference=_MLGROUP, home=(1, 28, 28))
def mlgroup_fmnist_cnn(
    shape: tuple[int, ...], classes: int, dropout: bool = False, head: Head = "logits", width: float = 1.0
) -> nn.Module:
    """Two convolutions and a layer of 128 units; on Fashion-MNIST 1,199,648 weights.

    `dropout` is that of the project's ready-made variant: 0.25 after the pooling and 0.5 before the output layer. The
    published log-softmax with its likelihood is the cross-entropy of logits.
    """
    return _two_convs("mlgroup-fmnist-cnn", shape, classes, dropout, head, width)


@network("keras-cnn", reference="Meyer: lottery_ticket_pruner, after the example in Keras", home=(1, 28, 28))
def keras_cnn(shape: tuple[int, ...], classes: int, head: Head = "logits", width: float = 1.0) -> nn.Module:
    """Two convolutions and a layer of 128 units, with dropout; on MNIST 1,199,648 weights, on CIFAR-10 1,626,208.

    Keras takes the cross-entropy of the published softmax's inputs, so that logits are what was published.
    """
    return _two_convs("keras-cnn", shape, classes, True, head, width)


def _two_convs(name: str, shape: tuple[int, ...], classes: int, dropout: bool, head: Head, width: float) -> nn.Module:
    line = Line(name, picture(name, shape, least=6), width)
    line.conv(32, 3)
    line.conv(64, 3)
    line.pool()
    if dropout:
        line.dropout(0.25)
    line.flatten()
    line.linear(128)
    if dropout:
        line.dropout(0.5)
    return line.network(classes, head)


@network("mlgroup-flowers-cnn", reference=_MLGROUP, home=(3, 180, 180))
def mlgroup_flowers_cnn(shape: tuple[int, ...], classes: int, head: Head = "logits", width: float = 1.0) -> nn.Module:
    """Three convolutions, two with batch norm, and a layer of 32 units; at 180x180 8,302,804 weights.

    Nearly all of them lie in the first fully connected layer. Published with `head: tanh`, which for 5 classes holds
    the cross-entropy above 0.4327.
    """
    line = Line("mlgroup-flowers-cnn", picture("mlgroup-flowers-cnn", shape, least=2), width)
    line.conv(12, 3, padding=1, norm=True)
    line.pool()
    line.conv(20, 3, padding=1)
    line.conv(32, 3, padding=1, norm=True)
    line.flatten()
    line.linear(32)
    return line.network(classes, head)


@network("forai-cnn", reference="Lange: for.AI challenge", home=(1, 28, 28))
def forai_cnn(shape: tuple[int, ...], classes: int, head: Head = "logits", width: float = 1.0) -> nn.Module:
    """Six convolutions and layers of 500 and 200 units, with dropout; on MNIST 1,814,160 weights.

    A quarter is dropped after every hidden layer and once more after flattening. Fully connected layers have no biases.
    Published with `head: softmax`, which holds the cross-entropy above 1.4612.
    """
    line = Line("forai-cnn", picture("forai-cnn", shape, least=5), width)
    for channels, window, stride, padding in (
        (32, 5, 1, 2),
        (32, 5, 1, 2),
        (32, 5, 2, 0),
        (64, 3, 1, 2),
        (64, 3, 1, 2),
        (64, 3, 2, 0),
    ):
        line.conv(channels, window, stride=stride, padding=padding)
        line.dropout(0.25)
    line.flatten()
    line.dropout(0.25)
    for units in (500, 200):
        line.linear(units, bias=False)
        line.dropout(0.25)
    return line.network(classes, head, bias=False)
