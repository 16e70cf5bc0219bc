"""Sheets of samples: the right samples in the right rows, and no other file written over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.base import Dataset, Tensors, from_arrays
from bench.data.sheets import PER_CLASS, Samples, are_pictures, class_counts, class_names, samples, sheet, write
from bench.errors import UserError

COUNTS = {"train": 60, "validation": 20, "test": 20}


def coloured(names: tuple[str, ...] = ("red", "green"), side: int = 8) -> Dataset:
    """Pictures of one colour each, whose depth is the number of the sample."""
    labels = np.arange(100) % 2
    inputs = np.zeros((100, 3, side, side), np.uint8)
    inputs[np.arange(100), labels] = (155 + np.arange(100)).reshape(-1, 1, 1)
    return from_arrays("coloured", inputs, labels, COUNTS, source="a formula", class_names=names)


def test_samples_are_of_their_class_and_of_the_training_part() -> None:
    dataset = coloured()
    chosen = samples(dataset)
    train = set(dataset.split(0).train.tolist())
    assert chosen.names == ("red", "green")
    for label, row in enumerate(chosen.rows):
        assert row.shape == (PER_CLASS, 3, 8, 8)
        numbers = [int(sample[label].max()) - 155 for sample in row]
        assert numbers == sorted(set(numbers))
        assert set(numbers) <= train
        assert {number % 2 for number in numbers} == {label}
        assert max(numbers) - min(numbers) > 50  # from the whole of the part, not from its beginning


def test_counts_are_those_of_the_split() -> None:
    counts = class_counts(coloured())
    assert counts == {"train": [30, 30], "validation": [10, 10], "test": [10, 10]}


def test_colours_are_where_they_belong() -> None:
    picture = sheet(samples(coloured()), "coloured")
    pixels = np.asarray(picture).astype(int)
    red = (pixels[..., 0] > 120) & (pixels[..., 1] < 20)
    green = (pixels[..., 1] > 120) & (pixels[..., 0] < 20)
    assert np.nonzero(red)[0].max() < np.nonzero(green)[0].min()  # a row below the other
    assert red.sum() == green.sum() == PER_CLASS * 72 * 72  # nine screen pixels a pixel


def test_a_stand_in_is_said_in_red() -> None:
    chosen = samples(coloured(side=4))
    plain, warned = sheet(chosen, "coloured"), sheet(chosen, "coloured", "STAND-IN: not the real data")
    assert warned.height > plain.height
    head = np.asarray(warned)[: warned.height - plain.height + 20]
    assert ((head[..., 0] > 200) & (head[..., 1] < 60)).any()


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 9), (28, 28), (300, 200)])
def test_samples_of_any_size(channels: int, height: int, width: int) -> None:
    row = np.linspace(-1, 1, 2 * channels * height * width).reshape(2, channels, height, width)
    picture = sheet(Samples(("a", "b" * 80), (row, row[:1])), "any")
    assert 0 < picture.width < 3000
    assert 0 < picture.height < 1000


def test_a_class_without_samples_has_an_empty_row() -> None:
    row = np.ones((2, 1, 8, 8))
    with_gap = sheet(Samples(("a", "b"), (row, row[:0])), "gap")
    assert with_gap.height == sheet(Samples(("a", "b"), (row, row)), "gap").height


def test_of_larger_images_the_middle_is_shown() -> None:
    import torch

    dataset = coloured()
    larger = torch.zeros(100, 3, 12, 12, dtype=torch.uint8)
    larger[:, :, 2:10, 2:10] = dataset.tensors().inputs
    wide = Dataset(dataset.info, lambda: Tensors(larger, dataset.tensors().labels), lambda seed: _parts(dataset, seed))
    for shown, plain in zip(samples(wide).rows, samples(dataset).rows, strict=True):
        assert np.array_equal(shown, plain)


def _parts(dataset: Dataset, seed: int) -> dict[str, np.ndarray]:
    split = dataset.split(seed)
    return {name: getattr(split, name).numpy() for name in COUNTS}


def test_classes_without_names_get_numbers() -> None:
    info = coloured(()).info
    assert class_names(info) == ("class 0", "class 1")
    assert are_pictures(info)


def test_only_a_sheet_is_written_over(tmp_path: Path) -> None:
    picture = sheet(samples(coloured()), "coloured")
    file = tmp_path / "coloured.png"
    write(picture, file)
    write(picture, file)
    with Image.open(file) as written:
        assert written.size == picture.size
    other = tmp_path / "holiday.png"
    Image.new("RGB", (5, 5)).save(other)
    before = other.read_bytes()
    with pytest.raises(UserError, match="is there already and was not made by bench data show"):
        write(picture, other)
    assert other.read_bytes() == before
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UserError, match="is there already"):
        write(picture, tmp_path / "text.png")


@pytest.mark.parametrize(("name", "what"), [("a.jpg", "give --out"), ("no/a.png", "can not be written")])
def test_a_place_that_will_not_do(tmp_path: Path, name: str, what: str) -> None:
    with pytest.raises(UserError, match=what):
        write(sheet(samples(coloured()), "coloured"), tmp_path / name)
