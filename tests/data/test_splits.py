"""Splits: sizes that no seed changes, no sample in two parts, every class in its share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.data.base import Dataset, Split, from_arrays, open_dataset, stratified
from bench.data.policy import DataPolicy

OFFLINE = DataPolicy(download=False)


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    seed=st.integers(0, 2**31),
)
def test_stratified_parts_cover_everything_once_in_even_shares(
    sizes: list[int], shares: tuple[float, float], seed: int
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    first, second = sorted(round(share * len(labels)) for share in shares)
    counts = {"train": first, "validation": second - first, "test": len(labels) - second}
    parts = stratified(labels, counts, seed)
    assert {name: len(part) for name, part in parts.items()} == counts
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(labels)))
    for label, size in enumerate(sizes):
        for part in parts.values():
            share = size * len(part) / len(labels)
            # Each end of a part is off by half a sample of this class, and by half a one of every class in all.
            assert abs(int((labels[part] == label).sum()) - share) <= 1 + len(sizes) * size / len(labels) + 1e-9
    again = stratified(labels, counts, seed + 1)
    for name in counts:
        assert (np.bincount(labels[parts[name]]).tolist()) == np.bincount(labels[again[name]]).tolist()


@pytest.mark.parametrize("name", ["penguins", "digits", "mnist-standin", "fmnist-standin"])
def test_the_parts_of_every_set_are_disjoint_and_of_the_sizes_that_it_states(name: str) -> None:
    dataset = open_dataset(name, OFFLINE)
    seen: set[str] = set()
    for seed in (0, 1, 12345):
        split = dataset.split(seed)
        check(dataset, split)
        seen.add(split.hash)
    assert len(seen) == 3
    assert dataset.split(1).hash == open_dataset(name, OFFLINE).split(1).hash


def check(dataset: Dataset, split: Split) -> None:
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    assert {name: len(part) for name, part in parts.items()} == dict(dataset.info.counts)
    together = torch.cat(list(parts.values()))
    assert together.dtype == torch.int64
    assert len(together.unique()) == len(together)
    assert together.min() >= 0
    assert together.max() < len(dataset.tensors().labels)
    for part in parts.values():
        assert (part.diff() > 0).all()


def test_a_class_that_is_rare_is_in_every_part_of_digits() -> None:
    dataset = open_dataset("digits", OFFLINE)
    labels = dataset.tensors().labels
    for part in (dataset.split(4).validation, dataset.split(4).test):
        assert labels[part].bincount().tolist() == pytest.approx([30] * 10, abs=1)


def test_splits_are_pinned() -> None:
    """The default splits are part of every stored result."""
    hashes = {name: open_dataset(name, OFFLINE).split(0).hash for name in PINNED_SPLITS}
    assert hashes == PINNED_SPLITS


PINNED_SPLITS = {
    "penguins": "5d81b785d5e30ff08a5992137b8f426298d51010",
    "digits": "d4b24800c46477692741d3c5efe947f2d51fe45d",
    "mnist-standin": "3a65ec02ee54c7d03351efc40ee2c39009c21d2c",
    "fmnist-standin": "637106036be30a399a60f4fce123a5bbe28884c9",
}


def test_the_hash_of_a_split_knows_where_a_part_ends() -> None:
    one = Split(torch.tensor([0, 1]), torch.tensor([2]), torch.tensor([3]))
    other = Split(torch.tensor([0]), torch.tensor([1, 2]), torch.tensor([3]))
    assert one.hash != other.hash


def test_own_arrays_make_a_data_set() -> None:
    inputs = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    labels = np.arange(30) % 3
    counts = {"train": 18, "validation": 6, "test": 6}
    dataset = from_arrays("mine", inputs, labels, counts, source="a test")
    assert dataset.info.shape == (4,)
    assert dataset.info.classes == 3
    check(dataset, dataset.split(0))
    assert dataset.tensors() is dataset.tensors()
    changed = from_arrays("mine", inputs + 1, labels, counts, source="a test")
    assert changed.info.fingerprint != dataset.info.fingerprint
