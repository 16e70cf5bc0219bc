"""Networks with the same layers and fewer units in each: `width: 0.5` halves all hidden sizes."""

from __future__ import annotations

from math import floor

from bench.errors import UserError


def scaled(count: int, width: float) -> int:
    """So many units or channels of a layer that has `count` at width 1: rounded half up, at least one."""
    if not 0 < width < float("inf"):
        raise UserError(f"width: {width:g} is no share of a layer's size; give a number above 0, such as 0.5")
    return max(1, floor(round(count * width, 9) + 0.5))  # 0.58 * 25 is 14.5, as on paper


def all_scaled(counts: tuple[int, ...], width: float) -> tuple[int, ...]:
    return tuple(scaled(count, width) for count in counts)
