"""The Oxford flowers: labels and split as published, the photos packed or unpacked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat

from bench.data.base import Dataset, open_named
from bench.data.download import PublishedFile, sha256_of
from bench.data.finding import Publication
from bench.data.flowers102_names import NAMES
from bench.data.policy import DataPolicy
from bench.data.sets import flowers102
from bench.data.sets.flowers102 import FLOWERS102, OxfordFlowers
from bench.errors import UserError
from tests.data.pictures import picture, tar

LABELS = np.arange(8189) * 7 % 102 + 1
ORDER = np.random.default_rng(0).permutation(8189) + 1


def published(folder: Path) -> Publication:
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    files = (PublishedFile(name, (folder / name).stat().st_size, sha256_of(folder / name)) for name in names)
    return Publication("flowers-102", (), tuple(files))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small photos and tables in the form of the published ones, eight pictures in turn."""
    folder = tmp_path_factory.mktemp("oxford")
    (folder / "photos").mkdir()
    (folder / "tables").mkdir()
    some = [picture(number, "PNG", 8, 8) for number in range(8)]
    tar(
        folder / "photos/102flowers.tgz",
        {f"jpg/image_{number:05}.jpg": some[number % 8] for number in range(1, 8190)},
        "w:gz",
    )
    savemat(folder / "tables/imagelabels.mat", {"labels": LABELS[np.newaxis].astype(np.uint8)})
    parts = {"trnid": ORDER[:1020], "valid": ORDER[1020:2040], "tstid": ORDER[2040:]}
    savemat(folder / "tables/setid.mat", {name: rows[np.newaxis].astype(np.uint16) for name, rows in parts.items()})
    return folder


@pytest.fixture
def policy(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPolicy:
    """Where copies of all files lie; what is published is what we made."""
    source = OxfordFlowers(tables=published(made / "tables"), photos=published(made / "photos"))
    monkeypatch.setattr(flowers102, "FLOWERS102", replace(FLOWERS102, source=source))
    (tmp_path / "data/flowers-102").mkdir(parents=True)
    for path in (*made.glob("tables/*"), *made.glob("photos/*")):
        shutil.copy(path, tmp_path / "data/flowers-102")
    return DataPolicy("real", (tmp_path / "data",), download=False, own=tmp_path / "own")


def opened(policy: DataPolicy, **options: object) -> Dataset:
    return open_named("flowers102", {"size": 8, **options}, policy)


def test_content_and_official_split(policy: DataPolicy) -> None:
    dataset = opened(policy)
    assert (dataset.info.shape, dataset.info.classes) == ((3, 8, 8), 102)
    assert dict(dataset.info.counts) == {"train": 1020, "validation": 1020, "test": 6149}
    tensors = dataset.tensors()
    assert (tensors.labels.numpy() == LABELS - 1).all()
    pixels = tensors.inputs.flatten(1).numpy()
    assert (pixels[8:] == pixels[:-8]).all()
    assert len(np.unique(pixels[:8], axis=0)) == 8
    split = dataset.split(0)
    assert (split.train.numpy() == np.sort(ORDER[:1020]) - 1).all()
    assert split.hash == dataset.split(5).hash
    swapped = opened(policy, split="swapped")
    assert dict(swapped.info.counts) == {"train": 6149, "validation": 1020, "test": 1020}
    assert torch.equal(swapped.split(0).test, split.train)
    assert swapped.info.fingerprint != dataset.info.fingerprint


def test_unpacked_photos_are_the_same_data(policy: DataPolicy, made: Path) -> None:
    place = policy.folders[0] / "flowers-102"
    packed = opened(policy).info
    shutil.unpack_archive(place / "102flowers.tgz", place, "gztar", filter="data")
    (place / "102flowers.tgz").unlink()
    unpacked = opened(policy).info
    assert unpacked.fingerprint == packed.fingerprint
    assert str(place / "jpg") in unpacked.source
    (place / "jpg/image_00007.jpg").unlink()
    with pytest.raises(UserError, match="lacks image_00007.jpg and holds 8,188 of 8,189 photos; get it again"):
        opened(policy)


def test_a_broken_file_is_named(policy: DataPolicy) -> None:
    path = policy.folders[0] / "flowers-102/setid.mat"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"setid.mat: its content is not the published one \(wrong checksum\)"):
        opened(policy)


def test_tables_that_do_not_fit_are_refused(policy: DataPolicy, tmp_path: Path) -> None:
    for name, said in (("labels", "its labels are not those of 8,189 photos"), ("other", "can not be read")):
        path = tmp_path / "labels.mat"
        savemat(path, {name: LABELS[:100]})
        with pytest.raises(UserError, match=said):
            flowers102._real(policy, (path, path, path), 8, "official")
    path.write_bytes(b"not of Matlab")
    with pytest.raises(UserError, match="labels.mat: can not be read .*; delete it and get it again"):
        flowers102._table(path, "labels")


def test_what_is_missing_is_said_with_the_mend(policy: DataPolicy) -> None:
    (policy.folders[0] / "flowers-102/imagelabels.mat").unlink()
    with pytest.raises(UserError, match=r"flowers102: imagelabels.mat not found in .*; put imagelabels.mat, setid.mat"):
        opened(policy)


@pytest.mark.parametrize(
    ("options", "said"), [({"size": 2}, "size is 2; give"), ({"split": "train"}, "split is 'train'; give 'official'")]
)
def test_wrong_options_are_refused(options: dict[str, object], said: str, policy: DataPolicy) -> None:
    with pytest.raises(UserError, match=f"flowers102: {said}"):
        opened(policy, **options)


def test_files_and_names_are_those_of_torchvision() -> None:
    from torchvision.datasets import Flowers102

    assert tuple(Flowers102.classes) == NAMES
    source = FLOWERS102.source
    assert isinstance(source, OxfordFlowers)
    theirs = {name for name, _ in Flowers102._file_dict.values()}
    assert {file.name for file in source.everything.files} == theirs
    assert source.everything.mirrors == (Flowers102._download_url_prefix,)
    assert "345 MB" in source.offer(DataPolicy())
