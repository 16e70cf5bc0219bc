"""What the controls of the lottery ticket change, and that they change nothing else."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bench.executors.changes import prune
from bench.executors.resets import reset
from bench.models.layout import parameter_layout
from bench.recipe import Level, Prune, Reset, Score
from bench.training.state import State

NET = nn.Sequential()
NET.add_module("conv", nn.Conv2d(2, 4, 3))
NET.add_module("fc", nn.Linear(12, 5))
NET.add_module("output", nn.Linear(5, 3, bias=False))
LAYOUT = parameter_layout(NET)
LAYERS = ("conv", "fc", "output")


def drawn(seed: int) -> State:
    generator = torch.Generator().manual_seed(seed)
    weights = torch.zeros(LAYOUT.width)
    for view in LAYOUT.views(weights).values():
        view.copy_(torch.randn(view.shape, generator=generator))
    return State(weights, torch.ones(LAYOUT.width, dtype=torch.bool), torch.zeros(0))


def ticket(seed: int, share: float = 0.5, granularity: str = "weight") -> State:
    level = Level(1, (("conv", share), ("fc", share / 2)))
    return prune(drawn(seed), Prune(level, Score("magnitude"), granularity), LAYOUT, (), 0, "here")


def changed(state: State, step: Reset, place: tuple[int, str] = (0, "here")) -> State:
    return reset(state, step, LAYOUT, drawn(1), lambda: drawn(9), place)


def test_one_layer_is_drawn_anew_with_its_bias_and_the_others_stay() -> None:
    before = changed(ticket(5), Reset())
    after = changed(before, Reset(parts=("biases", "weights"), redraw=True, layers=("fc",)))
    was, now, new = (LAYOUT.views(one) for one in (before.weights, after.weights, drawn(9).weights))
    mask = LAYOUT.views(before.mask)
    for name in now:
        expected = new[name] * mask[name] if name.startswith("fc.") else was[name]
        assert torch.equal(now[name], expected), name


def test_signs_alone() -> None:
    before = ticket(5)
    after = changed(before, Reset(parts=("weights",), signs=True))
    first = LAYOUT.weights(drawn(1).weights)
    for name, weight in LAYOUT.weights(after.weights).items():
        size = first[name].numpy().std()
        expected = torch.sign(first[name]) * float(size) * LAYOUT.weights(before.mask)[name]
        torch.testing.assert_close(weight, expected)
    assert torch.equal(LAYOUT.views(after.weights)["fc.bias"], LAYOUT.views(before.weights)["fc.bias"])


def test_rescaling_keeps_the_sum_of_a_layer_that_is_all_alike() -> None:
    start = drawn(1)
    for weight in LAYOUT.weights(start.weights).values():
        weight.fill_(0.5)
    before = ticket(5)
    after = reset(before, Reset(rescale=True), LAYOUT, start, lambda: drawn(9), (0, "here"))
    for name, weight in LAYOUT.weights(after.weights).items():
        assert float(weight.sum()) == pytest.approx(0.5 * weight.numel()), name


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_rescaling_is_that_of_zhou_et_al(share: float) -> None:
    """Layer by layer, each weight times the number of weights over the number of ones in the mask; biases as drawn."""
    start, before = drawn(1), ticket(5, share)
    after = reset(before, Reset(rescale=True), LAYOUT, start, lambda: drawn(9), (0, "here"))
    first, masks = LAYOUT.weights(start.weights), LAYOUT.weights(before.mask)
    for name, found in LAYOUT.weights(after.weights).items():
        ones = sum(bool(one) for one in masks[name].flatten())
        for place, value in enumerate(found.flatten().tolist()):
            there = bool(masks[name].flatten()[place])
            expected = float(first[name].flatten()[place]) * found.numel() / ones if there else 0.0
            assert value == pytest.approx(expected, rel=1e-6), (name, place)
    for name, bias in LAYOUT.views(after.weights).items():
        if name.endswith(".bias"):
            assert torch.equal(bias, LAYOUT.views(start.weights)[name] * LAYOUT.views(before.mask)[name])


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.sampled_from(["weight", "unit", "input"]), st.integers(0, 5))
def test_shuffling_moves_as_many_to_other_places(share: float, granularity: str, seed: int) -> None:
    before = ticket(seed, share, granularity)
    after = changed(before, Reset(parts=("weights",), shuffle=True), (seed, "here"))
    first = LAYOUT.weights(drawn(1).weights)
    for name in LAYERS:
        was, now = LAYOUT.weights(before.mask)[name], LAYOUT.weights(after.mask)[name]
        assert int(now.sum()) == int(was.sum())
        assert torch.equal(LAYOUT.weights(after.weights)[name], first[name] * now)
        if granularity == "unit":
            rows = now.flatten(1)
            assert bool((rows.all(1) | ~rows.any(1)).all())
            if f"{name}.bias" in LAYOUT.views(after.mask) and not bool(was.all()):
                assert torch.equal(LAYOUT.views(after.mask)[f"{name}.bias"], rows.any(1))
    again = changed(before, Reset(parts=("weights",), shuffle=True), (seed, "here"))
    assert torch.equal(after.mask, again.mask)


def test_other_seeds_shuffle_otherwise() -> None:
    masks = [changed(ticket(5), Reset(parts=("weights",), shuffle=True), (seed, "here")).mask for seed in range(3)]
    assert not torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[1], masks[2])
    assert not torch.equal(masks[0], ticket(5).mask)
