"""Picks cells of a grid by what a user types: method=lottery, sparsity=0.9."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from bench.grid import Cell

_WORDS: dict[str, Callable[[Cell], tuple[str, ...]]] = {
    "method": lambda cell: (cell.method.label, cell.method.name),
    "data": lambda cell: (cell.ground.data.name, cell.ground.problem.data.name),
    "model": lambda cell: (cell.ground.model, cell.ground.problem.model.name),
    "level": lambda cell: (str(cell.level),),
    "protocol": lambda cell: (cell.protocol,) if cell.protocol else (),
}


def parse(text: str | None) -> dict[str, list[str]]:
    """`method=lottery,sparsity=0.9` as a mapping; a name that comes twice lets either value through."""
    only: dict[str, list[str]] = {}
    # A label may hold commas: only one that a name and "=" follow begins a new filter.
    for part in re.split(r",(?=\s*\w+\s*=)", text or ""):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        if not equals or not value.strip():
            raise UserError(f"only: {part.strip()!r} is no filter; write method=lottery,sparsity=0.9")
        only.setdefault(name.strip(), []).append(value.strip())
    return only


def picked(cells: Sequence[Cell], only: Mapping[str, Sequence[str]]) -> list[Cell]:
    """The cells that every filter lets through; dense cells stay, since the others are compared with them."""
    chosen = list(cells)
    for name, values in only.items():
        if name == "sparsity":
            wanted = {target for value in values for target in _targets(value, cells)}
            chosen = [cell for cell in chosen if cell.level == 0 or cell.target in wanted]
        elif name in _WORDS:
            words = _WORDS[name]
            known = {word for cell in cells for word in words(cell)}
            for value in values:
                if value not in known:
                    raise UserError(f"only: no cell has the {name} {value!r}; {nearest(value, known)}")
            keep_dense = name in ("method", "level")
            chosen = [c for c in chosen if (keep_dense and _dense(c)) or set(words(c)) & set(values)]
        else:
            raise UserError(f"only: {name!r} is nothing to choose by; {nearest(name, [*_WORDS, 'sparsity'])}")
    return chosen


def _dense(cell: Cell) -> bool:
    """Whether it is the suite's own network, unpruned."""
    return cell.level == 0 and cell.own is cell.ground


def as_stored(only: Mapping[str, Sequence[str]], cells: Sequence[Cell]) -> dict[str, Sequence[str]]:
    """Filters by the names that results of these cells have: a stand-in is stored under its own, say."""
    filters = dict(only)
    for name in {"data", "model"} & filters.keys():
        filters[name] = sorted({_WORDS[name](cell)[0] for cell in cells})
    return filters


def _targets(value: str, cells: Sequence[Cell]) -> list[float]:
    """0.9, 90 % or, for a rung of a ladder, its rounded value: 0.79 finds 0.7903."""
    digits = value.removesuffix("%").strip()
    unit = 0.01 if value.endswith("%") else 1.0
    try:
        wanted = float(digits) * unit
    except ValueError:
        raise UserError(f"only: {value!r} is not a sparsity; write 0.9 or 90 %") from None
    targets = sorted({cell.target for cell in cells if cell.level})
    exact = [target for target in targets if abs(target - wanted) < 1e-9]
    rounding = 0.5 * unit * 10.0 ** -len(digits.partition(".")[2]) + 1e-12
    found = exact or [target for target in targets if abs(target - wanted) <= rounding]
    if not found:
        known = ", ".join(f"{target:.4g}" for target in targets)
        raise UserError(f"only: no cell has the sparsity {value!r}; known are: {known}")
    return found
