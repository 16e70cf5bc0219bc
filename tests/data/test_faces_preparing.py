"""Cutting faces out of photos: once, whatever happens on the way, and with a word on everything that is left out."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.faces.places import folder_of, own_folder
from bench.data.faces.preparing import Photos, prepare_faces
from bench.data.faces.report import Report
from bench.data.faces.settings import DEFAULTS, SIDE, Settings
from bench.data.faces.store import read_crops, read_prepared
from bench.data.policy import DataPolicy
from bench.errors import UserError
from tests.data.people import FACE, Pretended, album, marked

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def policy(tmp_path: Path) -> DataPolicy:
    return DataPolicy(own=tmp_path / "own")


def prepared(
    policy: DataPolicy,
    photos: Path,
    detector: Pretended | None = None,
    *,
    name: str = "family",
    settings: Settings = DEFAULTS,
    again: bool = False,
) -> Report:
    detector = detector or Pretended()
    return prepare_faces(policy, Photos(photos), name, settings, detector=lambda: detector, again=again)


def test_every_photo_gives_the_square_around_its_face_in_grey(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    report = prepared(policy, photos)
    crops = read_crops(report.prepared)
    assert crops.shape == (12, 1, SIDE, SIDE)
    assert [entry.name for entry in report.prepared.found][:2] == ["ann/0.png", "ann/1.png"]
    # The face is 60 pixels wide and high around (70, 60); with the margin of a fifth, its square has 72.
    grey = (
        Image.open(photos / "ben/3.png").convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR, (34, 24, 106, 96))
    )
    assert (crops[9, 0] == np.asarray(grey)).all()


def test_the_report_counts_by_person_and_the_sheets_and_lists_lie_in_our_folder(
    policy: DataPolicy, tmp_path: Path
) -> None:
    photos = album(tmp_path / "photos")
    marked(50).save(photos / "ann/none.png")
    marked(51, ((10, 10, 60, 60), 0.8), ((80, 10, 130, 60), 0.6)).save(photos / "ann/unsure.png")
    marked(52, ((10, 10, 22, 24), 1.0)).save(photos / "ben/small.png")
    (photos / "ben/broken.jpg").write_bytes(b"\xff\xd8\xff no more than that")
    marked(53, FACE, ((110, 10, 135, 40), 0.96)).save(photos / "ben/two.png")
    report = prepared(policy, photos)
    reasons = {entry.name: entry.lacking.text for entry in report.left_out if entry.lacking}
    assert "take it out" in reasons.pop("ben/broken.jpg")
    assert reasons == {
        "ann/none.png": "no face found",
        "ann/unsure.png": "found with confidence 0.80, below 0.90",
        "ben/small.png": "its face has 14 pixels, fewer than 20",
    }
    assert [(entry.name, entry.people) for entry in report.several] == [("ben/two.png", 2)]
    counted = {person.label: (len(person.entries), person.faces, person.several) for person in report.people}
    assert counted == {"ann": (8, 6, 0), "ben": (9, 7, 1)}
    assert report.people[1].lacking("unreadable") == report.people[1].lacking("too small") == 1
    text = report.list.read_text(encoding="utf-8")
    for line in ("Left out (4)", "  ann/none.png: no face found", "  ben/two.png: 2"):
        assert line in text.splitlines()
    assert report.sheets
    for sheet in report.sheets:
        assert sheet.parent == folder_of(policy, "family")
        with Image.open(sheet) as picture:
            assert np.asarray(picture).min() < 50  # something is on it


def test_a_second_time_no_photo_is_looked_at_and_a_new_or_changed_one_alone(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    assert prepared(policy, photos).looked == 12
    first = prepared(policy, photos, Pretended(fails_at=0))
    assert first.looked == 0
    marked(70, FACE).save(photos / "ann/0.png")
    marked(71, FACE).save(photos / "ben/new.png")
    (photos / "ben/1.png").rename(photos / "ben/renamed.png")
    (photos / "ben/2.png").unlink()
    detector = Pretended()
    second = prepared(policy, photos, detector)
    assert (second.looked, detector.shown) == (2, 2)
    fresh = prepared(DataPolicy(own=tmp_path / "other"), photos)
    assert second.prepared.fingerprint == fresh.prepared.fingerprint != first.prepared.fingerprint
    assert (read_crops(second.prepared) == read_crops(fresh.prepared)).all()
    assert prepared(policy, photos, again=True).looked == 12


def test_what_was_not_prepared_to_the_end_goes_on_where_it_broke_off_and_does_not_count(
    policy: DataPolicy, tmp_path: Path
) -> None:
    photos = album(tmp_path / "photos")
    whole = prepared(DataPolicy(own=tmp_path / "other"), photos)
    with pytest.raises(KeyboardInterrupt):
        prepared(policy, photos, Pretended(fails_at=5))
    assert read_prepared(folder_of(policy, "family")) is None
    resumed = prepared(policy, photos)
    assert resumed.looked == 7
    assert resumed.prepared.fingerprint == whole.prepared.fingerprint
    assert (read_crops(resumed.prepared) == read_crops(whole.prepared)).all()


def test_a_process_that_is_killed_loses_the_photo_at_hand_alone(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    script = f"""
        import os, signal
        from pathlib import Path
        from bench.data.faces.preparing import Photos, prepare_faces
        from bench.data.policy import DataPolicy
        from tests.data.people import Pretended
        detector = Pretended()
        def fatal(pixels):
            if detector.shown == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            return detector(pixels)
        prepare_faces(DataPolicy(own=Path({str(policy.own)!r})), Photos(Path({str(photos)!r})), "family",
                      detector=lambda: fatal)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert read_prepared(folder_of(policy, "family")) is None
    assert prepared(policy, photos).looked == 7


