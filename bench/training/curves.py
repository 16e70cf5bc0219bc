"""Where along a training it is looked at, so that curves stay short and looking stays cheap."""

from __future__ import annotations

MOST_POINTS = 60
MOST_POINTS_IN_A_WIDE_PACK = 20
WIDE = 200
SHARE = 0.1  # of the training's own computing


def looks(start: int, stop: int, batch: int, validation: int, width: int) -> list[int]:
    """The steps after which the curve gets a point: spaced evenly in the logarithm, the last step always among them."""
    length = stop - start
    # A training step costs about three times what looking at as many samples costs; a look at few costs a step.
    affordable = int(SHARE * length * min(1.0, 3 * batch / validation)) if validation else MOST_POINTS
    points = min(MOST_POINTS_IN_A_WIDE_PACK if width > WIDE else MOST_POINTS, max(2, affordable))
    spaced = {round(length ** (place / (points - 1))) for place in range(points)}
    return sorted(start + step for step in spaced if 1 <= step <= length)
