"""The kinds of numbers and words that a suite holds: from what is written to a value, or a ValueError with the mend."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from bench.durations import WAYS, Duration
from bench.errors import nearest

_MOST_SEEDS = 100_000
_HUGE = 10**308  # what is beyond it is no float
_LARGEST = 2**53  # beyond it a number and its neighbour may look alike in JSON


def shown(value: Any) -> str:
    """How a mistake quotes a value."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping (key: value)"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    if isinstance(value, float):
        text = f"{value:.12g}"
    return text if len(text) <= 60 else text[:57] + "..."


def number(value: Any) -> float:
    """A finite number; '20 %' is one too."""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        try:
            return _finite(float(value.rstrip()[:-1].replace("_", "")) / 100, value)
        except ValueError:
            raise ValueError(f"{shown(value)} is no percentage; write '20 %' or 0.2") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is no number; {_bare(value)}")
    return _finite(float(value) if abs(value) < _HUGE else math.inf, value)


def _finite(converted: float, value: Any) -> float:
    if not math.isfinite(converted):
        raise ValueError(f"{shown(value)} is no finite number; write a number such as 0.1")
    return converted


def _bare(value: Any) -> str:
    try:
        float(value) if isinstance(value, str) else float("none")
    except ValueError:
        return "write a number such as 0.1"
    return "leave the quotes out"


def within(low: float, high: float, *, ends: str, mend: str) -> Callable[[Any], float]:
    """A number between two others; `ends` are the brackets of the interval, such as ``[)``."""

    def convert(value: Any) -> float:
        found = number(value)
        above = found >= low if ends[0] == "[" else found > low
        below = found <= high if ends[1] == "]" else found < high
        if not (above and below):
            raise ValueError(f"{shown(value)} is out of range; {mend}")
        return found

    return convert


epochs = within(0, 10**9, ends="(]", mend="give a number above 0, and at most 1,000,000,000")
positive = within(0, math.inf, ends="()", mend="give a number above 0")
not_negative = within(0, math.inf, ends="[)", mend="give 0 or more")
below_one = within(0, 1, ends="[)", mend="give a number from 0 to below 1")
portion = within(0, 1, ends="[]", mend="give a number from 0 to 1")
layer_rate = within(0, 1, ends="[)", mend="a round takes a share from 0 to below 1 of what is left")
factor = within(0, math.inf, ends="[)", mend="give a factor of the target, 0 or more")


def sparsity(value: Any) -> float:
    """A share of weights that is to go: neither none nor all."""
    found = number(value)
    if found == 0:
        raise ValueError(f"{shown(value)} is no sparsity; leave it out, the method 'none' is the dense network")
    if found < 0:
        raise ValueError(f"{shown(value)} is negative; a sparsity lies between 0 and 1")
    if found == 1:
        raise ValueError(f"{shown(value)} would prune every weight; a sparsity lies between 0 and 1")
    if 1 < found < 100 and isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is above 1; a sparsity lies between 0 and 1, and a percentage has its sign")
    if found > 1:
        raise ValueError(f"{shown(value)} is above 1; a sparsity lies between 0 and 1")
    return found


def floor(value: Any) -> float:
    """What a layer keeps at least: a whole number of granules, or a share below 1; 0 for nothing."""
    found = number(value)
    if found < 0:
        raise ValueError(f"{shown(value)} is negative; give what a layer keeps, such as 1 or '0.5 %'")
    if found >= 1 and (isinstance(value, str) or not found.is_integer()):
        raise ValueError(f"{shown(value)} is neither a share below 1 nor a whole number; write such as 1 or '0.5 %'")
    return found


def whole(value: Any, least: int = -_LARGEST, most: int = _LARGEST) -> int:
    """A whole number; 1e3 is one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
        mend = "leave the quotes out" if isinstance(value, str) and value.strip().isdigit() else "write one such as 10"
        raise ValueError(f"{shown(value)} is no whole number; {mend}")
    if not least <= value <= most:
        bound = f"{least:,} or more" if value < least else f"{most:,} at most"
        raise ValueError(f"{shown(value)} is out of range; give {bound}")
    return int(value)


def count(value: Any) -> int:
    return whole(value, least=1)


def rounds(value: Any) -> int:
    return whole(value, least=1, most=1000)


def seed(value: Any) -> int:
    return whole(value, least=0)


def seed_count(value: Any) -> int:
    return whole(value, least=1, most=_MOST_SEEDS)


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false; write true or false")
    return value


def word(value: Any) -> str:
    """Text in one line."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no text; put text that looks like something else into quotes")
    if not value.strip() or "\n" in value.strip():
        raise ValueError(f"{shown(value)} is no text of one line; give one")
    return value.strip()


def label(value: Any) -> str:
    text = word(value)
    if len(text) > 60:
        raise ValueError(f"{shown(text)} has {len(text)} characters; a label has 60 at most, so that tables hold it")
    return text


def one_of(known: Iterable[str], what: str) -> Callable[[Any], str]:
    """One of some words."""
    names = tuple(known)

    def convert(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} is no {what}; known are: {', '.join(names)}")
        if value not in names:
            raise ValueError(f"unknown {what} {value!r}; {nearest(value, names)}")
        return value

    return convert


def duration(value: Any) -> Duration:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{shown(value)} is no length of time; {WAYS}")
    return Duration.parse(value)


def length(value: Any) -> Duration:
    """A duration that is not nothing."""
    found = duration(value)
    if found.value == 0:
        raise ValueError(f"{shown(value)} is no time at all; {WAYS}")
    return found
