"""When two results of one run are the same result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.store.schema import Run
from bench.store.values import FINAL

Row = dict[str, Any]

# Of a number, relative where it is above 1. Another thread count or library may change so much where the environment is
# deterministic; where it is not, sums in another order go on to change the training itself.
DETERMINISTIC, FREE = 1e-5, 1e-2

# Not part of the result: which row it is, when and in what company it was made, what words and compression make of it.
_APART = {
    *("id", "key", "environment_id", "results_version", "origin", "attempt", "pack_id", "recipe_id", "split_id"),
    *("reason", "steps_shared", "bytes_gzip", "seconds"),
}
RESULT = (*(column.name for column in Run.__table__.columns if column.name not in _APART), "split_hash")


def is_final(row: Mapping[str, Any]) -> bool:
    return row["status"] in FINAL


def same(one: Mapping[str, Any], other: Mapping[str, Any], tolerance: float) -> bool:
    """Whether two rows of one run and one environment tell of the same: one result, or one failure."""
    if is_final(one) != is_final(other):
        return False
    if is_final(one):
        return not differences(one, other, tolerance)
    return (one["reason"], one["finished_at"]) == (other["reason"], other["finished_at"])


def differences(one: Mapping[str, Any], other: Mapping[str, Any], tolerance: float) -> dict[str, list[Any]]:
    """The columns in which two results do not agree; what one of them does not know is no difference."""
    return {
        name: [one[name], other[name]]
        for name in RESULT
        if one[name] is not None and other[name] is not None and not close(one[name], other[name], tolerance)
    }


def close(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two values are the same: words to the letter, numbers within the tolerance."""
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return bool(abs(one - other) <= tolerance * max(1.0, abs(one), abs(other)))
