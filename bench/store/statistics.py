"""The numbers behind the intervals of the views: quantiles of Student's t and first guesses for square roots.

Both are computed here, in plain Python, so that a database can be made without a statistics package.
"""

from __future__ import annotations

import math

LARGEST_DF = 200  # beyond it the expansion is exact to 1e-11
_NORMAL = 1.959963984540054  # the 97.5 % quantile of the normal distribution


def _central_probability(df: int, angle: float) -> float:
    """P(|t| < tan(angle) sqrt(df)): for a whole number of degrees of freedom it is a finite sum."""
    sine, cosine = math.sin(angle), math.cos(angle)
    term = cosine if df % 2 else 1.0
    total = 0.0
    for k in range(df % 2, df - 1, 2):
        total += term
        term *= cosine * cosine * (k + 1) / (k + 2)
    return (angle + sine * total) * 2 / math.pi if df % 2 else sine * total


def student_t(df: int) -> float:
    """The 97.5 % quantile of Student's t distribution: the half width of a 95 % interval in standard errors."""
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _central_probability(df, middle) < 0.95 else (low, middle)
    return math.tan((low + high) / 2) * math.sqrt(df)


def expansion(df: str) -> str:
    """The same quantile for many degrees of freedom, as an SQL expression: Fisher and Cornish's series in 1 / df."""
    z = _NORMAL
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    text = repr(terms[-1])
    for term in reversed((z, *terms[:-1])):
        text = f"({term!r} + {text} / {df})"
    return text


def square_root_guesses() -> list[tuple[float, float]]:
    """(low, guess) for numbers from 1e-60 to 1e60: within 9 %, whence two of Halley's steps are exact to 1e-11."""
    return [(0.0, 1e-30)] + [(2.0 ** (k / 2), 2.0 ** (k / 4 + 0.125)) for k in range(-400, 401)]
