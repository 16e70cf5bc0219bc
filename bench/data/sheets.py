"""A sheet of samples: a row for each class, its name before it. To see at a glance what a network is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.data.base import DataInfo, Dataset
from bench.errors import UserError

if TYPE_CHECKING:
    from PIL import Image, ImageFont

PER_CLASS = 8
_TILE = 72  # pixels that a sample is wide or high, about; at most twice as many
_SMALL_TILE = 24  # where there are many classes
_MANY = 20
_GAP = 4
_MARGIN = 12
_LETTERS = 13  # the size of the text
_LONGEST = 32  # letters of a name
_MARK = "bench data show"  # stands in the file, so that no other picture is ever written over

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Samples:
    """Some samples of each class from the training part, as the network gets their values before they are scaled."""

    names: tuple[str, ...]
    rows: tuple[npt.NDArray[np.float64], ...]  # a class's samples


def class_names(info: DataInfo) -> tuple[str, ...]:
    return info.class_names or tuple(f"class {number}" for number in range(info.classes))


def class_counts(dataset: Dataset, seed: int = 0) -> dict[str, list[int]]:
    """How many samples of each class there are in each part."""
    labels = dataset.tensors().labels.numpy()
    split = dataset.split(seed)
    return {
        part: np.bincount(labels[getattr(split, part).numpy()], minlength=dataset.info.classes).tolist()
        for part in dataset.info.counts
    }


def samples(dataset: Dataset, seed: int = 0, most: int = PER_CLASS) -> Samples:
    """Evenly spread over the training part: what lies side by side in a file may be copies of one original."""
    content = dataset.tensors()
    train = dataset.split(seed).train.numpy()
    labels = content.labels.numpy()[train]
    rows = []
    for number in range(dataset.info.classes):
        members = train[labels == number]
        places = np.linspace(0, len(members) - 1, min(most, len(members))).round().astype(np.int64)
        chosen = content.inputs[members[places].tolist()].numpy().astype(np.float64)
        rows.append(_middle(chosen, dataset.info.shape))
    return Samples(class_names(dataset.info), tuple(rows))


def _middle(values: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """The part that evaluation sees of samples that are kept larger than the network gets them."""
    for axis, length in enumerate(shape, start=1):
        start = (values.shape[axis] - length) // 2
        values = values.take(range(start, start + length), axis)
    return values


def are_pictures(info: DataInfo) -> bool:
    return len(info.shape) == 3


def sheet(chosen: Samples, title: str, warning: str | None = None) -> Image.Image:
    """All samples as one picture; `warning` stands in red above them."""
    from PIL import Image, ImageDraw

    font = _font()
    shown = [row for row in chosen.rows if len(row)]
    low, high = min(row.min() for row in shown), max(row.max() for row in shown)
    size = _TILE if len(shown) <= _MANY else _SMALL_TILE
    tiles = [[_tile((one - low) / max(high - low, 1e-12), size) for one in row] for row in chosen.rows]
    wide, tall = next(row[0].size for row in tiles if row)
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in chosen.names]
    left = _MARGIN + max(int(font.getlength(name)) for name in names) + _MARGIN
    heads = [(title, "black"), *([(warning, "red")] if warning else [])]
    top = _MARGIN + len(heads) * (_LETTERS + _GAP) + _GAP
    across = max(
        left + max(map(len, tiles)) * (wide + _GAP), *(int(font.getlength(text)) + _MARGIN for text, _ in heads)
    )
    made = Image.new("RGB", (across + _MARGIN, top + len(tiles) * (tall + _GAP) + _MARGIN), "white")
    pen = ImageDraw.Draw(made)
    for line, (text, colour) in enumerate(heads):
        pen.text((_MARGIN, _MARGIN + line * (_LETTERS + _GAP)), text, fill=colour, font=font)
    for line, (name, row) in enumerate(zip(names, tiles, strict=True)):
        y = top + line * (tall + _GAP)
        pen.text((_MARGIN, y + (tall - _LETTERS) // 2), name, fill="black", font=font)
        for place, tile in enumerate(row):
            made.paste(tile, (left + place * (wide + _GAP), y))
    return made


def _tile(brightness: npt.NDArray[np.float64], size: int) -> Image.Image:
    """A sample, enlarged by a whole number so that its pixels can be seen, or made smaller."""
    from PIL import Image

    pixels = np.floor(brightness * 255 + 0.5).astype(np.uint8)
    # Three channels are colours; of any other number the mean is shown.
    colours = pixels if len(pixels) == 3 else np.repeat(pixels.mean(axis=0, keepdims=True).astype(np.uint8), 3, axis=0)
    tile = Image.fromarray(np.ascontiguousarray(colours.transpose(1, 2, 0)))
    longest = max(tile.size)
    if longest > 2 * size:
        factor = 2 * size / longest
        return tile.resize((max(1, round(tile.width * factor)), max(1, round(tile.height * factor))))
    factor = max(1, round(size / longest))
    return tile.resize((tile.width * factor, tile.height * factor), Image.Resampling.NEAREST)


def _font() -> ImageFont.FreeTypeFont:
    """The letters that the figures have too: they know more alphabets than those that come with Pillow."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", _LETTERS)


def write(picture: Image.Image, file: Path) -> None:
    """Into a PNG file; a file of that name that is not such a sheet stays as it is."""
    from PIL.PngImagePlugin import PngInfo

    if file.suffix.lower() != ".png":
        raise UserError(f"{file}: the picture's name ends in .png; give --out {file.with_suffix('.png')}")
    if file.exists() and not _is_ours(file):
        raise UserError(f"{file}: is there already and was not made by {_MARK}; give another file with --out")
    mark = PngInfo()
    mark.add_text("Software", _MARK)
    try:
        picture.save(file, pnginfo=mark)
    except OSError as error:
        raise UserError(f"{file}: can not be written ({error.strerror or error}); give another with --out") from error


def _is_ours(file: Path) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            return picture.info.get("Software") == _MARK
    except (OSError, UnidentifiedImageError):
        return False
