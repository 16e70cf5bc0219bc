"""The limits that a user gives `bench choose`: amounts, shares, times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.errors import UserError

if TYPE_CHECKING:
    from analysis.choosing import Limit

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}
_AMOUNT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([kmg]i?|)b?", re.IGNORECASE)


def limits_of(
    ms: float | None, size: str | None, macs: str | None, parameters: str | None, accuracy: str | None
) -> list[Limit]:
    """Those that were given, in the order in which they are told."""
    from analysis.choosing import Limit

    limits = []
    if ms is not None:
        if ms <= 0:
            raise UserError(f"--max-ms {ms:g}: is no time; write a number above 0")
        limits.append(Limit("ms", ms))
    if size is not None:
        limits.append(Limit("bytes", _amount("--max-bytes", size)))
    if macs is not None:
        limits.append(Limit("macs", _amount("--max-macs", macs)))
    if parameters is not None:
        limits.append(Limit("parameters", _amount("--max-parameters", parameters)))
    if accuracy is not None:
        limits.append(Limit("accuracy", _share(accuracy)))
    return limits


def _amount(option: str, text: str) -> float:
    """300k, 1.5M, 64KiB, 300000."""
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        raise UserError(f"{option} {text}: is no amount; write 300000, 300k or 1.5M")
    return float(match[1]) * _UNITS[match[2].lower()]


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise UserError(f"--min-accuracy {text}: is no share of right answers; write 0.9 or 90%")
    return share
