"""Text and numbers in the form in which the database keeps them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bench.masking import masked

_PLAIN = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def compact(value: Any) -> str:
    """JSON with sorted names and no spaces. NaN and infinity become null: one of them would spoil every JSON query."""
    return json.dumps(_finite(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def pairs(values: Iterable[tuple[int | None, float | None]]) -> str:
    """JSON of numbers that are plain and finite already: curves are most of a database, and need no second look."""
    return _PLAIN.encode(list(values))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    """A NumPy or PyTorch scalar as the Python number it holds; other values as they are."""
    if type(value).__module__.split(".")[0] in ("numpy", "torch") and hasattr(value, "item"):
        return _finite(value.item())
    return value


def real(value: Any) -> float | None:
    """A float for a REAL column; NaN and infinity are NULL."""
    if type(value) is not float:
        if value is None:
            return None
        plain = _plain(value)
        if plain is None:
            return None
        if isinstance(plain, bool) or not isinstance(plain, int | float):
            raise TypeError(f"{value!r} is no number")
        value = float(plain)
    return value if math.isfinite(value) else None


def integer(value: Any) -> int | None:
    """An int for an INTEGER column: SQLite would keep a NumPy integer as eight bytes of nonsense."""
    if type(value) is int or value is None:
        return value
    plain = _plain(value)
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    if isinstance(plain, bool) or not isinstance(plain, int):
        raise TypeError(f"{value!r} is no whole number")
    return plain


def content_hash(text: str) -> str:
    """The natural key of a text: 40 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def now() -> str:
    """The time in UTC to the second, as ISO 8601 text, which sorts and which SQLite's date functions read."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fit_to_keep(value: Any) -> Any:
    """Settings as they may be kept: secrets and home folders are masked in their texts."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {name: fit_to_keep(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [fit_to_keep(item) for item in value]
    return value
