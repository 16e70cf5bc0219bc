"""Sparse training: what moves, how much and where to, against the papers' algorithms written out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bench.recipe import During, Optimiser, Training
from bench.training.content import Batches, Content
from bench.training.loop import Member, train
from bench.training.losses import Batch
from bench.training.networks import StackedNetwork
from bench.training.regrowth import Turn, gradient_and_moves, moved
from bench.training.stacks import lay
from bench.training.state import State, from_bytes, to_bytes
from tests.training.build import CPU, LENGTH, OPTIMISERS, alone, data, net, same, stacked, state, training

SET = During("set", 4, 33, 0.4, "constant")
RIGL = During("rigl", 5, 30, 0.5)
KINDS = pytest.mark.parametrize("during", [SET, RIGL], ids=lambda during: during.kind)
durings = st.builds(
    During,
    st.sampled_from(["set", "rigl"]),
    st.integers(1, 12),
    st.integers(1, LENGTH),
    st.sampled_from([0.0, 0.1, 0.3, 1.0]),
    st.sampled_from(["constant", "cosine"]),
)


def moving(during: During, optimiser: Optimiser = OPTIMISERS["adam"], **given: object) -> Training:
    return replace(training(optimiser, **given), during=during)


def counts(network: StackedNetwork, reached: State) -> dict[str, int]:
    return {name: int(mask.sum()) for name, mask in network.parameters.weights(reached.mask).items()}


@given(durings, st.integers(0, LENGTH), st.integers(0, LENGTH))
def test_updates_are_counted_as_they_come(during: During, one: int, other: int) -> None:
    start, stop = sorted((one, other))
    moments = [step for step in range(start, stop) if during.moves_at(step)]
    assert during.moves_between(start, stop) == len(moments)
    assert all(step % during.every == 0 and 0 < step < during.until for step in moments)
    left_out = len(moments) if during.kind == "rigl" else 0
    assert moving(during).learning_steps(start, stop) == stop - start - left_out


def test_the_share_that_moves() -> None:
    """Cosine annealing as in the paper: alpha / 2 (1 + cos(t pi / T_end))."""
    assert [RIGL.share_at(step) for step in (0, 10, 15, 20, 30)] == pytest.approx(
        [0.5, 0.25 * (1 + math.cos(math.pi / 3)), 0.25, 0.25 * (1 + math.cos(2 * math.pi / 3)), 0]
    )
    assert {SET.share_at(step) for step in range(40)} == {0.4}


def by_hand(kept: list[bool], worth: list[float], appeal: list[float], share: float) -> list[bool]:
    """One replica's update, by sorting lists."""
    here = [place for place, one in enumerate(kept) if one]
    count = math.floor(round(share * len(here), 9) + 0.5)
    stays = sorted(here, key=lambda place: (worth[place], place))[count:]
    others = [place for place in range(len(kept)) if place not in stays]
    grown = sorted(others, key=lambda place: (-appeal[place], place))[:count]
    return [place in stays or place in grown for place in range(len(kept))]


small = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0])  # so few that there are ties


@given(
    rows=st.lists(st.lists(st.tuples(st.booleans(), small, small), min_size=7, max_size=7), min_size=1, max_size=4),
    share=st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]),
)
def test_what_is_dropped_and_grown_against_sorted_lists(
    rows: list[list[tuple[bool, float, float]]], share: float
) -> None:
    kept, worth, appeal = (torch.tensor([[one[place] for one in row] for row in rows]) for place in range(3))
    after = moved(kept, worth, appeal, share)
    assert torch.equal(after.sum(dim=1), kept.sum(dim=1))
    expected = [by_hand(*map(list, zip(*row, strict=True)), share) for row in rows]
    assert after.tolist() == expected


@KINDS
def test_what_is_new_begins_at_zero_and_what_stays_is_untouched(during: During) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 20, 3))
    optimiser = OPTIMISERS["adam"]
    states = [
        alone(network, content, Member(s, state(network, s, 0.4), training(optimiser), 0, 5)).state for s in (0, 1)
    ]
    stack = lay(states, [optimiser] * 2, CPU)
    inputs, labels = Batches(content, [0, 1], [5, 5], 7).at(0)
    gradient_and_moves(network, stack, Batch(inputs, labels), [Turn(0, during, 5, [(0, 5), (1, 5)])])
    assert stack.masks is not None
    for row, before in enumerate(states):
        mask = stack.masks[row] != 0
        new, stays = mask & ~before.mask, mask & before.mask
        assert new.sum() >= 10
        assert torch.equal(mask[~network.parameters.prunable()], before.mask[~network.parameters.prunable()])
        for values, old in [
            (stack.weights[row], before.weights),
            *((stack.moments[name][row], moment) for name, moment in before.moments.items()),
        ]:
            assert not values[~stays].any()
            assert torch.equal(values[stays], old[stays])


