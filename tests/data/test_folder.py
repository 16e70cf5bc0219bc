"""The user's own photos: any layout, parts that came kept, and what a photo or a folder can lack."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contract import examine
from bench.data.base import Dataset, open_named
from bench.data.describe import describe_datasets
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import Component, registry
from tests.data.pictures import files, grow, picture, tar


@pytest.fixture
def policy(tmp_path: Path) -> DataPolicy:
    return DataPolicy(own=tmp_path / "own")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return grow(tmp_path / "photos", {"cats": 20, "dogs": 30})


def opened(policy: DataPolicy, path: Path, **options: Any) -> Dataset:
    return open_named("folder", {"path": str(path), **options}, policy)


def told(policy: DataPolicy, path: Path, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        opened(policy, path, **options)
    (line,) = caught.value.lines
    assert "\n" not in line
    return line


def test_it_holds_what_lies_in_the_folder(policy: DataPolicy, photos: Path) -> None:
    dataset = opened(policy, photos, size=16)
    info, tensors = dataset.info, dataset.tensors()
    assert (info.name, info.shape, info.classes) == ("folder:photos", (3, 16, 16), 2)
    assert info.class_names == ("cats", "dogs")
    assert dict(info.counts) == {"train": 35, "validation": 5, "test": 10}
    assert tensors.inputs.shape == (50, 3, 16, 16)
    assert tensors.inputs.dtype == torch.uint8
    assert tensors.labels.tolist() == [0] * 20 + [1] * 30
    assert dataset.notice is None
    assert str(photos) in info.source
    split = dataset.split(3)
    assert tensors.labels[split.test].bincount().tolist() == [4, 6]
    assert tensors.labels[split.validation].bincount().tolist() == [2, 3]


def test_pixels_come_between_minus_two_and_two(policy: DataPolicy, photos: Path) -> None:
    for grey in (False, True):
        tensors = opened(policy, photos, grey=grey).tensors()
        shift, factor = torch.tensor(tensors.shift), torch.tensor(tensors.factor)
        assert shift.shape == factor.shape == (1 if grey else 3,)
        assert ((0 - shift) * factor).tolist() == pytest.approx([-2] * len(shift))
        assert ((255 - shift) * factor).tolist() == pytest.approx([2] * len(shift))


def test_grey_photos_have_one_channel(policy: DataPolicy, photos: Path) -> None:
    dataset = opened(policy, photos, grey=True, size=8)
    assert dataset.info.shape == (1, 8, 8)
    assert dataset.tensors().inputs.shape == (50, 1, 8, 8)


def test_the_path_is_in_no_fingerprint_and_the_photos_are(policy: DataPolicy, photos: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(photos, tmp_path / "elsewhere/photos")
    packed = tar(tmp_path / "photos.tar.gz", files(photos), "w:gz")
    fingerprints = {opened(policy, path).info.fingerprint for path in (photos, copy, packed)}
    assert len(fingerprints) == 1
    assert {opened(policy, path).info.name for path in (photos, copy, packed)} == {"folder:photos"}
    for change in ({"size": 32}, {"grey": True}, {"validation": 0.2}, {"test": 0.3}):
        fingerprints.add(opened(policy, photos, **change).info.fingerprint)
    (copy / "cats/000.png").write_bytes(picture(77))
    fingerprints.add(opened(policy, copy).info.fingerprint)
    assert len(fingerprints) == 6


def test_it_is_decoded_once(policy: DataPolicy, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(policy, photos).tensors()
    monkeypatch.setattr("bench.data.photos.decode_all", None)
    second = opened(policy, photos).tensors()
    assert torch.equal(first.inputs, second.inputs)


def test_the_folder_is_left_as_it_is(policy: DataPolicy, photos: Path) -> None:
    before = files(photos)
    opened(policy, photos).tensors()
    assert files(photos) == before


def test_copies_of_one_file_stay_in_one_part(policy: DataPolicy, photos: Path) -> None:
    for number in range(8):
        shutil.copy(photos / f"cats/{number:03}.png", photos / f"cats/copy {number}.png")
    shutil.copy(photos / "cats/010.png", photos / "dogs/x.png")
    dataset = opened(policy, photos)
    inputs = dataset.tensors().inputs.flatten(1)
    for seed in range(10):
        split = dataset.split(seed)
        held = [{bytes(row.tolist()) for row in inputs[part]} for part in (split.train, split.validation, split.test)]
        assert sum(len(one) for one in held) == len(set.union(*held)) == 50
        assert [len(part) for part in (split.train, split.validation, split.test)] == list(dataset.info.counts.values())


@pytest.mark.parametrize("validation", ["val", "validation", "Valid", None])
def test_parts_that_came_are_kept(validation: str | None, policy: DataPolicy, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    grow(folder / "train", {"cats": 20, "dogs": 20})
    grow(folder / "test", {"cats": 5, "dogs": 4}, first=100)
    if validation:
        grow(folder / validation, {"cats": 3, "dogs": 2}, first=200)
    dataset = opened(policy, folder, size=8)
    counts = {"train": 40, "validation": 5, "test": 9} if validation else {"train": 36, "validation": 4, "test": 9}
    assert dict(dataset.info.counts) == counts
    assert dataset.info.class_names == ("cats", "dogs")
    tests = [dataset.split(seed).test for seed in (0, 1)]
    assert torch.equal(*tests)
    assert dataset.tensors().labels[tests[0]].bincount().tolist() == [5, 4]
    assert torch.equal(dataset.split(0).validation, dataset.split(1).validation) == bool(validation)
    packed = tar(tmp_path / "photos.tar", {f"photos/{name}": data for name, data in files(folder).items()})
    assert opened(policy, packed, size=8).info.fingerprint == dataset.info.fingerprint
    assert dataset.notice is None
    shutil.copy(folder / "train/cats/000.png", folder / "test/cats/x.png")
    assert "1 photos of train/ lie in another part too" in str(opened(policy, folder).notice)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: shutil.rmtree(folder / "test"), "holds train/ and no test/; add test/"),
        (lambda folder: (folder / "train/x.png").write_bytes(picture()), "train/x.png: lies in no class folder"),
        (lambda folder: grow(folder / "test", {"mice": 1}), "no photo in train/ is of the class 'mice'"),
        (lambda folder: shutil.rmtree(folder / "train/cats"), "no photo in train/ is of the class 'cats'"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    change: Callable[[Path], object], said: str, policy: DataPolicy, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    for number, part in enumerate(("train", "test", "val")):
        grow(folder / part, {"cats": 12, "dogs": 12}, first=50 * number)
    change(folder)
    line = told(policy, folder)
    assert line.startswith(str(folder))
    assert said in line


def test_wrong_options_are_refused(policy: DataPolicy, photos: Path) -> None:
    assert told(policy, photos, size=4) == "folder:photos: size is 4; give a number of pixels from 8 to 1024"
    assert "test is 1.5; give a share between 0 and 1" in told(policy, photos, test=1.5)
    assert "no such file or folder" in told(policy, photos / "nowhere")
    with pytest.raises(UserError, match="the option 'path' has no default; give it"):
        open_named("folder", {}, policy)


def test_too_few_photos_are_refused(policy: DataPolicy, tmp_path: Path) -> None:
    line = told(policy, grow(tmp_path / "photos", {"cats": 30, "dogs": 2}))
    assert "the class 'dogs' has 2 samples, which leaves none for" in line


def test_a_photo_that_is_none_is_named_when_it_is_decoded(policy: DataPolicy, photos: Path) -> None:
    (photos / "cats/003.png").write_bytes(b"not a photo")
    dataset = opened(policy, photos)
    with pytest.raises(UserError, match="cats/003.png: is not an image of a format that can be read"):
        dataset.tensors()
    (photos / "cats/003.png").write_bytes(picture(70))
    with pytest.raises(UserError, match="have changed since the data set was opened"):
        dataset.tensors()
    assert len(opened(policy, photos).tensors().labels) == 50


def test_a_folder_of_its_name_may_be_given_from_anywhere(
    policy: DataPolicy, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    assert opened(policy, Path()).info.name == "folder:photos"
    monkeypatch.setenv("HOME", str(photos.parent))
    assert opened(policy, Path("~/photos")).info.name == "folder:photos"


def test_it_says_that_it_needs_a_path(policy: DataPolicy) -> None:
    found = {status.name: status for status in describe_datasets(policy)}
    assert found["folder"].status == "needs options"
    assert "path" in found["folder"].text


@pytest.fixture
def example(policy: DataPolicy, photos: Path) -> Iterator[Component]:
    """The data set with its path given, registered for one test."""
    known = registry("dataset")
    component = known.get("folder")
    name = "folder-example"
    made = replace(component, name=name, make=lambda _: component.make(policy, path=str(photos), size=8), extra={})
    known.add(made)
    yield made
    del known._components[name]


def test_it_keeps_the_promises_of_a_data_set(example: Component) -> None:
    assert [verdict for verdict in examine(example) if verdict.outcome != "holds"] == []


def test_large_photos_are_shrunk_smoothly(policy: DataPolicy, tmp_path: Path) -> None:
    """A chessboard of single pixels becomes grey, not black or white."""
    from PIL import Image

    folder = grow(tmp_path / "photos", {"a": 10, "b": 10})
    board = (np.indices((160, 160)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).save(folder / "a/000.png")
    inner = opened(policy, folder, size=16).tensors().inputs[0, :, 2:-2, 2:-2]
    assert inner.float().sub(127.5).abs().max() < 3
