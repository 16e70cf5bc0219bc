"""The scores of Zhou et al., held to slow and obvious ways in double precision."""

from __future__ import annotations

from tests.pruning.views import arrays, drawn, scores_of, seeds, shapes, view  # isort: skip

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bench.durations import Duration
from bench.pruning import asking
from bench.pruning.masks import new_masks
from bench.pruning.view import NetView
from bench.recipe import Level
from bench.registry import registry

START, END = Duration(0, "steps"), Duration(1, "share")
ANY_SIGN = {
    "large-final": lambda start, end: np.abs(end),
    "small-final": lambda start, end: -np.abs(end),
    "large-init": lambda start, end: np.abs(start),
    "small-init": lambda start, end: -np.abs(start),
    "magnitude-increase": lambda start, end: np.abs(end) - np.abs(start),
    "movement": lambda start, end: np.abs(end - start),
}
BOTH = ("large-init-large-final", "small-init-small-final")
ALL = (*ANY_SIGN, *BOTH)

Weights = dict[str, Tensor]
Array = np.ndarray[Any, np.dtype[Any]]


def seen(name: str, start: Weights, end: Weights, masks: Weights | None = None, **options: Any) -> NetView:
    """What the score gets to see when it asks for what it registered."""
    moments = {START: start, END: end}
    asked = asking.moments(registry("score").get(name), options)
    return view(end, *(moments[moment] for moment in asked), masks=masks)


def scored(name: str, start: Weights, end: Weights, masks: Weights | None = None, **options: Any) -> Weights:
    return scores_of(name, seen(name, start, end, masks, **options), **options)


@settings(max_examples=60, deadline=None)
@given(shapes=shapes, seed=seeds, ties=st.booleans())
@pytest.mark.parametrize("name", ANY_SIGN)
def test_each_is_what_the_paper_says(name: str, shapes: Any, seed: int, ties: bool) -> None:
    start, end = drawn(shapes, seed, ties=ties), drawn(shapes, seed + 1, ties=ties)
    found = scored(name, start, end)
    for layer in shapes:
        np.testing.assert_allclose(
            found[layer].double().numpy(), ANY_SIGN[name](arrays(start)[layer], arrays(end)[layer]), atol=1e-15
        )


def searched_anew(start: Array, end: Array, there: Array, gone: int, sign: int) -> Array:
    """What the authors do at each level: a threshold of the same rank for both sides, moved until so many are gone."""
    for rank in range(there.sum() + 1):
        both = there.copy()
        for side in (sign * np.abs(start), sign * np.abs(end)):
            order = np.argsort(np.where(there, side, np.inf), axis=None, kind="stable")[:rank]
            both.flat[order] = False
        if there.sum() - both.sum() >= gone:
            return both
    raise AssertionError("a rank takes all")


@settings(max_examples=60, deadline=None)
@given(shapes=shapes, seed=seeds)
@pytest.mark.parametrize(("name", "sign"), [("large-init-large-final", 1), ("small-init-small-final", -1)])
def test_both_sides_take_the_same_share_at_every_level(name: str, sign: int, shapes: Any, seed: int) -> None:
    """One score gives the masks of a factor that is searched anew for each level."""
    start, end = drawn(shapes, seed), drawn(shapes, seed + 1)
    masks = {layer: weight > -0.8 for layer, weight in drawn(shapes, seed + 2).items()}
    found = scored(name, start, end, masks)
    for layer in shapes:
        there = masks[layer].numpy()
        values = np.where(there, found[layer].double().numpy(), np.inf)
        for gone in range(1, there.sum() + 1):
            expected = searched_anew(start[layer].numpy(), end[layer].numpy(), there, gone, sign)
            lost = int(there.sum() - expected.sum())
            if lost != gone:  # a rank may take two at once, one on each side
                continue
            kept = there.copy()
            kept.flat[np.argsort(values, axis=None, kind="stable")[:gone]] = False
            np.testing.assert_array_equal(kept, expected)


@settings(max_examples=40, deadline=None)
@given(shapes=shapes, seed=seeds, factor=st.floats(1e-3, 1e3))
@pytest.mark.parametrize("name", BOTH)
def test_the_scale_of_the_start_is_of_no_account(name: str, shapes: Any, seed: int, factor: float) -> None:
    start, end = drawn(shapes, seed), drawn(shapes, seed + 1)
    larger = {layer: weight.double() * factor for layer, weight in start.items()}
    end = {layer: weight.double() for layer, weight in end.items()}
    one, other = scored(name, start, end), scored(name, larger, end)
    assert all(torch.equal(one[layer], other[layer]) for layer in shapes)


@pytest.mark.parametrize("name", BOTH)
def test_what_is_the_same_at_both_ends_is_worth_what_it_is_at_one(name: str) -> None:
    end = drawn({"fc": (5, 6)}, 1, ties=True)
    sign = -1 if name.startswith("small") else 1
    assert torch.equal(scored(name, end, end)["fc"], sign * end["fc"].abs())