def test_until_a_set_is_prepared_anew_the_former_one_stays_whole(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    former = prepared(policy, photos)
    marked(70, FACE).save(photos / "ann/new.png")
    with pytest.raises(KeyboardInterrupt):
        prepared(policy, photos, Pretended(fails_at=3), settings=Settings(choose="most-confident"))
    assert read_prepared(folder_of(policy, "family")) == former.prepared
    assert len(read_crops(former.prepared)) == 12
    prepared(policy, photos)
    with pytest.raises(UserError, match="was prepared anew since it was opened"):
        read_crops(former.prepared)


def test_processes_that_prepare_one_set_at_a_time_share_the_work(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: prepared(policy, photos), range(3)))
    assert sum(report.looked for report in reports) == 12
    assert len({report.prepared.fingerprint for report in reports}) == 1


@pytest.mark.parametrize("damage", ["cut off", "overwritten", "other version"])
def test_a_damaged_store_counts_for_nothing_and_is_begun_anew(policy: DataPolicy, tmp_path: Path, damage: str) -> None:
    photos = album(tmp_path / "photos")
    whole = prepared(policy, photos)
    file = whole.prepared.folder / "faces.sqlite"
    if damage == "cut off":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "overwritten":
        file.write_bytes(b"<html>" + file.read_bytes()[6:])
    else:
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    assert read_prepared(whole.prepared.folder) is None
    again = prepared(policy, photos)
    assert again.looked == 12
    assert again.prepared == whole.prepared


def test_of_several_faces_the_largest_is_taken_or_the_surest(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    large, sure = (20, 20, 80, 80), (100, 40, 140, 80)
    marked(60, (large, 0.92), (sure, 1.0), ((0, 0, 160, 15), 0.6)).save(photos / "ann/two.png")
    grey = Image.open(photos / "ann/two.png").convert("L")
    for choose, box in (("largest", (14, 14, 86, 86)), ("most-confident", (96, 36, 144, 84))):
        report = prepared(policy, photos, settings=Settings(choose=choose))  # type: ignore[arg-type]
        place = [entry.name for entry in report.prepared.found].index("ann/two.png")
        crop = grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box)
        assert (read_crops(report.prepared)[place, 0] == np.asarray(crop)).all()
        assert report.prepared.found[place].people == 2
    with pytest.raises(UserError, match="choose is 'biggest'; .*largest"):
        Settings(choose="biggest")  # type: ignore[arg-type]


