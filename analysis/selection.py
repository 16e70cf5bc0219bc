"""Picks runs by what a user types: method=lottery, sparsity=0.9, environment=..."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.wording import listing, percent
from bench.errors import UserError, nearest

# The columns that a filter may name, by the word for it. A method is found by its label or by its registered name.
FILTERS: dict[str, tuple[str, ...]] = {
    "suite": ("suite",),
    "profile": ("profile",),
    "data": ("data",),
    "model": ("model",),
    "protocol": ("protocol",),
    "environment": ("environment", "device"),
    "origin": ("origin",),
    "status": ("status",),
    "seed": ("seed",),
    "method": ("method", "method_name"),
    "level": ("level",),
    "sparsity": ("target_sparsity",),
}


def check(only: Mapping[str, Sequence[str]]) -> None:
    """Refuse a filter by a word that nothing can be chosen by."""
    for name in only:
        if name not in FILTERS:
            raise UserError(f"only: {name!r} is nothing to choose by; {nearest(name, FILTERS)}")


def select(frame: pd.DataFrame, only: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The rows that every filter lets through; a filter lets through what equals one of its values."""
    check(only)
    for name, values in only.items():
        if frame.empty:
            break
        chosen = pd.Series(False, index=frame.index)
        for value in values:
            chosen |= _sparsity(frame, value) if name == "sparsity" else _word(frame, name, value)
        frame = frame[chosen]
    return frame.reset_index(drop=True)


def _word(frame: pd.DataFrame, name: str, value: str) -> pd.Series[bool]:
    found = pd.Series(False, index=frame.index)
    for column in FILTERS[name]:
        found |= frame[column].astype(str) == value
    if not found.any():
        known = {str(word) for column in FILTERS[name] for word in frame[column].unique()}
        raise UserError(f"only: no run has the {name} {value!r}; {nearest(value, known)}")
    return found


def _sparsity(frame: pd.DataFrame, value: str) -> pd.Series[bool]:
    """0.9, 90 % or, for a rung of a ladder, its rounded value: 0.79 finds 0.7903."""
    number = value.strip()
    unit = 0.01 if number.endswith("%") else 1.0
    digits = number.removesuffix("%").strip()
    try:
        wanted = float(digits) * unit
    except ValueError:
        raise UserError(f"only: {value!r} is not a sparsity; write 0.9 or 90 %") from None
    distance = (frame["target_sparsity"] - wanted).abs()
    exact = distance < 1e-9
    if exact.any():
        return exact
    rounded = distance <= 0.5 * unit * 10.0 ** -len(digits.partition(".")[2]) + 1e-12
    if not rounded.any():
        known = listing(percent(share) for share in sorted(frame["target_sparsity"].unique()))
        raise UserError(f"only: no run has the sparsity {value!r}; known are: {known}")
    return rounded
