"""The data sets of faces: prepared when they are first wanted, found prepared from then on."""

from __future__ import annotations

import functools
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import bench.data.sets.got_faces as got_faces
from bench.data.base import Dataset, open_named
from bench.data.describe import describe_datasets
from bench.data.faces.preparing import Photos, prepare_faces
from bench.data.faces.store import read_crops
from bench.data.policy import DataPolicy
from bench.errors import UserError
from tests.data.people import FACE, Pretended, album, drawn_face, marked
from tests.data.test_splits import check

SHARED = Path("../shared/data")


@pytest.fixture
def policy(tmp_path: Path) -> DataPolicy:
    return DataPolicy(mode="real", folders=(tmp_path / "own", tmp_path / "shared"), own=tmp_path / "own")


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    """In the place of the real one."""
    pretended = Pretended()
    marking = functools.partial(prepare_faces, detector=lambda: pretended)
    monkeypatch.setattr(got_faces, "prepare_faces", marking)
    return pretended


def opened(policy: DataPolicy, **options: object) -> Dataset:
    return open_named("got-faces", options, policy)


def test_the_first_opening_cuts_the_faces_out_and_later_ones_find_them(
    policy: DataPolicy, detector: Pretended, tmp_path: Path
) -> None:
    album(tmp_path / "shared/got_faces/raw", ("ann", "ben", "cyd"), each=20)
    told: list[tuple[str, int, int]] = []
    first = opened(replace(policy, progress=lambda *one: told.append(one)))
    assert detector.shown == 60
    assert told[0][1:] == (0, 60)
    assert told[-1][1:] == (60, 60)
    second = opened(policy.for_workers())
    assert detector.shown == 60
    assert second.info == first.info
    info, tensors = second.info, second.tensors()
    assert (info.name, info.shape, info.classes) == ("got-faces", (1, 128, 128), 3)
    assert info.class_names == ("ann", "ben", "cyd")
    assert info.counts == {"train": 42, "validation": 6, "test": 12}
    assert (tuple(tensors.inputs.shape), tensors.inputs.dtype) == ((60, 1, 144, 144), torch.uint8)
    assert tensors.labels.tolist() == [0] * 20 + [1] * 20 + [2] * 20
    assert (tensors.shift, tensors.factor) == (0.0, 1 / 255)
    for seed in (0, 1):
        check(second, second.split(seed))
        for part, count in info.counts.items():
            assert tensors.labels[getattr(second.split(seed), part)].bincount().tolist() == [count // 3] * 3
    assert second.split(0).hash != second.split(1).hash


def test_without_leave_to_prepare_nothing_is_looked_at_and_the_command_is_named(
    policy: DataPolicy, detector: Pretended, tmp_path: Path
) -> None:
    photos = album(tmp_path / "shared/got_faces/raw")
    with pytest.raises(UserError) as caught:
        opened(replace(policy, download=False))
    assert caught.value.lines == (
        f"got-faces: the faces in {photos} are not cut out yet; run `bench data prepare got-faces`",
    )
    assert detector.shown == 0
    (told,) = [one for one in describe_datasets(policy) if one.name == "got-faces"]
    assert told.status == "missing"
    assert f"would be cut out of the photos in {photos}" in told.text
    opened(policy)
    (told,) = [one for one in describe_datasets(policy) if one.name == "got-faces"]
    assert told.status == "ready"


def test_without_photos_a_stand_in_takes_their_place(policy: DataPolicy) -> None:
    with pytest.raises(UserError, match=r"no photos found in .*; put got_faces_raw.tar, or .*BENCH_DATA") as caught:
        opened(policy)
    assert len(caught.value.lines) == 1
    standin = opened(replace(policy, mode="auto"))
    assert standin.info.name == "got-faces-standin"
    assert standin.info.standin
    assert standin.notice is not None
    assert standin.notice.startswith("STAND-IN: got-faces-standin")


@pytest.mark.parametrize("form", ["archive", "raw", "folders"])
def test_photos_may_lie_packed_or_in_folders(
    policy: DataPolicy, detector: Pretended, tmp_path: Path, form: str
) -> None:
    photos = album(tmp_path / "photos")
    place = tmp_path / "shared/got_faces"
    place.mkdir(parents=True)
    (place / "manifest.csv").write_text("file,class\n")
    if form == "archive":
        with tarfile.open(place / "got_faces_raw.tar", "w") as archive:
            archive.add(photos, "raw")
            archive.add(photos / "ann", "raw_small/dan")
    elif form == "raw":
        shutil.copytree(photos, place / "raw")
        shutil.copytree(photos / "ann", place / "raw_small/dan")
    else:
        shutil.copytree(photos, place, dirs_exist_ok=True)
    dataset = opened(policy)
    assert dataset.info.class_names == ("ann", "ben")
    others = prepare_faces(policy, Photos(photos), "others", detector=Pretended)
    assert (dataset.tensors().inputs.numpy() == read_crops(others.prepared)).all()


def test_other_photos_are_other_data_and_are_looked_at_when_a_suite_wants_them(
    policy: DataPolicy, detector: Pretended, tmp_path: Path
) -> None:
    photos = album(tmp_path / "shared/got_faces/raw")
    first = opened(policy)
    marked(70, FACE).save(photos / "ann/new.png")
    with pytest.raises(UserError, match="not cut out yet"):
        opened(policy.for_workers())
    second = opened(policy)
    assert detector.shown == 13
    assert sum(second.info.counts.values()) == 13
    assert second.info.fingerprint != first.info.fingerprint
    assert opened(policy, test=0.3).info.fingerprint != second.info.fingerprint
    shutil.rmtree(photos)
    assert opened(policy).info.counts == second.info.counts  # what was cut out is enough


def test_standard_brings_the_set_to_mean_0_and_deviation_1(
    policy: DataPolicy, detector: Pretended, tmp_path: Path
) -> None:
    album(tmp_path / "shared/got_faces/raw")
    tensors = opened(policy, normalise="standard").tensors()
    assert isinstance(tensors.shift, float)
    assert isinstance(tensors.factor, float)
    scaled = (tensors.inputs.double() - tensors.shift) * tensors.factor
    assert scaled.mean().item() == pytest.approx(0, abs=1e-9)
    assert scaled.std(correction=0).item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"validation": 0.6, "test": 0.4}, "validation is 0.6 and test 0.4; give shares"),
        ({"test": 0.0}, "give shares"),
        ({"validation": -0.1}, "give shares"),
        ({"normalise": "none"}, "normalise is 'none'; give 'standard' or 'unit'"),
        ({"size": 100}, "size is 100; give 128, 64 or 32"),
    ],
)
def test_impossible_options_are_refused(
    policy: DataPolicy, detector: Pretended, tmp_path: Path, options: dict[str, object], reason: str
) -> None:
    album(tmp_path / "shared/got_faces/raw")
    with pytest.raises(UserError, match=reason):
        opened(policy, **options)


