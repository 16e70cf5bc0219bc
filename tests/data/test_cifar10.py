"""CIFAR-10: packed, unpacked, as JPEG files, its first images; and everything that can be wrong with the files."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data.base import Dataset, open_named
from bench.data.cifar import CLASSES, Form, Normalise, first_of_each, open_all, open_small
from bench.data.describe import describe_datasets
from bench.data.policy import DataPolicy
from bench.data.sets.cifar10 import JPEG, ORIGINAL
from bench.errors import UserError
from tests.data.cifar10_copies import ARCHIVE, FOLDER, NAMES, ROWS, Copy, batch, contents, copy_of, labels, pickled


@pytest.fixture(scope="session")
def made() -> Copy:
    return copy_of(contents())


def policy(tmp_path: Path, **changes: object) -> DataPolicy:
    plain = DataPolicy(folders=(tmp_path / "data",), download=False, own=tmp_path / "own")
    return replace(plain, **changes)  # type: ignore[arg-type]


def opened(form: Form, tmp_path: Path, validation: int = 30, normalise: Normalise = "standard") -> Dataset:
    return open_all(form, policy(tmp_path), validation, normalise)


PLACES: dict[str, Callable[[Copy, Path], Path]] = {
    "packed": lambda made, data: made.put_archive(data / "cifar10"),
    "packed, beside others": lambda made, data: made.put_archive(data),
    "unpacked": lambda made, data: made.put_folder(data / "cifar10"),
    "unpacked, beside others": lambda made, data: made.put_folder(data),
}


@pytest.mark.parametrize("place", PLACES)
def test_images_and_labels_come_in_the_published_order_wherever_they_are(
    made: Copy, place: str, tmp_path: Path
) -> None:
    path = PLACES[place](made, tmp_path / "data")
    dataset = opened(made.form, tmp_path)
    tensors = dataset.tensors()
    assert tensors.inputs.shape == (6 * ROWS, 3, 32, 32)
    assert tensors.inputs.dtype == torch.uint8
    assert (tensors.labels.numpy() == labels()).all()
    assert tensors.inputs[:, 0, 0, 0].tolist() == list(range(6 * ROWS))
    assert (tensors.inputs[:, 1, 0, 1].numpy() == labels()).all()
    assert (tensors.inputs[:, 2, 31, 31] == 7).all()
    assert str(path) in dataset.info.source
    assert dataset.notice is None
    assert not dataset.info.standin
    assert dataset.info.class_names == CLASSES
    assert len({opened(made.form, tmp_path).info.fingerprint, dataset.info.fingerprint}) == 1


def test_packed_and_unpacked_are_the_same_data(made: Copy, tmp_path: Path) -> None:
    prints = set()
    for number, put in enumerate(PLACES.values()):
        put(made, tmp_path / str(number) / "data")
        prints.add(opened(made.form, tmp_path / str(number)).info.fingerprint)
    assert len(prints) == 1


def test_validation_images_are_drawn_by_seed_and_the_test_images_are_fixed(made: Copy, tmp_path: Path) -> None:
    made.put_archive(tmp_path / "data/cifar10")
    dataset = opened(made.form, tmp_path)
    assert dict(dataset.info.counts) == {"train": 5 * ROWS - 30, "validation": 30, "test": ROWS}
    for seed in (0, 3):
        split = dataset.split(seed)
        assert split.test.tolist() == list(range(5 * ROWS, 6 * ROWS))
        assert sorted([*split.train.tolist(), *split.validation.tolist()]) == list(range(5 * ROWS))
    assert dataset.split(0).hash != dataset.split(3).hash


def test_the_published_facts_are_those_that_torchvision_checks() -> None:
    from torchvision.datasets import CIFAR10

    source = ORIGINAL.source
    assert [list(file) for file in source.files] == [*CIFAR10.train_list, *CIFAR10.test_list]  # type: ignore[attr-defined]
    assert source.unpacked == CIFAR10.base_folder  # type: ignore[attr-defined]
    (archive,) = source.archive.files  # type: ignore[attr-defined]
    assert (archive.name, CIFAR10.tgz_md5) == (CIFAR10.filename, "c58f30108f718f92721af3b95e74349a")
    assert f"{source.archive.mirrors[0]}{archive.name}" == CIFAR10.url  # type: ignore[attr-defined]


def test_torchvision_reads_the_same(made: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR10

    made.put_folder(tmp_path / "data")
    meta = pickled({b"label_names": [name.encode() for name in CLASSES]})
    (tmp_path / "data" / FOLDER / "batches.meta").write_bytes(meta)
    sums = [[name, hashlib.md5(made.files[name]).hexdigest()] for name in NAMES]
    monkeypatch.setattr(CIFAR10, "train_list", sums[:5])
    monkeypatch.setattr(CIFAR10, "test_list", sums[5:])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": hashlib.md5(meta).hexdigest()})
    tensors = opened(made.form, tmp_path).tensors()
    for train, rows in ((True, slice(0, 5 * ROWS)), (False, slice(5 * ROWS, None))):
        theirs = CIFAR10(str(tmp_path / "data"), train=train)
        assert theirs.classes == list(CLASSES)
        assert (torch.from_numpy(theirs.data).permute(0, 3, 1, 2) == tensors.inputs[rows]).all()
        assert theirs.targets == tensors.labels[rows].tolist()


@pytest.mark.parametrize("form", [ORIGINAL, JPEG], ids=lambda form: form.name)
def test_normalisation_brings_each_channel_to_the_published_scale(form: Form, made: Copy, tmp_path: Path) -> None:
    made.put_archive(tmp_path / "data/cifar10")
    own = replace(made.form, mean=form.mean, std=form.std)
    standard = opened(own, tmp_path).tensors()
    assert standard.shift == pytest.approx([255 * one for one in form.mean])
    white = [(255 - shift) * factor for shift, factor in zip(standard.shift, standard.factor, strict=True)]  # type: ignore[arg-type]
    assert white == pytest.approx([(1 - mean) / std for mean, std in zip(form.mean, form.std, strict=True)])
    for normalise, ends in (("unit", (0, 1)), ("half", (-1, 1))):
        tensors = opened(own, tmp_path, normalise=normalise).tensors()  # type: ignore[arg-type]
        assert tuple((end - tensors.shift) * tensors.factor for end in (0, 255)) == pytest.approx(ends)  # type: ignore[operator]


def test_the_small_set_has_the_first_images_of_each_class_in_their_order(made: Copy, tmp_path: Path) -> None:
    made.put_archive(tmp_path / "data/cifar10")
    dataset = open_small(made.form, policy(tmp_path), 5, "unit")
    tensors = dataset.tensors()
    assert dict(dataset.info.counts) == {"train": 35, "validation": 5, "test": 20}
    seen: dict[tuple[bool, int], int] = {}
    expected = []
    for place, label in enumerate(labels().tolist()):  # as one reads it off a list by hand
        key = (place < 5 * ROWS, label)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= (4 if key[0] else 2):
            expected.append(place)
    assert tensors.inputs[:, 0, 0, 0].tolist() == expected
    assert tensors.labels.tolist() == labels()[expected].tolist()
    whole = opened(made.form, tmp_path, 5, "unit")
    assert dataset.info.fingerprint != whole.info.fingerprint


def test_the_small_set_has_5000_and_1000_images() -> None:
    rows = first_of_each(np.random.default_rng(0).permutation(np.arange(60_000) % 10))
    assert len(rows) == 6_000
    assert (np.diff(rows) > 0).all()
    assert (rows < 50_000).sum() == 5_000


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda path: os.truncate(path, path.stat().st_size // 2), "wrong checksum"),
    "empty": (lambda path: os.truncate(path, 0), "wrong checksum"),
    "other content": (lambda path: path.write_bytes(b"<html>not found</html>"), "wrong checksum"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("unpacked", [False, True])
def test_a_damaged_file_is_named_with_the_mend(made: Copy, damage: str, unpacked: bool, tmp_path: Path) -> None:
    data = tmp_path / "data/cifar10"
    path = made.put_folder(data) / "data_batch_3" if unpacked else made.put_archive(data)
    change, reason = DAMAGES[damage]
    change(path)
    with pytest.raises(UserError, match=reason) as caught:
        opened(made.form, tmp_path)
    (line,) = caught.value.lines
    assert line.startswith(f"{path}: ")
    assert line.endswith("delete it and get it again")


def test_a_missing_batch_is_named(made: Copy, tmp_path: Path) -> None:
    (made.put_folder(tmp_path / "data") / "data_batch_4").unlink()
    with pytest.raises(UserError, match=r"data_batch_4: is missing; unpack the archive again, or delete the folder"):
        opened(made.form, tmp_path)


def test_a_broken_folder_does_not_matter_beside_a_whole_archive(made: Copy, tmp_path: Path) -> None:
    (made.put_folder(tmp_path / "data") / "test_batch").write_bytes(b"torn")
    archive = made.put_archive(tmp_path / "data/cifar10")
    assert str(archive) in opened(made.form, tmp_path).info.source


class _Hostile:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch hacked",)


def _with(**changes: object) -> bytes:
    whole = batch(labels()[:ROWS], 0)
    return pickled({**whole, **{name.encode(): value for name, value in changes.items()}})


FAULTS = {
    "hostile": (pickle.dumps({b"data": _Hostile()}), r"it asks for (posix|nt)\.system"),
    "no pickle": (b"\x80\x02 what is this", "can not be read as a batch"),
    "cut off": (contents()["data_batch_2"][:-50], "can not be read as a batch"),
    "no dictionary": (pickled([1, 2]), "holds no images of 32x32"),
    "grey": (_with(data=np.zeros((ROWS, 1024), np.uint8)), "holds no images of 32x32"),
    "wide numbers": (_with(data=np.zeros((ROWS, 3072))), "holds no images of 32x32"),
    "too few labels": (_with(labels=[1, 2, 3]), "holds 30 images and not as many labels"),
    "a strange label": (_with(labels=[10] * ROWS), "holds a label that is none of 0 to 9"),
    "too few images": (pickled(batch(labels()[:3], 0)), "holds 153 images, published are 180"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_passes_the_checksum_is_still_read_with_care(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, said = FAULTS[fault]
    monkeypatch.chdir(tmp_path)
    made = copy_of({**contents(), "data_batch_2": content})
    archive = made.put_archive(tmp_path / "data/cifar10")
    with pytest.raises(UserError, match=said) as caught:
        opened(made.form, tmp_path).tensors()
    assert str(archive) in str(caught.value)
    assert not (tmp_path / "hacked").exists()


def test_an_archive_without_a_batch_is_refused(tmp_path: Path) -> None:
    files = contents()
    del files["data_batch_5"]
    made = copy_of(files)
    made.put_archive(tmp_path / "data/cifar10")
    with pytest.raises(UserError, match=f"{ARCHIVE}: holds no {FOLDER}/data_batch_5; delete it"):
        opened(made.form, tmp_path).tensors()


@pytest.mark.parametrize(
    ("name", "standin"),
    [("cifar10", "cifar10-standin"), ("cifar10-jpeg", "cifar10-standin"), ("cifar10-small", "cifar10-small-standin")],
)
def test_where_it_is_not_to_be_had_a_stand_in_says_why(name: str, standin: str, tmp_path: Path) -> None:
    dataset = open_named(name, {}, policy(tmp_path))
    assert dataset.info.name == standin
    assert dataset.info.standin
    assert dataset.notice is not None
    assert "not found in" in dataset.notice
    assert dataset.info.fingerprint == open_named(standin, {}, policy(tmp_path)).info.fingerprint
    with pytest.raises(UserError, match=f"^{name}: .* into {tmp_path / 'own/cifar10'} or name"):
        open_named(name, {}, policy(tmp_path, mode="real"))
    status = {one.name: one for one in describe_datasets(policy(tmp_path))}[name]
    assert status.status == "missing"
    offered = (
        "would be fetched from www.cs.toronto.edu (170 MB)"
        in {one.name: one.text for one in describe_datasets(policy(tmp_path, download=True))}[name]
    )
    assert offered == (name != "cifar10-jpeg")


@pytest.mark.parametrize(
    ("name", "option", "value", "said"),
    [
        ("cifar10", "validation", 50_000, "give a number of images from 0 to 49,999"),
        ("cifar10-jpeg", "validation", -1, "give a number of images from 0 to 49,999"),
        ("cifar10-small", "validation", 5_000, "give a number of images from 0 to 4,999"),
        ("cifar10", "normalise", "none", "give 'standard', 'unit' or 'half'"),
        ("cifar10-small", "source", "png", "give 'original' or 'jpeg'"),
    ],
)
def test_a_wrong_option_is_named(name: str, option: str, value: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"^{name}: {option} is .*{said}"):
        open_named(name, {option: value}, policy(tmp_path))
