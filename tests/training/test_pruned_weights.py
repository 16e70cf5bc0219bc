"""Rule 1: what is pruned is zero after every step of every optimiser, and stays gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.base import Dataset
from bench.recipe import Optimiser
from bench.training.content import Content
from bench.training.loop import Member, PrunedWeightReturned, train
from bench.training.losses import Batch
from bench.training.networks import OneByOne, StackedNetwork
from bench.training.stacks import Stack
from bench.training.state import State, from_bytes, to_bytes
from tests.training.build import CPU, OPTIMISERS, alone, data, net, stacked, state, training


class Watched:
    """A network that looks at the weights at the start of every step and at every evaluation."""

    def __init__(self, network: StackedNetwork, masks: torch.Tensor) -> None:
        self._network, self._gone = network, ~masks
        self.parameters, self.buffers, self.widest = network.parameters, network.buffers, network.widest
        self.noisy = network.noisy
        self.steps = self.evaluations = 0

    def gradient(self, stack: Stack, batch: Batch) -> torch.Tensor:
        self._check(stack.weights)
        self.steps += 1
        return self._network.gradient(stack, batch)

    def outputs(self, weights: torch.Tensor, buffers: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        self._check(weights)
        self.evaluations += 1
        return self._network.outputs(weights, buffers, inputs)

    def _check(self, weights: torch.Tensor) -> None:
        assert not weights[self._gone].any(), f"a pruned weight is not zero at step {self.steps}"


def _all_gone_stays_gone(start: State, end: State) -> None:
    assert torch.equal(end.mask, start.mask)
    assert not end.weights[~start.mask].any()
    for name, moment in end.moments.items():
        assert not moment[~start.mask].any(), name


@pytest.mark.parametrize("way", [stacked, OneByOne])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_after_every_step_and_at_every_evaluation(name: str, way: type[OneByOne]) -> None:
    content = Content(data(), CPU)
    network = way(net(6, 9, 5, 3))
    starts = [state(network, seed, kept) for seed, kept in enumerate((0.1, 0.5, 1.0, 0.9))]
    watched = Watched(network, torch.stack([start.mask for start in starts]))
    members = [Member(seed, start, training(OPTIMISERS[name]), 0, 25) for seed, start in enumerate(starts)]
    ended = train(watched, content, members, curve_at=lambda start, stop, *_: list(range(start + 1, stop + 1)))
    assert watched.steps == 25
    assert watched.evaluations >= 25
    for start, trained in zip(starts, ended, strict=True):
        _all_gone_stays_gone(start, trained.state)
        assert not torch.equal(trained.state.weights, start.weights)  # what is left does learn


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 20), min_size=2, max_size=4),
    kept=st.floats(0, 1),
    name=st.sampled_from(sorted(OPTIMISERS)),
    rate=st.floats(1e-5, 3.0),
    bias=st.booleans(),
    steps=st.integers(1, 6),
    seed=st.integers(0, 1000),
)
def test_for_any_shape_and_rate(
    sizes: list[int], kept: float, name: str, rate: float, bias: bool, steps: int, seed: int
) -> None:
    network = stacked(net(*sizes, bias=bias))
    start = state(network, seed, kept)
    optimiser = Optimiser(**{**vars(OPTIMISERS[name]), "lr": rate})
    content = Content(data(40, sizes[0], sizes[-1]), CPU)
    trained = alone(network, content, Member(seed, start, training(optimiser, batch=5), 0, steps))
    if trained.diverged_at is None:
        _all_gone_stays_gone(start, trained.state)
        back = from_bytes(to_bytes(trained.state))
        _all_gone_stays_gone(start, back)
        again = alone(network, content, Member(seed, back, training(optimiser, batch=5), steps, steps + 2))
        if again.diverged_at is None:
            _all_gone_stays_gone(start, again.state)


def test_pruning_takes_the_moments_along() -> None:
    network = stacked(net(6, 9, 3))
    content = Content(data(), CPU)
    for name, optimiser in OPTIMISERS.items():
        trained = alone(network, content, Member(0, state(network, 0), training(optimiser), 0, 10)).state
        settings = OPTIMISERS[name]
        if settings.kind != "sgd" or settings.momentum:
            assert all(moment.any() for moment in trained.moments.values())
        mask = state(network, 1, 0.3).mask
        pruned = trained.masked(mask)
        _all_gone_stays_gone(State(trained.weights, mask, trained.buffers), pruned)
        after = alone(network, content, Member(0, pruned, training(optimiser), 10, 20)).state
        _all_gone_stays_gone(pruned, after)
        fewer = pruned.masked(state(network, 2, 0.9).mask)
        assert not (fewer.mask & ~pruned.mask).any()  # a mask only loses


def test_a_network_that_brings_a_weight_back_is_caught() -> None:
    class Leaky(OneByOne):
        def gradient(self, stack: Stack, batch: Batch) -> torch.Tensor:
            return super().gradient(replace(stack, masks=None), batch)

    network = Leaky(net(6, 9, 3))
    with pytest.raises(PrunedWeightReturned):
        alone(network, Content(data(), CPU), Member(0, state(network, 0, 0.5), training(Optimiser("sgd", 0.1)), 0, 3))


def test_the_data_set_of_these_tests_can_be_learnt() -> None:
    dataset: Dataset = data()
    network = stacked(net(6, 9, 3))
    ended = alone(
        network, Content(dataset, CPU), Member(0, state(network, 0), training(OPTIMISERS["adam"], length=300), 0, 300)
    )
    assert ended.train_loss < 0.6
