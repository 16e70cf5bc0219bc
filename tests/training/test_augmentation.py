"""Crops and flips, against the same moves made one image and one pixel at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.training.augmentation import Chances, Moves, Window, moved
from bench.training.content import Batches, Content
from tests.training.build import CPU, images


def slowly(image: np.ndarray, window: Window, top: int, left: int, mirrored: int) -> np.ndarray:
    """One window, pixel by pixel; what lies outside of the image is black."""
    channels, height, width = image.shape
    taken = np.zeros((channels, window.height, window.width), image.dtype)
    for row in range(window.height):
        for column in range(window.width):
            y, x = top + row, left + column
            if 0 <= y < height and 0 <= x < width:
                shown = window.width - 1 - column if mirrored else column
                taken[:, row, shown] = image[:, y, x]
    return taken


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 17), st.integers(3, 17), st.integers(0, 6), st.integers(0, 6), st.integers(0, 5))
def test_a_batch_is_moved_as_each_image_alone(height: int, width: int, more: int, wider: int, seed: int) -> None:
    window = Window.of((height + more, width + wider), (height, width))
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 2, height + more, width + wider), dtype=np.uint8)
    rows = np.array([0, 4, 4, 2])
    chances = Chances(seed, "crop-flip", window).take(3, len(rows))
    found = moved(torch.from_numpy(pixels), torch.from_numpy(rows), window, Moves(*map(torch.from_numpy, chances)))
    for place, row in enumerate(rows):
        np.testing.assert_array_equal(found[place].numpy(), slowly(pixels[row], window, *chances[:, place]))


def test_cifar_images_move_by_four_pixels_and_flip_half_of_the_time() -> None:
    window = Window.of((32, 32), (32, 32))
    top, left, mirrored = Chances(0, "crop-flip", window).take(0, 50_000)
    for moves in (top, left):
        counts = np.bincount(moves + 4)
        assert len(counts) == 9
        assert abs(counts / 50_000 - 1 / 9).max() < 0.006  # four standard deviations
    assert abs(mirrored.mean() - 0.5) < 0.01
    assert abs(np.corrcoef([top, left, mirrored]) - np.eye(3)).max() < 0.02


def test_a_larger_image_gives_any_part_of_itself_and_no_border() -> None:
    window = Window.of((144, 144), (128, 128))
    top, left, _ = Chances(0, "crop", window).take(0, 5_000)
    assert (top.min(), top.max(), left.min(), left.max()) == (0, 16, 0, 16)


@pytest.mark.parametrize(("kind", "varied"), [("flip", (False, True)), ("crop", (True, False))])
def test_each_kind_does_what_it_says(kind: str, varied: tuple[bool, bool]) -> None:
    top, left, mirrored = Chances(5, kind, Window.of((32, 32), (32, 32))).take(0, 100)
    assert (bool(top.any() and left.any()), bool(mirrored.any())) == varied


def test_moves_belong_to_the_place_in_the_stream() -> None:
    window = Window.of((32, 32), (32, 32))
    whole = Chances(3, "crop-flip", window).take(0, 30_000)
    for start, count in ((0, 7), (8_190, 5), (8_192, 1), (16_000, 9_000)):
        np.testing.assert_array_equal(
            Chances(3, "crop-flip", window).take(start, count), whole[:, start : start + count]
        )
    assert (Chances(4, "crop-flip", window).take(0, 100) != whole[:, :100]).any()


def test_replicas_see_the_same_images_in_any_company() -> None:
    content = Content(images(), CPU)
    together = Batches(content, [1, 2, 1, 1], [0, 5, 0, 9], 7, "crop-flip")
    for row, (seed, order) in enumerate([(1, 0), (2, 5), (1, 0), (1, 9)]):
        alone = Batches(content, [seed], [order], 7, "crop-flip")
        for step in (0, 1, 63, 64, 70):
            inputs, labels = together.at(step)
            own, own_labels = alone.at(step)
            assert torch.equal(inputs[row], own[0])
            assert torch.equal(labels[row], own_labels[0])
    plain = Batches(content, [1], [0], 7)
    assert torch.equal(plain.at(0)[1], together.at(0)[1][:1])  # the same samples, only moved
    assert not torch.equal(plain.at(0)[0], together.at(0)[0][:1])


def test_evaluation_takes_the_middle() -> None:
    dataset = images(shape=(2, 10, 10), shown=6)
    content = Content(dataset, CPU)
    rows = torch.tensor([[3, 1]])
    inputs, _ = content.samples(rows)
    pixels = dataset.tensors().inputs[rows[0]][:, :, 2:8, 2:8].float()
    torch.testing.assert_close(inputs[0], (pixels - 120) * 0.01)


def test_channels_have_a_scale_of_their_own() -> None:
    dataset = images()
    tensors = dataset.tensors()
    object.__setattr__(tensors, "shift", (10.0, 20.0))
    object.__setattr__(tensors, "factor", (0.5, 0.25))
    inputs, _ = Content(dataset, CPU).samples(torch.tensor([[0, 7]]))
    for channel, (shift, factor) in enumerate([(10.0, 0.5), (20.0, 0.25)]):
        raw = tensors.inputs[[0, 7], channel].float()
        torch.testing.assert_close(inputs[0, :, channel], (raw - shift) * factor)
