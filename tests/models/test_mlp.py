"""Fully connected networks: their sizes against the papers' and against an independent count."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.errors import UserError
from bench.models.base import LayerInfo, build, multiply_adds, prunable_layers
from tests.models.choosing import chosen

MNIST = (1, 28, 28)
MLPS = ["forai-student-1", "forai-student-2", "lenet-300-100", "mlp", "mlp-1000-1000-500-200", "penguin-net"]


@pytest.mark.parametrize(
    ("name", "options", "shape", "classes", "weights", "parameters"),
    [
        ("penguin-net", {}, (12,), 3, 180, 195),
        ("penguin-net", {"head": "logits"}, (12,), 3, 180, 195),
        ("penguin-net", {"head": "softmax"}, (12,), 3, 180, 195),
        ("lenet-300-100", {}, MNIST, 10, 266_200, 266_610),
        ("mlp-1000-1000-500-200", {}, MNIST, 10, 2_386_000, 2_388_710),
        ("mlp-1000-1000-500-200", {"bias": False}, MNIST, 10, 2_386_000, 2_386_000),
        ("mlp-1000-1000-500-200", {"bias": False, "head": "softmax"}, MNIST, 10, 2_386_000, 2_386_000),
        ("forai-student-1", {}, MNIST, 10, 266_880, 266_880),
        ("forai-student-2", {}, MNIST, 10, 63_104, 63_104),
        ("mlp", {"sizes": ()}, (4,), 2, 8, 10),
        ("mlp", {"sizes": (5,), "activation": "tanh", "head": "tanh"}, (2, 3), 4, 50, 59),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_sizes_are_the_published_ones(
    name: str,
    options: dict[str, object],
    shape: tuple[int, ...],
    classes: int,
    weights: int,
    parameters: int,
    device: str,
) -> None:
    with torch.device(device):
        network = build(chosen(name, **options), shape, classes)
    assert sum(layer.weights for layer in prunable_layers(network)) == weights
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert network(torch.zeros(5, *shape, device=device)).shape == (5, classes)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *shape, device=device))
    # Without a bias torch counts the multiply-adds of a product; each is two operations.
    assert sum(multiply_adds(network, shape).values()) == counter.get_total_flops() // 2 == weights


def test_layers_have_readable_names_and_know_their_place() -> None:
    with torch.device("meta"):
        layers = prunable_layers(build("lenet-300-100", MNIST, 10))
    assert layers == (
        LayerInfo("fc1", "linear", (300, 784), bias=True, first=True, output=False),
        LayerInfo("fc2", "linear", (100, 300), bias=True, first=False, output=False),
        LayerInfo("output", "linear", (10, 100), bias=True, first=False, output=True),
    )


def test_convolutions_are_counted_by_place() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, groups=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2))
    network.train()
    counts = multiply_adds(network, (3, 6, 6))
    assert counts == {"0": 3 * 8 * 9 * 36, "3": 8 * 36 * 2}
    assert [(layer.kind, layer.first, layer.output) for layer in prunable_layers(network)] == [
        ("conv", True, False),
        ("linear", False, True),
    ]
    assert network.training
    assert not any(layer._forward_hooks for layer in network.modules())


def test_the_published_head_bounds_the_outputs_and_logits_do_not() -> None:
    bounded, free = (build(chosen("penguin-net", head=head), (12,), 3) for head in ("tanh", "logits"))
    samples = 1000 * torch.ones(1, 12)
    free.load_state_dict(bounded.state_dict())
    assert bounded(samples).abs().max() <= 1
    assert torch.allclose(free(samples).tanh(), bounded(samples))
    assert type(list(build("penguin-net", (12,), 3).children())[-1]) is nn.Tanh


@pytest.mark.parametrize("name", ["mlp", "mlp-1000-1000-500-200", "penguin-net"])
def test_softmax_gives_probabilities_in_training_too(name: str) -> None:
    free, bounded = (build(chosen(name, head=head), (12,), 3) for head in ("logits", "softmax"))
    bounded.load_state_dict(free.state_dict())
    samples = torch.linspace(-3, 3, 48).view(4, 12)
    probabilities = bounded.train()(samples)
    assert torch.equal(probabilities, free(samples).softmax(1))
    assert torch.allclose(probabilities.sum(1), torch.ones(4))


def test_only_the_penguins_network_is_bounded_unasked() -> None:
    ends = {name: type(list(build(name, (12,), 3).children())[-1]) for name in MLPS}
    assert ends == dict.fromkeys(MLPS, nn.Linear) | {"penguin-net": nn.Tanh}


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("forai-student-1", [784, 256, 128, 128, 64, 64, 64, 10]),
        ("forai-student-2", [784, 64, 64, 64, 64, 10]),
    ],
)
def test_the_students_of_the_for_ai_challenge(name: str, sizes: list[int]) -> None:
    with torch.device("meta"):
        layers = prunable_layers(build(name, MNIST, 10))
    assert [layer.shape[1] for layer in layers] + [layers[-1].shape[0]] == sizes
    assert not any(layer.bias for layer in layers)


@pytest.mark.parametrize("name", MLPS)
def test_they_take_any_data(name: str) -> None:
    for shape, classes in (((12,), 3), ((1, 8, 8), 10), ((3, 32, 32), 7)):
        with torch.device("meta"):
            network = build(name, shape, classes)
            assert network(torch.empty(2, *shape)).shape == (2, classes)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mlp", {"sizes": (10, 0)}, "sizes is [10, 0]; each hidden layer needs at least 1 unit"),
        ("mlp", {"activation": "gelu"}, "activation is 'gelu'; give 'relu' or 'tanh'"),
        ("penguin-net", {"head": "sigmoid"}, "head is 'sigmoid'; give 'logits', 'softmax' or 'tanh'"),
        ("lenet-300-100", {"bias": True}, "unknown option 'bias'; known are: width"),
        ("mlp", {"classes": 4}, "unknown option 'classes'"),
        ("lenet-300-10", {}, "did you mean 'lenet-300-100'?"),
    ],
)
def test_a_wrong_option_is_named_with_its_mend(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        build(chosen(name, **options), MNIST, 10)
