"""Wide residual networks: fewer layers with more channels, and normalisation before each convolution."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from bench.models.base import picture
from bench.models.widths import scaled
from bench.registry import network

_PAPER = "Zagoruyko, Komodakis: Wide Residual Networks (2016)"


class Block(nn.Module):
    """Two convolutions beside a shortcut, which is a convolution of the normalised input where the size changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        normalised = self.relu1(self.norm1(inputs))
        passed = inputs if self.shortcut is None else self.shortcut(normalised)
        outputs: Tensor = self.conv2(self.relu2(self.norm2(self.conv1(normalised)))) + passed
        return outputs


def _wide_resnet(name: str, shape: tuple[int, ...], classes: int, depth: int, widening: int, width: float) -> nn.Module:
    """Three stages of `widening` times 16, 32 and 64 channels, together with `depth` convolutions in a row."""
    channels, _, _ = picture(name, shape)
    inputs = scaled(16, width)
    layers: OrderedDict[str, nn.Module] = OrderedDict(conv1=nn.Conv2d(channels, inputs, 3, padding=1, bias=False))
    for stage in (1, 2, 3):
        outputs = scaled(2 ** (stage + 3) * widening, width)
        row: OrderedDict[str, nn.Module] = OrderedDict()
        for block in range(1, (depth - 4) // 6 + 1):
            row[f"block{block}"] = Block(inputs, outputs, 2 if block == 1 and stage > 1 else 1)
            inputs = outputs
        layers[f"stage{stage}"] = nn.Sequential(row)
    layers["norm"] = nn.BatchNorm2d(inputs)
    layers["relu"] = nn.ReLU()
    layers["average"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["output"] = nn.Linear(inputs, classes)
    return nn.Sequential(layers)


@network("wrn-22-2", reference=_PAPER, aliases=("wide-resnet-22-2",), home=(3, 32, 32))
def wrn_22_2(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Nine residual blocks of 32, 64 and 128 channels; on CIFAR-10 1,076,912 weights."""
    return _wide_resnet("wrn-22-2", shape, classes, 22, 2, width)


@network("wrn-28-2", reference=_PAPER, aliases=("wide-resnet-28-2",), home=(3, 32, 32))
def wrn_28_2(shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Twelve residual blocks of 32, 64 and 128 channels; on CIFAR-10 1,463,984 weights."""
    return _wide_resnet("wrn-28-2", shape, classes, 28, 2, width)
