"""What every data set promises."""

from __future__ import annotations

import numpy as np
import torch

from bench.contract import Promise, samples
from bench.data.base import Dataset, open_named
from bench.registry import Component

SEEDS = (0, 1, 12345)
PARTS = ("train", "validation", "test")


def _open(component: Component) -> Dataset:
    return open_named(component.name, dict(samples.options(component)), samples.policy())


def right_content(component: Component) -> str | None:
    dataset = _open(component)
    info, tensors = dataset.info, dataset.tensors()
    if tuple(info.counts) != PARTS:
        return f"its parts are {', '.join(info.counts)}; name them {', '.join(PARTS)}, in this order"
    if tensors.inputs.dtype not in (torch.uint8, torch.float32):
        return f"its inputs are {tensors.inputs.dtype}; give uint8 or float32"
    if not _shows(tuple(tensors.inputs.shape[1:]), tuple(info.shape)):
        return f"a sample has the shape {tuple(tensors.inputs.shape[1:])}, announced is {tuple(info.shape)}"
    if tensors.labels.dtype != torch.int64 or tensors.labels.dim() != 1:
        return f"its labels are {tensors.labels.dtype} of shape {tuple(tensors.labels.shape)}; give one int64 a sample"
    if len(tensors.labels) != len(tensors.inputs):
        return f"{len(tensors.inputs)} samples have {len(tensors.labels)} labels"
    if not bool(torch.isfinite(tensors.inputs.float()).all()):
        return "an input is not a finite number"
    return None


def _shows(kept: tuple[int, ...], announced: tuple[int, ...]) -> bool:
    """Whether samples of one shape give samples of the other: only images may be kept larger than they are shown."""
    if len(kept) != 3 or len(announced) != 3:
        return kept == announced
    return kept[0] == announced[0] and all(whole >= part for whole, part in zip(kept[1:], announced[1:], strict=True))


def labels_in_range(component: Component) -> str | None:
    dataset = _open(component)
    labels = dataset.tensors().labels
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= dataset.info.classes:
        return f"the labels go from {low} to {high}; with {dataset.info.classes} classes they go from 0 on"
    for seed in SEEDS:
        seen = int((torch.bincount(labels[dataset.split(seed).train]) > 0).sum())
        if seen < dataset.info.classes:
            return f"seed {seed}: only {seen} of {dataset.info.classes} classes are in the training data"
    return None


def disjoint_parts(component: Component) -> str | None:
    dataset = _open(component)
    count = len(dataset.tensors().labels)
    for seed in SEEDS:
        split = dataset.split(seed)
        parts = {name: getattr(split, name) for name in PARTS}
        for name, rows in parts.items():
            if len(rows) != dataset.info.counts[name]:
                return f"seed {seed}: {len(rows)} samples for {name}, announced are {dataset.info.counts[name]}"
            if len(rows) and (int(rows.min()) < 0 or int(rows.max()) >= count):
                return f"seed {seed}: {name} names the sample {int(rows.max())} of {count}"
        together = torch.cat(list(parts.values()))
        counts = torch.bincount(together)
        if int(counts.max()) > 1:
            return f"seed {seed}: the sample {int(counts.argmax())} is in two parts, or twice in one"
    return None


def deterministic(component: Component) -> str | None:
    found = []
    for state in (1, 2):
        np.random.seed(state)  # noqa: NPY002  # it is this global generator that must not matter
        torch.manual_seed(state)
        dataset = _open(component)
        found.append((dataset.info.fingerprint, [dataset.split(seed).hash for seed in SEEDS], dataset.tensors()))
    if found[0][0] != found[1][0]:
        return f"opened twice, its fingerprint is {found[0][0][:8]} and {found[1][0][:8]}; chance must come from a seed"
    for seed, first, second in zip(SEEDS, found[0][1], found[1][1], strict=True):
        if first != second:
            return f"seed {seed}: opened twice, its split differs; chance must come from the seed"
    if not torch.equal(found[0][2].inputs, found[1][2].inputs):
        return "opened twice, its content differs; chance must come from a seed"
    return None


PROMISES = (
    Promise("has samples and labels of the announced shape", right_content),
    Promise("has labels from 0 on, every class in the training data", labels_in_range),
    Promise("has parts of the announced sizes that share no sample", disjoint_parts),
    Promise("is the same whenever it is opened, fingerprint and splits too", deterministic),
)
