"""Fonts in PDF files without the tables that only lay text out.

A PDF says where each glyph stands, so that what a font knows of ligatures and kerning is dead weight in it. Reading
these tables and cutting them down takes most of the time of writing a PDF: 0.14 s of 0.24 s for a small figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fontTools import subset

LAYOUT = ("GSUB", "GPOS", "GDEF", "MATH", "kern")


@contextmanager
def without_layout() -> Iterator[None]:
    """Fonts that are embedded meanwhile lack these tables; a matplotlib that embeds them in another way goes on."""
    load = subset.load_font

    def lean(*arguments: Any, **options: Any) -> Any:
        font = load(*arguments, **options)
        for table in LAYOUT:
            if table in font:
                del font[table]
        return font

    subset.load_font = lean
    try:
        yield
    finally:
        subset.load_font = load
