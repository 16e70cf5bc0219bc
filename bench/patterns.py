"""Granularities that are written as numbers: blocks such as 4x4, and N of M such as 2:4."""

from __future__ import annotations

import re

from bench.errors import UserError

CHANNEL = "channel"
_BLOCK = re.compile(r"([1-9]\d*)x([1-9]\d*)")
_N_OF_M = re.compile(r"([1-9]\d*):([1-9]\d*)")


def block_of(granularity: str) -> tuple[int, int] | None:
    """Rows and columns of a block, where the granularity is one."""
    found = _BLOCK.fullmatch(granularity)
    return (int(found[1]), int(found[2])) if found else None


def n_of_m(granularity: str) -> tuple[int, int] | None:
    """How many weights are kept at least of how many that lie side by side, where the granularity says that."""
    found = _N_OF_M.fullmatch(granularity)
    if not found:
        return None
    kept, group = int(found[1]), int(found[2])
    if kept >= group:
        raise UserError(f"granularity {granularity}: {kept} of {group} prunes nothing; keep fewer, such as 2:4")
    return kept, group
