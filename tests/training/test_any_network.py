"""Networks that are more than a chain of linear layers: convolutions, batch norm, dropout, branches."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.recipe import Optimiser
from bench.training.content import Batches, Content
from bench.training.dropout import dropout_masks
from bench.training.evaluation import evaluate
from bench.training.loop import Member, train
from bench.training.networks import OneByOne, StackedNetwork, Together
from bench.training.stacks import lay
from bench.training.state import State
from tests.training.build import CPU, alone, cut, images, same, stacked, state, training

SGD = Optimiser("sgd", 0.05, momentum=0.9)


def conv_net(dropout: float = 0.3) -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(2, 4, 3, padding=1, bias=False),
            norm1=nn.BatchNorm2d(4),
            relu1=nn.ReLU(),
            dropout1=nn.Dropout(dropout),
            pool=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc=nn.Linear(36, 8),
            relu2=nn.ReLU(),
            dropout2=nn.Dropout(dropout),
            output=nn.Linear(8, 3),
        )
    )


def start(network: StackedNetwork, seed: int, kept: float = 1.0) -> State:
    """As drawn, with the neutral statistics of a fresh batch norm."""
    plain = state(network, seed, kept)
    neutral = {name: torch.full(view.shape, float("var" in name)) for name, view in views(network, plain).items()}
    return replace(plain, buffers=network.buffers.flatten(neutral) if neutral else plain.buffers)


def views(network: StackedNetwork, one: State) -> dict[str, torch.Tensor]:
    return network.buffers.views(one.buffers)


def members(network: StackedNetwork, steps: int = 100) -> list[Member]:
    spec = training(SGD, length=steps)
    return [Member(seed, start(network, seed, kept), spec, 0, steps) for seed, kept in ((0, 1.0), (3, 0.5), (0, 0.7))]


def test_a_stack_agrees_with_each_replica_alone_over_100_steps() -> None:
    content = Content(images(), CPU)
    network = stacked(conv_net())
    assert isinstance(network, Together)
    together = train(network, content, members(network))
    assert network._stackable
    for member, found in zip(members(network), together, strict=True):
        expected = alone(network, content, member)
        assert float((found.state.weights - expected.state.weights).abs().max()) < 1e-5
        assert float((found.state.buffers - expected.state.buffers).abs().max()) < 1e-4  # one counts the steps
        assert not found.state.weights[~member.state.mask].any()


@pytest.mark.parametrize("company", [1, 2, 3])
def test_one_by_one_a_replica_is_the_same_to_the_last_bit_in_any_company(company: int) -> None:
    content = Content(images(), CPU)
    network = OneByOne(conv_net())
    all_three = members(network, 20)
    found = train(network, content, all_three[:company])[company - 1]
    member = all_three[company - 1]
    assert same(found.state, alone(network, content, member).state)
    assert same(found.state, cut(network, content, member, (1, 7, 13)))


def test_batch_norm_keeps_the_statistics_that_torch_keeps() -> None:
    """Against an ordinary training loop on an ordinary module with an optimiser of PyTorch."""
    content = Content(images(), CPU)
    module = conv_net(dropout=0.0)
    network = stacked(conv_net(dropout=0.0))
    first = start(network, 5)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(network.parameters.views(first.weights)[name])
    optimiser = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    batches = Batches(content, [5], [0], 7)
    for step in range(12):
        inputs, labels = batches.at(step)
        optimiser.zero_grad()
        functional.cross_entropy(module(inputs[0]), labels[0]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    spec = replace(training(SGD), schedule=replace(training(SGD).schedule, kind="constant", length=12))
    found = alone(network, content, Member(5, first, spec, 0, 12)).state
    for name, view in network.parameters.views(found.weights).items():
        torch.testing.assert_close(view, module.get_parameter(name).detach(), rtol=1e-5, atol=1e-6)
    for name, view in views(network, found).items():
        torch.testing.assert_close(view, module.get_buffer(name).float(), rtol=1e-5, atol=1e-6)


def test_each_replica_has_its_own_statistics() -> None:
    network = stacked(conv_net())
    ended = [one.state for one in train(network, Content(images(), CPU), members(network, 10))]
    assert not torch.equal(ended[0].buffers, ended[1].buffers)
    assert views(network, ended[0])["norm1.num_batches_tracked"] == 10


def test_dropout_depends_on_seed_and_place_only() -> None:
    module = OneByOne(conv_net())._module
    shapes = {"dropout1": (4, 6, 6), "dropout2": (8,)}
    both = dropout_masks(module, shapes, 500, [(1, 4), (2, 4)], CPU)
    again = dropout_masks(module, shapes, 500, [(2, 4)], CPU)
    for name in ("dropout1.kept", "dropout2.kept"):
        assert torch.equal(both[name][1], again[name][0])
        assert not torch.equal(both[name][0], both[name][1])
        assert sorted(set(both[name].flatten().tolist())) == pytest.approx([0.0, 1 / 0.7])
        assert float(both[name].mean()) == pytest.approx(1, abs=0.03)
    elsewhere = dropout_masks(module, shapes, 500, [(2, 5)], CPU)
    assert not torch.equal(elsewhere["dropout1.kept"], again["dropout1.kept"])


def test_dropout_is_off_in_evaluation() -> None:
    content = Content(images(), CPU)
    network, without = stacked(conv_net(0.9)), stacked(conv_net(0.0))
    stack = lay([start(network, 0)], [SGD], CPU)
    part = content.split(0).validation
    assert evaluate(network, stack, content, [part]) == evaluate(without, stack, content, [part])


class Drawing(nn.Module):
    """A module of somebody's own that draws from the global generator as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(72, 8)
        self.output = nn.Linear(8, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.hidden(inputs.flatten(1))
        if self.training:
            hidden = hidden + torch.randn_like(hidden)
        return self.output(functional.dropout(hidden.relu(), 0.4, self.training))  # type: ignore[no-any-return]


def test_what_a_module_draws_for_itself_comes_from_the_seed_too() -> None:
    content = Content(images(), CPU)
    network = stacked(Drawing())
    assert network.noisy
    assert network.widest == 1
    torch.manual_seed(1)
    first = train(network, content, members(network, 15))
    torch.manual_seed(2)
    second = train(network, content, members(network, 15)[2:])
    assert same(first[2].state, second[0].state)


class Unstackable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(72, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.output(inputs.flatten(1))
        return outputs if float(outputs.detach().sum()) > 0 else outputs * 2  # asks for a value


def test_what_cannot_be_stacked_is_computed_one_by_one() -> None:
    content = Content(images(), CPU)
    network = Together(Unstackable())
    found = train(network, content, members(network, 15))
    assert network._stackable is False
    for one, member in zip(found, members(network, 15), strict=True):
        assert same(one.state, alone(OneByOne(Unstackable()), content, member).state)


def test_a_parameter_that_is_not_used_stays_as_it_is() -> None:
    module = nn.Sequential(OrderedDict(flatten=nn.Flatten(), sigmoid=nn.Sigmoid(), output=nn.Linear(72, 3)))
    module.register_parameter("idle", nn.Parameter(torch.ones(4)))
    network = stacked(module)
    member = members(network, 5)[0]
    ended = alone(network, Content(images(), CPU), member).state
    assert torch.equal(
        network.parameters.views(ended.weights)["idle"], network.parameters.views(member.state.weights)["idle"]
    )
