"""What `bench export` writes is the run, and runs without the database, the data and our code."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from bench.cli import main
from bench.errors import UserError
from bench.opening import open_run
from bench.shipping.checking import compared
from bench.shipping.folder import read
from tests.opening.conftest import one, rows

KINDS = {
    "normed": "model = 'Normed' and method like 'one-shot%' and level = 2",
    "penguins": "data = 'penguins' and method = 'lottery' and level = 2 and seed = 1",
    "standin": "suite = 'standin' and level = 1",
    "dense": "data = 'digits' and model = 'mlp' and level = 0",
}


@pytest.fixture(scope="module")
def exports(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of the exports of a test's choice, made once."""
    del made
    return {}


@pytest.fixture(params=["normed", *(pytest.param(kind, marks=pytest.mark.long) for kind in KINDS if kind != "normed")])
def exported(
    request: pytest.FixtureRequest, folder: Path, exports: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """A row, and the folder that was written of its run."""
    row = one(folder, KINDS[request.param])
    if request.param not in exports:
        out = tmp_path_factory.mktemp("exports") / request.param
        assert main(["export", row["key"][:8], "--out", str(out)]) == 0
        exports[request.param] = out
    return row, exports[request.param]


def test_inputs(row: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    dataset = open_run(row["key"]).dataset
    tensors, test = dataset.tensors(), dataset.split(row["seed"]).test
    return (tensors.inputs[test].float() - tensors.shift) * tensors.factor, tensors.labels[test]


test_inputs.__test__ = False  # type: ignore[attr-defined]  # a helper that is called so


def test_every_file_gives_the_right_answers_that_the_row_counts(exported: tuple[dict[str, Any], Path]) -> None:
    row, out = exported
    inputs, labels = test_inputs(row)
    session = onnxruntime.InferenceSession(str(out / "model.onnx"), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[0] == "batch"
    network = torch.export.load(str(out / "model.pt2")).module()
    whole = open_run(row["key"]).network()
    with torch.no_grad():
        expected = whole(inputs)
        for outputs in (torch.from_numpy(session.run(None, {"inputs": inputs.numpy()})[0]), network(inputs)):
            assert int((outputs.argmax(1) == labels).sum()) == row["correct"]
            assert torch.allclose(outputs, expected, atol=1e-5)
        assert torch.allclose(network(inputs[:1]), expected[:1], atol=1e-5)


def test_the_weights_are_those_of_the_run_with_its_masks(exported: tuple[dict[str, Any], Path]) -> None:
    row, out = exported
    opened = open_run(row["key"])
    tensors = load_file(out / "model.safetensors")
    masks = {name: tensors.pop(name) for name in list(tensors) if name.endswith("_mask")}
    assert {name.removesuffix(".weight_mask") for name in masks} == set(opened.masks())
    assert sum(int(mask.sum()) for mask in masks.values()) == row["weights_kept"]
    state = opened.network().state_dict()
    assert tensors.keys() == state.keys()
    assert all(torch.equal(tensors[name], state[name]) for name in state)
    with safe_open(out / "model.safetensors", "pt") as file:
        told = file.metadata()
    assert told["run"] == row["key"]
    assert tuple(json.loads(told["labels"])) == opened.labels


def test_the_card_says_what_the_database_knows(exported: tuple[dict[str, Any], Path]) -> None:
    row, out = exported
    card = (out / "README.md").read_text(encoding="utf-8")
    assert row["key"][:8] in card.splitlines()[0]
    assert f"{row['correct']:,} of {row['test_count']:,} samples" in card
    assert f"{row['weights_kept']:,} of {row['weights']:,}" in card
    assert f"{row['steps_alone']:,} training steps" in card
    assert f"{row['correct']:,} of {row['test_count']:,} test samples right, as its row says" in card
    assert ("Trained on a stand-in" in card) == (row["suite"] == "standin")
    assert ("the dense network of the same seed" in card) == (row["level"] > 0)
    assert str(Path.home()) not in card + (out / "run.json").read_text(encoding="utf-8")
    for file in out.iterdir():
        assert str(bench.__file__).encode() not in file.read_bytes(), file


def test_the_programs_of_the_card_run_as_they_stand(
    exported: tuple[dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row, out = exported
    monkeypatch.chdir(out)
    dataset = open_run_in(row, out)
    sample = dataset.tensors().inputs[:1].numpy()
    if sample.ndim == 4:
        white = 16 if row["data"] == "digits" else 255
        Image.fromarray(np.floor(sample[0, 0] * (255 / white) + 0.5).astype(np.uint8)).save("image.png")
    else:
        np.save("samples.npy", sample)
    blocks = re.findall(r"```python\n(.*?)```", (out / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    by_torch, by_onnx = capsys.readouterr().out.strip().splitlines()
    assert by_torch == by_onnx
    assert names["labels"] == list(dataset.info.class_names)
    with torch.no_grad():
        outputs = names["network"].eval()(torch.from_numpy(names["inputs"]))
    assert torch.allclose(outputs, torch.from_numpy(names["outputs"]), atol=1e-5)
    for name in ("image.png", "samples.npy"):
        Path(name).unlink(missing_ok=True)


def open_run_in(row: dict[str, Any], out: Path) -> Any:
    """The data set of a run, wherever the current folder is."""
    from bench.data.base import open_dataset
    from bench.data.policy import DataPolicy

    del out
    return open_dataset(row["data"], DataPolicy("standin"))


def test_the_folder_predicts_what_the_run_predicts(
    exported: tuple[dict[str, Any], Path], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row, out = exported
    samples = open_run(row["key"]).dataset.tensors().inputs[:20].numpy()
    np.save(folder / "some.npy", samples)
    said = []
    for run in (row["key"][:8], str(out)):
        capsys.readouterr()
        assert main(["predict", run, "some.npy", "--json"]) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0]["labels"] == said[1]["labels"]
    assert len(said[0]["predictions"]) == 20
    for first, second in zip(said[0]["predictions"], said[1]["predictions"], strict=True):
        assert first["label"] == second["label"]
        assert first["probabilities"] == pytest.approx(second["probabilities"], abs=1e-5)


def test_what_stands_there_is_not_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = one(folder, KINDS["penguins"])
    (folder / "mine").mkdir()
    (folder / "mine" / "letter.txt").write_text("dear")
    (folder / "file").write_text("dear")
    for name, why in (("mine", "holds other files"), ("file", "is no folder")):
        assert main(["export", row["key"][:8], "--out", name]) == 2
        assert f"{name}: is there already and {why}; give another folder with --out" in capsys.readouterr().err
    assert (folder / "mine" / "letter.txt").read_text() == "dear"


def test_without_onnx_the_rest_is_written_and_it_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.shipping.parcel.missing_for_onnx", lambda: "onnxscript")
    row = one(folder, KINDS["penguins"])
    for _ in range(2):  # an earlier export makes room for the next one
        assert main(["export", row["key"][:8]]) == 0
    said = capsys.readouterr().out
    assert "model.onnx is not written: the package onnxscript is not installed; `pip install onnx onnxscript`" in said
    out = folder / "export" / row["key"][:8]
    names = ["README.md", "model.pt2", "model.safetensors", "run.json"]
    assert sorted(file.name for file in out.iterdir()) == names
    assert "onnxruntime" not in (out / "README.md").read_text(encoding="utf-8")
    shutil.rmtree(folder / ".bench")
    (folder / "results.db").unlink()
    assert read(out).predictor.labels == ("Adelie", "Gentoo", "Chinstrap")
    (out / "model.pt2").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"model\.pt2: can not be read"):
        read(out)
    (out / "run.json").write_text("{}")
    with pytest.raises(UserError, match=r"run\.json: is not what `bench export` writes"):
        read(out)


def test_a_state_that_was_not_kept_is_trained_again_and_it_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.shipping.parcel.missing_for_onnx", lambda: "onnx")
    row = one(folder, KINDS["penguins"])
    for file in (folder / ".bench" / "states").rglob("*.state"):
        file.unlink()
    assert main(["export", row["key"][:8], "--no-train"]) == 2
    assert "its state is not kept any more; leave out --no-train to train it again" in capsys.readouterr().err
    assert main(["export", row["key"][:8], "--threads", "1"]) == 0
    said = capsys.readouterr().out
    assert f"its state is not kept any more; training it again takes {row['steps_alone']:,} steps, about" in said
    assert f"{row['correct']} of {row['test_count']} test samples right, as its row says" in said


def test_outputs_that_are_others_are_not_shipped() -> None:
    outputs = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    agreement = compared("model.onnx", outputs, lambda: outputs + np.float32(1e-6))
    assert (agreement.samples, agreement.same_predictions) == (50, 50)
    assert agreement.largest == pytest.approx(1e-6, rel=0.2)
    for other in (outputs + np.float32(0.01), outputs[:, ::-1], np.full_like(outputs, np.nan)):
        with pytest.raises(UserError, match=r"model\.onnx: gives other outputs than the network"):
            compared("model.onnx", outputs, lambda other=other: other)  # type: ignore[misc]


CONVOLUTIONS = """\
title: Networks with sums, pairs and attention
problems:
  - {data: {got-faces: {size: 32}}, model: [resnet-20, lightcnn-9]}
  - {data: digits, model: vit-tiny}
training: {optimiser: adam, lr: 1e-3, batch: 20, steps: 2}
seeds: 1
sparsities: [0.6]
prune: {granularity: unit, exclude: [output]}
methods: [one-shot]
"""


@pytest.mark.long
def test_larger_networks_are_exported_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.yaml").write_text(CONVOLUTIONS, encoding="utf-8")
    with pytest.warns(UserWarning, match="STAND-IN"):
        runs = bench.run("large.yaml", threads=1, device="cpu", data="standin")
    assert len(runs) == 3
    for key, model in zip(runs["key"], runs["model"], strict=True):
        assert main(["export", key[:8]]) == 0
        told = json.loads((tmp_path / "export" / key[:8] / "run.json").read_text(encoding="utf-8"))
        assert set(told["checks"]) == {"model.pt2", "model.onnx"}
        assert told["parameters"]["shrunk"] < told["parameters"]["network"], model
        assert all(one["same_predictions"] == one["samples"] for one in told["checks"].values())


@pytest.mark.long
def test_made_again_on_another_machine_it_is_a_result_of_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.shipping.parcel.missing_for_onnx", lambda: "onnx")
    row = one(folder, KINDS["penguins"])
    with closing(sqlite3.connect(folder / "results.db")) as connection, connection:
        connection.execute("UPDATE environment SET hash = 'other', label = 'a machine far away', device_kind = 'tpu'")
    assert main(["export", row["key"][:8], "--threads", "1", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["trained_again"] is True
    accuracy = f"{row['test_accuracy']:.2%}"
    assert f"test accuracy was {accuracy} on a machine far away, and is {accuracy} on cpu" in said.err
    both = rows(folder, f"key = '{row['key']}'")
    assert len(both) == 2
    assert {one["test_accuracy"] for one in both} == {row["test_accuracy"]}
    assert {one["steps_shared"] for one in both} == {row["steps_shared"]}  # although only one seed was planned
