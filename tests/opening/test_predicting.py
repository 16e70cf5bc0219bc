"""`bench predict`, as a user calls it."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.cli import main
from tests.opening.conftest import one


@pytest.fixture
def digit(folder: Path) -> tuple[dict[str, Any], str]:
    """A run on digits, and an image of one of them."""
    row = one(folder, "data = 'digits' and model = 'mlp' and level = 0")
    sample = bench.load(row["key"])._opened.dataset.tensors().inputs[0, 0].numpy()
    Image.fromarray((sample.astype(np.float64) * 255 / 16 + 0.5).astype(np.uint8)).save("digit.png")
    return row, "digit.png"


def test_in_every_form(digit: tuple[dict[str, Any], str], capsys: pytest.CaptureFixture[str]) -> None:
    row, file = digit
    (expected,) = bench.load(row["key"]).predict(file)
    label, share = str(expected.argmax()), float(expected.max())
    assert main(["predict", row["key"][:8], file]) == 0
    assert f"{file}   {label}" in (said := capsys.readouterr().out)
    assert f"{100 * share:.1f} %" in said
    assert main(["predict", row["key"][:8], file, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["predictions"]
    assert (told["sample"], told["label"]) == (file, label)
    assert told["probability"] == pytest.approx(share)
    assert list(told["probabilities"].values()) == pytest.approx(expected.tolist())
    assert main(["predict", row["key"][:8], file, "--csv", "--top", "3"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [line["rank"] for line in rows] == ["1", "2", "3"]
    assert [int(line["label"]) for line in rows] == np.argsort(-expected, kind="stable")[:3].tolist()


def test_a_file_that_can_not_be_read_takes_no_other_down(
    digit: tuple[dict[str, Any], str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row, file = digit
    (folder / "broken.png").write_text("no image")
    assert main(["predict", row["key"][:8], "broken.png", file, "absent.png", "--json"]) == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert [one["sample"] for one in told["predictions"]] == [file]
    assert len(told["failed"]) == 2
    assert said.err.splitlines() == told["failed"]
    assert said.err.startswith("broken.png: is not an image of a format that can be read")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["predict", "nothing", "a.png"], "run 'nothing': is no name of a run"),
        (["predict", ".", "a.png"], ".: is a folder that `bench export` did not write"),
        (["predict", "0123abcd", "a.png", "--csv", "--json"], "--csv and --json exclude each other"),
        (["export", "0123abcd", "--yes", "--no-train"], "--yes and --no-train exclude each other"),
        (["export", "0123abcd", "--db", "none.db"], "none.db: there is no such database"),
        (["predict"], "Missing argument"),
    ],
)
def test_mistakes_are_a_line(folder: Path, arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_a_stand_in_is_named_each_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = one(folder, "suite = 'standin'")
    np.save("some.npy", np.zeros((28, 28), np.uint8))
    assert main(["predict", row["key"][:8], "some.npy"]) == 0
    assert "STAND-IN" in capsys.readouterr().err
