"""Fonts in PDF files, cut down quickly and without the tables that only lay text out.

A PDF says where each glyph stands, so that what a font knows of ligatures and kerning is dead weight in it. Reading
these tables, and thousands of glyphs of which a figure has sixty, takes most of the time of writing a PDF. So a font is
cut down once to the glyphs that figures use, and each file's own are taken from those.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib.backends import _backend_pdf_ps

LAYOUT = ("GSUB", "GPOS", "GDEF", "MATH", "kern")
EDITORS = ("FFTM", "PfEd", "BDF")  # tables of the programs that fonts are made with
writing: Any = _backend_pdf_ps
USUAL = range(0x20, 0x7F)  # characters of nearly every figure
_load = subset.load_font
_cut: dict[str, _Cut] = {}


@dataclass(frozen=True)
class _Cut:
    """A font with some of its glyphs, and what number each has in it."""

    font: bytes
    numbers: dict[int, int]


@contextmanager
def lean_fonts() -> Iterator[None]:
    """Fonts that are embedded meanwhile are lean; a matplotlib that embeds them in another way goes on."""
    reduce = writing.get_glyphs_subset

    @contextmanager
    def reduced(file: Any, glyphs: Iterable[int]) -> Iterator[Any]:
        wanted = set(glyphs)
        cut = _cut_font(file, wanted)
        subset.load_font = lambda _, options, **more: _load(io.BytesIO(cut.font), _first(options), **more)
        try:
            with reduce(file, {cut.numbers[glyph] for glyph in wanted}) as found:
                numbers = {glyph: found.glyph_index_map[cut.numbers[glyph]] for glyph in wanted}
                yield found._replace(glyph_index_map=numbers)
        finally:
            subset.load_font = _lean

    subset.load_font = _lean
    if hasattr(writing, "SubsetResults"):  # it asks by the numbers of glyphs
        writing.get_glyphs_subset = reduced
    try:
        yield
    finally:
        subset.load_font, writing.get_glyphs_subset = _load, reduce


def _lean(*arguments: Any, **options: Any) -> TTFont:
    """A font without the tables that lay text out."""
    font = _load(*arguments, **options)
    for table in LAYOUT:
        if table in font:
            del font[table]
    return font


def _cut_font(file: Any, wanted: set[int]) -> _Cut:
    """The font with these glyphs and those that were wanted before."""
    place = f"{os.fspath(file)} {getattr(file, 'face_index', 0)}"
    known = _cut.get(place)
    if known is None or not wanted <= known.numbers.keys():
        options = subset.Options(glyph_names=True, recommended_glyphs=True, font_number=getattr(file, "face_index", 0))
        options.drop_tables += EDITORS
        content = io.BytesIO()
        with _lean(os.fspath(file), options) as font:
            characters = font.getBestCmap()
            usual = {font.getGlyphID(characters[character]) for character in USUAL if character in characters}
            glyphs = wanted | usual | (known.numbers.keys() if known else set())
            subsetter = subset.Subsetter(options)
            subsetter.populate(gids=glyphs)
            subsetter.subset(font)
            font.save(content, reorderTables=False)
        known = _cut[place] = _Cut(content.getvalue(), {glyph: subsetter.glyph_index_map[glyph] for glyph in glyphs})
    return known


def _first(options: Any) -> Any:
    """What was cut down is alone in its file."""
    options.font_number = -1
    return options
