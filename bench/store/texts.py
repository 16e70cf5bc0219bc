"""Text and numbers in the form in which the database keeps them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.masking import masked

_STATE_BYTES = 12
_PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def compact(value: Any) -> str:
    """JSON with sorted names and no spaces. NaN and infinity become null: one of them would spoil every JSON query."""
    return json.dumps(_finite(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain_json(value: Any) -> str:
    """The same of what was read from JSON, in which there is nothing to be mended."""
    return _PLAIN.encode(value)


def points_text(points: Iterable[Sequence[Any]]) -> str:
    """A curve as JSON, its values to seven digits: more than the trainer's single precision has.

    Curves are most of a database, so that this is written out in place of a general encoder.
    """
    return f"[{','.join([_point(step, value) for step, value in points])}]"


def _point(step: Any, value: Any) -> str:
    if type(step) is not int:
        step = integer(step)
    if type(value) is not float:
        value = real(value)
    if value is None or not math.isfinite(value):
        return f"[{step},null]"
    text = f"{value:.7g}"
    return f"[{step},{text}]" if "." in text or "e" in text else f"[{step},{text}.0]"  # a real number, as all are


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


def shortened(key: str) -> bytes:
    """The key of a state in 12 bytes in place of 40 digits, of which every run had three.

    In 96 bits two of a hundred million states are taken for one by a chance below one in 10^12.
    """
    try:
        return bytes.fromhex(key)[:_STATE_BYTES]
    except ValueError:  # a key that is no hash
        return hashlib.sha256(key.encode()).digest()[:_STATE_BYTES]


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
