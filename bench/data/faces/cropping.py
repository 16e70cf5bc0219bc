"""Cutting a face out of its photo."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.data.faces.detecting import Face
from bench.data.faces.settings import SIDE

Pixels = npt.NDArray[np.uint8]


def cut_out(grey: Image.Image, face: Face, margin: float) -> Pixels:
    """The square around a face, (SIDE, SIDE)."""
    box = square(grey.size, face, margin)
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box), dtype=np.uint8)


def square(size: tuple[int, int], face: Face, margin: float) -> tuple[int, int, int, int]:
    """The box of a face, made square and wider by `margin`.

    At the edge of the photo it is moved inward, and where the photo is narrower, it is made smaller: every pixel is one
    of the photo. The part of a face beyond the edge does not count.
    """
    width, height = size
    left, right = max(0, face.left), min(width, face.right)
    top, bottom = max(0, face.top), min(height, face.bottom)
    side = min(round(max(right - left, bottom - top) * (1 + margin)), width, height)
    x = min(max((left + right - side) // 2, 0), width - side)
    y = min(max((top + bottom - side) // 2, 0), height - side)
    return x, y, x + side, y + side
