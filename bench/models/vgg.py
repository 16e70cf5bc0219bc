"""VGG networks with batch norm, in the form for small images that the pruning literature uses."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from bench.models.base import picture
from bench.models.widths import all_scaled
from bench.registry import network

_PAPER = (
    "Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition (2015); "
    "for CIFAR-10 as in Frankle, Dziugaite, Roy, Carbin (2020)"
)


def _vgg(
    name: str, shape: tuple[int, ...], classes: int, stages: tuple[tuple[int, ...], ...], width: float
) -> nn.Module:
    """Convolutions in stages with pooling between them; the average over the image goes to the output layer."""
    inputs, _, _ = picture(name, shape, least=2 ** (len(stages) - 1))
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    number = 0
    for stage, sizes in enumerate(stages):
        if stage:
            layers[f"pool{stage}"] = nn.MaxPool2d(2)
        for outputs in all_scaled(sizes, width):
            number += 1
            # The biases do nothing before a batch norm, but the published networks have them and count them.
            layers[f"conv{number}"] = nn.Conv2d(inputs, outputs, 3, padding=1)
            layers[f"norm{number}"] = nn.BatchNorm2d(outputs)
            layers[f"relu{number}"] = nn.ReLU()
            inputs = outputs
    layers["average"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["output"] = nn.Linear(inputs, classes)
    return nn.Sequential(layers)


@network("vgg-11-bn", reference=_PAPER, home=(3, 32, 32))
def vgg_11_bn(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Eight convolutions of 64 to 512 channels and one linear layer; on CIFAR-10 9,222,848 weights."""
    return _vgg("vgg-11-bn", shape, classes, ((64,), (128,), (256,) * 2, (512,) * 2, (512,) * 2), width)


@network("vgg-16-bn", reference=_PAPER, home=(3, 32, 32))
def vgg_16_bn(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Thirteen convolutions of 64 to 512 channels and one linear layer; on CIFAR-10 14,715,584 weights."""
    return _vgg("vgg-16-bn", shape, classes, ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3), width)
