"""Writing down a network whose layers stand in a line, for images of any size."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from bench.models.heads import Head, head_layers
from bench.models.widths import scaled


class Line:
    """Adds layer after layer. It follows the shape of what flows through, so that each layer fits the one before."""

    def __init__(self, name: str, picture: tuple[int, int, int], width: float = 1.0) -> None:
        self._name = name
        self._width = width  # all hidden layers have so many times the channels or units that they are given
        self._channels, self._rows, self._columns = picture
        self._layers: OrderedDict[str, nn.Module] = OrderedDict()
        self._counts: dict[str, int] = {}

    def conv(self, channels: int, window: int, *, stride: int = 1, padding: int = 0, norm: bool = False) -> None:
        """A convolution, batch norm if asked for, and ReLU."""
        channels = scaled(channels, self._width)
        self._add("conv", nn.Conv2d(self._channels, channels, window, stride, padding))
        if norm:
            self._layers[f"norm{self._counts['conv']}"] = nn.BatchNorm2d(channels)
        self._add("relu", nn.ReLU())
        self._channels = channels
        self._rows = (self._rows + 2 * padding - window) // stride + 1
        self._columns = (self._columns + 2 * padding - window) // stride + 1

    def pool(self) -> None:
        """The largest of each 2x2 pixels; an odd row or column at the end is left out."""
        self._add("pool", nn.MaxPool2d(2))
        self._rows //= 2
        self._columns //= 2

    def dropout(self, rate: float) -> None:
        self._add("dropout", nn.Dropout(rate))

    def flatten(self) -> None:
        self._layers["flatten"] = nn.Flatten()
        self._channels *= self._rows * self._columns
        self._rows = self._columns = 1

    def linear(self, units: int, *, bias: bool = True) -> None:
        """A fully connected layer and ReLU."""
        units = scaled(units, self._width)
        self._add("fc", nn.Linear(self._channels, units, bias=bias))
        self._add("relu", nn.ReLU())
        self._channels = units

    def network(self, classes: int, head: Head = "logits", *, bias: bool = True) -> nn.Module:
        """The network, after the output layer and what bounds its outputs."""
        self._layers["output"] = nn.Linear(self._channels, classes, bias=bias)
        self._layers.update(head_layers(self._name, head))
        return nn.Sequential(self._layers)

    def _add(self, kind: str, layer: nn.Module) -> None:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._layers[f"{kind}{self._counts[kind]}"] = layer