def test_smaller_faces_are_averages_of_squares(policy: DataPolicy, detector: Pretended, tmp_path: Path) -> None:
    album(tmp_path / "shared/got_faces/raw", ("ann", "ben", "cyd"), each=20)
    whole = opened(policy).tensors().inputs.numpy()
    for size in (64, 32):
        dataset = opened(policy, size=size)
        step = 128 // size
        assert dataset.info.shape == (1, size, size)
        found = dataset.tensors().inputs.numpy()
        assert found.shape[2:] == (144 // step, 144 // step)
        for row, column in ((0, 0), (5, 7), (found.shape[2] - 1, 3)):
            square = whole[:, 0, row * step : (row + 1) * step, column * step : (column + 1) * step].astype(float)
            np.testing.assert_allclose(found[:, 0, row, column], square.mean(axis=(1, 2)), atol=0.5)
    assert len({opened(policy, size=size).info.fingerprint for size in (128, 64, 32)}) == 3


def test_faces_of_your_own_are_a_set_under_their_name(policy: DataPolicy, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"faces:family: nothing is prepared in .*faces/family; run `bench data prepare"
    ):
        open_named("faces", {"name": "family"}, policy)
    prepare_faces(policy, Photos(album(tmp_path / "photos")), "family", detector=Pretended)
    shutil.rmtree(tmp_path / "photos")
    dataset = open_named("faces", {"name": "family", "validation": 0.2}, policy.for_workers())
    assert dataset.info.name == "faces:family"
    check(dataset, dataset.split(0))
    with pytest.raises(UserError, match="data set of its own"):
        open_named("faces", {"name": "got-faces"}, policy)
    with pytest.raises(UserError, match="is no name for a set of faces"):
        open_named("faces", {"name": "../family"}, policy)


def test_a_person_with_few_faces_or_with_copies_alone_is_named(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    for photo in range(3):
        (photos / f"ben/{photo}.png").unlink()
    prepare_faces(policy, Photos(photos), "few", detector=Pretended)
    with pytest.raises(UserError, match="faces:few: 3 photos of 'ben' show a face, and 5 are needed"):
        open_named("faces", {"name": "few"}, policy)
    for copy in (0, 1, 2, 4, 5):
        shutil.copy(photos / "ben/3.png", photos / f"ben/{copy}.png")
    prepare_faces(policy, Photos(photos), "same", detector=Pretended)
    with pytest.raises(UserError, match="the 6 faces of 'ben' leave none for test, since copies"):
        open_named("faces", {"name": "same"}, policy)


def test_the_real_detector_makes_a_set_of_drawn_faces(policy: DataPolicy, tmp_path: Path) -> None:
    for number, person in enumerate(("ann", "ben")):
        (tmp_path / "photos" / person).mkdir(parents=True)
        for photo in range(2):
            size, height = (200 + 40 * number, 160), 80 + 20 * photo
            drawn_face(size, (100, 80), height).save(tmp_path / "photos" / person / f"{photo}.jpg")
    report = prepare_faces(policy, Photos(tmp_path / "photos"), "drawn")
    assert [entry.confidence > 0.95 for entry in report.prepared.found] == [True] * 4
    (group,) = report.near  # one drawing, in four sizes
    assert len(group) == 4


@pytest.mark.long
@pytest.mark.skipif(not (SHARED / "got_faces").is_dir(), reason="the photos are not at hand")
def test_nearly_every_shared_photo_gives_a_face(tmp_path: Path) -> None:
    policy = DataPolicy(mode="real", folders=(SHARED,), own=tmp_path)
    dataset = opened(policy)
    labels = dataset.tensors().labels
    photos = {"cersei": 76, "daenerys": 81, "hodor": 38, "jon_snow": 80, "samwell": 40, "theon": 38, "tyrion": 61}
    assert dataset.info.class_names == tuple(photos)
    assert int(labels.bincount().sum()) >= 0.95 * sum(photos.values())
    assert np.all(labels.bincount().numpy() >= 0.85 * np.array(list(photos.values())))
    check(dataset, dataset.split(0))
