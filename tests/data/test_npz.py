"""The user's own arrays: every usual form, and a clear word for all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contract import examine
from bench.data.base import Dataset, open_named
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import Component, registry

POLICY = DataPolicy()
Y = np.arange(60) % 3
BYTES = np.arange(60 * 8 * 8, dtype=np.uint64).reshape(60, 8, 8).astype(np.uint8)


def saved(tmp_path: Path, **arrays: Any) -> Path:
    np.savez(tmp_path / "mine.npz", **arrays)
    return tmp_path / "mine.npz"


def opened(path: Path, **options: Any) -> Dataset:
    return open_named("npz", {"path": str(path), **options}, POLICY)


def told(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        opened(path).tensors()
    (line,) = caught.value.lines
    assert "\n" not in line
    assert line.startswith((str(path), "npz:mine"))
    return line


@pytest.mark.parametrize(
    ("shape", "sample", "axes"),
    [
        ((60, 8, 8), (1, 8, 8), None),
        ((60, 8, 8, 1), (1, 8, 8), (0, 3, 1, 2)),
        ((60, 8, 9, 3), (3, 8, 9), (0, 3, 1, 2)),
        ((60, 3, 8, 9), (3, 8, 9), None),
        ((60, 4, 8, 9), (4, 8, 9), None),
        ((60, 5), (5,), None),
        ((60, 1), (1,), None),
    ],
)
@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, np.float16, np.int64, np.bool_])
def test_samples_come_as_the_network_wants_them(
    shape: tuple[int, ...], sample: tuple[int, ...], axes: tuple[int, ...] | None, kind: type, tmp_path: Path
) -> None:
    x: np.ndarray = (np.arange(np.prod(shape)).reshape(shape) % 200).astype(kind)
    dataset = opened(saved(tmp_path, x=x, y=Y))
    tensors = dataset.tensors()
    assert dataset.info.shape == sample
    assert tensors.inputs.shape == (60, *sample)
    expected = (x.transpose(axes) if axes else x).reshape(60, *sample)
    assert (tensors.inputs.numpy() == expected).all()
    assert tensors.inputs.dtype == (torch.uint8 if kind is np.uint8 else torch.float32)
    assert (tensors.shift, tensors.factor) == ((127.5, 2 / 127.5) if kind is np.uint8 else (0, 1))


@pytest.mark.parametrize(
    "names", [("x", "y"), ("X", "y"), ("inputs", "labels"), ("images", "labels"), ("data", "target")]
)
def test_usual_names_are_known(names: tuple[str, str], tmp_path: Path) -> None:
    dataset = opened(saved(tmp_path, **{names[0]: BYTES, names[1]: Y, "other": np.zeros(3)}))
    assert dataset.info.name == "npz:mine"
    assert dict(dataset.info.counts) == {"train": 42, "validation": 6, "test": 12}
    assert dataset.tensors().labels.tolist() == Y.tolist()


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (Y.astype(np.uint8), ("0", "1", "2")),
        (Y + 1, ("1", "2", "3")),
        (Y * 10, ("0", "10", "20")),
        (Y.astype(float), ("0", "1", "2")),
        (Y[:, np.newaxis], ("0", "1", "2")),
        (np.eye(3)[Y], ("0", "1", "2")),
        (np.array(["cat", "dog", "owl"])[Y], ("cat", "dog", "owl")),
        (np.array([b"cat", b"dog", b"owl"])[Y], ("cat", "dog", "owl")),
    ],
)
def test_labels_are_numbered_in_their_order(labels: np.ndarray, names: tuple[str, ...], tmp_path: Path) -> None:
    dataset = opened(saved(tmp_path, x=BYTES, y=labels))
    assert dataset.info.class_names == names
    assert dataset.info.classes == 3
    assert dataset.tensors().labels.tolist() == Y.tolist()


def test_two_classes_may_be_true_and_false(tmp_path: Path) -> None:
    dataset = opened(saved(tmp_path, x=BYTES, y=Y > 0))
    assert dataset.tensors().labels.tolist() == (Y > 0).astype(int).tolist()


def test_parts_as_keras_has_them_are_kept(tmp_path: Path) -> None:
    x = np.arange(90 * 4, dtype=np.float32).reshape(90, 4)
    y = (np.arange(90) % 3).reshape(-1, 1)
    arrays = {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:]}
    dataset = opened(saved(tmp_path, **arrays))
    assert dict(dataset.info.counts) == {"train": 54, "validation": 6, "test": 30}
    split = dataset.split(1)
    assert split.test.tolist() == list(range(60, 90))
    assert (dataset.tensors().inputs.numpy() == x).all()
    assert not torch.equal(split.validation, dataset.split(2).validation)
    more = opened(saved(tmp_path, **arrays, x_val=x[:6], y_val=y[:6]))
    assert dict(more.info.counts) == {"train": 60, "validation": 6, "test": 30}
    assert torch.equal(more.split(1).validation, more.split(2).validation)


def test_the_path_is_in_no_fingerprint_and_the_content_is(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first = opened(saved(tmp_path, x=BYTES, y=Y)).info
    second = opened(saved(tmp_path / "a", x=BYTES, y=Y)).info
    assert first.fingerprint == second.fingerprint
    others = [
        opened(saved(tmp_path, x=BYTES, y=Y), test=0.3).info.fingerprint,
        opened(saved(tmp_path, x=BYTES + 1, y=Y)).info.fingerprint,
        opened(saved(tmp_path, x=BYTES, y=2 - Y)).info.fingerprint,
    ]
    assert len({first.fingerprint, *others}) == 4


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no labels": ({"x": BYTES}, "holds x; name the arrays x and y"),
    "nothing": ({}, "holds nothing; name the arrays x and y"),
    "training data alone": ({"x_train": BYTES, "y_train": Y}, "name the arrays x and y, or x_train"),
    "objects": ({"x": BYTES.astype(object), "y": Y}, "x holds Python objects"),
    "objects as labels": ({"x": BYTES, "y": np.array([*["a"] * 59, None])}, "y holds Python objects, which are not"),
    "text": ({"x": np.array([["a"]] * 60), "y": Y}, "x holds <U1; give bytes (uint8) or floats"),
    "complex": ({"x": BYTES.astype(complex), "y": Y}, "x holds complex128"),
    "another length": ({"x": BYTES, "y": Y[:-1]}, "x has 60 samples, y 59 labels"),
    "no samples": ({"x": BYTES[:0], "y": Y[:0]}, "x is empty"),
    "a single number": ({"x": np.array(3.0), "y": Y}, "x has the shape (); give (N, H, W)"),
    "one number each": ({"x": np.zeros(60), "y": Y}, "x has the shape (60,)"),
    "films": ({"x": np.zeros((60, 2, 3, 4, 5)), "y": Y}, "x has the shape (60, 2, 3, 4, 5)"),
    "no channels": ({"x": np.zeros((60, 8, 8, 8)), "y": Y}, "does not tell where its channels are"),
    "channels everywhere": ({"x": np.zeros((60, 3, 8, 3)), "y": Y}, "does not tell where its channels are"),
    "nan": ({"x": np.where(np.arange(60)[:, None] == 7, np.nan, 1.0), "y": Y}, "in 1 samples, the first is number 7"),
    "infinite": ({"x": np.full((60, 2), np.inf), "y": Y}, "no finite numbers in 60 samples"),
    "too large a float": ({"x": np.full((60, 2), 1e300), "y": Y}, "no finite numbers in 60 samples"),
    "too large an integer": ({"x": np.full((60, 2), 1 << 40), "y": Y}, "numbers beyond 16,777,216"),
    "one class": ({"x": BYTES, "y": Y * 0}, "all labels are 0; two classes are needed"),
    "negative": ({"x": BYTES, "y": Y - 1}, "y holds the label -1; give classes from 0 on"),
    "measurements": ({"x": BYTES, "y": Y / 2}, "y holds numbers that are not whole"),
    "missing labels": ({"x": BYTES, "y": np.where(Y == 0, np.nan, Y)}, "y holds numbers that are not whole"),
    "several labels": ({"x": BYTES, "y": np.ones((60, 4))}, "y has the shape (60, 4); give one label for each"),
    "rare class": ({"x": BYTES, "y": np.where(np.arange(60) < 1, 5, 0)}, "the class '5' has 1 sample"),
    "other shapes": (
        {"x_train": BYTES, "y_train": Y, "x_test": BYTES[:, :4], "y_test": Y},
        "samples differ in shape (x_train (1, 8, 8), x_test (1, 4, 8))",
    ),
    "other kinds": (
        {"x_train": BYTES, "y_train": Y, "x_test": BYTES / 255, "y_test": Y},
        "of one kind in one part and of another in the next",
    ),
    "other labels": (
        {"x_train": BYTES, "y_train": Y, "x_test": BYTES, "y_test": Y.astype(str)},
        "labels are numbers in one part and text in another",
    ),
    "untrained class": (
        {"x_train": BYTES, "y_train": Y, "x_test": BYTES, "y_test": Y + 1},
        "no training sample is of the class 3",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_can_not_be_used_is_said_with_the_mend(kind: str, tmp_path: Path) -> None:
    arrays, said = WRONG[kind]
    assert said in told(saved(tmp_path, **arrays))


@pytest.mark.parametrize("content", [b"", b"not a file of arrays", b"PK\3\4 torn", b"\x93NUMPY alone"])
def test_a_file_of_another_kind_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    assert "is no whole file of numpy.savez" in told(path)


def test_a_file_that_is_not_there_or_cut_off_is_refused(tmp_path: Path) -> None:
    assert "no such file" in told(tmp_path / "mine.npz")
    path = saved(tmp_path, x=BYTES, y=Y)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "is no whole file of numpy.savez" in told(path)
    damaged = bytearray(saved(tmp_path, x=np.zeros((60, 40, 40)), y=Y).read_bytes())
    damaged[50_000] ^= 255  # in the pixels
    path.write_bytes(damaged)
    assert "x can not be read" in told(path)


def test_a_file_that_is_replaced_after_it_was_opened_is_noticed(tmp_path: Path) -> None:
    dataset = opened(saved(tmp_path, x=BYTES, y=Y))
    saved(tmp_path, x=BYTES + 1, y=Y)
    with pytest.raises(UserError, match="has changed since the data set was opened"):
        dataset.tensors()


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Component]:
    """The data set with its path given, registered for one test."""
    known = registry("dataset")
    component, path = known.get("npz"), str(saved(tmp_path, x=BYTES, y=Y))
    made = replace(component, name="npz-example", make=lambda policy: component.make(policy, path=path), extra={})
    known.add(made)
    yield made
    del known._components["npz-example"]


def test_it_keeps_the_promises_of_a_data_set(example: Component) -> None:
    assert [verdict for verdict in examine(example) if verdict.outcome != "holds"] == []