@settings(max_examples=30, deadline=None)
@given(durings, st.sampled_from(sorted(OPTIMISERS)), st.sampled_from([0.05, 0.3, 0.8]), st.integers(0, 9))
def test_counts_are_exact_and_the_rest_zero_at_every_step(during: During, name: str, kept: float, seed: int) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 5, 3))
    start = reached = state(network, seed, kept)
    for step in range(25):
        member = Member(seed, reached, moving(during, OPTIMISERS[name]), step, step + 1)
        before, reached = reached, from_bytes(to_bytes(alone(network, content, member).state))
        assert counts(network, reached) == counts(network, start)
        assert not reached.weights[~reached.mask].any()
        for moment in reached.moments.values():
            assert not moment[~reached.mask].any()
        if not during.moves_at(step):
            assert torch.equal(reached.mask, before.mask)
        elif during.kind == "rigl":
            new = reached.mask & ~before.mask
            assert not reached.weights[new].any()
            assert torch.equal(reached.weights[~new], before.weights[~new] * reached.mask[~new])


TORCH: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "momentum": lambda weights: torch.optim.SGD(weights, 0.05, momentum=0.9),
    "adam": lambda weights: torch.optim.Adam(weights, 3e-3),
}


def rigl_in_plain_torch(content: Content, start: State, network: StackedNetwork, name: str) -> tuple[nn.Module, dict]:
    """The algorithm of the paper, as one would write it down: doubles, autograd, sorted lists, optimisers of torch."""
    module = net(6, 9, 5, 3).double()
    views, given = network.parameters.views(start.weights), network.parameters.weights(start.mask)
    for parameter_name, parameter in module.named_parameters():
        parameter.data.copy_(views[parameter_name])
    masks = {layer: mask.clone() for layer, mask in given.items()}
    weights = {layer: module.get_parameter(f"{layer}.weight") for layer in masks}
    optimiser = TORCH[name](module.parameters())
    batches = Batches(content, [3], [0], 7)
    for step in range(LENGTH):
        inputs, labels = batches.at(step)
        optimiser.zero_grad()
        nn.functional.cross_entropy(module(inputs[0].double()), labels[0]).backward()
        if RIGL.moves_at(step):
            share = 0.25 * (1 + math.cos(step * math.pi / 30))
            for layer, weight in weights.items():
                lists = [one.flatten().tolist() for one in (masks[layer], weight.abs(), weight.grad.abs())]
                after = torch.tensor(by_hand(*lists, share)).view_as(weight)
                same_as_before = after & masks[layer]
                weight.data *= same_as_before
                for moment in optimiser.state[weight].values():
                    if moment.shape == weight.shape:
                        moment *= same_as_before
                masks[layer] = after
        else:
            for layer, weight in weights.items():
                weight.grad *= masks[layer]
            optimiser.step()
    return module, masks


@pytest.mark.parametrize("name", TORCH)
def test_rigl_against_plain_torch(name: str) -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 5, 3))
    start = state(network, 3, 0.4)
    module, masks = rigl_in_plain_torch(content, start, network, name)
    ended = alone(network, content, Member(3, start, moving(RIGL, OPTIMISERS[name], kind="constant"), 0, LENGTH)).state
    for layer, mask in network.parameters.weights(ended.mask).items():
        assert torch.equal(mask, masks[layer])
        assert not torch.equal(mask, network.parameters.weights(start.mask)[layer])
    for parameter, view in network.parameters.views(ended.weights).items():
        assert torch.allclose(view.double(), module.get_parameter(parameter).detach(), atol=1e-5)
    assert ended.updates == LENGTH - 5
    assert ended.order == LENGTH


def test_set_grows_by_chance() -> None:
    """Over many seeds each weight that is free is as likely to come as any other; a seed always gives the same."""
    network, content = stacked(net(6, 4, 3)), Content(data(), CPU)
    mask = torch.ones(network.parameters.width, dtype=torch.bool)
    network.parameters.weights(mask)["fc1"].flatten()[8:] = False
    drawn = state(network, 0)
    start = replace(drawn, weights=drawn.weights * mask, mask=mask)
    once = During("set", 1, 2, 0.5)
    seeds = range(400)
    found: Counter[int] = Counter()
    members = [Member(seed, start, moving(once, kind="constant"), 0, 2) for seed in seeds]
    for trained in train(network, content, members):
        grown = network.parameters.weights(trained.state.mask & ~mask)["fc1"]
        found.update(grown.flatten().nonzero().flatten().tolist())
    # Half of 0.5 is left of the cosine half of the way: 2 of 8 weights go, and 2 come at 18 places, 16 of them new.
    expected = len(seeds) * 2 / 18
    assert len(found) == 16
    for place, count in found.items():
        assert abs(count - expected) < 5 * expected**0.5, place
    again = alone(network, content, members[7]).state
    assert same(again, train(network, content, members[5:9])[2].state)


def test_chance_is_a_matter_of_seed_and_place_in_the_stream() -> None:
    network, content = stacked(net(6, 20, 3)), Content(data(), CPU)
    start = state(network, 0, 0.4)
    places = [(0, 5), (0, 5), (0, 6), (1, 5)]
    stack = lay([start] * 4, [OPTIMISERS["adam"]] * 4, CPU)
    inputs, labels = Batches(content, [0] * 4, [5] * 4, 7).at(0)
    gradient_and_moves(network, stack, Batch(inputs, labels), [Turn(0, SET, 8, places)])
    assert stack.masks is not None
    first, again, later, other = stack.masks
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert not torch.equal(first, other)
