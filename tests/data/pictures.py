"""Small photos in class folders, made for a test."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def pixels(number: int, height: int = 12, width: int = 16) -> np.ndarray:
    """Of a smooth picture, another one for each number."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (2 + number % 5) + channel + number) + np.cos(y / (3 + channel)) for channel in range(3)]
    return np.asarray(np.stack(waves, axis=-1) * 60 + 128, np.uint8)


def picture(number: int = 0, form: str = "PNG", height: int = 12, width: int = 16, **settings: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels(number, height, width)).save(stream, form, **settings)
    return stream.getvalue()


def grow(folder: Path, classes: Mapping[str, int], first: int = 0) -> Path:
    """A folder of class folders with so many photos each, no two alike."""
    number = first
    for label, count in classes.items():
        (folder / label).mkdir(parents=True)
        for place in range(count):
            (folder / label / f"{place:03}.png").write_bytes(picture(number, height=8 + number // 50))
            number += 1
    return folder


def tar(path: Path, members: Mapping[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # the mode is a variable
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}
