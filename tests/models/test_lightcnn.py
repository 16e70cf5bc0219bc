"""The Light CNNs, layer by layer, and the max-feature-map when its filters are pruned."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from bench.errors import UserError
from bench.models.base import build, prunable_layers
from bench.models.lightcnn import Block, MaxFeatureMap
from tests.models.counting import assert_counts_agree, assert_fits, others, planned, weights

FACES = (1, 128, 128)
GROUPS = {
    "group1.conv1": 4_608,
    "group1.conv2": 82_944,
    "group2.conv1": 18_432,
    "group2.conv2": 331_776,
    "group3.conv1": 73_728,
    "group3.conv2": 442_368,
    "group4.conv1": 32_768,
    "group4.conv2": 294_912,
}
ENDS = {"conv1": 2_400, "fc1": 4_194_304, "output": 2_048}


def test_light_cnn_9_is_that_of_prunet() -> None:
    network = planned("lightcnn-9", FACES, 8)
    assert weights(network) == GROUPS | ENDS
    assert sum(weights(network).values()) == 5_480_288
    assert others(network) == 2_632
    assert_counts_agree(network, FACES)
    assert [name for name, _ in network.named_children()] == [
        "conv1", "max1", "pool1", "group1", "pool2", "group2", "pool3", "group3", "group4", "pool4",
        "flatten", "fc1", "max2", "dropout", "output",
    ]  # fmt: skip


def test_light_cnn_29_adds_residual_blocks_before_each_group() -> None:
    network = planned("lightcnn-29", FACES, 8)
    counts = weights(network)
    blocks = {}
    for stage, (count, channels) in enumerate(((1, 48), (2, 96), (3, 192), (4, 128)), start=1):
        for number in range(1, count + 1):
            for place in (1, 2):
                blocks[f"stage{stage}.block{number}.conv{place}"] = channels * 2 * channels * 9
    assert counts == GROUPS | ENDS | blocks
    assert sum(counts.values()) == 12_567_392
    assert sum(layer.kind == "conv" for layer in prunable_layers(network)) == 29
    assert_counts_agree(network, FACES)
    order = [name for name, _ in network.named_children() if name.startswith(("pool", "stage", "group"))]
    assert order == [
        "pool1", "stage1", "group1", "pool2", "stage2", "group2", "pool3", "stage3", "group3", "stage4", "group4",
        "pool4",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["lightcnn-9", "lightcnn-29"])
def test_the_first_layer_comes_first_and_the_output_last(name: str) -> None:
    layers = prunable_layers(planned(name, FACES, 40))
    assert [layer.name for layer in layers][:1] == ["conv1"]
    assert [layer.name for layer in layers][-2:] == ["fc1", "output"]
    assert layers[-1].shape == (40, 256)


@pytest.mark.parametrize("name", ["lightcnn-9", "lightcnn-29"])
@pytest.mark.parametrize(("shape", "classes"), [((1, 8, 8), 10), ((3, 33, 17), 5), ((1, 28, 28), 40)])
def test_they_fit_other_images(name: str, shape: tuple[int, ...], classes: int) -> None:
    assert_fits(name, shape, classes)


@pytest.mark.parametrize("name", ["lightcnn-9", "lightcnn-29"])
def test_what_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"{name}: takes images, and a sample here is 12 numbers")):
        build(name, (12,), 3)
    with pytest.raises(UserError, match=re.escape(f"{name}: takes images of at least 8x8, these are 7x128")):
        build(name, (1, 7, 128), 8)


def test_the_larger_of_each_pair_goes_on() -> None:
    maps = torch.tensor([[1.0, -2.0, 3.0, 0.5, -1.0, 7.0]])
    assert MaxFeatureMap()(maps).tolist() == [[1.0, -1.0, 7.0]]
    images = maps.view(1, 6, 1, 1).expand(4, 6, 2, 5)
    assert torch.equal(MaxFeatureMap()(images), MaxFeatureMap()(maps).view(1, 3, 1, 1).expand(4, 3, 2, 5))


def _joined_maps() -> tuple[nn.Conv2d, torch.Tensor]:
    """A convolution to three pairs of maps, with biases of either sign, and images for it."""
    conv = nn.Conv2d(2, 6, 3, padding=1)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        conv.weight.normal_(generator=generator)
        conv.bias = nn.Parameter(torch.tensor([0.5, -0.25, 0.0, -1.0, 0.75, -0.0]))
    return conv, torch.randn(4, 2, 5, 5, generator=generator)


@pytest.mark.parametrize("pruned", [0, 1])
def test_of_a_pair_with_one_pruned_filter_the_other_goes_on_where_it_exceeds_the_bias(pruned: int) -> None:
    conv, images = _joined_maps()
    with torch.no_grad():
        conv.weight[3 * pruned : 3 * pruned + 3] = 0
        maps = conv(images)
        outputs = MaxFeatureMap()(maps)
    assert conv.bias is not None
    bias = conv.bias.detach()[3 * pruned : 3 * pruned + 3].view(3, 1, 1)
    other = maps[:, 3:] if pruned == 0 else maps[:, :3]
    assert torch.equal(outputs, torch.where(other > bias, other, bias))
    assert (outputs >= bias).all()


def test_a_pair_with_both_filters_pruned_gives_the_larger_bias() -> None:
    conv, images = _joined_maps()
    with torch.no_grad():
        conv.weight[[1, 4]] = 0
        outputs = MaxFeatureMap()(conv(images))
    assert torch.equal(outputs[:, 1], torch.full((4, 5, 5), 0.75))
    assert outputs[:, 0].std() > 0.1
    assert outputs[:, 2].std() > 0.1


def test_the_gradient_reaches_only_the_filter_that_won() -> None:
    conv, images = _joined_maps()
    with torch.no_grad():
        conv.weight[0] = 0
        conv.bias = nn.Parameter(torch.tensor([100.0, 0, 0, 0, 0, 0]))
    MaxFeatureMap()(conv(images)).sum().backward()
    gradient = conv.weight.grad
    assert gradient is not None
    assert gradient[0].any()
    assert not gradient[3].any()
    assert gradient[[1, 2, 4, 5]].flatten(1).any(1).all()


def test_a_block_without_weights_passes_its_input_on() -> None:
    block = Block(3)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
    images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    assert torch.equal(block(images), images)


def test_a_network_without_hidden_weights_answers_by_its_biases() -> None:
    network = build("lightcnn-9", (1, 16, 16), 4).eval()
    with torch.no_grad():
        for layer in prunable_layers(network)[:-1]:
            network.get_parameter(f"{layer.name}.weight").zero_()
        fc1, output = network.get_submodule("fc1"), network.get_submodule("output")
        assert isinstance(fc1, nn.Linear)
        features = torch.maximum(fc1.bias[:256], fc1.bias[256:])
        expected = output(features).expand(2, 4)
        assert torch.allclose(network(torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(2))), expected)
