"""The columns of a table as numbers: how a data set of rows turns a row of text into what a network gets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of words, a number for each of its values, or of measures, one number in a unit."""

    name: str
    values: tuple[str, ...] = ()
    unit: float = 1.0

    def encoded(self, text: str) -> list[float]:
        """A ValueError says what is wrong with the text."""
        text = text.strip()
        if self.values:
            if text not in self.values:
                raise ValueError(f"{self.name} is {text!r}; give one of {', '.join(self.values)}")
            return [float(text == value) for value in self.values]
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{self.name} is {text!r}; give a number") from None
        if not math.isfinite(number):
            raise ValueError(f"{self.name} is {text!r}; give a finite number")
        return [number / self.unit]


def encoded(columns: Sequence[Column], row: Mapping[str, str]) -> list[float]:
    """The numbers of a row, column by column."""
    return [number for column in columns for number in column.encoded(row[column.name])]
