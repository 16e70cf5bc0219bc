"""`bench.load`: a network at hand in two lines, and made again where its state was not kept."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.errors import UserError
from bench.loading import LoadedRun
from bench.opening import open_run
from bench.retraining import retraining
from tests.opening.conftest import one, rows
from tests.run.crews import Listener


def test_samples(net: LoadedRun) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples and labels of the test part, as the data set keeps them."""
    dataset = net._opened.dataset
    tensors, test = dataset.tensors(), dataset.split(net.facts["seed"]).test
    return tensors.inputs[test], tensors.labels[test]


test_samples.__test__ = False  # type: ignore[attr-defined]  # a helper that is called so


def test_its_predictions_are_those_that_the_row_counts(folder: Path) -> None:
    for row in rows(folder, "level in (0, 2) and seed = 0"):
        net = bench.load(row["key"][:8])
        samples, labels = test_samples(net)
        found = net.predict(samples)
        assert found.shape == (row["test_count"], len(net.labels))
        assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert int((found.argmax(axis=1) == labels.numpy()).sum()) == row["correct"]
        assert net.facts["test_accuracy"] == row["test_accuracy"]


def test_samples_in_other_forms_are_the_same_samples(folder: Path) -> None:
    net = bench.load(one(folder, "model = 'Normed' and method = 'none'")["key"])
    samples, _ = test_samples(net)
    expected = net.predict(samples)
    for form in (samples.numpy(), samples[:, 0].numpy(), samples.float(), samples.permute(0, 2, 3, 1).numpy()):
        assert np.array_equal(net.predict(form), expected)
    assert net.predict(samples[0]) == pytest.approx(expected[:1], abs=1e-6)
    assert net.predict(samples[0, 0]) == pytest.approx(expected[:1], abs=1e-6)
    np.save("some.npy", samples[:5].numpy())
    assert net.predict("some.npy") == pytest.approx(expected[:5], abs=1e-6)
    assert net.predict([Path("some.npy"), "some.npy"]).shape == (10, 10)
    with pytest.raises(UserError, match=r"predict: has the shape \(3, 9\); give \(N, 1, 8, 8\)"):
        net.predict(np.zeros((3, 9)))
    with pytest.raises(UserError, match="lie between 0 and 1, where white is 16; multiply by 16"):
        net.predict(samples / 16)


def test_a_shrunk_network_says_the_same(folder: Path) -> None:
    for row in rows(folder, "level = 2 and seed = 0 and suite = 'tiny'"):
        net = bench.load(row["key"])
        samples, _ = test_samples(net)
        inputs = net.preprocessing.inputs(samples.numpy())
        with torch.no_grad():
            difference = (net.network(inputs) - net.shrunk()(inputs)).abs().max()
        assert difference < 1e-4
        assert set(net.masks) == {name for name, _ in net.network.named_modules() if name in net.masks}


@pytest.mark.parametrize(
    "where",
    [
        "model = 'mlp' and method = 'lottery'",
        pytest.param("model = 'Normed' and method = 'none'", marks=pytest.mark.long),
    ],
)
def test_a_state_that_was_not_kept_is_made_again_and_is_the_same(folder: Path, where: str) -> None:
    before = rows(folder)
    key = one(folder, f"suite = 'tiny' and {where}")["key"]
    kept = bench.load(key)
    samples, _ = test_samples(kept)
    for file in (folder / ".bench" / "states").rglob("*.state"):
        file.unlink()
    with pytest.raises(UserError, match=f"its state is not kept any more; `bench export {key[:8]}` trains it"):
        bench.load(key)
    again = bench.load(key, train=True)
    # Fully connected it is the same to the bit; convolutions round otherwise with more threads, which Adam carries on.
    exact = "mlp" in where
    assert again.predict(samples) == pytest.approx(kept.predict(samples), abs=0 if exact else 1e-2)
    assert all(torch.equal(mask, kept.masks[name]) for name, mask in again.masks.items())
    assert rows(folder) == before  # no row was written, none was changed


def test_what_it_would_take_and_where_it_would_be_made(folder: Path) -> None:
    key = one(folder, "model = 'mlp' and method = 'lottery' and level = 2")["key"]
    again = retraining(open_run(key), None, threads=1)
    assert again.device == "cpu"
    assert again.prospect().steps == 40  # from the state before it: two epochs of 1,197 samples in batches of 60
    for file in (folder / ".bench" / "states").rglob("*.state"):
        file.unlink()
    everything = retraining(open_run(key), None, threads=1).prospect()
    assert everything.steps == 3 * 40
    assert everything.seconds > 0


@pytest.mark.long
def test_a_result_that_comes_out_otherwise_is_told(folder: Path) -> None:
    key = one(folder, "model = 'mlp' and method = 'none'")["key"]
    with closing(sqlite3.connect(folder / "results.db")) as connection, connection:
        connection.execute("UPDATE run SET test_loss = test_loss + 0.5 WHERE key = ?", (key,))
    ear = Listener()
    retraining(open_run(key), None, threads=1).carry_out(ear)
    assert [line for line in ear.lines if line.startswith(f"run {key[:8]} was made again and gives a test loss of")]
