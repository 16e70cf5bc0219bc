"""The vision transformer against the published sizes and against PyTorch's own attention."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.errors import UserError
from bench.models.base import build, multiply_adds, prunable_layers
from bench.models.vit import Attention, waves
from tests.models.choosing import chosen

CIFAR = (3, 32, 32)


def test_it_grows_into_the_published_network() -> None:
    """DeiT-Ti has 5,717,416 parameters, two rows of 192 of which are its class token and the position of that."""
    with torch.device("meta"):
        module = build(chosen("vit-tiny", patch=16, depth=12), (3, 224, 224), 1000)
    assert sum(parameter.numel() for parameter in module.parameters()) == 5_717_416 - 2 * 192


def test_size_at_home() -> None:
    with torch.device("meta"):
        module = build("vit-tiny", CIFAR, 10)
        image = torch.zeros(1, *CIFAR)
    assert sum(layer.weights for layer in prunable_layers(module)) == 2_665_344
    with FlopCounterMode(display=False) as counter:
        module(image)
    between_tokens = 6 * 2 * 64 * 64 * 192  # the two products of each attention, in which no weight takes part
    assert sum(multiply_adds(module, CIFAR).values()) == counter.get_total_flops() // 2 - between_tokens


def test_layers_have_readable_names() -> None:
    with torch.device("meta"):
        layers = prunable_layers(build(chosen("vit-tiny", depth=1), CIFAR, 10))
    assert [layer.name for layer in layers] == [
        "patches.conv",
        "block1.attention.query",
        "block1.attention.key",
        "block1.attention.value",
        "block1.attention.mix",
        "block1.fc1",
        "block1.fc2",
        "output",
    ]


def test_attention_is_that_of_torch() -> None:
    torch_attention = nn.MultiheadAttention(12, 3, batch_first=True)
    attention = Attention(12, 3)
    with torch.no_grad():
        for layer, weight in zip(
            (attention.query, attention.key, attention.value), torch_attention.in_proj_weight.chunk(3), strict=True
        ):
            layer.weight.copy_(weight)
            layer.bias.zero_()
        attention.mix.load_state_dict(torch_attention.out_proj.state_dict())
    tokens = torch.linspace(-2, 2, 2 * 5 * 12).reshape(2, 5, 12).sin()
    expected, _ = torch_attention(tokens, tokens, tokens)
    assert torch.allclose(attention(tokens), expected, atol=1e-6)


def test_positions_differ_and_are_the_same_at_every_build() -> None:
    positions = waves(64, 192)
    assert torch.equal(positions, build("vit-tiny", CIFAR, 10).get_parameter("patches.position"))
    assert positions.abs().max() <= 1
    assert torch.allclose(positions.square().sum(1), torch.tensor(96.0))
    assert torch.cdist(positions, positions).add(torch.eye(64)).min() > 0.5
    assert waves(3, 5).shape == (3, 5)


@pytest.mark.parametrize(("shape", "patch"), [((1, 8, 8), 4), ((1, 28, 28), 7), ((3, 16, 48), 8), ((2, 5, 5), 5)])
def test_images_of_other_sizes(shape: tuple[int, ...], patch: int) -> None:
    with torch.device("meta"):
        module = build(chosen("vit-tiny", patch=patch, depth=2), shape, 4)
        assert module(torch.zeros(3, *shape)).shape == (3, 4)


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        ({"patch": 5}, CIFAR, "patches of 5x5 do not fill an image of 32x32; give a patch that divides both"),
        ({"heads": 5}, CIFAR, "width 192 cannot be shared out among 5 heads; give a multiple of 5"),
        ({"depth": 0}, CIFAR, "patch, width, depth and heads have to be at least 1"),
        ({"patch": 64}, CIFAR, "takes images of at least 64x64"),
        ({}, (12,), "takes images, and a sample here is 12 numbers"),
    ],
)
def test_a_wrong_option_is_named_with_its_mend(
    options: dict[str, object], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        build(chosen("vit-tiny", **options), shape, 10)
