"""Contact sheets: all faces of a set, to be checked by eye."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench.data.faces.store import Entry
from bench.data.trees import Images

_FACE = 112  # pixels of a face on a sheet
_LINE = 14  # of a line of text
_LETTERS = 10
_COLUMNS = 12
_ROWS = 9
_GAP = 6


def draw_sheets(found: Sequence[Entry], crops: Images, folder: Path) -> tuple[Path, ...]:
    """A strip for each person, with the names of the photos and the confidences; as many pages as it takes."""
    paths: list[Path] = []
    for number, rows in enumerate(_pages(list(_rows(found))), start=1):
        path = folder / f"sheet-{number:02d}.jpg"
        part = path.with_suffix(".part")
        _draw(rows, found, crops).save(part, format="JPEG", quality=90)
        os.replace(part, path)
        paths.append(path)
    return tuple(paths)


Row = tuple[str, list[int]]  # a heading and the places of the faces below it


def _rows(found: Sequence[Entry]) -> Iterator[Row]:
    for label, group in groupby(range(len(found)), key=lambda place: found[place].label):
        places = list(group)
        for start in range(0, len(places), _COLUMNS):
            several = len(places) > _COLUMNS
            part = f" ({start + 1} to {min(start + _COLUMNS, len(places))} of {len(places)})" if several else ""
            yield f"{label}{part}", places[start : start + _COLUMNS]


def _pages(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), _ROWS):
        yield rows[start : start + _ROWS]


def _draw(rows: Sequence[Row], found: Sequence[Entry], crops: Images) -> Image.Image:
    height = _FACE + 3 * _LINE + _GAP
    page = Image.new("L", (_GAP + _COLUMNS * (_FACE + _GAP), _GAP + len(rows) * height), "white")
    draw = ImageDraw.Draw(page)
    font = _font()
    for row, (heading, places) in enumerate(rows):
        top = _GAP + row * height
        draw.text((_GAP, top), heading, fill="black", font=font)
        for column, place in enumerate(places):
            left = _GAP + column * (_FACE + _GAP)
            face = Image.fromarray(crops[place, 0]).resize((_FACE, _FACE), Image.Resampling.BILINEAR)
            page.paste(face, (left, top + _LINE))
            entry = found[place]
            others = f"  1 of {entry.people}" if entry.people > 1 else ""
            for line, text in enumerate((Path(entry.name).name, f"{entry.confidence:.3f}{others}")):
                at = (left, top + _LINE + _FACE + line * _LINE)
                draw.text(at, _fitting(text, font), fill="black", font=font)
    return page


def _font() -> ImageFont.FreeTypeFont:
    """The letters of the figures: they know more alphabets than those that come with Pillow."""
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", _LETTERS)


def _fitting(text: str, font: ImageFont.FreeTypeFont) -> str:
    """The end of it, which tells photos apart better than the beginning."""
    if font.getlength(text) <= _FACE:
        return text
    while text and font.getlength("..." + text) > _FACE:
        text = text[1:]
    return "..." + text
