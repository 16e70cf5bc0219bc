"""Stand-ins for sets of photos: drawn flowers (bench/data/drawing.py) in the numbers and sizes that take their place.

Nothing that is measured on them says anything about the data sets whose place they take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from bench.data.base import DataInfo, Dataset, Scale, Tensors, as_tensors
from bench.data.drawing import WEAVES, Kind, Style, draw
from bench.data.policy import DataPolicy
from bench.data.prepared import prepared
from bench.recipe import digest

_PREPARATION = 1  # raised when the same sets become other pictures
_LONG = 20_000_000  # pixels that take about half a second to draw: from here on they are kept

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """What is drawn for a stand-in. The classes take turns, so that every piece of the set has its share of each."""

    name: str
    title: str
    kinds: tuple[Kind, ...]  # of the classes
    style: Style
    count: int

    @property
    def labels(self) -> Integers:
        return np.arange(self.count) % len(self.kinds)

    def draw(self, size: int) -> npt.NDArray[np.uint8]:
        return draw(self.name, self.kinds, self.labels, size, self.style)


def open_drawn(
    made: Drawn,
    policy: DataPolicy,
    *,
    size: int,
    counts: Mapping[str, int],
    parts: Callable[[int], Mapping[str, Integers]],
    scale: tuple[Scale, Scale],
    shown: int | None = None,
    rows: tuple[str, Integers] | None = None,
) -> Dataset:
    """The stand-in at `size` pixels a side, of which a network gets `shown`; of some rows only, under their name."""
    side = shown or size
    name, chosen = rows or (made.name, np.arange(made.count))
    content = digest(["drawn", _PREPARATION, made.name, size])
    info = DataInfo(
        name=name,
        shape=(1 if made.kinds[0].hue is None else 3, side, side),
        classes=len(made.kinds),
        counts=counts,
        fingerprint=digest([content, name]),
        source=made.title,
        standin=True,
        class_names=tuple(kind.words for kind in made.kinds),
    )

    def load() -> Tensors:
        def make() -> dict[str, npt.NDArray[np.uint8]]:
            return {"inputs": made.draw(size)}

        pixels = (prepared(policy, content, make) if made.count * size * size >= _LONG else make())["inputs"]
        if rows is not None:
            pixels = pixels[chosen]
        return as_tensors(pixels, made.labels[chosen], *scale)

    return Dataset(info, load, parts)


CIFAR10_STANDIN = Drawn(
    name="cifar10-standin",
    title="drawn flowers of ten kinds",
    kinds=tuple(
        Kind(petals, weave, number / 10) for number, (petals, weave) in enumerate(product((0, 2, 3, 4, 5), WEAVES[:2]))
    ),
    style=Style(hues=0.4, turn=0.25, noise=0.1, contrast=0.2),
    count=12_000,
)

FLOWERS_STANDIN = Drawn(
    name="flowers-standin",
    title="drawn flowers of five kinds",
    kinds=(
        Kind(0, "rings", 0.0),
        Kind(3, "stripes", 0.2),
        Kind(4, "checks", 0.4),
        Kind(5, "rays", 0.6),
        Kind(8, "rings", 0.8),
    ),
    style=Style(hues=0.45, turn=1.0, noise=0.1, contrast=0.2),
    count=1_500,
)

FLOWERS102_STANDIN = Drawn(
    name="flowers102-standin",
    title="drawn flowers of 102 kinds",
    kinds=tuple(
        Kind(petals, weave, hue / 6) for hue in range(6) for petals, weave in list(product((0, 3, 5, 8), WEAVES))[:17]
    ),
    style=Style(hues=0.15, turn=0.25, noise=0.06, contrast=0.25),
    count=4_080,
)

GOT_FACES_STANDIN = Drawn(
    name="got-faces-standin",
    title="drawn grey flowers of seven kinds",
    kinds=(
        Kind(0, "rings"),
        Kind(0, "stripes"),
        Kind(2, "checks"),
        Kind(3, "rays"),
        Kind(4, "rings"),
        Kind(5, "stripes"),
        Kind(3, "plain"),
    ),
    style=Style(hues=1.0, turn=0.15, noise=0.1, contrast=0.2),
    count=700,
)
