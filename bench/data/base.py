"""What a data set is: facts about it, one content tensor on the CPU, and splits that are index tensors into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench import random
from bench.arguments import arguments, settings
from bench.data.policy import DataPolicy
from bench.recipe import digest
from bench.registry import registry

if TYPE_CHECKING:
    import torch

    from bench.registry import Choice

Array = npt.NDArray[Any]
Scale = float | tuple[float, ...]  # one number for all, or one for each channel


@dataclass(frozen=True)
class DataInfo:
    """What is known of a data set before its content is read."""

    name: str  # the name under which results are stored: a stand-in has its own
    shape: tuple[int, ...]  # of one sample, as the network gets it
    classes: int
    counts: Mapping[str, int]  # of train, validation and test; they do not depend on the seed
    fingerprint: str  # of source bytes, options, version of the preparation and the split rule
    source: str  # for people: where it comes from
    standin: bool = False
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tensors:
    """The whole content on the CPU. What a network gets is (inputs.float() - shift) * factor.

    Images may be kept larger than the network gets them: evaluation takes their middle, augmentation any part.
    """

    inputs: torch.Tensor  # (N, *shape), uint8 or float32
    labels: torch.Tensor  # (N,), int64
    shift: Scale = 0.0
    factor: Scale = 1.0


@dataclass(frozen=True, eq=False)
class Split:
    """Which samples are for what: indices into the content, each in ascending order, no sample in two parts."""

    train: torch.Tensor
    validation: torch.Tensor
    test: torch.Tensor

    @cached_property
    def hash(self) -> str:
        whole = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            whole.update(len(part).to_bytes(8, "little"))
            whole.update(part.numpy().astype("<i8").tobytes())
        return whole.hexdigest()[:40]


class Dataset:
    """A data set that was found. Opening it is cheap; its content is read by the first call of `tensors`."""

    def __init__(
        self,
        info: DataInfo,
        load: Callable[[], Tensors],
        parts: Callable[[int], Mapping[str, Array]],
        notice: str | None = None,
    ) -> None:
        self.info = info
        self.notice = notice  # what the user must be told, such as that this is a stand-in
        self._load = load
        self._parts = parts

    @cached_property
    def _content(self) -> Tensors:
        return self._load()

    def tensors(self) -> Tensors:
        return self._content

    def split(self, seed: int) -> Split:
        """The parts for this seed, drawn by numbers that depend on nothing else."""
        import torch

        parts = self._parts(seed)
        tensor = {name: torch.from_numpy(np.sort(parts[name]).astype(np.int64)) for name in self.info.counts}
        return Split(tensor["train"], tensor["validation"], tensor["test"])


def open_dataset(choice: Choice | str, policy: DataPolicy) -> Dataset:
    """Find a data set by its registered name and say what it is, without reading its content."""
    name, options = (choice, {}) if isinstance(choice, str) else (choice.name, dict(choice.options))
    return open_named(name, options, policy)


def open_named(name: str, options: Mapping[str, Any], policy: DataPolicy) -> Dataset:
    component = registry("dataset").get(name)
    opened: Dataset = component.make(policy, **arguments(component, options))
    if opened.info.standin and opened.info.name != component.name:
        return opened  # it was opened under its own name and so has its fingerprint already
    hashed = [component.identity, opened.info.fingerprint, dict(settings(component, options))]
    opened.info = replace(opened.info, fingerprint=digest(hashed))
    return opened


def from_arrays(
    name: str,
    inputs: Array,
    labels: Array,
    counts: Mapping[str, int],
    *,
    source: str,
    class_names: Sequence[str] = (),
    shift: Scale = 0.0,
    factor: Scale = 1.0,
    parts: Callable[[int], Mapping[str, Array]] | None = None,
) -> Dataset:
    """A data set that is small enough to be held from the start; split by class and seed unless `parts` is given."""
    content = hashlib.sha256()
    for array in (inputs, labels):
        content.update(f"{array.dtype.str} {array.shape} ".encode())
        content.update(np.ascontiguousarray(array).tobytes())
    classes = len(class_names) or int(labels.max()) + 1
    info = DataInfo(
        name, inputs.shape[1:], classes, counts, content.hexdigest(), source, class_names=tuple(class_names)
    )
    return Dataset(
        info,
        lambda: as_tensors(inputs, labels, shift, factor),
        parts or (lambda seed: stratified(labels, counts, seed)),
    )


def as_tensors(inputs: Array, labels: Array, shift: Scale, factor: Scale) -> Tensors:
    import torch

    return Tensors(torch.from_numpy(inputs), torch.from_numpy(labels.astype(np.int64)), shift, factor)


def stratified(labels: Array, counts: Mapping[str, int], seed: int) -> dict[str, Array]:
    """Parts of the given sizes, in each of which every class has its share as nearly as whole samples allow.

    The members of a class, in random order, are spread evenly over (0, 1); the parts are what lies between cuts of
    that line. How many samples of a class a part gets so depends on the sizes alone, not on the seed.
    """
    position = np.empty(len(labels))
    for label in np.unique(labels):
        (members,) = np.nonzero(labels == label)
        shuffled = members[random.permutation(seed, "split", int(label), n=len(members))]
        position[shuffled] = (np.arange(len(members)) + 0.5) / len(members)
    # Equal places are told apart by class, so that the choice between them does not fall to the order of the file.
    order = np.lexsort((labels, position))
    return cut(order, counts)


def cut(order: Array, counts: Mapping[str, int]) -> dict[str, Array]:
    """Consecutive pieces of `order`, of the given sizes."""
    ends = np.cumsum(list(counts.values()))
    return {name: order[end - size : end] for (name, size), end in zip(counts.items(), ends, strict=True)}
