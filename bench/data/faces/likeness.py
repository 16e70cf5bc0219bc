"""Which faces come from one photo: crops, recolourings and mirror images of it that lie around under other names.

A face is compared by perceptual hashes: the signs of the 255 lowest frequencies of its brightness. They survive
other colours, sizes and compression. The detector's box differs by a few pixels from copy to copy, so each face is
hashed at slightly different places and sizes, and the nearest counts. Tight boxes tell close crops, wide ones
tell the same face in another light. A mirror image has the same frequencies, the odd ones across with the sign changed.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.data.faces.detecting import Face

Hashes = npt.NDArray[np.uint8]  # of one face: (margins, variants, bytes), the plain variant first
Integers = npt.NDArray[np.int64]

# So many of the 255 bits may differ. Of 83,028 pairs among 408 faces of 7 people, 135 are this near, and by eye all of
# them show one photo or one scene; of the 25 pairs from 61 to 68, about half do. Faces of two people begin at 69.
# Of 458 copies made by program (mirrored, recoloured, cropped, shrunk, stretched, packed anew), 451 are this near.
NEAR = 60
MARGINS = (0.0, 0.75)
VARIANTS = tuple(product((1.0, 0.9, 1.1), (0.0, -0.06, 0.06), (0.0, -0.06, 0.06)))  # scale, right, down
BYTES = 32
_SIDE = 32  # pixels of what is transformed
_FREQUENCIES = 16  # along each side
_ROWS = 256  # faces that are compared with all others at once
_COSINES = np.cos(np.pi * np.outer(np.arange(_FREQUENCIES), 2 * np.arange(_SIDE) + 1) / (2 * _SIDE))
_ODD = np.packbits(np.tile(np.arange(_FREQUENCIES) % 2 == 1, _FREQUENCIES))


def hashes(grey: Image.Image, face: Face) -> Hashes:
    """The hashes of one face in its photo."""
    made = np.empty((len(MARGINS), len(VARIANTS), BYTES), np.uint8)
    for row, margin in enumerate(MARGINS):
        side = face.side * (1 + margin)
        for column, (scale, right, down) in enumerate(VARIANTS):
            x = (face.left + face.right) / 2 + right * side
            y = (face.top + face.bottom) / 2 + down * side
            made[row, column] = _hash(grey, x, y, side * scale / 2)
    return made


def _hash(grey: Image.Image, x: float, y: float, reach: float) -> Hashes:
    width, height = grey.size
    # At least a pixel, also where a box that exceeds its photo was moved outward.
    left, top = min(max(0.0, x - reach), width - 1.0), min(max(0.0, y - reach), height - 1.0)
    box = (left, top, max(left + 1, min(width, x + reach)), max(top + 1, min(height, y + reach)))
    pixels = np.asarray(grey.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=box), dtype=np.float64)
    bits = _COSINES @ pixels @ _COSINES.T > 1.0  # nearly 0 counts as no sign at all: rounding must not decide
    bits[0, 0] = False  # the mean brightness
    return np.packbits(bits)


def distances(some: Hashes, others: Hashes) -> Integers:
    """In how many bits each of some faces differs from each of the others, at the best."""
    mirrored = some[:, :, 0] ^ _ODD
    nearest = np.full((len(some), len(others)), 8 * BYTES, np.int64)
    for margin in range(len(MARGINS)):
        for plain in (some[:, margin, 0], mirrored[:, margin]):
            words = np.ascontiguousarray(plain).view(np.uint64)
            for variant in range(len(VARIANTS)):
                other = np.ascontiguousarray(others[:, margin, variant]).view(np.uint64)
                differing = np.zeros((len(some), len(others)), np.int64)
                for word in range(words.shape[1]):
                    differing += np.bitwise_count(words[:, word, None] ^ other[None, :, word])
                np.minimum(nearest, differing, out=nearest)
    return nearest


def near_groups(faces: Hashes) -> Integers:
    """A number for each face; those that are near each other, also by way of others, have the same."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(faces):
        return np.empty(0, np.int64)
    rows: list[Integers] = []
    columns: list[Integers] = []
    for start in range(0, len(faces), _ROWS):
        row, column = np.nonzero(distances(faces[start : start + _ROWS], faces) <= NEAR)
        rows.append(row + start)
        columns.append(column)
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = coo_array((np.ones(len(row), np.int8), (row, column)), shape=(len(faces), len(faces)))
    _, numbers = connected_components(graph, directed=False)
    return np.asarray(numbers, dtype=np.int64)
