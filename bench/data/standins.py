"""Images made from a fixed seed, for where the real ones can not be had: 28x28, grey, ten classes, 12,000 to train on.

They can be learned, and a small network learns them clearly better than a linear model does. Nothing that is measured
on them says anything about the data sets whose place they take, so they have names of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench import random
from bench.data.bundled import read_digits

_SIDE = 28
_PIXELS = _SIDE * _SIDE
_CHUNK = 1_000  # images made at once

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StandIn:
    """How a stand-in is made. Its images lie in the order of their originals, those for training first."""

    name: str
    title: str
    originals: int  # to train on
    copies: int  # images that are made of each original; never in two parts of a split
    test: int  # test images, made from other originals
    class_names: tuple[str, ...]
    content: Callable[[], str]  # a hash of what the images are made from
    draw: Callable[[], tuple[Images, Integers]]  # all images and their labels


def _digits_content() -> str:
    digest = hashlib.sha256()
    for array in read_digits():
        digest.update(array.tobytes())
    return digest.hexdigest()


def enlarged_digits() -> tuple[Images, Integers]:
    """scikit-learn's digits, each enlarged in eight ways: moved, slanted, scaled, with noise.

    Per class 150 originals make the training images and 24 others the test images.
    """
    originals, labels = read_digits()
    training: list[int] = []
    test: list[int] = []
    for digit in range(10):
        (members,) = np.nonzero(labels == digit)
        members = members[random.permutation(0, "mnist-standin", "originals", digit, n=len(members))]
        training += members[:150].tolist()
        test += members[150:174].tolist()
    chosen = np.repeat(np.array(training + test), 8)
    pieces = [chosen[start : start + _CHUNK] for start in range(0, len(chosen), _CHUNK)]
    images = np.concatenate([_enlarged(originals[piece], number) for number, piece in enumerate(pieces)])
    return images, labels[chosen]


def _enlarged(originals: npt.NDArray[np.uint8], chunk: int) -> Images:
    """8x8 digits as 28x28 images, by bilinear interpolation along randomly slanted axes."""
    n = len(originals)
    place = random.uniform(0, "mnist-standin", "place", chunk, shape=(6, n, 1, 1)) * 2 - 1
    height, width = 2.5 + 0.3 * place[0], 2.3 + 0.3 * place[1]
    row, column = np.arange(_SIDE).reshape(1, -1, 1), np.arange(_SIDE).reshape(1, 1, -1)
    down = row - (13.5 + 2.0 * place[2])
    across = column - (13.5 + 2.0 * place[3]) + 0.3 * place[4] * down
    # The border of zeros makes what lies outside of the original dark.
    padded = np.pad(originals.astype(np.float64) / 16, ((0, 0), (1, 1), (1, 1)))
    y = np.clip(np.broadcast_to(down / height + 4.5, (n, _SIDE, _SIDE)), 0, 8.999)
    x = np.clip(np.broadcast_to(across / width + 4.5, (n, _SIDE, _SIDE)), 0, 8.999)
    top, left = y.astype(np.int64), x.astype(np.int64)
    y, x = y - top, x - left
    flat, base = padded.reshape(-1), np.arange(n).reshape(-1, 1, 1) * 100 + top * 10 + left
    upper = flat[base] * (1 - x) + flat[base + 1] * x
    lower = flat[base + 10] * (1 - x) + flat[base + 11] * x
    ink = upper * (1 - y) + lower * y
    return _bytes(ink * (0.8 + 0.2 * place[5]) + _noise("mnist-standin", chunk, n, 0.15))


def woven_shapes() -> tuple[Images, Integers]:
    """Five outlines, each in two weaves: stripes along or across, whose phase and contrast are drawn for each image.

    The outline shows in the mean of the pixels, the weave does not: only products of pixels tell it.
    """
    labels = np.arange(14_000) % 10
    pieces = [labels[start : start + _CHUNK] for start in range(0, len(labels), _CHUNK)]
    return np.concatenate([_woven(piece, number) for number, piece in enumerate(pieces)]), labels


def _woven(labels: Integers, chunk: int) -> Images:
    n = len(labels)
    place = random.uniform(0, "fmnist-standin", "place", chunk, shape=(6, n, 1, 1))
    row, column = np.arange(_SIDE).reshape(1, -1, 1), np.arange(_SIDE).reshape(1, 1, -1)
    down = row - (13.5 + 2 * (2 * place[0] - 1))
    across = column - (13.5 + 2 * (2 * place[1] - 1))
    outline = (labels // 2).reshape(-1, 1, 1)
    y, x = np.abs(down), np.abs(across)
    inside = np.select(
        [outline == 0, outline == 1, outline == 2, outline == 3],
        [
            (x < 5) & (y < 12) | (x < 12) & (np.abs(down + 8) < 4),  # a shirt
            (y < 12) & (x > 1) & (x < 7),  # trousers
            (y < 5) & (x < 12) | (np.abs(across - 8) < 4) & (down > -10) & (down < 5),  # a boot
            (y < 9) & (x < 11),  # a bag
        ],
        (y < 12) & (x < 3 + (down + 12) / 3),  # a dress
    )
    along = np.where((labels % 2).reshape(-1, 1, 1) == 0, np.broadcast_to(down, (n, _SIDE, _SIDE)), across)
    period = 4.0 + 3.0 * place[2]
    wave = np.abs(((along / period + place[3]) % 1.0) * 4 - 2) - 1  # a triangular wave between -1 and 1
    cloth = 0.5 + (0.05 + 0.35 * place[4]) * wave
    return _bytes(inside * cloth * (0.7 + 0.3 * place[5]) + _noise("fmnist-standin", chunk, n, 0.35))


def _noise(name: str, chunk: int, n: int, size: float) -> Floats:
    """Independent noise for each pixel, between -size and size."""
    raw = random.words(0, name, "noise", chunk, count=n * _PIXELS // 8)
    # Little-endian, so that the bytes come in the same order on every machine.
    return (raw.astype("<u8").view(np.uint8).reshape(n, _SIDE, _SIDE) / 127.5 - 1.0) * size


def _bytes(brightness: Floats) -> Images:
    return np.floor(np.clip(brightness, 0, 1) * 255 + 0.5).astype(np.uint8)


MNIST_STANDIN = StandIn(
    name="mnist-standin",
    title="scikit-learn's handwritten digits, enlarged",
    originals=1_500,
    copies=8,
    test=1_920,
    class_names=tuple(str(digit) for digit in range(10)),
    content=_digits_content,
    draw=enlarged_digits,
)

FMNIST_STANDIN = StandIn(
    name="fmnist-standin",
    title="drawn outlines of clothes in two weaves",
    originals=12_000,
    copies=1,
    test=2_000,
    class_names=tuple(
        f"{outline}, striped {way}"
        for outline in ("shirt", "trousers", "boot", "bag", "dress")
        for way in ("across", "along")
    ),
    content=lambda: hashlib.sha256(b"woven shapes").hexdigest(),
    draw=woven_shapes,
)
