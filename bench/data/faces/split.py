"""Parts of a data set that keep groups whole, in sizes that no seed changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench import random

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Kind = tuple[tuple[int, int], ...]  # how many samples of which classes a group has


@dataclass(frozen=True, eq=False)
class GroupedSplit:
    """How many groups of each kind go into each part; the seed draws which.

    Groups of one kind can take each other's place, so every draw has the same number of samples of every class in
    every part.
    """

    groups: Mapping[Kind, tuple[Integers, ...]]  # the members of each group
    quotas: Mapping[Kind, Mapping[str, int]]

    @property
    def counts(self) -> dict[str, int]:
        names = list(next(iter(self.quotas.values())))
        return {
            name: sum(quota[name] * sum(count for _, count in kind) for kind, quota in self.quotas.items())
            for name in names
        }

    def parts(self, seed: int) -> dict[str, Integers]:
        drawn: dict[str, list[Integers]] = {name: [] for name in self.counts}
        for kind, groups in self.groups.items():
            place = [number for pair in kind for number in pair]
            order = random.permutation(seed, "split", "groups", *place, n=len(groups)).tolist()
            for name, quota in self.quotas[kind].items():
                drawn[name] += [groups[index] for index in order[:quota]]
                order = order[quota:]
        return {name: np.concatenate([np.empty(0, np.int64), *pieces]) for name, pieces in drawn.items()}


def grouped(labels: Integers, groups: Integers, shares: Mapping[str, float]) -> GroupedSplit:
    """A split in which every class has its share of every part as nearly as whole groups allow; shares sum to 1."""
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups.tolist()):
        members[group].append(index)
    by_kind: dict[Kind, list[Integers]] = defaultdict(list)
    for indices in members.values():
        found, counts = np.unique(labels[indices], return_counts=True)
        by_kind[tuple(zip(found.tolist(), counts.tolist(), strict=True))].append(np.array(indices, np.int64))
    kinds = sorted(by_kind, key=lambda kind: (-sum(count for _, count in kind), kind))
    quotas = _quotas({kind: len(by_kind[kind]) for kind in kinds}, labels, shares)
    return GroupedSplit({kind: tuple(by_kind[kind]) for kind in kinds}, quotas)


def _quotas(kinds: Mapping[Kind, int], labels: Integers, shares: Mapping[str, float]) -> dict[Kind, dict[str, int]]:
    """Large groups first, each where most is missing in proportion; single samples fill up what is left.

    In proportion, since by number alone all large groups would go into the largest part, and the others would hold
    none but the photos that have no copy.
    """
    sizes = np.bincount(labels)
    missing = {name: np.asarray(sizes * share, np.float64) for name, share in shares.items()}
    quotas = {kind: dict.fromkeys(shares, 0) for kind in kinds}
    for kind, number in kinds.items():
        for _ in range(number):
            chosen = _emptiest(kind, missing, sizes, shares)
            quotas[kind][chosen] += 1
            for label, count in kind:
                missing[chosen][label] -= count
    return quotas


def _emptiest(kind: Kind, missing: Mapping[str, Floats], sizes: Integers, shares: Mapping[str, float]) -> str:
    """The part that a group of this kind goes into: one that it fits, where there is any."""
    by_number = {name: sum(float(missing[name][label]) for label, _ in kind) for name in shares}
    fitting = {
        name: round(sum(float(missing[name][label] / (sizes[label] * shares[name])) for label, _ in kind), 9)
        for name in shares
        if shares[name] > 0 and all(missing[name][label] - count > -0.5 - 1e-9 for label, count in kind)
    }
    if fitting:
        return max(fitting, key=lambda name: (fitting[name], by_number[name]))
    return max(by_number, key=lambda name: by_number[name])
