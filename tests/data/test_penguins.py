"""The penguins against the published formula, the published table where it is at hand, and the published split."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data import bundled
from bench.data.base import open_dataset, open_named
from bench.data.penguin_order import PUBLISHED_ORDER
from bench.data.policy import DataPolicy
from bench.data.sets.penguins import SPECIES
from bench.errors import UserError

POLICY = DataPolicy(download=False)
PUBLISHED = Path("../shared/data/penguins/penguins_processed.txt")


def expected() -> tuple[np.ndarray, np.ndarray]:
    """The formula of the project, written out column by column from the package's own loader."""
    import palmerpenguins

    table = palmerpenguins.load_penguins().dropna()
    columns = [
        *[(table["island"] == island) for island in ("Torgersen", "Biscoe", "Dream")],
        table["bill_length_mm"] / 50,
        table["bill_depth_mm"] / 20,
        table["flipper_length_mm"] / 200,
        table["body_mass_g"] / 5000,
        *[(table["sex"] == sex) for sex in ("male", "female")],
        *[(table["year"] == year) for year in (2007, 2008, 2009)],
    ]
    features = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])
    return features, np.asarray(table["species"].map({name: number for number, name in enumerate(SPECIES)}))


def test_features_and_labels_are_those_of_the_published_formula() -> None:
    tensors = open_dataset("penguins", POLICY).tensors()
    features, labels = expected()
    assert tensors.inputs.shape == (333, 12)
    assert tensors.inputs.dtype == torch.float32
    assert (tensors.inputs.numpy() == features.astype(np.float32)).all()
    assert tensors.labels.tolist() == labels.tolist()
    assert (tensors.shift, tensors.factor) == (0.0, 1.0)
    assert tensors.labels.bincount().tolist() == [146, 119, 68]


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published table is not at hand")
def test_the_frozen_order_gives_the_published_table_row_by_row() -> None:
    published = [line.split("|") for line in PUBLISHED.read_text().split()]
    labels = [label.split(",").index("1") for label, _ in published]
    features = np.array([[float(number) for number in row.split(",")] for _, row in published])
    tensors = open_dataset("penguins", POLICY).tensors()
    complete = [number for number, row in enumerate(bundled.read_penguins(), start=1) if all(row.values())]
    order = [complete.index(row) for row in PUBLISHED_ORDER]
    assert tensors.labels[order].tolist() == labels
    np.testing.assert_allclose(tensors.inputs[order].numpy(), features, rtol=1e-6)


def test_the_published_split_is_the_frozen_order_for_every_seed() -> None:
    dataset = open_named("penguins", {"split": "published"}, POLICY)
    split, labels = dataset.split(0), dataset.tensors().labels
    assert labels[split.train].bincount().tolist() == [95, 65, 40]
    assert labels[split.validation].bincount().tolist() == [40, 40, 20]
    assert labels[split.test].bincount().tolist() == [11, 14, 8]
    assert dataset.split(77).hash == split.hash
    assert sorted(PUBLISHED_ORDER) == sorted(set(PUBLISHED_ORDER))
    assert (PUBLISHED_ORDER[:3], len(PUBLISHED_ORDER)) == ((252, 137, 92), 333)


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_the_default_split_is_stratified_and_of_the_published_sizes(seed: int) -> None:
    dataset = open_dataset("penguins", POLICY)
    split, labels = dataset.split(seed), dataset.tensors().labels
    assert labels[split.train].bincount().tolist() == [88, 71, 41]
    assert labels[split.validation].bincount().tolist() == [44, 36, 20]
    assert labels[split.test].bincount().tolist() == [14, 12, 7]


def test_the_split_rule_is_part_of_the_fingerprint_and_a_default_that_is_spelt_out_is_not() -> None:
    default = open_dataset("penguins", POLICY).info.fingerprint
    assert open_named("penguins", {"split": "published"}, POLICY).info.fingerprint != default
    assert open_named("penguins", {"split": "stratified"}, POLICY).info.fingerprint == default
    assert default == "cd2f399825b00e9324554794956cc13d18a60ccf"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "random"}, "split is 'random'; give 'stratified' or 'published'"),
        ({"splt": "published"}, "unknown option 'splt'; did you mean 'split'"),
    ],
)
def test_a_wrong_option_is_named_with_its_mend(options: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        open_named("penguins", options, POLICY)


def test_another_release_of_the_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = bundled.read_penguins()[:-1]
    monkeypatch.setattr("bench.data.sets.penguins.read_penguins", lambda: rows)
    with pytest.raises(UserError, match="343 penguins, 332 of them complete"):
        open_dataset("penguins", POLICY)


def test_the_bundled_tables_are_those_that_the_packages_load() -> None:
    from sklearn.datasets import load_digits

    images, labels = bundled.read_digits()
    assert (images == load_digits().images).all()
    assert (labels == load_digits().target).all()


def test_a_package_without_its_table_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="install palmerpenguins again"):
        bundled.read_penguins()
    with pytest.raises(UserError, match="install scikit-learn again"):
        bundled.read_digits()
