"""The networks of the projects whose experiments are repeated here, against the sizes that they published."""

from __future__ import annotations

import re
from itertools import pairwise
from math import exp, log

import pytest
import torch
from torch import nn

from bench.errors import UserError
from bench.models.base import build
from tests.models.choosing import chosen
from tests.models.counting import assert_counts_agree, assert_fits, others, planned, started, weights

MNIST = (1, 28, 28)
CIFAR = (3, 32, 32)
FLOWERS = (3, 180, 180)
LEAST = {
    "mlgroup-cifar10-cnn": 12,
    "mlgroup-fmnist-cnn": 6,
    "mlgroup-flowers-cnn": 2,
    "keras-cnn": 6,
    "forai-cnn": 5,
}


@pytest.mark.parametrize(
    ("name", "shape", "classes", "total", "biases"),
    [
        ("mlgroup-cifar10-cnn", CIFAR, 10, 1_294_528, 64 + 64 + 128 + 256 + 10),
        ("mlgroup-fmnist-cnn", MNIST, 10, 1_199_648, 32 + 64 + 128 + 10),
        ("mlgroup-flowers-cnn", FLOWERS, 5, 8_302_804, 12 + 20 + 32 + 2 * (12 + 32) + 32 + 5),
        ("keras-cnn", MNIST, 10, 1_199_648, 32 + 64 + 128 + 10),
        ("keras-cnn", CIFAR, 10, 1_626_208, 32 + 64 + 128 + 10),
        ("forai-cnn", MNIST, 10, 1_814_160, 3 * 32 + 3 * 64),
    ],
)
def test_the_sizes_are_the_published_ones(
    name: str, shape: tuple[int, ...], classes: int, total: int, biases: int
) -> None:
    network = planned(name, shape, classes)
    assert sum(weights(network).values()) == total
    assert others(network) == biases
    assert_counts_agree(network, shape)


@pytest.mark.parametrize(
    ("name", "shape", "classes", "layer", "share"),
    [
        ("mlgroup-cifar10-cnn", CIFAR, 10, "fc1", 0.911),
        ("mlgroup-fmnist-cnn", MNIST, 10, "fc1", 0.983),
        ("mlgroup-flowers-cnn", FLOWERS, 5, "fc1", 0.999),
        ("keras-cnn", CIFAR, 10, "fc1", 0.987),
    ],
)
def test_most_weights_lie_where_the_projects_say(
    name: str, shape: tuple[int, ...], classes: int, layer: str, share: float
) -> None:
    counts = weights(planned(name, shape, classes))
    assert counts[layer] / sum(counts.values()) == pytest.approx(share, abs=0.0005)


def test_the_images_of_the_for_ai_network_are_as_large_as_published() -> None:
    network = planned("forai-cnn", MNIST, 10)
    counts = weights(network)
    assert sum(count for layer, count in counts.items() if layer.startswith("conv")) == 144_160
    sizes = []
    for name, layer in network.named_children():
        if name.startswith("conv"):
            layer.register_forward_hook(lambda _, __, output: sizes.append(output.shape[-1]))
    network(torch.zeros(1, *MNIST, device="meta"))
    assert sizes == [28, 28, 12, 14, 16, 7]


def _dropouts(network: nn.Module) -> list[tuple[str, float]]:
    """What each dropout comes after, and its rate."""
    return [
        (before, layer.p)
        for (before, _), (_, layer) in pairwise(network.named_children())
        if isinstance(layer, nn.Dropout)
    ]


def test_dropout_stands_where_it_was_published() -> None:
    premade = [("pool1", 0.25), ("relu3", 0.5)]
    assert _dropouts(planned("keras-cnn", MNIST, 10)) == premade
    assert _dropouts(planned("mlgroup-fmnist-cnn", MNIST, 10, dropout=True)) == premade
    assert _dropouts(planned("mlgroup-fmnist-cnn", MNIST, 10)) == []
    after = ["relu1", "relu2", "relu3", "relu4", "relu5", "relu6", "flatten", "relu7", "relu8"]
    assert _dropouts(planned("forai-cnn", MNIST, 10)) == [(layer, 0.25) for layer in after]


def test_batch_norm_stands_where_it_was_published() -> None:
    names = [name for name, _ in planned("mlgroup-flowers-cnn", FLOWERS, 5).named_children()]
    assert names[:9] == ["conv1", "norm1", "relu1", "pool1", "conv2", "relu2", "conv3", "norm3", "relu3"]


@pytest.mark.parametrize(
    ("head", "classes", "floor"), [("softmax", 10, 1.4612), ("tanh", 5, 0.4327), ("tanh", 3, 0.2395)]
)
@pytest.mark.parametrize("name", LEAST)
def test_a_bounded_head_holds_the_loss_above_the_published_floor(
    name: str, head: str, classes: int, floor: float
) -> None:
    shape = (1, 12, 12)
    plain = started(name, shape, classes)
    bounded = build(chosen(name, head=head), shape, classes).eval()
    bounded.load_state_dict(plain.state_dict())
    samples = torch.linspace(-1, 1, 288).view(2, *shape)
    with torch.no_grad():
        outputs = plain(samples)
        expected = outputs.softmax(1) if head == "softmax" else outputs.tanh()
        assert torch.equal(bounded(samples), expected)
        # An output layer that is as sure as can be, and right.
        for module in (plain, bounded):
            last = module.get_submodule("output")
            assert isinstance(last, nn.Linear)
            last.weight.fill_(0)
            last.bias = nn.Parameter(torch.tensor([100.0] + [-100.0] * (classes - 1)))
        losses = [nn.functional.cross_entropy(module(samples), torch.zeros(2).long()) for module in (plain, bounded)]
    assert losses[0] == pytest.approx(0, abs=1e-6)
    assert losses[1] == pytest.approx(floor, abs=5e-5)
    assert floor == pytest.approx(log(1 + (classes - 1) * exp(-1 if head == "softmax" else -2)), abs=5e-5)


@pytest.mark.parametrize("name", LEAST)
def test_they_fit_other_images(name: str) -> None:
    least = LEAST[name]
    for shape, classes in (((3, 20, 15), 7), ((2, least, least), 3), ((1, 28, 28), 100)):
        assert_fits(name, shape, classes)


@pytest.mark.parametrize("name", LEAST)
def test_what_does_not_fit_is_refused(name: str) -> None:
    least = LEAST[name]
    with pytest.raises(UserError, match=re.escape(f"{name}: takes images, and a sample here is 12 numbers")):
        build(name, (12,), 3)
    with pytest.raises(UserError, match=re.escape(f"{name}: takes images of at least {least}x{least}")):
        build(name, (1, 32, least - 1), 10)
    with pytest.raises(UserError, match=re.escape(f"{name}: head is 'sigmoid'; give 'logits', 'softmax' or 'tanh'")):
        build(chosen(name, head="sigmoid"), (1, 28, 28), 10)
