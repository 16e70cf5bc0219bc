"""Channels by name: every position along a channel axis is an atom, and atoms that must share one fate are tied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Axis:
    """The channel axis of a tensor: its dimension, and the atom of each position. An atom may fill several."""

    dim: int
    atoms: Places

    def moved(self, dim: int) -> Axis:
        return Axis(dim, self.atoms)

    def __len__(self) -> int:
        return len(self.atoms)


class Atoms:
    """All atoms of a network. Tied ones go together or not at all; a fixed one, and what is tied to it, stays."""

    def __init__(self) -> None:
        self._above: list[int] = []
        self._fixed: set[int] = set()

    @property
    def count(self) -> int:
        return len(self._above)

    def fresh(self, count: int) -> Places:
        first = len(self._above)
        self._above.extend(range(first, first + count))
        return np.arange(first, first + count)

    def root(self, atom: int) -> int:
        """The atom that stands for all that are tied to this one."""
        while self._above[atom] != atom:
            self._above[atom] = self._above[self._above[atom]]
            atom = self._above[atom]
        return atom

    def roots(self, atoms: Iterable[int]) -> Places:
        return np.array([self.root(int(atom)) for atom in atoms], dtype=np.int64)

    def tie(self, first: Sequence[int] | Places, second: Sequence[int] | Places) -> None:
        """Tie the atoms of two axes, position by position."""
        for one, other in {(int(a), int(b)) for a, b in zip(first, second, strict=True)}:
            low, high = sorted((self.root(one), self.root(other)))
            self._above[high] = low

    def fix(self, atoms: Iterable[int]) -> None:
        self._fixed.update({int(atom) for atom in atoms})

    def fixed(self) -> set[int]:
        """The roots that stay."""
        return {self.root(atom) for atom in self._fixed}
