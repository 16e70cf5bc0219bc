"""A vision transformer for small images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from math import log
from typing import Any

import torch
from torch import Tensor, nn

from bench.errors import UserError
from bench.models.base import picture
from bench.models.widths import scaled
from bench.registry import network


class Patches(nn.Module):
    """Cuts an image into squares, each of which becomes a token, and adds to each a parameter for its position."""

    def __init__(self, channels: int, patch: int, width: int, tokens: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, patch, stride=patch)
        self.position = nn.Parameter(waves(tokens, width))

    def forward(self, images: Tensor) -> Tensor:
        tokens: Tensor = self.conv(images)
        return tokens.flatten(2).transpose(1, 2) + self.position


class Attention(nn.Module):
    """Every token looks at all tokens, in several ways at once."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.mix = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = (self._split(layer(tokens)) for layer in (self.query, self.key, self.value))
        # Written out: the fused kernels of a GPU need not give the same gradient twice.
        weights = (query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5).softmax(dim=-1)
        outputs: Tensor = self.mix((weights @ value).transpose(1, 2).flatten(2))
        return outputs

    def _split(self, tokens: Tensor) -> Tensor:
        """(samples, heads, tokens, numbers of a head)."""
        samples, count, width = tokens.shape
        return tokens.reshape(samples, count, self._heads, width // self._heads).transpose(1, 2)


class Block(nn.Module):
    """Attention, then two linear layers within each token; both beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, 4 * width)
        self.gelu = nn.GELU()
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm1(tokens))
        outputs: Tensor = tokens + self.fc2(self.gelu(self.fc1(self.norm2(tokens))))
        return outputs


class Average(nn.Module):
    """The mean over the tokens."""

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens.mean(dim=1)


def waves(tokens: int, width: int) -> Tensor:
    """Sines and cosines of slower and slower waves along the tokens, (tokens, width): a start alike for every seed."""
    speeds = torch.exp(torch.arange(0, width, 2) * (-log(10000.0) / width))
    angles = torch.arange(tokens)[:, None] * speeds
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)[:, :width]


def _narrowed(options: Mapping[str, Any], width: float) -> dict[str, Any]:
    """The options of the same network with narrower tokens, of which the heads get equal parts."""
    heads = options.get("heads", 3)
    return {**options, "width": heads * scaled(options.get("width", 192) // heads, width)}


@network(
    "vit-tiny",
    reference="Dosovitskiy et al.: An Image is Worth 16x16 Words (2021), as small as DeiT-Ti of Touvron et al. (2021)",
    home=(3, 32, 32),
    narrowed=_narrowed,
)
def vit_tiny(
    shape: tuple[int, ...], classes: int, patch: int = 4, width: int = 192, depth: int = 6, heads: int = 3
) -> nn.Module:
    """A vision transformer of 6 blocks on patches of 4x4 pixels; on CIFAR-10 2,665,344 weights.

    The output layer sees the mean over the tokens, and a token's position is a parameter that starts from sines and
    cosines. `patch: 16` and `depth: 12` make it the published network for images of 224x224.
    """
    if min(patch, width, depth, heads) < 1:
        raise UserError("vit-tiny: patch, width, depth and heads have to be at least 1")
    if width % heads:
        raise UserError(f"vit-tiny: width {width} cannot be shared out among {heads} heads; give a multiple of {heads}")
    channels, rows, columns = picture("vit-tiny", shape, least=patch)
    if rows % patch or columns % patch:
        raise UserError(
            f"vit-tiny: patches of {patch}x{patch} do not fill an image of {rows}x{columns}; "
            "give a patch that divides both"
        )
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["patches"] = Patches(channels, patch, width, (rows // patch) * (columns // patch))
    for number in range(1, depth + 1):
        layers[f"block{number}"] = Block(width, heads)
    layers["norm"] = nn.LayerNorm(width, eps=1e-6)
    layers["average"] = Average()
    layers["output"] = nn.Linear(width, classes)
    return nn.Sequential(layers)
