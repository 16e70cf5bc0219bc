"""Dividing a user's own samples: sizes and shares that no seed changes, copies on one side, parts that came kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.base import stratified
from bench.data.division import PARTS, Division, divided
from bench.data.twins import check_twins, groups, keep_together, stratified_apart
from bench.errors import UserError

NAMES = ("cats", "dogs", "mice")


def by_class(division: Division, seed: int) -> dict[str, list[int]]:
    return {name: np.bincount(division.labels[rows]).tolist() for name, rows in division.parts(seed).items()}


@given(data=st.data())
def test_twins_stay_together_and_no_class_changes_its_share(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(6, 30), min_size=2, max_size=4))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    twins = np.array(data.draw(st.lists(st.integers(0, 60), min_size=len(labels), max_size=len(labels))))
    counts = {"validation": len(labels) // 6, "test": len(labels) // 4}
    counts["train"] = len(labels) - sum(counts.values())
    seed = data.draw(st.integers(0, 2**31))
    plain = stratified(labels, counts, seed)
    try:
        check_twins("here", labels, ["a", "b", "c", "d"], twins, plain["train"])
    except UserError:
        return
    parts = stratified_apart(labels, twins, counts, seed)
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(labels)))
    for name, rows in parts.items():
        assert np.bincount(labels[rows], minlength=4).tolist() == np.bincount(labels[plain[name]], minlength=4).tolist()
    held = [set(twins[rows].tolist()) for rows in parts.values()]
    assert sum(len(one) for one in held) == len(set.union(*held))


def test_without_twins_nothing_moves() -> None:
    labels = np.arange(40) % 3
    parts = stratified(labels, {"train": 20, "validation": 8, "test": 12}, 5)
    same = keep_together(parts, labels, np.arange(40))
    assert all((same[name] == parts[name]).all() for name in parts)
    assert groups(np.array([4, 1, 4, 2, 1, 4]))[0].tolist() == [1, 4]


def test_too_many_copies_are_refused() -> None:
    labels = np.repeat([0, 1], 10)
    twins = np.where(labels == 1, 99, np.arange(20))
    with pytest.raises(UserError, match="here: 10 of the 10 photos of 'dogs' are copies of others.*delete the copies"):
        divided("here", labels, NAMES[:2], {"train": np.arange(20)}, validation=0.1, test=0.2, twins=twins)


def test_shares_are_drawn_class_by_class() -> None:
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    division = divided("here", labels, NAMES, {"train": np.arange(160)}, validation=0.1, test=0.2)
    assert division.counts == {"train": 112, "validation": 16, "test": 32}
    assert by_class(division, 0) == {"train": [70, 35, 7], "validation": [10, 5, 1], "test": [20, 10, 2]}
    for seed in range(20):
        assert by_class(division, seed) == by_class(division, 0)
        assert sorted(np.concatenate(list(division.parts(seed).values()))) == list(range(160))
    assert set(division.parts(0)["test"]) != set(division.parts(1)["test"])


def test_parts_that_came_are_kept_and_the_missing_one_is_drawn_from_training() -> None:
    labels = np.arange(90) % 3
    given_parts = {"train": np.arange(60), "test": np.arange(60, 90)}
    division = divided("here", labels, NAMES, given_parts, validation=0.1, test=0.2)
    assert division.counts == {"train": 54, "validation": 6, "test": 30}
    for seed in (0, 1):
        parts = division.parts(seed)
        assert tuple(parts) == PARTS
        assert parts["test"].tolist() == list(range(60, 90))
        assert sorted([*parts["train"], *parts["validation"]]) == list(range(60))
    whole = {**given_parts, "train": np.arange(50), "validation": np.arange(50, 60)}
    division = divided("here", labels, NAMES, whole, validation=0.1, test=0.2)
    assert division.counts == {"train": 50, "validation": 10, "test": 30}
    assert (np.sort(division.parts(0)["train"]) == np.sort(division.parts(1)["train"])).all()


@pytest.mark.parametrize(
    ("sizes", "shares", "said"),
    [
        ((50, 50), (-0.1, 0.2), "validation is -0.1; give a share between 0 and 1"),
        ((50, 50), (0.1, 1.0), "test is 1.0; give a share between 0 and 1"),
        ((50, 50), (0.1, 0.0), "test is 0, and networks are judged by test data"),
        ((50, 50), (0.5, 0.5), "validation and test together leave nothing to train on"),
        ((50, 50), (float("nan"), 0.2), "validation is nan"),
        ((50, 2), (0.1, 0.2), "the class 'dogs' has 2 samples, which leaves none for test; add more"),
        ((50, 1), (0.0, 0.1), "the class 'dogs' has 1 sample, which leaves none for test"),
        ((2, 2), (0.1, 0.2), "4 samples leave none for validation; add more"),
    ],
)
def test_an_impossible_division_is_refused(sizes: tuple[int, int], shares: tuple[float, float], said: str) -> None:
    labels = np.repeat([0, 1], sizes)
    with pytest.raises(UserError) as caught:
        divided("here", labels, NAMES[:2], {"train": np.arange(len(labels))}, validation=shares[0], test=shares[1])
    assert caught.value.lines[0].startswith(f"here: {said}")


def test_no_validation_is_allowed() -> None:
    division = divided("here", np.arange(20) % 2, NAMES[:2], {"train": np.arange(20)}, validation=0, test=0.2)
    assert division.counts == {"train": 16, "validation": 0, "test": 4}
    assert len(division.parts(0)["validation"]) == 0
