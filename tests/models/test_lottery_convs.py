"""Conv-2, Conv-4 and Conv-6 against the table of the lottery-ticket paper."""

from __future__ import annotations

import re

import pytest
from torch import nn

from bench.errors import UserError
from bench.models.base import build, prunable_layers
from tests.models.counting import assert_counts_agree, assert_fits, others, planned, weights

CIFAR = (3, 32, 32)
LEAST = {"conv-2": 2, "conv-4": 4, "conv-6": 8}


@pytest.mark.parametrize(
    ("name", "total", "convolutions", "all_in_the_paper", "convolutions_in_the_paper"),
    [
        ("conv-2", 4_300_992, 38_592, 4.3e6, 38e3),
        ("conv-4", 2_425_024, 259_776, 2.4e6, 260e3),
        ("conv-6", 2_261_184, 1_144_512, None, 1.1e6),
    ],
)
def test_the_sizes_are_the_published_ones(
    name: str, total: int, convolutions: int, all_in_the_paper: float | None, convolutions_in_the_paper: float
) -> None:
    """The paper's total for Conv-6, 1.7 million, is not that of the layers in its table."""
    network = planned(name, CIFAR, 10)
    counts = weights(network)
    assert sum(counts.values()) == total
    assert sum(count for layer, count in counts.items() if layer.startswith("conv")) == convolutions
    assert convolutions == pytest.approx(convolutions_in_the_paper, rel=0.05)
    if all_in_the_paper is not None:
        assert total == pytest.approx(all_in_the_paper, rel=0.02)
    assert_counts_agree(network, CIFAR)


def test_conv_6_layer_by_layer() -> None:
    network = planned("conv-6", CIFAR, 10)
    filters = [layer.shape for layer in prunable_layers(network) if layer.kind == "conv"]
    assert filters == [
        (64, 3, 3, 3), (64, 64, 3, 3), (128, 64, 3, 3), (128, 128, 3, 3), (256, 128, 3, 3), (256, 256, 3, 3),
    ]  # fmt: skip
    units = [layer.shape for layer in prunable_layers(network) if layer.kind == "linear"]
    assert units == [(256, 256 * 4 * 4), (256, 256), (10, 256)]
    assert others(network) == 2 * (64 + 128 + 256) + 256 + 256 + 10
    assert isinstance(network, nn.Sequential)
    kinds = [name.rstrip("0123456789") for name, _ in network.named_children()]
    assert kinds == ["conv", "relu", "conv", "relu", "pool"] * 3 + ["flatten", "fc", "relu", "fc", "relu", "output"]


@pytest.mark.parametrize("name", LEAST)
def test_they_fit_other_images(name: str) -> None:
    for shape, classes in (((1, 28, 28), 10), ((3, 9, 20), 7), ((2, LEAST[name], LEAST[name]), 3)):
        assert_fits(name, shape, classes)


@pytest.mark.parametrize("name", LEAST)
def test_what_does_not_fit_is_refused(name: str) -> None:
    least = LEAST[name]
    with pytest.raises(UserError, match=re.escape(f"{name}: takes images, and a sample here is 12 numbers")):
        build(name, (12,), 3)
    with pytest.raises(UserError, match=re.escape(f"{name}: takes images of at least {least}x{least}")):
        build(name, (3, least - 1, 32), 10)
