"""Sparse training in packs: cuts, company, selections and other networks change nothing of what moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from bench.recipe import During, Optimiser, Select
from bench.training.content import Content
from bench.training.evaluation import totals
from bench.training.loop import Member, train
from bench.training.networks import OneByOne
from bench.training.stacks import lay
from tests.training.build import CPU, LENGTH, OPTIMISERS, alone, cut, data, images, net, same, stacked, state, training
from tests.training.test_packs import companion, equal
from tests.training.test_regrowth import KINDS, RIGL, SET, counts, durings, moving


@settings(max_examples=25, deadline=None)
@given(durings, st.lists(st.integers(1, LENGTH - 1), max_size=5), st.sampled_from(sorted(OPTIMISERS)))
def test_in_one_go_or_cut_anywhere(during: During, stops: list[int], name: str) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    member = Member(3, state(network, 3, 0.5), moving(during, OPTIMISERS[name], warmup=5), 0, LENGTH)
    assert same(cut(network, content, member, stops), alone(network, content, member).state)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(durings, min_size=1, max_size=6),
    st.lists(st.integers(0, 10_000), max_size=8, unique=True),
    st.sampled_from(["sgd", "adam", "adadelta"]),
)
def test_with_any_companions(moves: list[During], numbers: list[int], kind: str) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    pack = [companion(network, number, kind) for number in numbers]
    for number, during in enumerate(moves):
        own = companion(network, 20_000 + number, kind)
        pack.insert(number * 2, replace(own, training=replace(own.training, during=during)))
    for member, trained in zip(pack, train(network, content, pack), strict=True):
        assert equal(trained, alone(network, content, member))


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_neighbours_that_are_alike_in_all_but_what_moves(name: str) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    ways = [None, SET, RIGL, replace(RIGL, every=4), replace(SET, every=5)]
    pack = [
        Member(seed, state(network, seed, 0.5), replace(training(OPTIMISERS[name]), during=during), 0, LENGTH)
        for seed in range(2)
        for during in ways
    ]
    for member, trained in zip(pack, train(network, content, pack), strict=True):
        assert equal(trained, alone(network, content, member))


@KINDS
@pytest.mark.parametrize("kept", ["all", "none of fc1"])
def test_a_layer_with_all_or_none_of_its_weights_has_nothing_to_move(during: During, kept: str) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    start = state(network, 3, 1.0 if kept == "all" else 0.5)
    if kept == "none of fc1":
        mask = start.mask.clone()
        network.parameters.weights(mask)["fc1"].fill_(False)
        start = start.masked(mask)
    ended = alone(network, content, Member(3, start, moving(during), 0, LENGTH)).state
    assert counts(network, ended) == counts(network, start)
    before, after = network.parameters.weights(start.mask), network.parameters.weights(ended.mask)
    assert torch.equal(before["fc1"], after["fc1"])
    assert torch.equal(before["output"], after["output"]) == (kept == "all")
    # Whether others have lost something, so that masks are computed with, makes no difference.
    other = Member(4, state(network, 4, 0.3), moving(during), 0, LENGTH)
    assert same(train(network, content, [other, Member(3, start, moving(during), 0, LENGTH)])[1].state, ended)


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
@KINDS
def test_moving_nothing_is_a_mask_that_stays(during: During, name: str) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    member = Member(3, state(network, 3, 0.5), training(OPTIMISERS[name]), 0, LENGTH)
    still = replace(member, training=moving(replace(during, fraction=0.0), OPTIMISERS[name]))
    assert equal(alone(network, content, member), alone(network, content, still))


@KINDS
@pytest.mark.parametrize("rule", [Select("best", 3), Select("stop", 3, 2)], ids=lambda rule: rule.kind)
def test_the_mask_belongs_to_the_state_that_is_chosen(during: During, rule: Select) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 30, 3))
    plain = moving(replace(during, until=LENGTH), Optimiser("adam", 0.5), kind="constant")
    start = reached = state(network, 4, 0.5)
    best, step, waited = (float("inf"), start), 0, 0
    for look in [*range(3, LENGTH, 3), LENGTH]:
        reached, step = alone(network, content, Member(4, reached, plain, step, look)).state, look
        losses, _ = totals(network, lay([reached], [plain.optimiser], CPU), content, [content.split(4).validation])
        best, waited = ((losses.item(), reached), 0) if losses.item() < best[0] else (best, waited + 1)
        if rule.kind == "stop" and waited == rule.patience:
            break
    found = alone(network, content, Member(4, start, replace(plain, select=rule), 0, LENGTH)).state
    assert torch.equal(found.weights, best[1].weights)
    assert torch.equal(found.mask, best[1].mask)
    last = alone(network, content, Member(4, start, plain, 0, LENGTH)).state
    assert not torch.equal(found.mask, last.mask)  # else this shows nothing


class WithNorm(nn.Module):
    """Convolutions, batch norm and dropout: what is not a chain of linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.2)
        self.output = nn.Linear(64, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.drop(self.norm(self.conv(inputs)).relu())
        outputs: Tensor = self.output(hidden.flatten(1))
        return outputs


@KINDS
def test_convolutions_move_too(during: During) -> None:
    content, network = Content(images(), CPU), OneByOne(WithNorm())
    spec = moving(during, OPTIMISERS["nesterov and weight decay"])
    pack = [Member(seed, state(network, seed, 0.3), spec, 0, LENGTH) for seed in range(3)]
    for member, trained in zip(pack, train(network, content, pack), strict=True):
        assert counts(network, trained.state) == counts(network, member.state)
        for name, mask in network.parameters.weights(trained.state.mask).items():
            assert not torch.equal(mask, network.parameters.weights(member.state.mask)[name])
        assert not trained.state.weights[~trained.state.mask].any()
        assert equal(trained, alone(network, content, member))
        assert same(cut(network, content, member, [4, 5, 6, 21]), trained.state)
    # Stacked by vmap the sums come in another order, so that after some steps other weights may move.
    quick = stacked(WithNorm())
    short = [replace(member, stop=6) for member in pack]
    for one, other in zip(train(quick, content, short), train(network, content, short), strict=True):
        assert torch.equal(one.state.mask, other.state.mask)
        assert torch.allclose(one.state.weights, other.state.weights, atol=1e-5)


@KINDS
def test_a_training_that_diverges_keeps_its_counts(during: During) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    start = state(network, 3, 0.5)
    trained = alone(network, content, Member(3, start, moving(during, Optimiser("sgd", 1e30)), 0, LENGTH))
    assert trained.diverged_at is not None
    assert counts(network, trained.state) == counts(network, start)