@settings(max_examples=60, deadline=None)
@given(shapes=shapes, seed=seeds, ties=st.booleans(), sign=st.sampled_from(["same", "different"]))
@pytest.mark.parametrize("name", ALL)
def test_of_the_wrong_sign_is_worth_nothing(name: str, shapes: Any, seed: int, ties: bool, sign: str) -> None:
    start, end = drawn(shapes, seed, ties=ties), drawn(shapes, seed + 1, ties=ties)
    plain, found = scored(name, start, end), scored(name, start, end, sign=sign)
    right = {
        layer: (np.sign(arrays(start)[layer]) == np.sign(arrays(end)[layer])) == (sign == "same") for layer in shapes
    }
    nothing = 0.0
    if not any((values > 0).any() for values in plain.values()):
        nothing = min(float(values.min()) for values in plain.values())
    for layer in shapes:
        is_right, values = torch.from_numpy(np.asarray(right[layer])), found[layer]
        assert torch.equal(values[is_right], plain[layer][is_right].double())
        assert ((values[~is_right] <= nothing) & (values[~is_right] >= nothing - 1e-8 * abs(nothing) - 1e-29)).all()
        if nothing < 0 or name != "magnitude-increase":
            least = min(
                (
                    float(one[torch.from_numpy(np.asarray(right[other]))].min())
                    for other, one in found.items()
                    if right[other].any()
                ),
                default=np.inf,
            )
            assert (values[~is_right] <= least).all(), "all of them go first"


def test_the_paper_s_formula_for_same_and_different_sign() -> None:
    """max(0, wi wf / |wi|) and max(0, -wi wf / |wi|)."""
    start, end = drawn({"fc": (30, 20)}, 1), drawn({"fc": (30, 20)}, 2)
    along = arrays(start)["fc"] * arrays(end)["fc"] / np.abs(arrays(start)["fc"])
    for sign, formula in (("same", np.maximum(0, along)), ("different", np.maximum(0, -along))):
        found = scored("large-final", start, end, sign=sign)["fc"].numpy()
        np.testing.assert_allclose(found, formula, rtol=1e-12, atol=1e-29)


def test_those_of_the_wrong_sign_go_in_an_order_that_is_drawn() -> None:
    """Not by place, or whole units would be lost at the start of a layer."""
    start = {"fc": torch.ones(100, 10)}
    end = {"fc": torch.where(torch.rand(100, 10, generator=torch.Generator().manual_seed(0)) < 0.5, -1.0, 1.0)}
    scores = scored("large-final", start, end, sign="same")
    whole = {"fc": torch.ones(100, 10, dtype=torch.bool)}
    kept = new_masks(scores, whole, Level(1, (("fc", 0.25),)), "weight", "layer")["fc"]
    assert end["fc"][~kept].max() < 0
    upper, lower = (~kept)[:50].sum(), (~kept)[50:].sum()
    assert abs(int(upper) - int(lower)) < 60
    units = new_masks(scores, whole, Level(1, (("fc", 0.5),)), "unit", "layer")["fc"].any(dim=1)
    counts = (end["fc"] > 0).sum(dim=1)
    assert counts[units].min() >= counts[~units].max()  # a unit counts only its weights of the right sign


@settings(max_examples=40, deadline=None)
@given(shapes=shapes, seed=seeds, power=st.integers(-8, 8))
@pytest.mark.parametrize("name", ALL)
def test_the_ranking_does_not_depend_on_the_unit_of_measure(name: str, shapes: Any, seed: int, power: int) -> None:
    start, end = drawn(shapes, seed), drawn(shapes, seed + 1)
    scaled = [{layer: weight * 2.0**power for layer, weight in weights.items()} for weights in (start, end)]
    one, other = scored(name, start, end), scored(name, *scaled)
    for layer in shapes:
        assert torch.equal(one[layer].flatten().argsort(stable=True), other[layer].flatten().argsort(stable=True))


@pytest.mark.parametrize(("large", "small"), [("large-final", "small-final"), ("large-init", "small-init")])
def test_small_is_large_turned_around(large: str, small: str) -> None:
    start, end = drawn({"fc": (4, 5)}, 1), drawn({"fc": (4, 5)}, 2)
    assert torch.equal(scored(large, start, end)["fc"], -scored(small, start, end)["fc"])


def test_what_was_there_before_looks_at_what_it_looked_at() -> None:
    """At its default the option changes no key."""
    score = registry("score")
    assert asking.moments(score.get("large-final"), {}) == (END,)
    assert asking.moments(score.get("large-init"), {}) == (START,)
    assert asking.moments(score.get("large-final"), {"sign": "same"}) == (END, START)
