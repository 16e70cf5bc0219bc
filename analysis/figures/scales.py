"""Where a value lies on an axis and which ticks it has: sparsity by what is kept, accuracy by its odds, and so on.

Values are placed here and drawn on plain linear axes, so that every tick and label is one that we chose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analysis.wording import number

SPARSITIES = (0.0, 0.5, 0.9, 0.99, 0.999, 0.8, 0.95, 0.98, 0.995, 0.998, 0.2, 0.7, 0.35, 0.9995, 0.9999, 0.6, 0.97)
SHARES = (0.5, 0.9, 0.99, 0.1, 0.95, 0.8, 0.98, 0.999, 0.01, 0.2, 0.7, 0.05, 0.97, 0.995, 0.3, 0.85, 0.96, 0.02, 0.998)


@dataclass(frozen=True)
class Scale:
    """A monotone place for every value, and values worth a tick, the most wanted first."""

    place: Callable[[float], float]
    wanted: Callable[[float, float], Iterable[float]]
    label: Callable[[float], str]

    def ticks(self, low: float, high: float, limits: tuple[float, float], gap: float) -> list[tuple[float, str]]:
        """Places and labels for values from `low` to `high` within the limits, none nearer than `gap` to another."""
        least = gap * (limits[1] - limits[0])
        chosen: list[tuple[float, str]] = []
        for value in self.wanted(low, high):
            place = self.place(value)
            inside = limits[0] - 1e-9 <= place <= limits[1] + 1e-9
            if inside and all(abs(place - other) >= least - 1e-12 for other, _ in chosen):
                chosen.append((place, self.label(value)))
        return sorted(chosen)


def sparsity_scale(levels: Sequence[float]) -> Scale:
    """By the logarithm of what is kept: halving the weights is the same step everywhere.

    The levels of a short ladder are the ticks; a long one has round numbers.
    """
    few = tuple(sorted(set(levels), reverse=True)) if len(set(levels)) <= 7 else ()
    wanted = few or SPARSITIES
    return Scale(lambda s: -math.log10(max(1 - s, 1e-9)), lambda low, high: wanted, _short_percent)


def linear_scale(scale: float = 1.0) -> Scale:
    """Equal steps; `scale` takes stored values to shown ones."""
    return Scale(
        lambda value: value,
        lambda low, high: _steps(low, high, scale),
        lambda value: _short(value * scale, signs=False),
    )


def odds_scale(edge: float) -> Scale:
    """By the logarithm of the odds: 90 %, 99 % and 99.9 % lie as far apart as they are in errors.

    Ends of intervals within `edge` of 0 or 1, whose odds would run away, are drawn at the edge.
    """

    def place(share: float) -> float:
        inside = min(max(share, edge), 1 - edge)
        return math.log10(inside / (1 - inside))

    return Scale(place, lambda low, high: [share for share in SHARES if edge < share < 1 - edge], _short_percent)


def log_scale(floor: float) -> Scale:
    """By the logarithm; ends of intervals below the floor are drawn there."""
    return Scale(
        lambda value: math.log10(max(value, floor)),
        lambda low, high: [value for value in _logarithmic(max(low, floor), high) if value > floor],
        lambda value: _short(value, signs=False),
    )


def amount_scale() -> Scale:
    """Amounts of things by their logarithm, with thousands as k and millions as M."""
    return Scale(
        lambda value: math.log10(max(value, 1e-12)),
        lambda low, high: [value for value in _decades(low, high) if low <= value <= high],
        _amount,
    )


def difference_scale(linear: float | None, scale: float) -> Scale:
    """Equal steps about zero; with `linear`, shrinking beyond it, so that small and large differences both read."""
    if linear is None:
        return Scale(
            lambda value: value,
            lambda low, high: _steps(low, high, scale),
            lambda value: _short(value * scale, signs=True),
        )
    return Scale(
        lambda value: math.copysign(math.log10(1 + abs(value) / linear), value),
        lambda low, high: _both_signs(low, high, linear),
        lambda value: _short(value * scale, signs=True),
    )


def nice(value: float) -> float:
    """The largest of 1, 2, 5, 10, ... (times a power of ten) that is not above a value."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return max(step * power for step in (1, 2, 5) if step * power <= value * (1 + 1e-9))


def _steps(low: float, high: float, scale: float) -> list[float]:
    """Multiples of a round number, about six of them, in shown units."""
    step = nice(max((high - low) * scale / 4, 1e-12))
    first, last = math.ceil(low * scale / step - 1e-9), math.floor(high * scale / step + 1e-9)
    return [round(index * step, 12) / scale for index in range(first, last + 1)]


def _logarithmic(low: float, high: float) -> list[float]:
    """Round numbers of every decade, and where there is less than half of one, equal steps between them."""
    return [*_decades(low, high), *(_steps(low, high, 1.0) if high < 4 * low and high - low > 1e-6 * high else [])]


def _decades(low: float, high: float) -> list[float]:
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10.0**exponent for step in (1, 2, 5, 3, 7, 1.5) for exponent in exponents]


def _both_signs(low: float, high: float, linear: float) -> list[float]:
    sizes: list[float] = []
    size = nice(linear)
    while size <= max(abs(low), abs(high)):
        sizes.append(size)
        size = nice(size * 10) if len(sizes) < 40 else math.inf
    sizes += [3 * size for size in sizes]
    return [0.0, *(sign * size for size in sizes for sign in (-1, 1))]


def _short(value: float, signs: bool) -> str:
    """As few digits as say it."""
    text = number(round(value, 10), 10).rstrip("0").rstrip(".")
    return f"+{text}" if signs and value > 1e-12 else text


def _amount(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size * (1 - 1e-9):
            return f"{_short(value / size, signs=False)}{unit}"
    return _short(value, signs=False)


def _short_percent(share: float) -> str:
    kept = abs(1 - share)
    digits = 1 if kept >= 0.005 or kept < 1e-9 else 1 - math.floor(math.log10(kept * 100))
    return number(share * 100, digits).rstrip("0").rstrip(".") if digits else number(share * 100, 0)
