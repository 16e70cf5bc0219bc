"""The five-class flower photos: found in every form, refused where they are others, split without leaks."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data.base import Dataset, open_named
from bench.data.describe import describe_datasets
from bench.data.download import PublishedFile, Unobtainable, sha256_of
from bench.data.finding import Publication
from bench.data.photos import normalised
from bench.data.policy import DataPolicy
from bench.data.sets.flowers import FLOWERS, FlowerPhotos
from bench.errors import UserError
from tests.data.conftest import Shop
from tests.data.pictures import files, grow, tar

SHARED = Path("../shared/data")
real_data = pytest.mark.skipif(not (SHARED / "flowers").is_dir(), reason="the real photos are not at hand")
CLASSES = {"daisy": 633, "dandelion": 898, "roses": 641, "sunflowers": 699, "tulips": 799}


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many small photos as are published."""
    return grow(tmp_path_factory.mktemp("flowers") / "flower_photos", CLASSES)


@pytest.fixture(scope="session")
def packed(grown: Path) -> Path:
    return tar(grown.parent / "packed.tar", files(grown))


@pytest.fixture
def policy(tmp_path: Path) -> DataPolicy:
    return DataPolicy("real", (tmp_path / "data",), download=False, own=tmp_path / "own")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def opened(policy: DataPolicy, **options: object) -> Dataset:
    return open_named("flowers", options, policy)


def _as_tar(grown: Path, packed: Path, place: Path) -> None:
    (place / "flowers").mkdir()
    shutil.copy(packed, place / "flowers/flower_photos_180.tar")


def _as_published(grown: Path, packed: Path, place: Path) -> None:
    (place / "flowers").mkdir()
    photos = {f"flower_photos/{name}": data for name, data in files(grown).items()}
    tar(place / "flowers/flower_photos.tgz", {"flower_photos/LICENSE.txt": b"CC BY", **photos}, "w:gz")


def _unpacked(grown: Path, packed: Path, place: Path) -> None:
    (place / "flowers").mkdir()
    (place / "flowers/flower_photos").symlink_to(grown)


def _as_class_folders(grown: Path, packed: Path, place: Path) -> None:
    (place / "flowers").symlink_to(grown)


def _under_its_own_name(grown: Path, packed: Path, place: Path) -> None:
    (place / "flower_photos").symlink_to(grown)


FORMS = (_as_tar, _as_published, _unpacked, _as_class_folders, _under_its_own_name)


def test_every_form_is_found_and_is_the_same_data(
    grown: Path, packed: Path, policy: DataPolicy, tmp_path: Path
) -> None:
    policies = [replace(policy, folders=(grown,))]  # the folder of the photos itself
    for form in FORMS:
        place = tmp_path / form.__name__
        place.mkdir()
        form(grown, packed, place)
        policies.append(replace(policy, folders=(place,)))
    infos = [opened(one, size=8).info for one in policies]
    assert len({info.fingerprint for info in infos}) == 1
    for info, one in zip(infos, policies, strict=True):
        assert str(one.folders[0]) in info.source


def test_content_and_splits(packed: Path, policy: DataPolicy, place: Path) -> None:
    (place / "flowers").mkdir()
    shutil.copy(packed, place / "flowers/flower_photos_180.tar")
    dataset = opened(policy, size=8)
    tensors = dataset.tensors()
    assert (dataset.info.shape, dataset.info.class_names) == ((3, 8, 8), tuple(CLASSES))
    assert tensors.inputs.shape == (3670, 3, 8, 8)
    assert tensors.labels.bincount().tolist() == list(CLASSES.values())
    assert "shrunk and encoded anew" in dataset.info.source
    assert dict(dataset.info.counts) == {"train": 2569, "validation": 367, "test": 734}
    split = dataset.split(0)
    shares = tensors.labels[split.test].bincount() / torch.tensor(list(CLASSES.values()))
    assert shares.sub(0.2).abs().max() < 0.002
    published = opened(policy, size=8, split="published")
    assert dict(published.info.counts) == {"train": 3540, "validation": 80, "test": 50}
    for seed in (0, 1):
        split = published.split(seed)
        assert tensors.labels[split.validation].bincount().tolist() == [16] * 5
        assert tensors.labels[split.test].bincount().tolist() == [10] * 5
        assert len({*split.train.tolist(), *split.validation.tolist(), *split.test.tolist()}) == 3670
    assert published.split(0).hash != published.split(1).hash
    assert published.info.fingerprint != dataset.info.fingerprint


