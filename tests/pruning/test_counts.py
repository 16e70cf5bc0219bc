"""Rule 2: exactly as many go as the level says, ties and all; held to a slow, obvious way of pruning."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.models.base import LayerInfo
from bench.pruning.masks import exact_count, new_masks
from bench.recipe import Level

Shape = tuple[int, int]
GRANULARITIES = ("weight", "unit", "input")


def granules(shape: Shape, granularity: str) -> list[list[tuple[int, int]]]:
    """The places of the weights of each granule, in the order of the granules."""
    rows, columns = range(shape[0]), range(shape[1])
    if granularity == "weight":
        return [[(row, column)] for row in rows for column in columns]
    if granularity == "unit":
        return [[(row, column) for column in columns] for row in rows]
    return [[(row, column) for row in rows] for column in columns]


def obvious(
    scores: dict[str, torch.Tensor], masks: dict[str, torch.Tensor], level: Level, granularity: str, scope: str
) -> dict[str, torch.Tensor]:
    """What is gone goes first, then the lowest, then the earlier place; one granule after the other."""
    groups = [[name] for name, _ in level.layers] if scope == "layer" else [[name for name, _ in level.layers]]
    shares = dict(level.layers)
    kept = {name: torch.ones_like(mask) for name, mask in masks.items() if name in shares}
    for names in groups:
        candidates, wanted = [], Fraction(0)
        for name in names:
            own = granules(tuple(scores[name].shape), granularity)
            wanted += Fraction(str(shares[name])) * len(own)
            for places in own:
                values = [float(scores[name][place]) for place in places]
                there = any(bool(masks[name][place]) for place in places)
                value = math.sqrt(sum(v * v for v in values)) if granularity != "weight" else values[0]
                candidates.append((there, value, len(candidates), name, places))
        for _, _, _, name, places in sorted(candidates)[: math.floor(wanted + Fraction(1, 2))]:
            for place in places:
                kept[name][place] = False
    return {name: mask & masks[name] for name, mask in kept.items()}


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], Level]:
    """Layers whose scores have many ties; some weights are gone already."""
    scores, masks, layers = {}, {}, []
    for number in range(draw(st.integers(1, 3))):
        shape = (draw(st.integers(1, 6)), draw(st.integers(1, 7)))
        size = shape[0] * shape[1]
        values = draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.0, 0.5]), min_size=size, max_size=size))
        there = draw(st.lists(st.booleans(), min_size=size, max_size=size))
        name = f"fc{number}"
        scores[name] = torch.tensor(values).view(shape)
        masks[name] = torch.tensor(there).view(shape) | draw(st.booleans())
        layers.append((name, draw(st.sampled_from([0.0, 0.1, 0.145, 0.25, 0.3, 0.5, 0.7, 0.95, 1.0]))))
    return scores, masks, Level(1, tuple(layers))


@settings(max_examples=300, deadline=None)
@given(case=cases(), granularity=st.sampled_from(GRANULARITIES), scope=st.sampled_from(["layer", "global"]))
def test_as_the_obvious_way(
    case: tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], Level], granularity: str, scope: str
) -> None:
    scores, masks, level = case
    found = new_masks(scores, masks, level, granularity, scope)
    expected = obvious(scores, masks, level, granularity, scope)
    for name, mask in found.items():
        assert torch.equal(mask, expected[name]), name
        assert not (mask & ~masks[name]).any(), "a mask only loses"


@settings(max_examples=100, deadline=None)
@given(
    share=st.integers(0, 1000).map(lambda thousandths: thousandths / 1000),
    rows=st.integers(1, 30),
    columns=st.integers(1, 30),
    granularity=st.sampled_from(GRANULARITIES),
    kind=st.sampled_from(["drawn", "equal", "zero", "negative"]),
)
def test_the_count_is_exact(share: float, rows: int, columns: int, granularity: str, kind: str) -> None:
    drawn = torch.rand(rows, columns, generator=torch.Generator().manual_seed(rows * 31 + columns))
    scores = {"drawn": drawn, "equal": torch.ones_like(drawn), "zero": drawn * 0, "negative": -drawn}[kind]
    whole = torch.ones(rows, columns, dtype=torch.bool)
    mask = new_masks({"fc": scores}, {"fc": whole}, Level(1, (("fc", share),)), granularity, "layer")["fc"]
    number = {"weight": rows * columns, "unit": rows, "input": columns}[granularity]
    size = rows * columns // number
    assert int((~mask).sum()) == size * math.floor(Fraction(str(share)) * number + Fraction(1, 2))


def test_halves_are_rounded_up_as_on_paper() -> None:
    assert [exact_count(share, 5) for share in (0.1, 0.3, 0.5, 0.7, 0.9)] == [1, 2, 3, 4, 5]
    assert exact_count(0.145, 100) == 15  # in floating point the product is 14.499999999999998
    assert exact_count(1.0, 7) == 7
    assert exact_count(0.0, 7) == 0
    assert exact_count(1e-9, 7) == 0


def test_the_lowest_go_even_where_a_score_is_infinite() -> None:
    """A weight that a score wants gone at any price comes after those that are gone already."""
    scores = {"fc": torch.tensor([[-math.inf, 3.0, 1.0, math.inf]])}
    masks = {"fc": torch.tensor([[True, True, False, True]])}
    one = Level(1, (("fc", 0.25),))
    assert new_masks(scores, masks, one, "weight", "layer")["fc"].tolist() == [[True, True, False, True]]
    two = Level(2, (("fc", 0.5),))
    assert new_masks(scores, masks, two, "weight", "layer")["fc"].tolist() == [[False, True, False, True]]


def test_layers_that_a_level_leaves_out_are_left_alone() -> None:
    scores = {"a": torch.zeros(2, 2), "b": torch.ones(2, 2)}
    masks = {name: torch.ones(2, 2, dtype=torch.bool) for name in scores}
    for scope in ("layer", "global"):
        assert set(new_masks(scores, masks, Level(1, (("b", 0.5),)), "weight", scope)) == {"b"}


def test_a_layer_may_lose_all() -> None:
    whole = {"fc": torch.ones(3, 3, dtype=torch.bool)}
    assert not new_masks({"fc": torch.rand(3, 3)}, whole, Level(1, (("fc", 1.0),)), "weight", "layer")["fc"].any()


def test_masks_lose_more_and_more_along_a_ladder() -> None:
    generator = torch.Generator().manual_seed(0)
    for granularity in GRANULARITIES:
        for scope in ("layer", "global"):
            masks = {name: torch.ones(9, 11, dtype=torch.bool) for name in ("a", "b")}
            for index in range(1, 15):
                gone = 1 - 0.8**index
                scores = {name: torch.rand(9, 11, generator=generator) * mask for name, mask in masks.items()}
                before = masks
                masks = new_masks(scores, masks, Level(index, (("a", gone), ("b", gone))), granularity, scope)
                for name, mask in masks.items():
                    assert not (mask & ~before[name]).any()


def layer(name: str, weights: tuple[int, int], **place: bool) -> LayerInfo:
    return LayerInfo(name, "linear", weights, True, place.get("first", False), place.get("output", False))


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_global_counts_granules_over_all_layers(granularity: str) -> None:
    scores = {"a": torch.full((4, 5), 9.0), "b": torch.arange(30.0).view(6, 5) + 100}
    masks = {name: torch.ones(score.shape, dtype=torch.bool) for name, score in scores.items()}
    found = new_masks(scores, masks, Level(1, (("a", 0.4), ("b", 0.4))), granularity, "global")
    number = {"weight": 50, "unit": 10, "input": 10}[granularity]
    gone = math.floor(0.4 * number + 0.5)
    lost = sum(
        not any(bool(found[name][place]) for place in places)
        for name, score in scores.items()
        for places in granules(tuple(score.shape), granularity)
    )
    assert lost == gone
    assert found["b"].all() == (gone <= {"weight": 20, "unit": 4, "input": 5}[granularity])
