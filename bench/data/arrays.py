"""Samples and labels in a file of numpy.savez, by the names and in the forms that people use."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data.archives import problem
from bench.data.download import sha256_of
from bench.errors import UserError

Array = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]

_PAIRS = (("x", "y"), ("X", "y"), ("inputs", "labels"), ("images", "labels"), ("data", "target"), ("data", "labels"))
_ENDINGS = {"train": ("_train",), "validation": ("_val", "_valid", "_validation"), "test": ("_test",)}
_EXACT = 1 << 24  # whole numbers up to here are exact in single precision
_FORMS = "(N, H, W), (N, H, W, C) or (N, C, H, W) for images, (N, F) for features"


@dataclass(frozen=True, eq=False)
class Arrays:
    """What a file holds. Labels are read when it is opened, samples when they are needed."""

    path: Path
    sha256: str
    shape: tuple[int, ...]  # of one sample, channels first
    labels: Integers
    class_names: tuple[str, ...]
    given: Mapping[str, Integers]  # the parts that came divided; train alone where none did
    _inputs: Sequence[str] = field(repr=False)  # the names of the arrays, in the order of the parts

    def read(self) -> Array:
        """All samples (N, *shape) as uint8 or float32."""
        pieces = [_samples(self.path, name, _array(self.path, name)) for name in self._inputs]
        if sha256_of(self.path) != self.sha256:
            raise UserError(f"{self.path}: has changed since the data set was opened; run the command again")
        return np.ascontiguousarray(np.concatenate(pieces))


def open_arrays(path: Path) -> Arrays:
    """Look at everything but the samples themselves."""
    headers = _headers(path)
    pairs = _pairs(path, headers)
    labels: list[Array] = []
    shapes: dict[str, tuple[int, ...]] = {}
    given: dict[str, Integers] = {}
    start = 0
    for part, (inputs, targets) in pairs.items():
        shape, dtype = headers[inputs]
        shapes[inputs] = _shape(path, inputs, shape, dtype)
        labels.append(_labels(path, targets, _array(path, targets)))
        if len(labels[-1]) != shape[0]:
            raise UserError(
                f"{path}: {inputs} has {shape[0]} samples, {targets} {len(labels[-1])} labels; give each one"
            )
        given[part] = np.arange(start, start + shape[0])
        start += shape[0]
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise UserError(f"{path}: samples differ in shape ({listed}); bring them to one")
    if len({headers[inputs][1] for inputs, _ in pairs.values()}) > 1:
        raise UserError(f"{path}: samples are of one kind in one part and of another in the next; bring them to one")
    if len({values.dtype.kind for values in labels}) > 1:
        raise UserError(f"{path}: labels are numbers in one part and text in another; bring them to one kind")
    names, numbers = np.unique(np.concatenate(labels), return_inverse=True)
    class_names = tuple(str(name) for name in names)
    if len(names) < 2:
        raise UserError(f"{path}: all labels are {class_names[0]}; two classes are needed")
    numbers = numbers.astype(np.int64)
    missing = np.setdiff1d(numbers, numbers[given["train"]])
    if len(missing):
        raise UserError(f"{path}: no training sample is of the class {class_names[missing[0]]}; add some")
    inputs_of = [inputs for inputs, _ in pairs.values()]
    return Arrays(path, sha256_of(path), shapes[inputs_of[0]], numbers, class_names, given, inputs_of)


def _headers(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Shape and kind of each array, without its content."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; give the path of a file of numpy.savez")
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as stream:
                    version = np.lib.format.read_magic(stream)
                    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else _newer_header
                    shape, _, dtype = read(stream)
                found[member.removesuffix(".npy")] = shape, dtype
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        mend = "write it with numpy.savez(file, x=..., y=...)"
        raise UserError(f"{path}: is no whole file of numpy.savez ({problem(error)}); {mend}") from error
    return found


def _newer_header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    return np.lib.format.read_array_header_2_0(stream)


def _pairs(path: Path, headers: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The names of samples and labels for each part."""
    for inputs, targets in _PAIRS:
        if inputs in headers and targets in headers:
            return {"train": (inputs, targets)}
        pairs = {
            part: (inputs + ending, targets + ending)
            for part, endings in _ENDINGS.items()
            for ending in endings
            if inputs + ending in headers and targets + ending in headers
        }
        if "train" in pairs and "test" in pairs:
            return pairs
    held = ", ".join(sorted(headers)) or "nothing"
    raise UserError(f"{path}: holds {held}; name the arrays x and y, or x_train, y_train, x_test and y_test")


def _array(path: Path, name: str) -> Array:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return np.asarray(archive[name])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if "pickle" in str(error):
            mend = "give numbers, and for labels numbers or text"
            raise UserError(f"{path}: {name} holds Python objects, which are not loaded; {mend}") from error
        raise UserError(f"{path}: {name} can not be read ({problem(error)}); write the file again") from error


def _shape(path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Of one sample, as the network gets it."""
    if dtype.kind not in "buif":
        kind = "Python objects" if dtype.kind == "O" else str(dtype)
        raise UserError(f"{path}: {name} holds {kind}; give bytes (uint8) or floats")
    if 0 in shape:
        raise UserError(f"{path}: {name} is empty, of shape {shape}; give samples")
    if len(shape) == 2:
        return shape[1:]
    if len(shape) == 3:
        return (1, *shape[1:])
    if len(shape) == 4:
        last = _channels_last(path, name, shape)
        return (shape[3], *shape[1:3]) if last else shape[1:]
    raise UserError(f"{path}: {name} has the shape {shape}; give {_FORMS}")


def _channels_last(path: Path, name: str, shape: tuple[int, ...]) -> bool:
    first, last = shape[1] <= 4, shape[3] <= 4
    if first == last:
        raise UserError(
            f"{path}: {name} has the shape {shape}, which does not tell where its channels are; give (N, C, H, W) "
            "with at most 4 channels and larger images"
        )
    return last


def _samples(path: Path, name: str, array: Array) -> Array:
    if array.ndim == 3:
        array = array[:, np.newaxis]
    elif array.ndim == 4 and _channels_last(path, name, array.shape):
        array = array.transpose(0, 3, 1, 2)
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind in "iu" and int(max(array.max(), -int(array.min()))) > _EXACT:
        raise UserError(f"{path}: {name} holds numbers beyond {_EXACT:,}; scale them to about 1 and give floats")
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    faulty = ~np.isfinite(single.reshape(len(single), -1)).all(axis=1)
    if faulty.any():
        raise UserError(
            f"{path}: {name} holds values that are no finite numbers in {int(faulty.sum())} samples, the first is "
            f"number {int(faulty.argmax())}; take them out or fill them in"
        )
    return single


def _labels(path: Path, name: str, array: Array) -> Array:
    """One whole number or text for each sample."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and array.dtype.kind in "buif" and _one_hot(array):
        array = array.argmax(axis=1)
    if array.ndim != 1:
        raise UserError(f"{path}: {name} has the shape {array.shape}; give one label for each sample")
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind == "f":
        if not (np.isfinite(array).all() and (array == np.floor(array)).all()):
            raise UserError(f"{path}: {name} holds numbers that are not whole; labels are classes: give whole numbers")
        array = array.astype(np.int64)
    if array.dtype.kind not in "bui":
        raise UserError(f"{path}: {name} holds {array.dtype}; give whole numbers or text")
    if array.size and int(array.min()) < 0:
        raise UserError(f"{path}: {name} holds the label {int(array.min())}; give classes from 0 on")
    return array.astype(np.int64)


def _one_hot(array: Array) -> bool:
    return bool(((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all())