def test_other_photos_are_refused_with_the_way_to_use_them(grown: Path, policy: DataPolicy, place: Path) -> None:
    grow(place / "flowers", {"daisy": 3, "rose": 3})
    with pytest.raises(UserError, match=r"its classes are daisy, rose, those of flowers daisy.*data: \{folder: .*\}"):
        opened(policy)
    shutil.rmtree(place / "flowers")
    shutil.copytree(grown, place / "flowers")
    (place / "flowers/roses/000.png").unlink()
    with pytest.raises(UserError, match="holds 640 photos in roses, published are 641"):
        opened(policy)
    statuses = {status.name: status for status in describe_datasets(policy)}
    assert statuses["flowers"].status == "broken"


def test_a_broken_copy_is_named(packed: Path, policy: DataPolicy, place: Path) -> None:
    (place / "flowers").mkdir()
    (place / "flowers/flower_photos_180.tar").write_bytes(packed.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"flower_photos_180.tar: is no tar or zip file, or is cut off"):
        opened(replace(policy, mode="auto"))


@pytest.mark.parametrize(
    ("options", "said"),
    [({"size": 2}, "size is 2; give a number"), ({"split": "random"}, "split is 'random'; give 'honest' or")],
)
def test_wrong_options_are_refused(options: dict[str, object], said: str, policy: DataPolicy) -> None:
    with pytest.raises(UserError, match=f"flowers: {said}"):
        opened(policy, **options)


def test_where_they_are_missing_the_mend_is_said(policy: DataPolicy) -> None:
    with pytest.raises(
        UserError, match=r"flowers: .* not found in .*; put flower_photos_180.tar, .* into .*own/flowers"
    ):
        opened(policy)


def test_the_archive_is_fetched_and_checked(packed: Path, shop: Shop, tmp_path: Path) -> None:
    content = packed.read_bytes()
    shop.files["flower_photos.tgz"] = content
    file = PublishedFile("flower_photos.tgz", len(content), sha256_of(packed))
    source = FlowerPhotos(Publication("flowers", (shop.address,), (file,)))
    policy = DataPolicy(folders=(tmp_path / "own",), own=tmp_path / "own")
    assert source.find(policy) is None
    assert source.obtain(policy) == (tmp_path / "own/flowers/flower_photos.tgz",)
    assert source.obtain(policy) == source.find(policy)
    assert len(shop.asked) == 1
    with pytest.raises(Unobtainable, match="downloads are off"):
        source.obtain(DataPolicy(folders=(), download=False))


@real_data
def test_the_real_photos(tmp_path: Path) -> None:
    policy = DataPolicy("real", (SHARED,), download=False, own=tmp_path)
    dataset = opened(policy)
    assert dataset.info.fingerprint == "b1c4b10cb173f90cd2432408e10c4f055fe09ac8"
    tensors = dataset.tensors()
    assert tensors.inputs.shape == (3670, 3, 180, 180)
    pixels = [tensors.inputs[:, channel].numpy() / np.float32(255) for channel in range(3)]
    mean = [float(one.mean(dtype=np.float64)) for one in pixels]
    std = [float(one.std(dtype=np.float64)) for one in pixels]
    assert mean == pytest.approx([0.4666, 0.4253, 0.3054], abs=5e-5)
    shift, factor = normalised(mean, std)
    assert tensors.shift == pytest.approx(shift, abs=0.02)
    assert tensors.factor == pytest.approx(factor, rel=3e-4)


@real_data
def test_copies_of_a_photo_lie_in_one_part(tmp_path: Path) -> None:
    """The three that the data's own notes name, of which one is in two classes."""
    policy = DataPolicy("real", (SHARED,), download=False, own=tmp_path)
    from bench.data.listing import list_tree

    listing = list_tree(policy, SHARED / "flowers/flower_photos_180.tar")
    copied = [checksum for checksum, times in Counter(listing.checksums).items() if times > 1]
    pairs = [[row for row, one in enumerate(listing.checksums) if one == checksum] for checksum in copied]
    assert {listing.names[row].split("/")[1][:8] for pair in pairs for row in pair} == {
        "15922772",
        "14889392",
        "15066430",
        "15069459",
        "15072973",
    }
    pairs.append(
        [listing.names.index(f"roses/{name}.jpg") for name in ("1775233884_12ff5a124f", "2093263381_afd51358a3")]
    )
    for split in ("honest", "published"):
        dataset = opened(policy, split=split)
        for seed in range(30):
            parts = dataset.split(seed)
            for part in (parts.train, parts.validation, parts.test):
                held = set(part.tolist())
                assert all(len(held & set(pair)) in (0, 2) for pair in pairs)


def test_the_source_of_truth_is_named() -> None:
    source = FLOWERS.source
    assert "229 MB" in source.offer(DataPolicy())
    assert "storage.googleapis.com" in source.offer(DataPolicy())
