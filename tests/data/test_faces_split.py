"""Splits that keep groups whole, in sizes that no seed changes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.faces.split import grouped

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def shares_of(validation: float, test: float) -> dict[str, float]:
    return {"train": 1 - validation - test, "validation": validation, "test": test}


@st.composite
def samples(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels and groups, most of one sample, some of several, a few across classes."""
    labels: list[int] = []
    groups: list[int] = []
    for group in range(draw(st.integers(1, 60))):
        size = draw(st.sampled_from((1, 1, 1, 1, 2, 3, 8)))
        label = draw(st.integers(0, 3))
        for _ in range(size):
            labels.append(draw(st.sampled_from((label, label, label, label, 0))))
            groups.append(group)
    order = draw(st.permutations(range(len(labels))))
    return np.array(labels)[list(order)], np.array(groups)[list(order)]


@given(made=samples(), validation=st.floats(0, 0.4), test=st.floats(0.01, 0.5), seed=st.integers(0, 2**31))
def test_groups_stay_whole_and_sizes_do_not_depend_on_the_seed(
    made: tuple[np.ndarray, np.ndarray], validation: float, test: float, seed: int
) -> None:
    labels, groups = made
    split = grouped(labels, groups, shares_of(validation, test))
    tables = []
    for one in (seed, seed + 1):
        parts = split.parts(one)
        assert {name: len(part) for name, part in parts.items()} == split.counts
        assert sorted(np.concatenate(list(parts.values()))) == list(range(len(labels)))
        held = [set(groups[part].tolist()) for part in parts.values()]
        assert sum(map(len, held)) == len(set().union(*held))
        tables.append({name: np.bincount(labels[part], minlength=4).tolist() for name, part in parts.items()})
    assert tables[0] == tables[1]
    if validation == 0:
        assert split.counts["validation"] == 0


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    validation=st.floats(0, 0.4),
    test=st.floats(0.01, 0.5),
)
def test_without_copies_every_class_has_its_share_to_within_one(
    sizes: list[int], validation: float, test: float
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    shares = shares_of(validation, test)
    parts = grouped(labels, np.arange(len(labels)), shares).parts(0)
    for label, size in enumerate(sizes):
        for name, part in parts.items():
            assert abs(int((labels[part] == label).sum()) - size * shares[name]) <= 1


@given(copies=st.lists(st.integers(2, 6), max_size=8), alone=st.integers(10, 40), seed=st.integers(0, 99))
def test_enough_photos_without_a_copy_make_up_for_the_groups(copies: list[int], alone: int, seed: int) -> None:
    groups = np.repeat(np.arange(len(copies) + alone), [*copies, *[1] * alone])
    labels = np.zeros(len(groups), np.int64)
    parts = grouped(labels, groups, SHARES).parts(seed)
    for name, part in parts.items():
        # A group of six may be more than the whole share of validation; no part is off by more than that.
        assert abs(len(part) - SHARES[name] * len(labels)) <= max(1, *copies, 0)


def test_groups_are_spread_over_the_parts_and_the_seed_draws_which() -> None:
    groups = np.repeat(np.arange(140), [3] * 20 + [1] * 120)
    labels = np.zeros(len(groups), np.int64)
    split = grouped(labels, groups, SHARES)
    assert split.counts == {"train": 126, "validation": 18, "test": 36}
    seen: Counter[int] = Counter()
    for seed in range(50):
        parts = split.parts(seed)
        triples = {name: len({group for group in groups[part].tolist() if group < 20}) for name, part in parts.items()}
        assert triples == {"train": 14, "validation": 2, "test": 4}
        seen.update(parts["test"].tolist())
    assert len(seen) == len(groups)  # every photo is for testing under some seed
    assert max(seen.values()) < 30


def test_a_class_of_one_group_goes_to_training() -> None:
    labels = np.array([0] * 10 + [1] * 5)
    groups = np.array([*range(10), *[10] * 5])
    parts = grouped(labels, groups, SHARES).parts(0)
    assert set(range(10, 15)) <= set(parts["train"].tolist())


def test_splits_are_pinned() -> None:
    """They are part of every stored result."""
    labels = np.arange(40) % 2
    groups = np.minimum(np.arange(40), 35)
    parts = grouped(labels, groups, SHARES).parts(3)
    assert {name: part.tolist() for name, part in parts.items() if name != "train"} == PINNED


PINNED = {"validation": [28, 30, 31, 11], "test": [16, 4, 20, 8, 9, 27, 3, 29]}


@pytest.mark.parametrize("seed", [0, 1])
def test_numbers_of_classes_and_groups_may_have_gaps(seed: int) -> None:
    labels, groups = np.array([0, 0, 5, 5, 5, 0]), np.array([7, 7, 2, 90, 4, 3])
    parts = grouped(labels, groups, shares_of(0, 0.4)).parts(seed)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(6))
