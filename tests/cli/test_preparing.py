"""`bench data prepare`: what it says, on a terminal's terms and on a script's."""

from __future__ import annotations

from pathlib import Path

import pytest

import bench.data.faces.detecting
from tests.cli.conftest import Bench
from tests.data.people import FACE, Pretended, album, marked


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    detector = Pretended()
    monkeypatch.setattr(bench.data.faces.detecting, "mtcnn", lambda device: detector)
    return detector


PREPARE = ("data", "prepare", "faces", "--from", "photos", "--name", "family")


def test_a_folder_of_photos_becomes_a_set(bench: Bench, folder: Path, pretended: Pretended) -> None:
    album(folder / "photos")
    marked(50).save(folder / "photos/ann/none.png")
    marked(51, FACE, ((110, 10, 140, 40), 0.96)).save(folder / "photos/ben/two.png")
    answer = bench(*PREPARE)
    assert answer.code == 0
    words = " ".join(answer.out.split())
    for part in (
        "looking for faces in 14 photos",
        "ann 7 6 1",
        "ben 7 7 1",
        "all 14 13 1 1",
        "left out (1): ann/none.png: no face found",
        "several faces, of which the largest was taken (1): ben/two.png: 2",
        "14 photos looked at in",
        "data/faces/family/sheet-01.jpg",
        "in a suite: data: {faces: family}",
    ):
        assert part in words, part
    assert (folder / "data/faces/family/sheet-01.jpg").is_file()
    again = bench(*PREPARE, "--json")
    assert (again.json["looked"], again.json["faces"]) == (0, 13)
    assert again.json["left_out"] == {"ann/none.png": "no face found"}
    assert pretended.shown == 14
    assert bench(*PREPARE, "--again", "--json").json["looked"] == 14


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("family",), "'family' is nothing that is prepared; known are: faces, got-faces"),
        (("faces",), "--from is missing"),
        (("faces", "--from", "photos"), "--name is missing"),
        (("faces", "--from", "photos", "--name", "../x"), "'../x' is no name for a set of faces"),
        (("faces", "--from", "photos", "--name", "x", "--choose", "nearest"), "choose is 'nearest'"),
        (("faces", "--from", "nowhere", "--name", "x"), "nowhere: no such file or folder"),
        (("faces", "--from", "photos", "--name", "x", "--device", "tpu"), "device 'tpu': unknown"),
        (("got-faces", "--choose", "most-confident"), "are for photos of your own"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    bench: Bench, folder: Path, pretended: Pretended, words: tuple[str, ...], reason: str
) -> None:
    album(folder / "photos")
    answer = bench("data", "prepare", *words)
    assert answer.code == 2
    assert reason in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert not (folder / "data").exists()
