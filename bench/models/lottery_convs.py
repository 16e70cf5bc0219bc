"""The small convolutional networks of the lottery-ticket paper: VGG cut short."""

from __future__ import annotations

from torch import nn

from bench.models.base import picture
from bench.models.line import Line
from bench.registry import network

_PAPER = "Frankle, Carbin: The Lottery Ticket Hypothesis (2019)"


def _convs(name: str, shape: tuple[int, ...], classes: int, stages: tuple[int, ...], width: float) -> nn.Module:
    """Two convolutions and a pooling a stage. The padding keeps sizes, so that each stage halves them."""
    line = Line(name, picture(name, shape, least=2 ** len(stages)), width)
    for channels in stages:
        line.conv(channels, 3, padding=1)
        line.conv(channels, 3, padding=1)
        line.pool()
    line.flatten()
    line.linear(256)
    line.linear(256)
    return line.network(classes)


@network("conv-2", reference=_PAPER, home=(3, 32, 32))
def conv_2(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Two convolutions of 64 filters and two layers of 256 units; on CIFAR-10 4,300,992 weights."""
    return _convs("conv-2", shape, classes, (64,), width)


@network("conv-4", reference=_PAPER, home=(3, 32, 32))
def conv_4(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Conv-2 with two convolutions of 128 filters more; on CIFAR-10 2,425,024 weights."""
    return _convs("conv-4", shape, classes, (64, 128), width)


@network("conv-6", reference=_PAPER, home=(3, 32, 32))
def conv_6(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Conv-4 with two convolutions of 256 filters more; on CIFAR-10 2,261,184 weights.

    The paper's table says 1.7 million, of which 1.1 million in the convolutions. The second number fits the layers that
    it lists, the first does not.
    """
    return _convs("conv-6", shape, classes, (64, 128, 256), width)
