"""LAMP and the scores of whole units, held to slow and obvious ways in double precision."""

from __future__ import annotations

from tests.pruning.views import arrays, drawn, layer_shapes, scores_of, seeds, shapes, view  # isort: skip

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.pruning.granularity import granularity
from bench.pruning.masks import new_masks
from bench.recipe import Level

Array = np.ndarray[Any, np.dtype[Any]]


@settings(max_examples=100, deadline=None)
@given(shapes=shapes, seed=seeds, ties=st.booleans())
def test_lamp_is_the_share_of_what_is_not_smaller(shapes: Any, seed: int, ties: bool) -> None:
    """Ties as sorting has them: of equal weights the first counts all others as not smaller."""
    weights = drawn(shapes, seed, ties=ties)
    found = scores_of("lamp", view(weights))
    for layer, weight in arrays(weights).items():
        flat = [float(value) ** 2 for value in weight.flat]
        expected = []
        for place, square in enumerate(flat):
            larger = [other for rank, other in enumerate(flat) if other > square or (other == square and rank >= place)]
            expected.append(square / math.fsum(larger) if square else 0.0)
        np.testing.assert_allclose(found[layer].numpy().flatten(), expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(shapes=shapes, seed=seeds)
def test_lamp_leaves_the_largest_of_each_layer_to_the_last(shapes: Any, seed: int) -> None:
    weights = drawn(shapes, seed)
    scores = scores_of("lamp", view(weights))
    sizes = {name: weight.numel() for name, weight in weights.items()}
    left = len(sizes) / sum(sizes.values())
    whole = {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
    masks = new_masks(scores, whole, Level(1, tuple((name, 1 - left) for name in weights)), "weight", "global")
    for name, mask in masks.items():
        assert float(scores[name].max()) == 1
        assert mask.sum() == 1
        assert weights[name][mask].abs() == weights[name].abs().max()


@settings(max_examples=50, deadline=None)
@given(shape=layer_shapes, seed=seeds, power=st.integers(-20, 20))
def test_lamp_ranks_a_layer_as_magnitude_does_and_has_no_unit_of_measure(
    shape: tuple[int, ...], seed: int, power: int
) -> None:
    weights = drawn({"a": shape}, seed)
    scores = scores_of("lamp", view(weights))["a"]
    assert torch.equal(scores.flatten().argsort(), weights["a"].flatten().abs().argsort())
    scaled = scores_of("lamp", view({"a": weights["a"] * 2.0**power}))["a"]
    assert torch.equal(scores, scaled)


@settings(max_examples=100, deadline=None)
@given(shapes=shapes, seed=seeds, ties=st.booleans())
@pytest.mark.parametrize("kind", ["unit", "input"])
@pytest.mark.parametrize(("name", "power"), [("norm-l1", 1), ("norm-l2", 2)])
def test_units_and_inputs_rank_by_their_norms(
    name: str, power: int, kind: str, shapes: Any, seed: int, ties: bool
) -> None:
    weights = drawn(shapes, seed, ties=ties)
    scores = scores_of(name, view(weights))
    for layer, weight in arrays(weights).items():
        granules = weight if kind == "unit" else weight.swapaxes(0, 1)
        norms = [math.fsum(abs(float(one)) ** power for one in granule.flat) ** (1 / power) for granule in granules]
        folded = granularity(kind).fold(scores[layer].double()).numpy()
        np.testing.assert_allclose(folded ** (2 / power), norms, rtol=1e-12)


def test_the_two_norms_differ() -> None:
    weights = {"fc": torch.tensor([[3.0, 0.0, 0.0], [1.5, 1.5, 1.5]])}
    whole = {"fc": torch.ones(2, 3, dtype=torch.bool)}
    for name, kept in (("norm-l1", 1), ("norm-l2", 0)):  # L1: 3 and 4.5; L2: 3 and 2.6
        masks = new_masks(scores_of(name, view(weights)), whole, Level(1, (("fc", 0.5),)), "unit", "layer")
        assert masks["fc"].any(dim=1).nonzero().item() == kept


def distances(weight: Array, there: Array) -> list[float]:
    """For each unit that is there, the sum of its distances to the others that are."""
    return [
        math.fsum(
            math.dist(one.flat, other.flat) for other, other_there in zip(weight, there, strict=True) if other_there
        )
        if one_there
        else 0.0
        for one, one_there in zip(weight, there, strict=True)
    ]


@settings(max_examples=100, deadline=None)
@given(shapes=shapes, seed=seeds, ties=st.booleans())
def test_fpgm_is_the_sum_of_the_distances(shapes: Any, seed: int, ties: bool) -> None:
    weights, chance = drawn(shapes, seed, ties=ties), drawn(shapes, seed + 1)
    masks = {
        name: (weight.flatten(1)[:, :1] > -0.5).view(-1, *[1] * (weight.dim() - 1)).expand(weight.shape)
        for name, weight in chance.items()
    }
    scores = scores_of("fpgm", view(weights, masks=masks))
    for layer, weight in arrays(view(weights, masks=masks).weights).items():
        folded = granularity("unit").fold(scores[layer]).numpy()
        there = masks[layer].flatten(1).any(dim=1).numpy()
        np.testing.assert_allclose(folded, distances(weight, there), rtol=1e-12, atol=1e-15)


def test_fpgm_takes_what_lies_in_the_middle_not_what_is_small() -> None:
    weights = {"fc": torch.tensor([[10.0, 10.0], [11.0, 10.0], [10.0, 11.0], [10.3, 10.3], [0.0, 0.1]])}
    whole = {"fc": torch.ones(5, 2, dtype=torch.bool)}
    kept = new_masks(scores_of("fpgm", view(weights)), whole, Level(1, (("fc", 0.2),)), "unit", "layer")["fc"]
    assert kept.any(dim=1).tolist() == [True, True, True, False, True]


@settings(max_examples=50, deadline=None)
@given(shapes=shapes, seed=seeds)
def test_fpgm_does_not_move_with_its_layer(shapes: Any, seed: int) -> None:
    """Distances stay when all units move together, and when inputs change places."""
    weights = {name: weight.double() for name, weight in drawn(shapes, seed).items()}
    moved = {name: (weight + 1).flip(1) for name, weight in weights.items()}
    one, other = scores_of("fpgm", view(weights)), scores_of("fpgm", view(moved))
    for name in shapes:
        np.testing.assert_allclose(one[name].numpy(), other[name].numpy(), rtol=1e-9, atol=1e-12)


def test_alike_units_have_no_distance_at_all() -> None:
    weights = {"fc": torch.randn(1, 400, generator=torch.Generator().manual_seed(0)).expand(60, 400).clone() * 1000}
    assert not scores_of("fpgm", view(weights))["fc"].any()
