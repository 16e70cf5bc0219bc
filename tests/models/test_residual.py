"""Residual networks and VGG: their sizes against those that their papers and the usual implementations count."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.errors import UserError
from bench.models.base import build, multiply_adds, prunable_layers
from bench.models.resnet import Pad
from tests.models.choosing import chosen

CIFAR = (3, 32, 32)

# Parameters as counted by open_lth (resnet-20 to -56 with convolutions as shortcuts), by akamaster's
# pytorch_resnet_cifar10 (with zeros), by kuangliu's pytorch-cifar (resnet-18, VGG), by FixMatch (wrn-28-2) and by RigL
# (wrn-22-2: 1.08 million).
PUBLISHED = [
    ("resnet-20", {}, 270_896, 272_474),
    ("resnet-20", {"shortcut": "pad"}, 268_336, 269_722),
    ("resnet-32", {}, 464_432, 466_906),
    ("resnet-32", {"shortcut": "pad"}, 461_872, 464_154),
    ("resnet-56", {}, 851_504, 855_770),
    ("resnet-56", {"shortcut": "pad"}, 848_944, 853_018),
    ("resnet-18", {}, 11_164_352, 11_173_962),
    ("vgg-11-bn", {}, 9_222_848, 9_231_114),
    ("vgg-16-bn", {}, 14_715_584, 14_728_266),
    ("wrn-22-2", {}, 1_076_912, 1_079_642),
    ("wrn-28-2", {}, 1_463_984, 1_467_610),
]


@pytest.mark.parametrize(("name", "options", "weights", "parameters"), PUBLISHED)
def test_sizes_are_the_published_ones(name: str, options: dict[str, object], weights: int, parameters: int) -> None:
    with torch.device("meta"):
        module = build(chosen(name, **options), CIFAR, 10)
        image = torch.zeros(1, *CIFAR)
    assert sum(layer.weights for layer in prunable_layers(module)) == weights
    assert sum(parameter.numel() for parameter in module.parameters()) == parameters
    with FlopCounterMode(display=False) as counter:
        module.eval()(image)
    assert sum(multiply_adds(module, CIFAR).values()) == counter.get_total_flops() // 2


@pytest.mark.parametrize(
    ("name", "shortcut", "millions"),
    [
        ("resnet-20", "conv", 40.81),  # these three by chenyaofo/pytorch-cifar-models
        ("resnet-32", "conv", 69.12),
        ("resnet-56", "conv", 125.75),
        ("resnet-56", "pad", 125.49),  # from which the papers on pruning filters start, such as HRank (2020)
    ],
)
def test_multiply_adds_are_the_published_ones(name: str, shortcut: str, millions: float) -> None:
    with torch.device("meta"):
        module = build(chosen(name, shortcut=shortcut), CIFAR, 10)
    assert round(sum(multiply_adds(module, CIFAR).values()) / 1e6, 2) == millions


@pytest.mark.parametrize("name", ["resnet-20", "resnet-18", "vgg-11-bn", "wrn-22-2"])
def test_layers_go_from_the_input_to_the_output_by_readable_names(name: str) -> None:
    with torch.device("meta"):
        layers = prunable_layers(build(name, (1, 28, 28), 7))
    assert layers[0].name == "conv1"
    assert layers[0].shape[1] == 1
    assert layers[-1].name == "output"
    assert layers[-1].shape[0] == 7
    assert all(re.fullmatch(r"(stage\d\.block\d\.)?(conv\d+|shortcut(\.conv)?|output)", layer.name) for layer in layers)


@pytest.mark.parametrize(
    ("name", "convolutions"),
    [("resnet-20", 19), ("resnet-32", 31), ("resnet-56", 55), ("wrn-22-2", 19), ("wrn-28-2", 25)],
)
def test_the_name_says_how_deep_it_is(name: str, convolutions: int) -> None:
    """A wide network counts the three shortcuts as well."""
    with torch.device("meta"):
        layers = prunable_layers(build(name, CIFAR, 10))
    assert sum(layer.kind == "conv" and "shortcut" not in layer.name for layer in layers) == convolutions


@pytest.mark.parametrize("name", ["resnet-20", "resnet-18", "wrn-22-2", "vgg-11-bn"])
@pytest.mark.parametrize("shape", [(1, 17, 23), (2, 32, 16)])
def test_images_of_any_size_and_channels(name: str, shape: tuple[int, ...]) -> None:
    with torch.device("meta"):
        assert build(name, shape, 3)(torch.zeros(2, *shape)).shape == (2, 3)
        if name.startswith("resnet-20"):
            assert build(chosen(name, shortcut="pad"), shape, 3)(torch.zeros(2, *shape)).shape == (2, 3)


def test_a_padded_shortcut_passes_every_other_pixel_on() -> None:
    image = torch.arange(2 * 5 * 4.0).reshape(1, 2, 5, 4)
    passed = Pad(3, 2)(image)
    assert torch.equal(passed[:, :2], nn.functional.conv2d(image, torch.ones(2, 1, 1, 1), stride=2, groups=2))
    assert passed.shape == (1, 5, 3, 2)
    assert not passed[:, 2:].any()


def test_a_block_without_weights_passes_its_input_on() -> None:
    for name in ("resnet-20", "wrn-22-2"):
        block = build(name, CIFAR, 10).get_submodule("stage1.block2").eval()
        for parameter in block.parameters():
            nn.init.zeros_(parameter)
        image = torch.rand(1, 16 if name == "resnet-20" else 32, 4, 4)
        assert torch.equal(block(image), image)


@pytest.mark.parametrize(
    ("name", "options", "shape", "message"),
    [
        ("resnet-20", {"shortcut": "zeros"}, CIFAR, "resnet-20: shortcut is 'zeros'; give 'conv' or 'pad'"),
        (
            "resnet-18",
            {},
            (12,),
            "resnet-18: takes images, and a sample here is 12 numbers; choose a network such as mlp",
        ),
        ("vgg-16-bn", {}, (1, 8, 8), "vgg-16-bn: takes images of at least 16x16"),
        ("wrn-28-2", {"depth": 40}, CIFAR, "unknown option 'depth'; did you mean 'width'?"),
    ],
)
def test_a_wrong_choice_is_named_with_its_mend(
    name: str, options: dict[str, object], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        build(chosen(name, **options), shape, 10)
