"""Drawn stand-ins: the same on every machine, of the right form, and learned by a network, not by a linear model."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bench.data import drawn
from bench.data.base import Dataset, open_named
from bench.data.drawing import Kind, Style, _direction, _multiple, draw
from bench.data.drawn import Drawn
from bench.data.policy import DataPolicy
from bench.errors import UserError

MADE = (drawn.CIFAR10_STANDIN, drawn.FLOWERS_STANDIN, drawn.FLOWERS102_STANDIN, drawn.GOT_FACES_STANDIN)
FORMS = {
    "cifar10-standin": ((3, 32, 32), 10, (9000, 1000, 2000)),
    "cifar10-small-standin": ((3, 32, 32), 10, (4500, 500, 1000)),
    "flowers-standin": ((3, 180, 180), 5, (1050, 150, 300)),
    "flowers102-standin": ((3, 96, 96), 102, (1020, 1020, 2040)),
    "got-faces-standin": ((1, 128, 128), 7, (490, 70, 140)),
}


def opened(name: str, folder: Path, **options: object) -> Dataset:
    return open_named(name, options, DataPolicy(download=False, own=folder))


@pytest.mark.parametrize("name", FORMS)
def test_a_stand_in_has_the_form_of_the_real_set(name: str, tmp_path: Path) -> None:
    shape, classes, counts = FORMS[name]
    dataset = opened(name, tmp_path)
    assert dataset.info.standin
    assert (dataset.info.shape, dataset.info.classes) == (shape, classes)
    assert tuple(dataset.info.counts.values()) == counts
    assert len(set(dataset.info.class_names)) == classes
    assert list(tmp_path.iterdir()) == []  # opening draws nothing
    small = {"size": 24} if name.startswith("flowers") else {}
    tensors = opened(name, tmp_path, **small).tensors()
    kept = (144, 144) if name == "got-faces-standin" else (24, 24) if small else shape[1:]
    assert tensors.inputs.shape == (sum(counts), shape[0], *kept)
    assert tensors.inputs.dtype == torch.uint8
    for seed in (0, 1):
        split = dataset.split(seed)
        for part in (split.train, split.validation, split.test):
            shares = tensors.labels[part].bincount(minlength=classes) * classes / len(part)
            assert shares.min() > 0.7
        assert len(torch.cat([split.train, split.validation, split.test]).unique()) == sum(counts)
    assert (dataset.split(0).hash == dataset.split(1).hash) == (name == "flowers102-standin")


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.name)
def test_the_pictures_are_the_same_on_every_machine(made: Drawn) -> None:
    images = replace(made, count=2 * len(made.kinds)).draw(40)
    assert hashlib.sha256(images.tobytes()).hexdigest()[:16] == PINNED[made.name]


PINNED = {
    "cifar10-standin": "41ad0269281350c9",
    "flowers-standin": "49d94c8ad707e4d5",
    "flowers102-standin": "8ea159f9f11aa0be",
    "got-faces-standin": "a8eef384c9830833",
}


def test_a_longer_set_begins_with_the_shorter() -> None:
    kinds, style = (Kind(3, "rings", 0.5), Kind(4, "rays", 0.0)), Style(1, 1, 0.2, 0.2)
    longer = draw("any", kinds, np.arange(30) % 2, 16, style)
    assert (draw("any", kinds, np.arange(7) % 2, 16, style) == longer[:7]).all()
    assert (draw("other", kinds, np.arange(7) % 2, 16, style) != longer[:7]).any()


def test_what_is_drawn_does_not_depend_on_how_much_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = replace(drawn.GOT_FACES_STANDIN, count=40)
    at_once = made.draw(20)
    monkeypatch.setattr("bench.data.drawing._AT_ONCE", 1)
    assert (made.draw(20) == at_once).all()


def test_directions_are_unit_vectors_all_the_way_round() -> None:
    turns = np.linspace(0, 1, 400, endpoint=False)
    cosine, sine = _direction(turns.astype(np.float32))
    np.testing.assert_allclose(cosine**2 + sine**2, 1, atol=1e-6)
    angles = np.unwrap(np.arctan2(sine, cosine).astype(np.float64)) / (2 * np.pi)
    assert np.abs(angles - turns).max() < 0.03  # angles need not come equally often
    assert (np.diff(angles) > 0).all()


@pytest.mark.parametrize("times", [1, 2, 3, 5, 8])
def test_multiples_of_an_angle_agree_with_the_cosine(times: int) -> None:
    angle = np.linspace(0, np.pi, 50)
    found = _multiple(np.cos(angle).astype(np.float32), times)
    np.testing.assert_allclose(found, np.cos(times * angle), atol=2e-5)


def test_the_small_set_holds_the_first_of_each_class_of_the_whole(tmp_path: Path) -> None:
    whole, small = (opened(name, tmp_path).tensors() for name in ("cifar10-standin", "cifar10-small-standin"))
    assert (small.inputs[:5000] == whole.inputs[:5000]).all()
    assert (small.inputs[5000:] == whole.inputs[10_000:11_000]).all()
    assert small.labels[:5000].bincount().tolist() == [500] * 10


def test_a_set_that_takes_long_is_kept(tmp_path: Path) -> None:
    first = opened("flowers-standin", tmp_path, size=120)
    assert (first.tensors().inputs[:9] == opened("flowers-standin", tmp_path, size=120).tensors().inputs[:9]).all()
    assert len(list((tmp_path / "prepared").glob("*.lock"))) == 1


def test_each_option_has_a_fingerprint_of_its_own(tmp_path: Path) -> None:
    sets = [
        opened("flowers-standin", tmp_path),
        opened("flowers-standin", tmp_path, size=64),
        opened("flowers-standin", tmp_path, split="published"),
        opened("cifar10-standin", tmp_path),
        opened("cifar10-small-standin", tmp_path),
        opened("cifar10-standin", tmp_path, normalise="half"),
    ]
    assert len({dataset.info.fingerprint for dataset in sets}) == len(sets)


@pytest.mark.parametrize(("validation", "held"), [(0, 0), (1, 1), (5000, 1000), (49_999, 9_999)])
def test_validation_counts_as_a_share_of_the_real_training_images(validation: int, held: int, tmp_path: Path) -> None:
    counts = opened("cifar10-standin", tmp_path, validation=validation).info.counts
    assert counts == {"train": 10_000 - held, "validation": held, "test": 2_000}


@pytest.mark.parametrize(
    ("name", "option", "value", "said"),
    [
        ("cifar10-standin", "validation", 50_000, "from 0 to 49,999"),
        ("cifar10-small-standin", "validation", 5_000, "from 0 to 4,999"),
        ("cifar10-standin", "normalise", "none", "give 'standard', 'unit' or 'half'"),
        ("flowers-standin", "size", 4, "give a number of pixels"),
        ("flowers-standin", "split", "none", "give 'honest' or 'published'"),
        ("flowers102-standin", "split", "honest", "give 'official' or 'swapped'"),
        ("got-faces-standin", "test", 1.0, "give shares"),
        ("got-faces-standin", "normalise", "half", "give 'standard' or 'unit'"),
    ],
)
def test_a_wrong_option_is_named(name: str, option: str, value: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        opened(name, tmp_path, **{option: value})


def convolutional(channels: int, classes: int, width: int) -> nn.Sequential:
    widths = (channels, 32, 64, 64)
    layers: list[nn.Module] = [nn.AvgPool2d(max(1, width // 60))]  # which makes large images quick to learn
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64 * 16, classes))


def accuracy(dataset: Dataset, network: nn.Module, rate: float, epochs: int) -> float:
    """On the test images, after a plain training by Adam."""
    tensors, split = dataset.tensors(), dataset.split(0)

    def inputs(rows: torch.Tensor) -> torch.Tensor:
        return (tensors.inputs[rows].float() - 127.5) / 55

    optimiser = torch.optim.Adam(network.parameters(), rate)
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for batch in split.train[torch.randperm(len(split.train), generator=generator)].split(32):
            loss = nn.functional.cross_entropy(network(inputs(batch)), tensors.labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    network.eval()
    with torch.no_grad():
        right = [network(inputs(rows)).argmax(1) == tensors.labels[rows] for rows in split.test.split(200)]
    return torch.cat(right).float().mean().item()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "options", "epochs", "linear_below", "network_above"),
    [
        ("cifar10-standin", {}, 4, 0.40, 0.70),
        ("flowers-standin", {"size": 64}, 8, 0.55, 0.75),
        ("flowers102-standin", {"size": 48, "split": "swapped"}, 12, 0.12, 0.22),
        ("got-faces-standin", {}, 8, 0.30, 0.60),
    ],
)
def test_a_small_network_learns_clearly_more_than_a_linear_model(
    name: str, options: dict[str, object], epochs: int, linear_below: float, network_above: float, tmp_path: Path
) -> None:
    dataset = opened(name, tmp_path, **options)
    channels, height, width = dataset.tensors().inputs.shape[1:]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        classes = dataset.info.classes
        linear = nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, classes))
        plain = accuracy(dataset, linear, 1e-4, 2 * epochs)
        deep = accuracy(dataset, convolutional(channels, classes, width), 1e-3, epochs)
    assert 1.3 / classes < plain < linear_below
    assert network_above < deep < 0.99
