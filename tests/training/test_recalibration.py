"""Statistics of batch norm taken anew."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim.swa_utils import update_bn

from bench.models.layout import buffer_layout, parameter_layout
from bench.training.batches import Stream
from bench.training.content import Content
from bench.training.recalibration import BATCH, BATCHES, Recalibration
from tests.training.build import CPU, images, net, stacked
from tests.training.test_any_network import conv_net, start

CONTENT = Content(images(), CPU)


def batches(seed: int) -> list[Tensor]:
    """The first batches of a seed's stream, from the stream itself."""
    rows = Stream(seed, CONTENT.split(seed).train.numpy()).take(0, BATCHES * BATCH).reshape(BATCHES, BATCH)
    return [CONTENT.samples(torch.from_numpy(row))[0] for row in rows]


def loaded(module: nn.Module, weights: Tensor, buffers: Tensor) -> nn.Module:
    module.load_state_dict({**parameter_layout(module).views(weights), **buffer_layout(module).views(buffers)})
    return module


def test_it_agrees_with_what_torch_has_for_averaged_weights() -> None:
    module = conv_net(dropout=0.0)
    network = stacked(module)
    for seed, kept in ((0, 1.0), (4, 0.3)):
        state = start(network, seed, kept)
        expected = loaded(copy.deepcopy(module), state.weights, state.buffers)
        update_bn(batches(seed), expected)
        found = Recalibration(module, CONTENT).buffers(state.weights, state.buffers, seed)
        for name, view in network.buffers.views(found).items():
            assert torch.allclose(view, expected.get_buffer(name).float(), rtol=1e-5, atol=1e-7), name


def test_the_first_layer_by_hand() -> None:
    """Mean and unbiased variance of each batch, averaged over the batches."""
    module = conv_net()
    state = start(stacked(module), 2, 0.5)
    found = buffer_layout(module).views(Recalibration(module, CONTENT).buffers(state.weights, state.buffers, 2))
    weight = parameter_layout(module).views(state.weights)["conv1.weight"]
    outputs = [nn.functional.conv2d(one, weight, padding=1) for one in batches(2)]
    means = torch.stack([one.mean((0, 2, 3)) for one in outputs]).mean(0)
    variances = torch.stack([one.transpose(0, 1).flatten(1).var(1) for one in outputs]).mean(0)
    assert torch.allclose(found["norm1.running_mean"], means, atol=1e-6)
    assert torch.allclose(found["norm1.running_var"], variances, rtol=1e-5)


def test_what_was_gathered_before_does_not_count_and_nothing_is_changed() -> None:
    module = conv_net()
    network = stacked(module)
    state = start(network, 1, 0.5)
    recalibration = Recalibration(module, CONTENT)
    kept = state.weights.clone(), state.buffers.clone()
    first = recalibration.buffers(state.weights, state.buffers, 1)
    assert torch.equal(state.weights, kept[0])
    assert torch.equal(state.buffers, kept[1])
    torch.manual_seed(7)  # no shared generator is asked, and dropout is off
    assert torch.equal(recalibration.buffers(state.weights, first, 1), first)
    other = recalibration.buffers(state.weights, torch.full_like(first, 3.0), 1)
    for name, view in network.buffers.views(other).items():
        assert torch.equal(view, network.buffers.views(first)[name])
    assert not torch.equal(recalibration.buffers(state.weights, first, 2), first)
    assert not any(layer.training for layer in module.eval().modules())


def test_statistics_that_are_right_already_stay_about_what_they_are() -> None:
    """After the first layer the mean and variance of what batch norm puts out are those that it should."""
    module = conv_net(dropout=0.0)
    state = start(stacked(module), 3)
    buffers = Recalibration(module, CONTENT).buffers(state.weights, state.buffers, 3)
    own = loaded(copy.deepcopy(module), state.weights, buffers).eval()
    normal = {"weight": torch.ones(4), "bias": torch.zeros(4)}
    inputs = torch.cat(batches(3))
    outputs = functional_call(own.get_submodule("norm1"), normal, (own.get_submodule("conv1")(inputs),))
    assert torch.allclose(outputs.mean((0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(outputs.transpose(0, 1).flatten(1).var(1), torch.ones(4), atol=0.05)


def test_it_is_for_networks_that_keep_statistics() -> None:
    assert Recalibration(conv_net(), CONTENT).applies
    assert not Recalibration(net(6, 5, 3), CONTENT).applies
    assert not Recalibration(
        nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3, track_running_stats=False)), CONTENT
    ).applies
    alone = nn.BatchNorm1d(72)
    found = Recalibration(nn.Sequential(nn.Flatten(), alone), CONTENT)
    assert found.applies
