"""Paths through a small network, walked one by one: slow, obvious, and all by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

Unit = tuple[str, int]  # a place in the network, and the number of the unit there
Weight = tuple[str, tuple[int, int]]  # the layer, and which of its weights


@dataclass
class Ways:
    """Who sends to whom, through which weight; None where no weight is passed."""

    steps: dict[Unit, list[tuple[Unit, Weight | None]]] = field(default_factory=dict)

    def layer(self, name: str, kept: Tensor, before: str, after: str) -> None:
        """The weights of a linear layer that are left, or the windows of a convolution."""
        for row, column in torch.nonzero(kept.reshape(*kept.shape[:2], -1).any(2)).tolist():
            self.steps.setdefault((before, column), []).append(((after, row), (name, (row, column))))

    def passing(self, before: str, after: str, pairs: Mapping[int, int]) -> None:
        for sender, receiver in pairs.items():
            self.steps.setdefault((before, sender), []).append(((after, receiver), None))

    def walked(self) -> set[Weight]:
        """The weights on some path from "inputs" to "outputs"."""
        found: set[Weight] = set()
        for unit in list(self.steps):
            if unit[0] == "inputs":
                for path in self._paths(unit):
                    found.update(path)
        return found

    def _paths(self, unit: Unit) -> Iterator[tuple[Weight, ...]]:
        if unit[0] == "outputs":
            yield ()
        for after, weight in self.steps.get(unit, []):
            for rest in self._paths(after):
                yield rest if weight is None else (weight, *rest)


def marked(walked: set[Weight], kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The kept weights that were walked; of a window that was, all that is kept."""
    result = {}
    for name, here in kept.items():
        mark = torch.zeros(here.shape[:2], dtype=torch.bool)
        for layer, place in walked:
            if layer == name:
                mark[place] = True
        result[name] = here & mark.reshape(*mark.shape, *[1] * (here.dim() - 2))
    return result
