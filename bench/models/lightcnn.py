"""Light CNNs for faces. In place of ReLU the larger of two filters goes on: the max-feature-map."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from bench.models.base import picture
from bench.models.widths import all_scaled, scaled
from bench.registry import network

_PAPER = "Wu, He, Sun, Tan: A Light CNN for Deep Face Representation with Noisy Labels (2018)"


class MaxFeatureMap(nn.Module):
    """The larger of two maps: each of the first half of the channels against its partner in the second half.

    The layer before it holds both filters, so its weights are prunable as they are; that has twice as many outputs.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        first, second = inputs.chunk(2, dim=1)
        return torch.maximum(first, second)


class Block(nn.Module):
    """Two convolutions beside a connection that passes its input on."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _conv(channels, channels, 3)
        self.max1 = MaxFeatureMap()
        self.conv2 = _conv(channels, channels, 3)
        self.max2 = MaxFeatureMap()

    def forward(self, inputs: Tensor) -> Tensor:
        passed: Tensor = self.max2(self.conv2(self.max1(self.conv1(inputs))))
        return inputs + passed


def _conv(inputs: int, outputs: int, window: int) -> nn.Conv2d:
    """A convolution for a max-feature-map that gives so many outputs; it keeps the size of the image."""
    return nn.Conv2d(inputs, 2 * outputs, window, padding=window // 2)


def _group(inputs: int, outputs: int) -> nn.Module:
    """A convolution within each pixel and one of 3x3."""
    return nn.Sequential(
        OrderedDict(
            conv1=_conv(inputs, inputs, 1),
            max1=MaxFeatureMap(),
            conv2=_conv(inputs, outputs, 3),
            max2=MaxFeatureMap(),
        )
    )


def _blocks(count: int, channels: int) -> nn.Module:
    return nn.Sequential(OrderedDict((f"block{number}", Block(channels)) for number in range(1, count + 1)))


def _light_cnn(name: str, shape: tuple[int, ...], classes: int, blocks: tuple[int, ...], width: float) -> nn.Module:
    """Four groups, each after so many blocks; 256 features describe a face, or so many times the width."""
    channels, rows, columns = picture(name, shape, least=8)
    inputs, features = scaled(48, width), scaled(256, width)
    layers: OrderedDict[str, nn.Module] = OrderedDict(conv1=_conv(channels, inputs, 5), max1=MaxFeatureMap())
    for number, outputs in enumerate(all_scaled((96, 192, 128, 128), width), start=1):
        if number < 4:
            layers[f"pool{number}"] = nn.MaxPool2d(2, ceil_mode=True)
        if blocks:
            layers[f"stage{number}"] = _blocks(blocks[number - 1], inputs)
        layers[f"group{number}"] = _group(inputs, outputs)
        inputs = outputs
    layers["pool4"] = nn.MaxPool2d(2, ceil_mode=True)
    for _ in range(4):  # each pooling halves the image; half a pixel counts as a whole one
        rows, columns = -(-rows // 2), -(-columns // 2)
    layers["flatten"] = nn.Flatten()
    layers["fc1"] = nn.Linear(inputs * rows * columns, 2 * features)
    layers["max2"] = MaxFeatureMap()
    layers["dropout"] = nn.Dropout(0.5)
    layers["output"] = nn.Linear(features, classes)
    return nn.Sequential(layers)


@network("lightcnn-9", reference=f"Castex: PruNet, after {_PAPER}", home=(1, 128, 128))
def lightcnn_9(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Nine convolutions with max-feature-maps; at 128x128 with 8 outputs 5,480,288 weights.

    As PruNet has it, with a dropout of 0.5 before the output layer. PruNet starts it from the initialisation
    `glorot-uniform: {bias: 0.01}`.
    """
    return _light_cnn("lightcnn-9", shape, classes, (), width)


@network("lightcnn-29", reference=_PAPER, home=(1, 128, 128))
def lightcnn_29(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """LightCNN-9 with 1, 2, 3 and 4 residual blocks before its groups; at 128x128 with 8 outputs 12,567,392 weights.

    Layers, their order and the dropout of 0.5 are those of the code that the paper's authors published: 29
    convolutions, 256 features, no batch norm. It takes gray images of 128x128 alone; here conv1 and fc1 fit others too.
    """
    return _light_cnn("lightcnn-29", shape, classes, (1, 2, 3, 4), width)
