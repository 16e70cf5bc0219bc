"""The real detector on drawn faces, and on everything that is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from bench import random
from bench.data.faces.choosing import Lacking, choose
from bench.data.faces.cropping import square
from bench.data.faces.detecting import LONGEST, Detector, Face, mtcnn
from bench.data.faces.settings import DEFAULTS
from bench.data.trees import Images
from tests.data.people import add_face, drawn_face


@pytest.fixture(scope="module")
def detect() -> Detector:
    return mtcnn()


def pixels(image: Image.Image) -> Images:
    return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))


@pytest.mark.parametrize(("size", "centre", "height"), [((200, 160), (90, 80), 90), ((300, 400), (200, 150), 150)])
def test_a_drawn_face_is_found_where_it_is(
    detect: Detector, size: tuple[int, int], centre: tuple[int, int], height: int
) -> None:
    (face,) = detect(pixels(drawn_face(size, centre, height)))
    assert face.confidence > 0.95
    assert (face.left + face.right) / 2 == pytest.approx(centre[0], abs=0.1 * height)
    assert (face.top + face.bottom) / 2 == pytest.approx(centre[1], abs=0.15 * height)
    assert 0.7 * height < face.side < 1.1 * height


def test_the_box_is_in_pixels_of_the_photo_also_where_that_is_large(detect: Detector) -> None:
    small = drawn_face((400, 300), (180, 150), 150)
    (face,) = detect(pixels(small))
    factor = 6
    large = small.resize((400 * factor, 300 * factor), Image.Resampling.BICUBIC)
    assert large.width > 2 * LONGEST
    (found,) = detect(pixels(large))
    for edge in ("left", "top", "right", "bottom"):
        assert getattr(found, edge) == pytest.approx(factor * getattr(face, edge), abs=0.05 * factor * 150)


def test_all_faces_of_a_photo_are_found_and_the_largest_is_chosen(detect: Detector) -> None:
    image = Image.new("RGB", (400, 240), (90, 110, 120))
    for centre, height in (((100, 110), 120), ((300, 100), 60)):
        add_face(image, centre, height)
    faces = detect(pixels(image))
    assert len([face for face in faces if face.confidence >= DEFAULTS.confidence]) == 2
    chosen = choose(faces, DEFAULTS)
    assert isinstance(chosen, Face)
    assert chosen.left < 100 < chosen.right


@pytest.mark.parametrize("size", [(1, 1), (19, 300), (20, 20), (300, 20), (33, 47), (2500, 21), (160, 120)])
def test_what_shows_no_face_has_none(detect: Detector, size: tuple[int, int]) -> None:
    noise = random.uniform(0, "noise", shape=(size[1], size[0], 3)) * 255
    for image in (Image.new("RGB", size), Image.new("RGB", size, "white"), Image.fromarray(noise.astype(np.uint8))):
        assert isinstance(choose(detect(pixels(image)), DEFAULTS), Lacking)


def test_the_same_photo_gives_the_same_boxes_whatever_the_number_of_threads(detect: Detector) -> None:
    photo = pixels(drawn_face((300, 300), (150, 150), 140))
    threads = torch.get_num_threads()
    try:
        found = []
        for number in (1, 2):
            torch.set_num_threads(number)
            found.append(detect(photo))
            assert torch.get_num_threads() == number
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("face", "box"),
    [
        (Face(100, 60, 150, 120, 1), (89, 54, 161, 126)),  # 60 pixels high, a fifth more: 72
        (Face(-20, -10, 40, 50, 1), (0, 0, 60, 60)),  # 50 pixels of it are in the photo
        (Face(260, 160, 330, 230, 1), (252, 152, 300, 200)),
        (Face(10, 10, 290, 190, 1), (50, 0, 250, 200)),  # no larger than the photo
    ],
)
def test_a_square_lies_in_its_photo(face: Face, box: tuple[int, int, int, int]) -> None:
    assert square((300, 200), face, 0.2) == box
