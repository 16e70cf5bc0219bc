"""The ladder of a suite, expanded for a network: rates of layers, what is out of reach, and published densities."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.executors.changes import prune
from bench.levels import ladder, overall
from bench.models.base import LayerInfo, build, prunable_layers
from bench.models.layout import parameter_layout
from bench.pruning.masks import exact_count
from bench.recipe import Prune, Score
from bench.registry import Choice
from bench.suite.values import PruneSpec, SparsitySpec
from bench.training.state import State

MAGNITUDE = Score("magnitude")


def lenet() -> tuple[LayerInfo, ...]:
    return prunable_layers(build("lenet-300-100", (1, 28, 28), 10))


def made(*sizes: int) -> tuple[LayerInfo, ...]:
    return prunable_layers(build(Choice("mlp", (("sizes", tuple(sizes[1:-1])),)), (sizes[0],), sizes[-1]))


def test_the_published_densities_of_lenet_counted_from_zeros() -> None:
    """Frankle and Carbin: a fifth of every layer a round, a tenth of the output layer."""
    module = build("lenet-300-100", (1, 28, 28), 10)
    layout = parameter_layout(module)
    levels = ladder(SparsitySpec(rate=0.2, rounds=20, rates=(("output", 0.1),)), PruneSpec(), lenet(), "a suite")
    weights = torch.rand(layout.width, generator=torch.Generator().manual_seed(0)) + 0.1
    reached = State(weights, torch.ones(layout.width, dtype=torch.bool), torch.zeros(0))
    densities = []
    for level in levels:
        before = reached.mask
        reached = prune(reached, Prune(level, MAGNITUDE), layout, (), 0, "here")
        assert not (reached.mask & ~before).any()
        left = sum(int(torch.count_nonzero(weight)) for weight in layout.weights(reached.weights).values())
        densities.append(100 * left / 266_200)
        assert 1 - left / 266_200 == pytest.approx(overall(level, lenet()), abs=2e-5)
    assert [round(density, 2) for density in densities[:6]] == [80.04, 64.06, 51.28, 41.05, 32.87, 26.32]
    assert densities[-1] == pytest.approx(1.19, abs=0.02)


def test_rates_of_layers_are_factors_of_the_target() -> None:
    prune_spec = PruneSpec(rates=(("linear", 0.8), ("first", 0.4), ("fc2", 0.6)))
    (level,) = ladder(SparsitySpec(targets=(0.5,)), prune_spec, made(8, 6, 5, 4, 3), "a suite")
    assert level.layers == (("fc1", 0.2), ("fc2", 0.3), ("fc3", 0.4), ("output", 0.4))  # what is named closest counts


def test_what_a_layer_cannot_give_the_others_give() -> None:
    layers = made(10, 10, 10, 10)  # three layers of 100 weights
    (level,) = ladder(SparsitySpec(targets=(0.6,)), PruneSpec(rates=(("fc1", 2.0),)), layers, "a suite")
    assert level.layers == (("fc1", 1.0), ("fc2", 0.7), ("output", 0.7))  # 120 asked of 100: 20 over, 10 each


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=3, max_size=5),
    targets=st.lists(st.integers(1, 999), min_size=1, max_size=6, unique=True),
    factors=st.lists(st.floats(0, 4), min_size=2, max_size=2),
)
def test_no_layer_is_asked_for_more_than_it_has(sizes: list[int], targets: list[int], factors: list[float]) -> None:
    layers = made(*sizes)
    shares = tuple(target / 1000 for target in sorted(targets))
    rates = (("fc1", factors[0]), ("output", factors[1]))
    levels = ladder(SparsitySpec(targets=shares), PruneSpec(rates=rates), layers, "a suite")
    own = {layer.name: 1.0 for layer in layers} | dict(rates)
    whole = sum(layer.weights for layer in layers)
    for target, level in zip(shares, levels, strict=True):
        assert all(0 <= share <= 1 for _, share in level.layers)
        wanted = min(whole, sum(target * own[layer.name] * layer.weights for layer in layers))
        asked = sum(share * layer.weights for (_, share), layer in zip(level.layers, layers, strict=True))
        assert asked == pytest.approx(wanted, abs=1e-6 * whole)
        counted = sum(exact_count(share, layer.weights) for (_, share), layer in zip(level.layers, layers, strict=True))
        assert abs(counted - wanted) <= len(layers) / 2 + 1e-6
    for one, other in pairwise(levels):  # a ladder never goes back
        for (name, before), (_, after) in zip(one.layers, other.layers, strict=True):
            assert after >= before - 1e-9, name


def test_a_ladder_takes_from_what_the_round_before_has_left() -> None:
    levels = ladder(SparsitySpec(rate=0.5, rounds=3), PruneSpec(exclude=("output",)), made(4, 4, 4, 2), "a suite")
    assert [dict(level.layers) for level in levels] == [{"fc1": share, "fc2": share} for share in (0.5, 0.75, 0.875)]
    assert [level.index for level in levels] == [1, 2, 3]
    assert overall(levels[0], made(4, 4, 4, 2)) == pytest.approx(16 / 40)


def test_dynamic_parts_lose_the_same_share_each_time() -> None:
    (level,) = ladder(SparsitySpec(targets=(0.3111,)), PruneSpec(), made(12, 12, 3), "a suite")
    (name, half), _ = level.part(0.5).layers
    assert name == "fc1"
    assert half == pytest.approx(1 - math.sqrt(1 - 0.3111))  # 17 % twice
    assert half == pytest.approx(0.17, abs=1e-4)
    assert level.part(1.0).layers == level.layers


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (PruneSpec(exclude=("linear",)), "every layer is excluded"),
        (PruneSpec(granularity="unit"), "exclude: [output]"),
        (PruneSpec(exclude=("fc9",)), "no layer 'fc9'"),
        (PruneSpec(rates=(("outptu", 0.5),)), "did you mean 'output'"),
    ],
)
def test_contradictions_are_refused(spec: PruneSpec, words: str) -> None:
    with pytest.raises(UserError, match="a suite: ") as caught:
        ladder(SparsitySpec(targets=(0.5,)), spec, made(4, 4, 2), "a suite")
    assert words in str(caught.value)
