"""`bench data`, `bench data show` and `bench data fetch`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import Component
from tests.cli.conftest import Bench, environment, suite_with

# the table


def test_what_is_here_stands_apart_from_what_is_not(bench: Bench) -> None:
    answer = bench("data")
    assert answer.code == 0
    here, away = answer.out.split("not here")
    assert "penguins" in here
    assert "1,197 / 300 / 300" in here
    assert "mnist" in away
    assert "would be fetched" in away
    assert "looked in data, ../shared/data" in away


def test_stand_ins_are_listed_where_they_are_asked_for(bench: Bench) -> None:
    rows = [line.split()[0] for line in bench("data").lines if line.strip()]
    assert "mnist-standin" not in rows
    assert "mnist-standin" in [line.split()[0] for line in bench("data", "--all").lines if line.strip()]
    assert {"mnist-standin", "fmnist-standin"} <= {one["name"] for one in bench("data", "--json").json}


def test_a_broken_set_hides_no_other(bench: Bench, sets: dict[str, Component]) -> None:
    def fails(policy: DataPolicy) -> None:
        raise ValueError("no such table")

    sets["fails"] = Component("dataset", "fails", fails)
    answer = bench("data")
    assert answer.code == 0
    assert "ValueError: no such table" in answer.out.split("broken")[1]
    assert "penguins" in answer.out


def test_the_table_fits_a_hundred_columns(folder: Path) -> None:
    if shutil.which("script") is None:
        pytest.skip("there is no `script` to make a terminal with")
    command = f"stty cols 100; {sys.executable} -m bench data --all"
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        env={name: value for name, value in environment().items() if name != "COLUMNS"} | {"TERM": "dumb"},
        capture_output=True,
        check=True,
        cwd=folder,
    )
    table = done.stdout.decode().split("looked in")[0].splitlines()
    assert max(len(line.rstrip()) for line in table) <= 100
    assert any(line.split()[:2] == ["digits", "1,197"] for line in table)


def test_looking_at_the_table_does_not_load_torch(folder: Path) -> None:
    code = "import sys; from bench.cli import main; main(['data']); print({'torch', 'matplotlib'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


# the samples


def test_show_writes_a_sheet_and_says_what_is_in_it(bench: Bench, folder: Path) -> None:
    answer = bench("data", "show", "digits")
    assert answer.code == 0
    assert "digits.png written" in answer.out
    assert "the real data; a sample is 1 x 8 x 8 numbers, 10 classes" in answer.out
    assert "all     1,197          300    300" in answer.out
    with Image.open(folder / "digits.png") as picture:
        assert picture.width > 8 * 72
        assert picture.height > 10 * 72


def test_show_counts_every_class(bench: Bench) -> None:
    said = bench("data", "show", "penguins", "--json").json
    assert said["classes"] == ["Adelie", "Gentoo", "Chinstrap"]
    assert [sum(counts) for counts in zip(*said["counts"].values(), strict=True)] == [146, 119, 68]
    assert (said["file"], said["standin"], len(said["fingerprint"])) == (None, False, 40)


def test_a_table_has_no_pictures_but_values(bench: Bench, folder: Path) -> None:
    answer = bench("data", "show", "penguins")
    assert "penguins has no pictures" in answer.out
    assert sum(line.split()[:1] == ["Gentoo"] for line in answer.lines) == 3  # its counts, two samples
    assert not list(folder.glob("*.png"))


def test_a_stand_in_is_loud_and_has_its_own_name(bench: Bench, folder: Path) -> None:
    answer = bench("data", "show", "mnist", "--out", "sheet.png")
    assert answer.out.count("STAND-IN: mnist-standin") == 2  # at the start and at the end
    assert "a STAND-IN, not the real data" in answer.out
    assert (folder / "sheet.png").exists()
    assert not (folder / "data").exists()
    said = bench("data", "show", "mnist", "--json").json
    assert (said["name"], said["standin"], said["file"]) == ("mnist-standin", True, "mnist-standin.png")


def test_show_takes_options_and_usual_names(bench: Bench) -> None:
    plain = bench("data", "show", "mnist", "--json").json
    more = bench("data", "show", "mnist", "--json", "--option", "validation=10000", "--option", "normalise=unit").json
    assert sum(more["counts"]["validation"]) == 2 * sum(plain["counts"]["validation"])
    assert more["fingerprint"] != plain["fingerprint"]


# data of the user's own


@pytest.fixture
def photos(folder: Path) -> str:
    """A folder with two class folders; what is in the photos can be told by their colour."""
    for number, (label, count) in enumerate((("cats", 30), ("dogs", 20))):
        (folder / "photos" / label).mkdir(parents=True)
        for place in range(count):
            pixels = np.full((12, 9, 3), 4 * place, np.uint8)
            pixels[..., number] = 250
            Image.fromarray(pixels).save(folder / "photos" / label / f"{place}.png")
    return "photos"


def test_a_folder_of_photos(bench: Bench, folder: Path, photos: str) -> None:
    said = bench("data", "show", "folder", "--option", f"path={photos}/", "--option", "size=16", "--json").json
    assert (said["name"], said["classes"], said["shape"]) == ("folder:photos", ["cats", "dogs"], [3, 16, 16])
    assert [sum(counts) for counts in zip(*said["counts"].values(), strict=True)] == [30, 20]
    assert said["file"] == "folder-photos.png"
    plan = bench("plan", suite_with(folder, f"{{folder: {photos}/, size: 16}}"), "--json")
    assert plan.code == 0, plan.err
    assert [one["name"] for one in plan.json["data"]] == ["folder:photos"]
    assert plan.json["data"][0]["fingerprint"] == said["fingerprint"]
    fetched = bench("data", "fetch", "mine.yaml")
    assert fetched.code == 0
    assert "folder (path photos/, size 16): your photos in photos" in fetched.out


def test_two_sizes_of_one_folder_are_told_apart(bench: Bench, folder: Path, photos: str) -> None:
    plan = bench("plan", suite_with(folder, f"{{folder: {photos}/, size: [8, 16]}}"), "--json")
    assert [one["name"] for one in plan.json["data"]] == ["folder:photos (size 8)", "folder:photos (size 16)"]


def test_arrays(bench: Bench, folder: Path) -> None:
    np.savez(folder / "own.npz", x=np.arange(400, dtype=np.float32).reshape(100, 4), y=np.arange(100) % 2)
    plan = bench("plan", suite_with(folder, "{npz: own.npz}"), "--json")
    assert [one["name"] for one in plan.json["data"]] == ["npz:own"]
    assert "has no pictures" in bench("data", "show", "npz", "--option", "path=own.npz").out


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("{folder: photso/, size: 16}", "photso"),
        ("{folder: photos/, sise: 16}", "mine.yaml:3:25: unknown option 'sise' of the dataset 'folder'; did you mean"),
        ("{folder: photos/, size: big}", "mine.yaml:3:31: size: 'big' is no whole number"),
        ("{foldre: photos/, size: 16}", "mine.yaml:3:8: unknown dataset 'foldre'; did you mean 'folder'?"),
        ("{folder: photos/, npz: a.npz}", "mine.yaml:3:7: one data set has one name, here are folder, npz"),
        ("{npz: nosuch.npz}", "nosuch.npz"),
    ],
)
def test_own_data_with_a_mistake(bench: Bench, folder: Path, photos: str, data: str, what: str) -> None:
    answer = bench("plan", suite_with(folder, data))
    assert answer.code == 2
    assert what in answer.err
    assert answer.err.count("\n") == 1


# what a user would mistype


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("data mnist", "to see samples of the data set: bench data show mnist"),
        ("data fashion-mnist", "bench data show fashion-mnist"),
        ("data shwo mnist", "did you mean 'show'?"),
        ("data nothing", "known are: fetch, "),
        ("data --json show mnist", "write bench data show ... and then the options"),
        ("data --colour", "--colour"),
        ("data show", "NAME"),
        ("data show mnits", "did you mean 'mnist'?"),
        ("data show mnist --data fake", "auto, real or standin"),
        ("data show mnist --data real", "downloads are off"),
        ("data show mnist --option validation", "write --option size=96"),
        ("data show mnist --option =3", "write --option size=96"),
        ("data show mnist --option validation=", "write --option size=96"),
        ("data show mnist --option valid=3", "did you mean 'validation'?"),
        ("data show mnist --option validation=many", "--option validation: validation: 'many' is no whole number"),
        ("data show mnist --option validation=[", "--option validation"),
        ("data show mnist --option validation=[1,2]", "give each a single value"),
        ("data show mnist --option validation=70000", "give a number of images"),
        ("data show digits --out sheet", "give --out sheet.png"),
        ("data show digits --out tiny.yaml", "give --out tiny.png"),
        ("data show digits --out nowhere/sheet.png", "can not be written"),
        ("data show folder", "give it: --option path=..."),
        ("data fetch npz", "npz needs the option 'path'; give a suite that has it"),
        ("data show digits --plugin nosuch.py", "no such plugin file"),
        ("data fetch", "SUITE"),
        ("data fetch mnits", "neither a suite nor a data set; did you mean 'mnist'?"),
        ("data fetch nosuch.yaml", "no such suite file"),
        ("data fetch broken.yaml", "broken YAML"),
        ("data fetch .", "folder"),
    ],
)
def test_bad_input(bench: Bench, folder: Path, command: str, what: str) -> None:
    (folder / "broken.yaml").write_text("title: [\n", encoding="utf-8")
    answer = bench(*command.split())
    assert answer.code == 2, answer
    assert what in answer.err
    assert answer.err.count("\n") == 1
    assert "internal error" not in answer.err


def test_options_are_read_as_a_suite_reads_them() -> None:
    from bench.cli.picturing import chosen

    assert chosen("mnist", ["validation=5000"])[0].options == ()
    assert chosen("mnist", ["normalise=unit", "validation=0"])[0].options == (("normalise", "unit"), ("validation", 0))
    with pytest.raises(UserError, match="unknown dataset"):
        chosen("nosuch", [])
