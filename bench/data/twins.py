"""Splits in which copies of one photo do not lie in two parts: a network that has learned one knows the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bench.data.base import stratified
from bench.errors import UserError

Integers = npt.NDArray[np.int64]


def keep_together(parts: Mapping[str, Integers], labels: Integers, twins: Integers) -> dict[str, Integers]:
    """The same parts, but samples with the same number in `twins` that were in several of them are all for training.

    For each that moves, a sample of its class without a twin goes the other way, so that no class changes its share.
    """
    whole = {name: np.array(part) for name, part in parts.items()}
    alone = np.bincount(twins)[twins] == 1
    if alone.all():
        return whole
    place = {int(sample): (name, at) for name, part in whole.items() for at, sample in enumerate(part)}
    spare: dict[int, list[int]] = {}
    for sample in whole["train"]:
        if alone[sample]:
            spare.setdefault(int(labels[sample]), []).append(int(sample))
    for members in groups(twins):
        held = [int(sample) for sample in members if int(sample) in place]
        if len({place[sample][0] for sample in held}) < 2:
            continue
        for sample in held:
            if place[sample][0] != "train":
                other = spare[int(labels[sample])].pop()
                place[sample], place[other] = place[other], place[sample]
                for one in (sample, other):
                    name, at = place[one]
                    whole[name][at] = one
    return whole


def stratified_apart(labels: Integers, twins: Integers, counts: Mapping[str, int], seed: int) -> dict[str, Integers]:
    """As `stratified`, with twins kept together."""
    return keep_together(stratified(labels, counts, seed), labels, twins)


def check_twins(where: str, labels: Integers, class_names: Sequence[str], twins: Integers, train: Integers) -> None:
    """Whether all twins of a class have room among its training samples: then every seed has a split."""
    several = np.bincount(twins)[twins] > 1
    for label in np.unique(labels[several]):
        copies, room = int((several & (labels == label)).sum()), int((labels[train] == label).sum())
        if copies > room:
            total = int((labels == label).sum())
            raise UserError(
                f"{where}: {copies} of the {total} photos of {class_names[label]!r} are copies of others, too many to "
                "keep them in one part; delete the copies"
            )


def groups(twins: Integers) -> list[Integers]:
    """The samples that have a twin, by number."""
    (several,) = np.nonzero(np.bincount(twins)[twins] > 1)
    order = several[np.argsort(twins[several], kind="stable")]
    return np.split(order, np.nonzero(np.diff(twins[order]))[0] + 1) if len(order) else []
