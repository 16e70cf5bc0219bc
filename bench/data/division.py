"""How a user's own samples are divided: by shares, or as they came; what is missing is drawn from the training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.data.base import stratified
from bench.data.twins import check_twins, stratified_apart
from bench.errors import UserError

Integers = npt.NDArray[np.int64]

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Division:
    """Samples that the seed divides, class by class, and parts that are what they are."""

    labels: Integers  # of all samples
    twins: Integers  # the same number for samples that may not lie in two parts
    pool: Integers  # the samples to be divided
    shares: Mapping[str, int]  # into how many
    fixed: Mapping[str, Integers]

    @property
    def counts(self) -> dict[str, int]:
        return {name: self.shares.get(name, 0) + len(self.fixed.get(name, ())) for name in PARTS}

    def parts(self, seed: int) -> dict[str, Integers]:
        drawn = stratified_apart(self.labels[self.pool], self.twins[self.pool], self.shares, seed)
        parts = {name: self.pool[rows] for name, rows in drawn.items()}
        return {name: np.concatenate([parts.get(name, _NONE), self.fixed.get(name, _NONE)]) for name in PARTS}


_NONE = np.array([], np.int64)


def divided(
    where: str,
    labels: Integers,
    class_names: Sequence[str],
    given: Mapping[str, Integers],
    *,
    validation: float,
    test: float,
    twins: Integers | None = None,
) -> Division:
    """`given` holds the parts that came divided, at least train; of that, those that did not come get their share."""
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1:
            raise UserError(f"{where}: {name} is {share}; give a share between 0 and 1, such as 0.2")
    wanted = {name: share for name, share in (("validation", validation), ("test", test)) if name not in given}
    if wanted.get("test") == 0:
        raise UserError(f"{where}: test is 0, and networks are judged by test data; give a share such as 0.2")
    if sum(wanted.values()) >= 1:
        raise UserError(f"{where}: {' and '.join(wanted)} together leave nothing to train on; give smaller shares")
    pool = given["train"]
    sizes = {name: int(np.floor(share * len(pool) + 0.5)) for name, share in wanted.items()}
    shares = {"train": len(pool) - sum(sizes.values()), **sizes}
    fixed = {name: rows for name, rows in given.items() if name != "train"}
    alone = np.arange(len(labels))
    division = Division(labels, alone if twins is None else twins, pool, shares, fixed)
    _check(where, division, class_names, wanted)
    return division


def _check(where: str, division: Division, class_names: Sequence[str], wanted: Mapping[str, float]) -> None:
    """Sizes do not depend on the seed, so what holds for one holds for all."""
    labels, twins = division.labels[division.pool], division.twins[division.pool]
    check_twins(where, labels, class_names, twins, stratified(labels, division.shares, 0)["train"])
    for name, rows in division.parts(0).items():
        if not len(rows):
            if name == "validation" and wanted.get(name, 0) == 0:
                continue
            raise UserError(f"{where}: {len(division.labels)} samples leave none for {name}; add more")
        held = np.bincount(division.labels[rows], minlength=len(class_names))
        if held.min() == 0 and (name == "train" or name in wanted):
            label = int(held.argmin())
            total = int((division.labels == label).sum())
            unit = "sample" if total == 1 else "samples"
            mend = f"add more, or give {name} a larger share" if name in wanted else "add more"
            raise UserError(
                f"{where}: the class {class_names[label]!r} has {total} {unit}, which leaves none for {name}; {mend}"
            )
