"""Files of people's own become the samples that the data set would have made of them."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from bench.data.base import DataInfo, Dataset, Scale, Tensors, open_dataset
from bench.data.bundled import read_penguins
from bench.data.columns import Column
from bench.data.policy import DataPolicy
from bench.data.preprocessing import Preprocessing, preprocessing_of
from bench.errors import UserError
from bench.prediction.predictor import probabilities
from bench.prediction.samples import read_samples
from bench.registry import Choice
from bench.training.content import Content

DIGITS = Preprocessing((1, 8, 8), (1, 8, 8), 0.0, 1 / 16, 16.0)
COLOURS = Preprocessing((3, 6, 6), (3, 9, 8), (1.0, 2.0, 3.0), (0.5, 0.25, 0.125), 255.0)
ROWS = Preprocessing((3,), (3,))
PENGUINS = preprocessing_of(open_dataset("penguins", DataPolicy()), Choice("penguins"))

numbers = st.floats(-100, 100, width=32)
scales: st.SearchStrategy[Scale] = numbers | st.tuples(numbers, numbers, numbers)
sides = st.integers(1, 4)
preprocessings = st.builds(
    Preprocessing,
    shape=st.tuples(st.just(3), sides, sides),
    kept=st.tuples(st.just(3), st.integers(4, 7), st.integers(4, 7)),
    shift=scales,
    factor=scales,
    white=st.none() | st.just(255.0),
    columns=st.lists(st.builds(Column, st.text(max_size=3), st.tuples(st.text(max_size=3)), numbers)).map(tuple),
)


@given(preprocessings)
def test_it_travels_as_json(preprocessing: Preprocessing) -> None:
    assert Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json()))) == preprocessing


@given(preprocessings, st.data())
def test_it_does_what_a_training_does(preprocessing: Preprocessing, data: st.DataObject) -> None:
    kept = data.draw(arrays(np.uint8, (4, *preprocessing.kept)))
    info = DataInfo("some", preprocessing.shape, 2, {"train": 4}, "", "")
    tensors = Tensors(
        torch.from_numpy(kept), torch.zeros(4, dtype=torch.int64), preprocessing.shift, preprocessing.factor
    )
    content = Content(Dataset(info, lambda: tensors, lambda _: {}), torch.device("cpu"))
    expected, _ = content.samples(torch.arange(4))
    assert torch.equal(preprocessing.inputs(kept), expected)


def test_samples_are_left_as_they_are() -> None:
    samples = np.full((2, 1, 8, 8), 8, np.float32)
    assert (DIGITS.inputs(samples) == 0.5).all()
    assert (samples == 8).all()
    samples.setflags(write=False)
    assert (DIGITS.inputs(samples) == 0.5).all()


def test_what_is_known_of_the_data_sets() -> None:
    policy = DataPolicy("standin")
    digits = preprocessing_of(open_dataset("digits", policy), Choice("digits"))
    assert digits == DIGITS
    faces = preprocessing_of(open_dataset(Choice("got-faces", (("size", 32),)), policy), Choice("got-faces"))
    assert (faces.shape, faces.kept, faces.white, faces.mode) == ((1, 32, 32), (1, 36, 36), 255.0, "L")
    assert [column.name for column in PENGUINS.columns][:2] == ["island", "bill_length_mm"]
    assert PENGUINS.mode is None


def test_an_image_of_the_right_size_is_itself(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    samples = read_samples(tmp_path / "a.png", COLOURS)
    assert samples.names == (str(tmp_path / "a.png"),)
    assert np.array_equal(samples.values[0], pixels.transpose(2, 0, 1))
    middle = torch.from_numpy(pixels.transpose(2, 0, 1)[:, 1:7, 1:7].astype(np.float32))
    expected = (middle - torch.tensor([1.0, 2.0, 3.0])[:, None, None]) * torch.tensor([0.5, 0.25, 0.125])[:, None, None]
    assert torch.equal(COLOURS.inputs(samples.values)[0], expected)


def test_a_photo_is_turned_upright_made_grey_and_brought_to_size(tmp_path: Path) -> None:
    half = np.zeros((40, 80, 3), np.uint8)
    half[:, 40:] = 255  # its right half is white
    turned = Image.fromarray(half).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned.save(tmp_path / "photo.png", exif=exif)
    (sample,) = read_samples(tmp_path / "photo.png", DIGITS).values
    assert sample.shape == (1, 8, 8)
    assert sample[0, :, 0] == pytest.approx(0)
    assert sample[0, :, 7] == pytest.approx(16)  # what is white on the scale of this set


def test_arrays(tmp_path: Path) -> None:
    values = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8) % 17
    np.savez(tmp_path / "a.npz", labels=np.zeros(2), x=values)
    found = read_samples(tmp_path / "a.npz", DIGITS)
    assert [name[-3:] for name in found.names] == ["[0]", "[1]"]
    assert np.array_equal(found.values[:, 0], values)
    np.save(tmp_path / "cut.npy", np.zeros((5, 3, 6, 6), np.uint8))  # what the network gets is taken too
    assert COLOURS.inputs(read_samples(tmp_path / "cut.npy", COLOURS).values).shape == (5, 3, 6, 6)


def test_a_table_of_penguins_gives_what_the_set_itself_gives(tmp_path: Path) -> None:
    complete = [row for row in read_penguins() if all(row.values())]
    with (tmp_path / "penguins.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, sorted(complete[0]))  # in another order, with columns that are not needed
        writer.writeheader()
        writer.writerows(complete)
    found = read_samples(tmp_path / "penguins.csv", PENGUINS)
    expected = open_dataset("penguins", DataPolicy()).tensors().inputs.numpy()
    assert np.array_equal(found.values, expected)
    assert found.names[0].endswith("penguins.csv:2")


def test_a_table_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n1,2,3\n\n4,5,6.5\n")
    found = read_samples(tmp_path / "a.csv", ROWS)
    assert found.values.tolist() == [[1, 2, 3], [4, 5, 6.5]]
    assert [name[-2:] for name in found.names] == [":2", ":4"]


MISTAKES: dict[str, tuple[str, Callable[[Path], object], Preprocessing, str]] = {
    "absent": ("a.png", lambda file: None, DIGITS, "no such file; check the path"),
    "a folder": ("a", lambda file: file.mkdir(), DIGITS, "is a folder; give the files in it, such as"),
    "no image": ("a.png", lambda file: file.write_text("hello"), DIGITS, "is not an image of a format that can be"),
    "cut off": ("a.npy", lambda file: file.write_bytes(b"\x93NUMPY"), DIGITS, "can not be read as arrays of numpy"),
    "no zip": ("a.npz", lambda file: file.write_text("hello"), DIGITS, "is no file of numpy.savez"),
    "names": (
        "a.npz",
        lambda file: np.savez(file, p=[1], q=[2]),
        DIGITS,
        "holds p, q; call the array",
    ),
    "shape": ("a.npy", lambda file: np.save(file, np.zeros((2, 7))), DIGITS, "has the shape (2, 7); give (N, 1, 8, 8)"),
    "text": ("a.npy", lambda file: np.save(file, np.array(["a"])), DIGITS, "holds <U1; give bytes"),
    "no number": ("a.npy", lambda file: np.save(file, np.full((8, 8), np.nan)), DIGITS, "no finite numbers"),
    "scale": ("a.npy", lambda file: np.save(file, np.full((8, 8), 0.5)), DIGITS, "where white is 16; multiply by 16"),
    "image for rows": ("a.png", lambda file: file.write_text("x"), ROWS, "takes rows of numbers and no image files"),
    "table for images": ("a.csv", lambda file: file.write_text("1"), DIGITS, "takes images and no tables"),
    "empty": ("a.csv", lambda file: file.write_text("\n"), ROWS, "is empty; give a row for each sample"),
    "too few": ("a.csv", lambda file: file.write_text("1,2,3\n1,2\n"), ROWS, ":2: has 2 numbers; a sample has 3"),
    "word": ("a.csv", lambda file: file.write_text("1,2,3\n1,2,x\n"), ROWS, ":2: holds something that is no number"),
    "column": ("a.csv", lambda file: file.write_text("island\nDream\n"), PENGUINS, ":1: lacks the column bill_length"),
    "head alone": (
        "a.csv",
        lambda file: file.write_text(",".join(column.name for column in PENGUINS.columns)),
        PENGUINS,
        "holds a head and no rows",
    ),
    "value": (
        "a.csv",
        lambda file: file.write_text(
            ",".join(column.name for column in PENGUINS.columns) + "\nMars,39,18,181,3750,male,2007\n"
        ),
        PENGUINS,
        ":2: island is 'Mars'; give one of Torgersen, Biscoe, Dream",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_each_mistake_is_a_line_that_names_the_file(tmp_path: Path, what: str) -> None:
    name, make, preprocessing, expected = MISTAKES[what]
    file = tmp_path / name
    make(file)
    with pytest.raises(UserError) as error:
        read_samples(file, preprocessing)
    (line,) = error.value.lines
    assert line.startswith(str(file))
    assert expected in line


@given(arrays(np.float32, (3, 4), elements=st.floats(-20, 20, width=32)))
def test_probabilities_are_the_softmax_and_stay_what_they_are(outputs: np.ndarray) -> None:  # type: ignore[type-arg]
    once = probabilities(torch.from_numpy(outputs))
    assert torch.allclose(once, torch.softmax(torch.from_numpy(outputs), 1))
    assert torch.equal(probabilities(once), once)
