"""The copy of CIFAR-10 in JPEG files: packed or unpacked, under a name of its own."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bench.data.base import open_named
from bench.data.cifar import CLASSES, Form, open_all, open_small
from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.listing import list_tree
from bench.data.pairs import TreePair
from bench.data.policy import DataPolicy
from bench.data.sets.cifar10 import JPEG
from bench.errors import UserError

SHARED = Path("../shared/data")
real_copy = pytest.mark.skipif(not (SHARED / "cifar10/train.tar.gz").is_file(), reason="the copy is not at hand")

COUNTS = {"train": 6, "test": 3}  # images of a class


def policy(tmp_path: Path) -> DataPolicy:
    return DataPolicy(folders=(tmp_path / "data",), download=False, own=tmp_path / "own")


@pytest.fixture
def made(tmp_path: Path) -> Form:
    """A copy of ours, packed, in tmp_path/data; each image has one shade that tells its class and number."""
    data = tmp_path / "data/cifar10"
    data.mkdir(parents=True)
    files, trees = [], []
    for tree, count in COUNTS.items():
        for label, name in enumerate(CLASSES):
            folder = tmp_path / "made" / tree / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (32, 32), (20 * label, 40 * number, 90)).save(folder / f"{number:04}.jpg", quality=95)
        with tarfile.open(data / f"{tree}.tar.gz", "w:gz") as tar:
            tar.add(tmp_path / "made" / tree, tree)
        content = (data / f"{tree}.tar.gz").read_bytes()
        files.append(PublishedFile(f"{tree}.tar.gz", len(content), hashlib.sha256(content).hexdigest()))
        trees.append((tree, list_tree(policy(tmp_path), tmp_path / "made" / tree).digest))
    source = TreePair(Publication("cifar10", (), tuple(files)), (trees[0], trees[1]), (32, 32))
    return replace(JPEG, source=source, training=60, test=30, first=(2, 1))


def unpack(tmp_path: Path) -> None:
    data = tmp_path / "data/cifar10"
    for tree in COUNTS:
        (data / f"{tree}.tar.gz").unlink()
        shutil.copytree(tmp_path / "made" / tree, data / tree)


@pytest.mark.parametrize("unpacked", [False, True])
def test_images_come_by_class_and_number(made: Form, unpacked: bool, tmp_path: Path) -> None:
    packed = open_all(made, policy(tmp_path), 10, "unit").info
    if unpacked:
        unpack(tmp_path)
    dataset = open_all(made, policy(tmp_path), 10, "unit")
    assert (dataset.info.name, dataset.info.standin) == ("cifar10-jpeg", False)
    assert dataset.info.fingerprint == packed.fingerprint
    assert dict(dataset.info.counts) == {"train": 50, "validation": 10, "test": 30}
    tensors = dataset.tensors()
    assert tensors.labels.tolist() == [*np.repeat(np.arange(10), 6).tolist(), *np.repeat(np.arange(10), 3).tolist()]
    numbers = [*list(range(6)) * 10, *list(range(3)) * 10]
    shades = torch.stack([20 * tensors.labels, 40 * torch.tensor(numbers), torch.full((90,), 90)], dim=1)
    assert (tensors.inputs.float().mean((2, 3)) - shades).abs().max() <= 4  # JPEG is not exact


def test_the_small_set_says_in_its_name_that_it_is_of_jpeg_files(made: Form, tmp_path: Path) -> None:
    dataset = open_small(made, policy(tmp_path), 5, "unit")
    assert dataset.info.name == "cifar10-small-jpeg"
    assert dict(dataset.info.counts) == {"train": 15, "validation": 5, "test": 10}
    greens = dataset.tensors().inputs[:, 1].float().mean((1, 2))
    assert greens[:20].tolist() == pytest.approx([0, 40] * 10, abs=4)


def test_photos_that_are_not_the_published_ones_are_refused(made: Form, tmp_path: Path) -> None:
    unpack(tmp_path)
    changed = tmp_path / "data/cifar10/train"
    Image.new("RGB", (32, 32)).save(changed / "frog/0002.jpg")
    with pytest.raises(UserError, match=f"^{changed}: its photos are not the published ones; unpack them again$"):
        open_all(made, policy(tmp_path), 10, "unit")


def test_a_torn_archive_is_refused(made: Form, tmp_path: Path) -> None:
    path = tmp_path / "data/cifar10/test.tar.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=f"^{path}: .*wrong checksum.*; delete it and get it again$"):
        open_all(made, policy(tmp_path), 10, "unit")


def test_one_of_two_archives_is_not_enough(made: Form, tmp_path: Path) -> None:
    (tmp_path / "data/cifar10/test.tar.gz").unlink()
    dataset = open_all(made, policy(tmp_path), 10, "unit")
    assert dataset.info.name == "cifar10-standin"
    assert dataset.notice is not None
    assert "train.tar.gz and test.tar.gz not found in" in dataset.notice


@real_copy
def test_the_real_copy_is_found_with_the_published_numbers(tmp_path: Path) -> None:
    here = DataPolicy(folders=(SHARED,), download=False, own=tmp_path)
    for name, options, stored, counts in (
        ("cifar10-jpeg", {}, "cifar10-jpeg", (45_000, 5_000, 10_000)),
        ("cifar10-small", {"source": "jpeg"}, "cifar10-small-jpeg", (4_500, 500, 1_000)),
    ):
        info = open_named(name, options, here).info
        assert (info.name, info.standin, tuple(info.counts.values())) == (stored, False, counts)
    digest = list_tree(here, SHARED / "cifar10/test.tar.gz").digest
    assert ("test", digest) in JPEG.source.trees  # type: ignore[attr-defined]


@real_copy
@pytest.mark.long
def test_the_pixels_of_the_real_copy_have_the_published_mean_and_deviation(tmp_path: Path) -> None:
    tensors = open_named("cifar10-jpeg", {}, DataPolicy(folders=(SHARED,), download=False, own=tmp_path)).tensors()
    assert tensors.inputs.shape == (60_000, 3, 32, 32)
    assert tensors.labels.bincount().tolist() == [6_000] * 10
    training = tensors.inputs[:50_000].float() / 255
    assert training.mean((0, 2, 3)).tolist() == pytest.approx(JPEG.mean, abs=1e-4)
    assert training.std((0, 2, 3)).tolist() == pytest.approx(JPEG.std, abs=1e-4)
