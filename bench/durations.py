"""How long a suite lets something last, and the moments of a training: in steps, in epochs, or as a share of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Unit = Literal["steps", "epochs", "share"]

_UNITS: dict[str, Unit] = {
    "": "steps",
    "step": "steps",
    "steps": "steps",
    "iteration": "steps",
    "iterations": "steps",
    "epoch": "epochs",
    "epochs": "epochs",
    "%": "share",
    "% of training": "share",
    "of training": "share",
}
_NUMBER = r"(?:\d{1,15}(?:[_,]\d{3}){0,4}(?:\.\d{1,20})?|\.\d{1,20})(?:e[+-]?\d{1,2})?"
_LONGEST = 10**12
_WRITTEN = re.compile(rf"\s*({_NUMBER})(?:\s*/\s*({_NUMBER}))?\s*([a-z%][a-z% ]*)?\s*", re.IGNORECASE)

WAYS = "write 500, '500 steps', '2 epochs', '10 %' or '1/3' (of training)"


@dataclass(frozen=True)
class Duration:
    """A number of steps, of epochs, or a share of the whole training."""

    value: float
    unit: Unit

    def steps(self, steps_per_epoch: float, total: int) -> int:
        """The whole number of steps that is nearest, half a step counting as one."""
        of_one = {"steps": 1, "epochs": steps_per_epoch, "share": total}[self.unit]
        return math.floor(self.value * of_one + 0.5)

    def __str__(self) -> str:
        if self.unit == "share":
            share = Fraction(self.value).limit_denominator(12)
            if abs(share - self.value) < 1e-12 and share.denominator in (3, 6, 7, 9, 11, 12):
                return str(share)
            return f"{round(self.value * 100, 10):g} %"
        return f"{self.value:.12g} {self.unit[:-1] if self.value == 1 else self.unit}"

    @classmethod
    def parse(cls, written: int | float | str) -> Duration:
        """What a suite file says; a bare whole number is steps, a fraction such as 1/3 a share of the training."""
        if isinstance(written, bool) or not isinstance(written, int | float | str):
            raise ValueError(f"{written!r} is no length of time; {WAYS}")
        if isinstance(written, int | float):
            return cls._of_number(written)
        match = _WRITTEN.fullmatch(written)
        if match is None:
            raise ValueError(f"{written!r} is no length of time; {WAYS}")
        number, divisor, word = match.groups()
        unit = _UNITS.get(" ".join((word or "").lower().split()))
        if unit is None:
            raise ValueError(f"{written!r}: {word.strip()!r} is no unit of time; {WAYS}")
        value = _value(number)
        if divisor is not None:
            if _value(divisor) == 0:
                raise ValueError(f"{written!r} divides by zero; {WAYS}")
            value /= _value(divisor)
            unit = "share" if not word else unit
        if word is not None and "%" in word:
            value /= 100
        return cls._checked(float(value), unit, repr(written))

    @classmethod
    def _of_number(cls, number: int | float) -> Duration:
        if isinstance(number, float) and math.isnan(number):
            raise ValueError(f"{number} is no length of time; {WAYS}")
        return cls._checked(float(min(max(number, -1), 2 * _LONGEST)), "steps", str(number)[:20])

    @classmethod
    def _checked(cls, value: float, unit: Unit, written: str) -> Duration:
        if value < 0:
            raise ValueError(f"{written} is negative; {WAYS}")
        if value > _LONGEST:
            raise ValueError(f"{written} is longer than any training; {WAYS}")
        if unit == "steps" and not value.is_integer():
            raise ValueError(f"{written} is no whole number of steps; {WAYS}")
        if unit == "share" and value > 1:
            raise ValueError(f"{written} is more than the whole training; give a share of at most 100 %")
        return cls(value, unit if value else "steps")  # nothing is nothing, in any unit


def _value(number: str) -> Fraction:
    return Fraction(number.replace("_", "").replace(",", ""))
