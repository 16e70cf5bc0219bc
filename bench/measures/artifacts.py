"""What figures need of a final state beyond its rows: masks, histograms of weights, a confusion matrix, compressed.

A mask takes a bit a weight, in C order, eight to a byte with the first in the highest bit; all else are numbers of 64
bits, little-endian. zlib goes over both. A random mask at a sparsity of 50 % does not get any smaller by it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bench.models.layout import Layout

# Odd, so that the middle bin has zero in its middle. They divide the range from minus to plus the largest absolute
# weight that is kept, evenly: every kept weight is in one of them.
BINS = 101
# What the masks of a run may take together once compressed: those of eight million weights at the worst.
MOST_MASK_BYTES = 1_000_000
_LEVEL = 6  # of zlib


@dataclass(frozen=True)
class Artifact:
    """One compressed array."""

    kind: Literal["mask", "histogram", "confusion"]
    name: str  # of the layer; empty for the whole network
    position: int  # of the layer in the network
    dtype: Literal["bool", "int64"]
    shape: tuple[int, ...]
    codec: Literal["bits+zlib", "zlib"]
    content: bytes | None  # None where the masks of the run would take too much
    scale: float | None = None  # of a histogram: the largest absolute weight


def artifacts_of(layout: Layout, weights: Tensor, mask: Tensor) -> tuple[Artifact, ...]:
    """The masks of the prunable layers, and the histograms of what is left of their weights."""
    kept = {name: one.numpy() for name, one in layout.weights(mask).items()}
    values = {name: one.numpy() for name, one in layout.weights(weights).items()}
    return *_masks(kept), *_histograms(values)


def packed_mask(mask: NDArray[np.bool_]) -> bytes:
    """A bit a weight, compressed."""
    return zlib.compress(np.packbits(mask).tobytes(), _LEVEL)


def confusion(labels: Tensor, answers: Tensor, classes: int) -> Artifact:
    """How often each class, a row each, was answered with each class, a column each."""
    places = labels.numpy().astype(np.int64) * classes + answers.numpy()
    counts = np.bincount(places, minlength=classes * classes).reshape(classes, classes)
    return _numbers("confusion", "", 0, counts)


def _masks(masks: Mapping[str, NDArray[np.bool_]]) -> list[Artifact]:
    """Those of the smallest layers first, as long as there is room; the others are there without their content."""
    left = MOST_MASK_BYTES
    contents: dict[str, bytes | None] = {}
    for name, mask in sorted(masks.items(), key=lambda item: item[1].size):
        content = packed_mask(mask)
        contents[name] = content if len(content) <= left else None
        left -= len(contents[name] or b"")
    return [
        Artifact("mask", name, place, "bool", mask.shape, "bits+zlib", contents[name])
        for place, (name, mask) in enumerate(masks.items())
    ]


def _histograms(weights: Mapping[str, NDArray[Any]]) -> list[Artifact]:
    found = []
    for place, (name, layer) in enumerate(weights.items()):
        kept = layer[layer != 0].astype(np.float64)
        scale = float(np.abs(kept).max(initial=0.0))
        if not np.isfinite(scale):
            continue  # weights without end, as a training that goes astray may leave them, have no range to divide
        range_ = (-scale, scale) if scale else None
        counts = np.histogram(kept, BINS, range_)[0]
        found.append(_numbers("histogram", name, place, counts, scale))
    return found


def _numbers(
    kind: Literal["histogram", "confusion"], name: str, place: int, numbers: NDArray[Any], scale: float | None = None
) -> Artifact:
    content = zlib.compress(numbers.astype("<i8").tobytes(), _LEVEL)
    return Artifact(kind, name, place, "int64", numbers.shape, "zlib", content, scale)
