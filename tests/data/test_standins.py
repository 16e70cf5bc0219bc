"""Stand-ins: of the shape of what they stand for, learnable, not trivial, and honest in their splits."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
import torch
from torch import nn

from bench.data import standins
from bench.data.base import Dataset, open_dataset, open_named
from bench.data.policy import DataPolicy

OFFLINE = DataPolicy(download=False)
NAMES = ("mnist-standin", "fmnist-standin")


@pytest.fixture(scope="module", params=NAMES)
def standin(request: pytest.FixtureRequest) -> Dataset:
    return open_dataset(request.param, OFFLINE)


def test_a_stand_in_has_the_form_of_the_real_set(standin: Dataset) -> None:
    tensors = standin.tensors()
    assert standin.info.standin
    assert (standin.info.shape, standin.info.classes) == ((1, 28, 28), 10)
    assert tensors.inputs.shape == (sum(standin.info.counts.values()), 1, 28, 28)
    assert tensors.inputs.dtype == torch.uint8
    assert standin.info.counts["train"] == 11_000
    split = standin.split(0)
    for part in (split.train, split.test):
        shares = tensors.labels[part].bincount(minlength=10) / len(part)
        assert shares.min() > 0.09


def test_the_images_are_the_same_on_every_machine() -> None:
    drawn = {made.name: made.draw() for made in (standins.MNIST_STANDIN, standins.FMNIST_STANDIN)}
    hashes = {name: hashlib.sha256(images.tobytes()).hexdigest()[:16] for name, (images, _) in drawn.items()}
    assert hashes == {"mnist-standin": "d823d7dcb4077966", "fmnist-standin": "85d650f0404853bf"}


def test_they_are_made_in_a_few_seconds() -> None:
    start = time.monotonic()
    for made in (standins.MNIST_STANDIN, standins.FMNIST_STANDIN):
        made.draw()
    assert time.monotonic() - start < 10


def test_copies_of_one_original_are_never_in_two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each original is replaced by a marked one, so that every image tells what it was made from."""
    originals, labels = standins.read_digits()
    monkeypatch.setattr(standins, "read_digits", lambda: (np.arange(len(originals)), labels))
    monkeypatch.setattr(standins, "_enlarged", lambda pieces, number: np.asarray(pieces).reshape(-1, 1, 1))
    marks, _ = standins.enlarged_digits()
    source = torch.from_numpy(marks.ravel())
    dataset = open_dataset("mnist-standin", OFFLINE)
    for seed in (0, 5):
        split = dataset.split(seed)
        parts = [set(source[part].tolist()) for part in (split.train, split.validation, split.test)]
        assert [len(part) for part in parts] == [1375, 125, 240]
        assert len(set.union(*parts)) == 1740


@pytest.mark.parametrize(("validation", "held"), [(0, 0), (1, 8), (5000, 1000), (30_000, 6000), (59_999, 11_992)])
def test_validation_counts_as_a_share_of_the_real_training_images(validation: int, held: int) -> None:
    counts = open_named("mnist-standin", {"validation": validation}, OFFLINE).info.counts
    assert counts == {"train": 12_000 - held, "validation": held, "test": 1_920}


def accuracy(dataset: Dataset, network: nn.Module, epochs: int) -> float:
    """On the test images, after a plain training by Adam."""
    tensors, split = dataset.tensors(), dataset.split(0)
    inputs = (tensors.inputs.float() - tensors.shift) * tensors.factor
    optimiser = torch.optim.Adam(network.parameters(), 1.2e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for batch in split.train[torch.randperm(len(split.train), generator=generator)].split(100):
            loss = nn.functional.cross_entropy(network(inputs[batch]), tensors.labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        return (network(inputs[split.test]).argmax(1) == tensors.labels[split.test]).float().mean().item()


def test_a_small_network_learns_clearly_more_than_a_linear_model(standin: Dataset) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        linear = accuracy(standin, nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), 8)
        hidden = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
        network = accuracy(standin, hidden, 8)
    assert 0.3 < linear < 0.85
    assert linear + 0.08 < network
    assert 0.85 < network < 0.99