def test_a_photo_that_is_turned_by_its_camera_s_note_gives_the_same_face(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    upright = Image.open(photos / "ann/0.png")
    note = Image.Exif()
    note[0x0112] = 6  # the camera was held on its side: to be shown turned by 90 degrees to the right
    upright.transpose(Image.Transpose.ROTATE_90).save(photos / "ann/turned.png", exif=note)
    report = prepared(policy, photos)
    places = {entry.name: place for place, entry in enumerate(report.prepared.found)}
    crops = read_crops(report.prepared)
    assert (crops[places["ann/0.png"]] == crops[places["ann/turned.png"]]).all()
    assert {entry.name for entry in report.near[0]} == {"ann/0.png", "ann/turned.png"}


def test_one_photo_under_two_names_or_persons_is_looked_at_once_and_stays_together(
    policy: DataPolicy, tmp_path: Path
) -> None:
    photos = album(tmp_path / "photos")
    shutil.copy(photos / "ann/0.png", photos / "ann/copy.png")
    shutil.copy(photos / "ann/0.png", photos / "ben/0.png")  # in the place of ben's own
    report = prepared(policy, photos)
    assert report.looked == 11
    assert len(report.prepared.found) == 13
    (group,) = report.near
    assert [entry.name for entry in group] == ["ann/0.png", "ann/copy.png", "ben/0.png"]


def test_photos_in_an_archive_are_those_of_the_folder(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        archive.add(photos, "raw")
    folder = prepared(policy, photos)
    packed = prepare_faces(policy, Photos(tmp_path / "photos.tar", "raw"), "family", detector=Pretended)
    assert packed.looked == 0
    assert packed.prepared.fingerprint == folder.prepared.fingerprint
    assert packed.prepared.source == str(tmp_path / "photos.tar/raw")


def test_nothing_is_written_where_the_photos_lie(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    before = {path: path.stat().st_mtime_ns for path in photos.rglob("*")}
    prepared(policy, photos)
    assert {path: path.stat().st_mtime_ns for path in photos.rglob("*")} == before
    written = {path.relative_to(tmp_path).parts[:3] for path in tmp_path.rglob("*") if path.is_file()}
    assert {parts for parts in written if parts[0] != "photos"} == {("own", "faces", "family")}


def test_photos_without_any_face_make_no_set(policy: DataPolicy, tmp_path: Path) -> None:
    for number, person in enumerate(("cat", "dog")):
        (tmp_path / "photos" / person).mkdir(parents=True)
        marked(number).save(tmp_path / "photos" / person / "0.png")
    with pytest.raises(UserError, match="no face was found in any of its 2 photos; give photos of people"):
        prepared(policy, tmp_path / "photos")
    assert read_prepared(folder_of(policy, "family")) is None


@pytest.mark.parametrize(
    "name", ["../x", "/tmp/x", "a/b", "", ".", "Family", "a b", "é", "x" * 41, "got-faces", "con\0"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(policy: DataPolicy, name: str) -> None:
    with pytest.raises(UserError, match="such as family"):
        own_folder(policy, name)


def test_names_of_persons_and_photos_may_be_anything_that_a_file_system_takes(
    policy: DataPolicy, tmp_path: Path
) -> None:
    people = ("Zoë", "李 小龙", "'; DROP TABLE entry; --")
    photos = album(tmp_path / "photos", people)
    marked(80, FACE).save(photos / "Zoë" / f"{'long ' * 30}.png")
    report = prepared(policy, photos)
    assert [person.label for person in report.people] == sorted(people)
    assert len(report.prepared.found) == 19


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match="can not be written") as caught:
        prepared(DataPolicy(own=tmp_path / "file"), photos)
    assert len(caught.value.lines) == 1


def test_progress_tells_of_each_photo_and_ends_at_all_of_them(policy: DataPolicy, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos")
    told: list[tuple[int, int, str]] = []
    prepare_faces(policy, Photos(photos), "family", progress=lambda *one: told.append(one), detector=Pretended)
    assert told == [
        *((place, 12, f"{'ann' if place < 6 else 'ben'}/{place % 6}.png") for place in range(12)),
        (12, 12, ""),
    ]


def test_the_store_can_be_read_where_nothing_can_be_written(policy: DataPolicy, tmp_path: Path) -> None:
    report = prepared(policy, album(tmp_path / "photos"))
    folder = report.prepared.folder
    for path in (folder / "faces.sqlite", folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert read_prepared(folder) == report.prepared
        assert len(read_crops(report.prepared)) == 12
        assert sorted(os.listdir(folder)) == ["faces.sqlite", "lock", "photos.txt", "sheet-01.jpg"]
    finally:
        folder.chmod(0o755)
