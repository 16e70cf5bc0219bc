"""Files of people's own as samples: images, arrays of numpy, tables."""

from __future__ import annotations

import csv
import hashlib
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data.archives import problem
from bench.data.columns import encoded
from bench.data.preprocessing import BYTE, Preprocessing
from bench.data.trees import Photo, decode
from bench.errors import UserError

Array = npt.NDArray[Any]
_NAMES = ("x", "X", "inputs", "images", "data", "x_test", "arr_0")  # of the samples, where there are several arrays


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples as the data set keeps them, and what each is called."""

    names: tuple[str, ...]
    values: Array  # (N, *kept), or cut to what the network gets


def read_samples(path: Path, preprocessing: Preprocessing) -> Samples:
    """The samples of a file; its ending says what it is, and whatever else it may be counts as an image."""
    readers: dict[str, Callable[[Path, Preprocessing], Samples]] = {
        ".npy": _read_array,
        ".npz": _read_arrays,
        ".csv": _read_table,
    }
    if path.is_dir():
        raise UserError(f"{path}: is a folder; give the files in it, such as {path}/*")
    if not path.is_file():
        raise UserError(f"{path}: no such file; check the path")
    return readers.get(path.suffix.lower(), _read_image)(path, preprocessing)


def fitted(array: Array, preprocessing: Preprocessing, where: str) -> Array:
    """Samples (N, ...) in the form that the data set keeps; also a single one, and channels last or left out."""
    if array.dtype.kind not in "buif":
        raise UserError(f"{where}: holds {array.dtype}; give bytes (uint8) or floats")
    fit = (preprocessing.kept, preprocessing.shape)
    for form in _forms(array, preprocessing):
        if form.shape[1:] in fit:
            _check_numbers(form, preprocessing, where)
            return form
    known = " or ".join(f"(N, {', '.join(map(str, shape))})" for shape in dict.fromkeys(fit))
    raise UserError(f"{where}: has the shape {array.shape}; give {known}")


def _forms(array: Array, preprocessing: Preprocessing) -> list[Array]:
    """The array itself, and what else may be meant by it."""
    forms = [array, array[np.newaxis]]
    if preprocessing.are_images:
        if preprocessing.shape[0] == 1:
            forms += [array[:, np.newaxis], array[np.newaxis, np.newaxis]] if array.ndim else []
        last = [form for form in (array, array[np.newaxis]) if form.ndim == 4]
        forms += [form.transpose(0, 3, 1, 2) for form in last]
    return forms


def _check_numbers(samples: Array, preprocessing: Preprocessing, where: str) -> None:
    if not samples.size or samples.dtype.kind != "f":
        return
    if not np.isfinite(samples).all():
        raise UserError(f"{where}: holds values that are no finite numbers; take them out")
    white = preprocessing.white
    if preprocessing.are_images and white is not None and 0 < samples.max() <= 1 and samples.min() >= 0:
        raise UserError(f"{where}: its numbers lie between 0 and 1, where white is {white:g}; multiply by {white:g}")


def _read_image(path: Path, preprocessing: Preprocessing) -> Samples:
    mode, white = preprocessing.mode, preprocessing.white
    if mode is None or white is None:
        kind = "samples of this shape" if preprocessing.are_images else "rows of numbers"
        raise UserError(f"{path}: this network takes {kind} and no image files; give a .npy, .npz or .csv file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: can not be read ({problem(error)}); mend its permissions") from error
    photo = Photo("", path.name, hashlib.sha256(content).hexdigest(), str(path), lambda: content)
    height, width = preprocessing.kept[-2:]
    pixels = decode(photo, (height, width), mode)[np.newaxis]
    values = pixels if white == BYTE else pixels.astype(np.float32) * np.float32(white / BYTE)
    return Samples((str(path),), values)


def _read_array(path: Path, preprocessing: Preprocessing) -> Samples:
    return _numbered(path, fitted(_loaded(path, None), preprocessing, str(path)))


def _read_arrays(path: Path, preprocessing: Preprocessing) -> Samples:
    try:
        with np.load(path, allow_pickle=False) as archive:
            held = list(archive.files)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path}: is no file of numpy.savez ({problem(error)}); write it again") from error
    chosen = held[0] if len(held) == 1 else next((name for name in _NAMES if name in held), None)
    if chosen is None:
        raise UserError(f"{path}: holds {', '.join(held) or 'nothing'}; call the array with the samples x")
    return _numbered(path, fitted(_loaded(path, chosen), preprocessing, f"{path}: {chosen}"))


def _loaded(path: Path, name: str | None) -> Array:
    try:
        held = np.load(path, allow_pickle=False)
        return np.asarray(held if name is None else held[name])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path}: can not be read as arrays of numpy ({problem(error)}); write it again") from error


def _numbered(path: Path, values: Array) -> Samples:
    names = (str(path),) if len(values) == 1 else tuple(f"{path}[{number}]" for number in range(len(values)))
    return Samples(names, values)


def _read_table(path: Path, preprocessing: Preprocessing) -> Samples:
    """A row of the table is a sample: by the names of its columns where the data set has such, else by place."""
    if preprocessing.are_images:
        raise UserError(f"{path}: this network takes images and no tables; give image files, or a .npy or .npz file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = [(number, row) for number, row in enumerate(csv.reader(stream), start=1) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: can not be read as a table ({problem(error)}); save it as CSV in UTF-8") from error
    if not lines:
        raise UserError(f"{path}: is empty; give a row for each sample")
    rows = _by_name(path, lines, preprocessing) if preprocessing.columns else _by_place(path, lines, preprocessing)
    values = np.array([numbers for _, numbers in rows], dtype=np.float32).reshape(-1, *preprocessing.kept)
    return Samples(tuple(f"{path}:{number}" for number, _ in rows), values)


Rows = list[tuple[int, list[str]]]
Numbers = list[tuple[int, list[float]]]


def _by_name(path: Path, lines: Rows, preprocessing: Preprocessing) -> Numbers:
    columns = preprocessing.columns
    head = [name.strip() for name in lines[0][1]]
    absent = [column.name for column in columns if column.name not in head]
    if absent:
        known = ", ".join(column.name for column in columns)
        raise UserError(f"{path}:{lines[0][0]}: lacks the column {absent[0]}; begin with a head that names {known}")
    found: Numbers = []
    for number, row in lines[1:]:
        if len(row) != len(head):
            raise UserError(f"{path}:{number}: has {len(row)} fields, the head has {len(head)}; mend the row")
        try:
            found.append((number, encoded(columns, dict(zip(head, row, strict=True)))))
        except ValueError as error:
            raise UserError(f"{path}:{number}: {error}") from None
    if not found:
        raise UserError(f"{path}: holds a head and no rows; give a row for each sample")
    return found


def _by_place(path: Path, lines: Rows, preprocessing: Preprocessing) -> Numbers:
    wanted = int(np.prod(preprocessing.kept))
    found: Numbers = []
    for number, row in lines:
        try:
            numbers = [float(text) for text in row]
        except ValueError:
            if number == lines[0][0]:
                continue  # a head
            raise UserError(f"{path}:{number}: holds something that is no number; mend the row") from None
        if len(numbers) != wanted:
            raise UserError(f"{path}:{number}: has {len(numbers)} numbers; a sample has {wanted}")
        found.append((number, numbers))
    return found
