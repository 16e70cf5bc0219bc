"""Images in idx files: packed or not, in any folder, and everything that can be wrong with them."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data.base import Dataset, open_dataset, open_named
from bench.data.idx import read_idx
from bench.data.images import open_images
from bench.data.policy import DataPolicy
from bench.data.sets.fmnist import FMNIST
from bench.data.sets.mnist import MNIST
from bench.errors import UserError
from tests.data.conftest import Copies, idx

SHARED = Path("../shared/data")
real_data = pytest.mark.skipif(not (SHARED / "MNIST/raw").is_dir(), reason="the real images are not at hand")


def policy(*folders: Path, **changes: object) -> DataPolicy:
    return replace(DataPolicy(folders=folders, download=False), **changes)  # type: ignore[arg-type]


def opened(copies: Copies, *folders: Path, validation: int = 5000, **changes: object) -> Dataset:
    return open_images(copies.images, policy(*(folders or (copies.folder,)), **changes), validation, "standard")


def test_the_content_is_that_of_the_files_training_images_first(copies: Copies) -> None:
    dataset = opened(copies)
    tensors = dataset.tensors()
    assert tensors.inputs.shape == (70_000, *dataset.info.shape)
    assert tensors.inputs.dtype == torch.uint8
    assert (tensors.labels.numpy() == copies.labels).all()
    assert (tensors.inputs[:, 0, 3, 5].numpy() == copies.labels).all()
    assert tensors.inputs.sum() == int(copies.labels.sum())
    assert dataset.notice is None
    assert not dataset.info.standin
    assert str(copies.raw) in dataset.info.source


def test_unpacked_and_repacked_copies_are_the_same_data(copies: Copies, tmp_path: Path) -> None:
    unpacked, repacked = (tmp_path / name / "MNIST/raw" for name in ("unpacked", "repacked"))
    for folder in (unpacked, repacked):
        folder.mkdir(parents=True)
    for path in copies.raw.iterdir():
        content = gzip.decompress(path.read_bytes())
        (unpacked / path.stem).write_bytes(content)
        (repacked / path.name).write_bytes(gzip.compress(content, compresslevel=9, mtime=1))
    sets = [opened(copies), opened(copies, tmp_path / "unpacked"), opened(copies, tmp_path / "repacked")]
    assert len({dataset.info.fingerprint for dataset in sets}) == 1
    assert len({dataset.info.source for dataset in sets}) == 3
    assert (sets[1].tensors().inputs == sets[2].tensors().inputs).all()


def test_files_may_lie_in_several_folders_and_the_first_whole_copy_counts(copies: Copies, tmp_path: Path) -> None:
    other = tmp_path / "other/MNIST/raw"
    other.mkdir(parents=True)
    labels = "t10k-labels-idx1-ubyte.gz"
    shutil.move(copies.raw / labels, other / labels)
    shutil.copy(copies.raw / "train-labels-idx1-ubyte.gz", other / "train-images-idx3-ubyte.gz")
    dataset = opened(copies, tmp_path / "other", copies.folder)
    assert (dataset.tensors().labels.numpy() == copies.labels).all()


@pytest.mark.parametrize(
    ("validation", "counts"),
    [
        (5000, {"train": 55_000, "validation": 5_000, "test": 10_000}),
        (0, {"train": 60_000, "validation": 0, "test": 10_000}),
    ],
)
def test_validation_images_are_drawn_by_seed_and_the_test_images_are_fixed(
    copies: Copies, validation: int, counts: dict[str, int]
) -> None:
    dataset = opened(copies, validation=validation)
    assert dict(dataset.info.counts) == counts
    for seed in (0, 3):
        split = dataset.split(seed)
        assert split.test.tolist() == list(range(60_000, 70_000))
        assert torch.cat([split.train, split.validation]).sort().values.tolist() == list(range(60_000))
        assert (len(split.train), len(split.validation)) == (counts["train"], counts["validation"])
    assert (dataset.split(0).hash == dataset.split(3).hash) == (validation == 0)


@pytest.mark.parametrize("validation", [-1, 60_000])
def test_an_impossible_number_of_validation_images_is_refused(copies: Copies, validation: int) -> None:
    with pytest.raises(UserError, match=r"give a number of images from 0 to 59,999"):
        opened(copies, validation=validation)


def test_normalisation_brings_the_pixels_to_the_published_scale() -> None:
    for name, mean, std in (("mnist", 0.1307, 0.3081), ("fmnist", 0.2860, 0.3530)):
        standard = open_named(name, {}, policy(mode="standin")).tensors()
        assert (255 - standard.shift) * standard.factor == pytest.approx((1 - mean) / std)
        unit = open_named(name, {"normalise": "unit"}, policy(mode="standin")).tensors()
        assert (255 - unit.shift) * unit.factor == pytest.approx(1)
    with pytest.raises(UserError, match="normalise is 'none'; give 'standard' or 'unit'"):
        open_named("mnist", {"normalise": "none"}, policy(mode="standin"))


DAMAGES = {
    "cut off": (lambda data: data[: len(data) // 2], "the file is cut off"),
    "empty": (lambda data: b"", "cut off|wrong checksum"),
    "no gzip": (lambda data: b"<html>not found</html>", "can not be read"),
    "flipped": (lambda data: data[:2000] + bytes([data[2000] ^ 255]) + data[2001:], "can not be read|wrong checksum"),
    "other content": (lambda data: gzip.compress(b"\0\0\x08\x01\0\0\0\0"), "not the published one"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("mode", ["auto", "real"])
def test_a_damaged_file_is_named_with_the_mend(copies: Copies, damage: str, mode: str) -> None:
    change, reason = DAMAGES[damage]
    path = copies.raw / "train-images-idx3-ubyte.gz"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UserError, match=reason) as caught:
        opened(copies, mode=mode)
    (line,) = caught.value.lines
    assert line.startswith(f"{path}: ")
    assert line.endswith("delete it and get it again")


def test_every_damaged_file_has_a_line_of_its_own(copies: Copies) -> None:
    paths = sorted(copies.raw.iterdir())[:2]
    for path in paths:
        path.write_bytes(b"")
    with pytest.raises(UserError) as caught:
        opened(copies)
    assert sorted(line.split(": ")[0] for line in caught.value.lines) == [str(path) for path in paths]


def test_a_damaged_copy_is_passed_over_where_a_whole_one_follows(copies: Copies) -> None:
    path = copies.raw / "t10k-labels-idx1-ubyte"
    path.write_bytes(b"torn")
    assert opened(copies).tensors().labels[-1] == int(copies.labels[-1])


def test_a_file_that_breaks_after_it_was_opened_is_an_error_of_one_line(copies: Copies) -> None:
    dataset = opened(copies)
    path = copies.raw / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=re.escape(str(path))):
        dataset.tensors()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no idx file"),
        (b"\0\0\x0d\x01\0\0\0\0", "no idx file of bytes"),
        (b"\x89PNG....", "no idx file"),
        (b"\0\0\x08\x03\0\0\0\x01", "ends in its header"),
        (idx(np.zeros((3, 4))) + b"x", "promises 12 bytes of content, it has 13"),
        (idx(np.zeros((3, 4)))[:-1], "promises 12 bytes of content, it has 11"),
    ],
)
def test_what_is_no_idx_file_is_said_to_be_none(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(UserError, match=reason) as caught:
        read_idx(path)
    assert str(path) in caught.value.lines[0]


def test_idx_files_hold_arrays_of_any_number_of_dimensions(tmp_path: Path) -> None:
    for shape in ((5,), (2, 3), (2, 3, 4), (0, 3)):
        array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
        (tmp_path / "file").write_bytes(idx(array))
        assert (read_idx(tmp_path / "file") == array).all()
        (tmp_path / "file.gz").write_bytes(gzip.compress(idx(array)))
        assert read_idx(tmp_path / "file.gz").shape == shape


def test_missing_data_becomes_a_stand_in_under_its_own_name_and_says_why(copies: Copies, tmp_path: Path) -> None:
    (copies.raw / "t10k-labels-idx1-ubyte.gz").unlink()
    dataset = opened(copies, copies.folder, tmp_path / "nowhere")
    assert dataset.info.name == "mnist-standin"
    assert dataset.info.standin
    assert dataset.notice is not None
    assert "\n" not in dataset.notice
    for part in ("STAND-IN: mnist-standin", "t10k-labels-idx1-ubyte.gz not found", str(copies.raw), "(no such folder)"):
        assert part in dataset.notice
    direct = open_dataset("mnist-standin", policy())
    assert direct.info == dataset.info
    assert direct.notice is None


def test_missing_data_is_an_error_where_the_real_one_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"fmnist: train-images.* and 3 more not found in .*BENCH_DATA") as caught:
        open_dataset("fashion-mnist", policy(tmp_path, mode="real"))
    assert len(caught.value.lines) == 1


def test_a_stand_in_that_is_asked_for_comes_although_the_real_data_is_there(copies: Copies) -> None:
    dataset = opened(copies, mode="standin")
    assert dataset.info.name == "mnist-standin"
    assert dataset.notice is not None
    assert "asked for" in dataset.notice


def test_nothing_is_written_where_the_data_lies(copies: Copies) -> None:
    before = sorted(copies.folder.rglob("*"))
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        dataset = opened(copies)
        dataset.tensors()
        assert sorted(copies.folder.rglob("*")) == before
    finally:
        for path in before:
            path.chmod(0o755)


def test_a_policy_travels_to_another_process() -> None:
    sent = DataPolicy(progress=lambda name, done, total: None).for_workers()
    assert pickle.loads(pickle.dumps(sent)) == sent
    assert not sent.download


@real_data
@pytest.mark.parametrize(
    ("name", "images", "training", "mean", "std"),
    [
        ("mnist", MNIST, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], 0.1307, 0.3081),
        ("fmnist", FMNIST, [6000] * 10, 0.2860, 0.3530),
    ],
)
def test_the_real_images_are_the_published_ones(
    name: str, images: object, training: list[int], mean: float, std: float
) -> None:
    dataset = open_dataset(name, policy(SHARED, mode="real"))
    tensors = dataset.tensors()
    assert tensors.labels[:60_000].bincount().tolist() == training
    pixels = tensors.inputs[:60_000].double() / 255
    assert pixels.mean().item() == pytest.approx(mean, abs=1e-4)
    assert pixels.std().item() == pytest.approx(std, abs=1e-4)
    assert len(dataset.info.class_names) == 10


@real_data
@pytest.mark.parametrize(
    ("folder", "md5"),
    [
        ("MNIST", "f68b3c2dcbeaaa9fbdd348bbdeb94873 d53e105ee54ea40749a09fcbcd1e9432"),
        ("MNIST", "9fb629c4189551a2d022fa330f9573f3 ec29112dd5afa0611ce80d1b7f02629c"),
        ("FashionMNIST", "8d4fb7e6c68d591d4c3dfef9ec88bf0d 25c81989df183df01b3e8a0aad5dffbe"),
        ("FashionMNIST", "bef4ecab320f06d8554ea6380940ec79 bb300cfdad3c16e7a12a480ee83cd310"),
    ],
)
def test_our_checksums_belong_to_the_files_whose_md5_was_published(folder: str, md5: str) -> None:
    files = (MNIST if folder == "MNIST" else FMNIST).publication.files
    by_sum = {}
    for file in files:
        data = (SHARED / folder / "raw" / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
        by_sum[hashlib.md5(data).hexdigest()] = file
    assert set(md5.split()) <= set(by_sum)


def test_fingerprints_are_pinned(copies: Copies) -> None:
    """They are part of every key; what is published does not change."""
    assert MNIST.publication.files[0].sha256.startswith("440fcabf")
    names = ("digits", "mnist-standin", "fmnist-standin")
    assert {name: open_dataset(name, policy()).info.fingerprint for name in names} == {
        "digits": "988465868a2633b0e8871cf8da743b9c14f17100",
        "mnist-standin": "876df7dee3951807454050429c9ce563f3046bed",
        "fmnist-standin": "455d085ddb73bbb15a1a56d9e39eccebe39e5b79",
    }
    if (SHARED / "MNIST/raw").is_dir():
        fingerprints = [open_dataset(name, policy(SHARED)).info.fingerprint for name in ("mnist", "fmnist")]
        assert fingerprints == ["d96d8ba73713aeb8c284ddf0bb088efd5f4390ac", "27148f734b901312efe8bb206ec2cc74631bee1b"]
