"""Copies of a photo find each other: smaller, recoloured, cropped, mirrored. Other photos stay apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy.fft import dctn

from bench import random
from bench.data.faces.detecting import Face
from bench.data.faces.likeness import NEAR, Hashes, distances, hashes, near_groups

FACE = Face(100, 60, 180, 160, 1.0)


def photo(seed: int) -> Image.Image:
    """Soft blots: natural pictures too have most of their contrast in what is large."""
    made = np.zeros((240, 320, 3))
    for cells, weight in ((4, 0.5), (8, 0.3), (16, 0.2)):
        coarse = random.uniform(seed, "blots", cells, shape=(3, cells, cells))
        layers = [
            np.asarray(Image.fromarray((layer * 255).astype(np.uint8)).resize((320, 240), Image.Resampling.BICUBIC))
            for layer in coarse
        ]
        made += np.stack(layers, axis=-1) * weight
    return Image.fromarray(made.astype(np.uint8))


def hashed(image: Image.Image, face: Face = FACE) -> Hashes:
    return hashes(image.convert("L"), face)


def apart(one: Hashes, other: Hashes) -> int:
    """As grouping takes it: from either side."""
    return int(
        min(distances(one[np.newaxis], other[np.newaxis])[0, 0], distances(other[np.newaxis], one[np.newaxis])[0, 0])
    )


def shifted(face: Face, right: int, down: int) -> Face:
    return Face(face.left + right, face.top + down, face.right + right, face.bottom + down, face.confidence)


Copy = tuple[Callable[[Image.Image], Image.Image], Face]

COPIES: dict[str, Copy] = {
    "itself": (lambda image: image, FACE),
    "box off by some pixels": (lambda image: image, shifted(FACE, 4, -3)),
    "half as large": (lambda image: image.resize((160, 120), Image.Resampling.BILINEAR), Face(50, 30, 90, 80, 1)),
    "cropped": (lambda image: image.crop((60, 20, 220, 200)), shifted(FACE, -60, -20)),
    "mirrored": (ImageOps.mirror, Face(320 - 180, 60, 320 - 100, 160, 1)),
    "brighter": (lambda image: image.point(lambda value: 255 * (value / 255) ** 0.6), FACE),
    "bluish and dark": (lambda image: Image.fromarray((np.asarray(image) * [0.5, 0.6, 0.9]).astype(np.uint8)), FACE),
    "grey": (lambda image: image.convert("L").convert("RGB"), FACE),
}


@pytest.mark.parametrize("change", COPIES)
def test_copies_are_near(change: str) -> None:
    changed, face = COPIES[change]
    for seed in range(5):
        original = photo(seed)
        assert apart(hashed(original), hashed(changed(original), face)) <= NEAR
    assert apart(hashed(photo(0)), hashed(photo(0))) == 0


def test_other_photos_are_far() -> None:
    every = np.stack([hashed(photo(seed)) for seed in range(40)])
    between = distances(every, every)
    assert (np.diag(between) == 0).all()
    assert between[~np.eye(40, dtype=bool)].min() > NEAR
    assert near_groups(every).tolist() == list(range(40))


def test_a_mirror_image_has_the_same_frequencies_the_odd_ones_turned_round() -> None:
    original = photo(3)
    mirrored = hashed(ImageOps.mirror(original), Face(320 - 180, 60, 320 - 100, 160, 1))
    assert apart(hashed(original), mirrored) <= 6  # but for a few that are nearly 0, and resizing


def test_the_bits_are_the_signs_of_scipy_s_cosine_transform() -> None:
    image = photo(1).convert("L")
    square = Face(100, 60, 180, 140, 1.0)
    small = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR, (100, 60, 180, 140)), dtype=np.float64)
    # SciPy's transform has twice our scale along each side.
    expected = dctn(small, type=2)[:16, :16] / 4 > 1.0
    expected[0, 0] = False
    assert (hashes(image, square)[0, 0] == np.packbits(expected)).all()


@pytest.mark.parametrize(
    "face", [Face(-30, -40, 60, 50, 1.0), Face(300, 200, 400, 330, 1.0), Face(-50, -50, 400, 300, 1.0)]
)
def test_a_box_may_exceed_its_photo(face: Face) -> None:
    assert hashed(photo(2), face).any()


def test_a_plain_picture_has_no_signs() -> None:
    assert not hashed(Image.new("RGB", (200, 200), (90, 110, 120)), Face(20, 20, 90, 90, 1.0)).any()


def test_groups_join_what_is_near_by_way_of_others() -> None:
    def with_bits(count: int) -> Hashes:
        bits = np.zeros(256, bool)
        bits[1 : 1 + count] = True
        made = np.empty((2, 27, 32), np.uint8)
        made[:] = np.packbits(bits)
        return made

    chain = np.stack([with_bits(0), with_bits(NEAR), with_bits(2 * NEAR), with_bits(2 * NEAR + NEAR + 1)])
    assert near_groups(chain).tolist() == [0, 0, 0, 1]
    assert near_groups(chain[[3, 0, 2, 1]]).tolist() == [0, 1, 1, 1]
    assert near_groups(np.empty((0, 2, 27, 32), np.uint8)).tolist() == []
    assert near_groups(np.concatenate([chain] * 150)).tolist() == [0, 0, 0, 1] * 150
