"""Residual networks for small images: that of the paper for CIFAR-10, and that for ImageNet fitted to CIFAR-10."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from bench.errors import UserError
from bench.models.base import picture
from bench.models.widths import all_scaled
from bench.registry import network

Shortcut = Literal["conv", "pad"]

_PAPER = "He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition (2016)"


class Pad(nn.Module):
    """Every other pixel, with channels of zeros behind: a shortcut without weights."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self._channels = channels
        self._stride = stride

    def forward(self, inputs: Tensor) -> Tensor:
        pixels = inputs[:, :, :: self._stride, :: self._stride]
        return functional.pad(pixels, (0, 0, 0, 0, 0, self._channels))


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut: Shortcut) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = _shortcut(inputs, outputs, stride, shortcut)
        self.relu2 = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.relu1(self.norm1(self.conv1(inputs)))
        outputs: Tensor = self.relu2(self.norm2(self.conv2(hidden)) + self.shortcut(inputs))
        return outputs


def _shortcut(inputs: int, outputs: int, stride: int, kind: Shortcut) -> nn.Module:
    if inputs == outputs and stride == 1:
        return nn.Identity()
    if kind == "pad":
        return Pad(outputs - inputs, stride)
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm=nn.BatchNorm2d(outputs))
    )


def _resnet(
    name: str, shape: tuple[int, ...], classes: int, sizes: tuple[int, ...], blocks: int, shortcut: Shortcut
) -> nn.Module:
    """So many blocks for each number of channels; the image halves from one number to the next."""
    if shortcut not in ("conv", "pad"):
        raise UserError(f"{name}: shortcut is {shortcut!r}; give 'conv' or 'pad'")
    channels, _, _ = picture(name, shape)
    inputs = sizes[0]
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(channels, inputs, 3, padding=1, bias=False), norm1=nn.BatchNorm2d(inputs), relu1=nn.ReLU()
    )
    for stage, outputs in enumerate(sizes, start=1):
        row: OrderedDict[str, nn.Module] = OrderedDict()
        for block in range(1, blocks + 1):
            row[f"block{block}"] = Block(inputs, outputs, 2 if block == 1 and stage > 1 else 1, shortcut)
            inputs = outputs
        layers[f"stage{stage}"] = nn.Sequential(row)
    layers["average"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["output"] = nn.Linear(inputs, classes)
    return nn.Sequential(layers)


@network("resnet-20", reference=_PAPER, home=(3, 32, 32))
def resnet_20(shape: tuple[int, ...], classes: int, shortcut: Shortcut = "conv", width: float = 1.0) -> nn.Module:
    """Nine residual blocks of 16, 32 and 64 channels; on CIFAR-10 270,896 weights.

    Where the number of channels doubles, the shortcut is a convolution with batch norm, as in the pruning literature.
    The paper pads with zeros there: `shortcut: pad`, 268,336 weights.
    """
    return _resnet("resnet-20", shape, classes, all_scaled((16, 32, 64), width), 3, shortcut)


@network("resnet-32", reference=_PAPER, home=(3, 32, 32))
def resnet_32(shape: tuple[int, ...], classes: int, shortcut: Shortcut = "conv", width: float = 1.0) -> nn.Module:
    """Fifteen residual blocks of 16, 32 and 64 channels; on CIFAR-10 464,432 weights.

    With `shortcut: pad`, as in the paper, 461,872 weights.
    """
    return _resnet("resnet-32", shape, classes, all_scaled((16, 32, 64), width), 5, shortcut)


@network("resnet-56", reference=_PAPER, home=(3, 32, 32))
def resnet_56(shape: tuple[int, ...], classes: int, shortcut: Shortcut = "conv", width: float = 1.0) -> nn.Module:
    """Twenty-seven residual blocks of 16, 32 and 64 channels; on CIFAR-10 851,504 weights.

    With `shortcut: pad`, as in the paper, 848,944 weights.
    """
    return _resnet("resnet-56", shape, classes, all_scaled((16, 32, 64), width), 9, shortcut)


@network("resnet-18", reference=_PAPER, home=(3, 32, 32))
def resnet_18(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """The paper's network for ImageNet, fitted to small images: 64 to 512 channels; on CIFAR-10 11,164,352 weights.

    It begins with a convolution of 3x3 in place of one of 7x7 and pooling. What the lottery-ticket paper calls
    ResNet-18 is `resnet-20`.
    """
    return _resnet("resnet-18", shape, classes, all_scaled((64, 128, 256, 512), width), 2, "conv")
