"""LeNet-5 in the form that the literature on pruning uses."""

from __future__ import annotations

from torch import nn

from bench.models.base import picture
from bench.models.line import Line
from bench.registry import network


@network(
    "lenet-5",
    reference="LeCun, Bottou, Bengio, Haffner: Gradient-based learning (1998), in the sizes of Caffe",
    aliases=("lenet-5-caffe",),
    home=(1, 28, 28),
)
def lenet_5(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Two convolutions of 20 and 50 filters and a layer of 500 units; on MNIST 430,500 weights.

    These are Caffe's sizes, which papers on pruning mean by LeNet-5; that of 1998 has 6 and 16 filters and layers of
    120 and 84 units. A ReLU follows every hidden layer here; in Caffe's own file none follows the convolutions.
    """
    line = Line("lenet-5", picture("lenet-5", shape, least=16), width)
    line.conv(20, 5)
    line.pool()
    line.conv(50, 5)
    line.pool()
    line.flatten()
    line.linear(500)
    return line.network(classes)
