"""How a removal is divided over layers: held to slow ways of doing the same, to published figures, and to itself."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.levels import ladder, overall, scope_and_floor
from bench.models.base import LayerInfo, build, prunable_layers
from bench.pruning.granularity import granularity
from bench.pruning.masks import exact_count, least_kept, new_masks
from bench.recipe import Level
from bench.suite.values import PruneSpec, SparsitySpec

Shape = tuple[int, ...]


def layers_of(shapes: Sequence[Shape]) -> tuple[LayerInfo, ...]:
    last = len(shapes) - 1
    return tuple(
        LayerInfo(f"layer{place}", "conv" if len(shape) == 4 else "linear", shape, False, place == 0, place == last)
        for place, shape in enumerate(shapes)
    )


def level_of(layers: Sequence[LayerInfo], target: float, **prune: object) -> Level:
    (level,) = ladder(SparsitySpec(targets=(target,)), PruneSpec(**prune), layers, "a suite")  # type: ignore[arg-type]
    return level


def gone(level: Level, layers: Sequence[LayerInfo], pieces: str = "weight") -> list[int]:
    """How many granules of each layer the masks will lose."""
    counts = [granularity(pieces).count(layer.shape) for layer in layers]
    return [exact_count(share, count) for (_, share), count in zip(level.layers, counts, strict=True)]


def erdos_renyi_kernel(shapes: Sequence[Shape], sparsity: float) -> list[float]:
    """The densities, found as the paper tells it: whoever would have more than all becomes dense, and once more."""
    dense: set[int] = set()
    while True:
        others = [place for place in range(len(shapes)) if place not in dense]
        raw = {place: sum(shapes[place]) / math.prod(shapes[place]) for place in others}
        left = sum(math.prod(shape) for shape in shapes) * (1 - sparsity)
        left -= sum(math.prod(shapes[place]) for place in dense)
        scale = left / sum(raw[place] * math.prod(shapes[place]) for place in others)
        over = {place for place in others if scale * raw[place] > 1}
        if not over:
            return [1.0 if place in dense else scale * raw[place] for place in range(len(shapes))]
        dense |= over


shapes = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 40), st.integers(1, 40)),
        st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3, 5]), st.sampled_from([1, 3])),
    ),
    min_size=1,
    max_size=6,
)
targets = st.lists(st.integers(1, 999), min_size=1, max_size=8, unique=True).map(
    lambda found: tuple(sorted(one / 1000 for one in found))
)
allocations = st.sampled_from(["uniform", "erk", "er"])


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5", "conv-4", "resnet-20", "vgg-11-bn"])
@pytest.mark.parametrize("sparsity", [0.5, 0.8, 0.9, 0.98])
def test_erk_as_the_paper_tells_it(network: str, sparsity: float) -> None:
    image = (1, 28, 28) if network.startswith("lenet") else (3, 32, 32)
    layers = prunable_layers(build(network, image, 10))
    found = gone(level_of(layers, sparsity, scope="erk"), layers)
    expected = erdos_renyi_kernel([layer.shape for layer in layers], sparsity)
    whole = sum(layer.weights for layer in layers)
    assert sum(found) == math.floor(sparsity * whole + 0.5)
    for layer, count, density in zip(layers, found, expected, strict=True):
        assert abs(layer.weights - count - density * layer.weights) <= 1.5, layer.name


@settings(max_examples=150, deadline=None)
@given(shapes=shapes, target=st.integers(1, 999))
def test_erk_of_any_layers(shapes: list[Shape], target: int) -> None:
    layers, whole = layers_of(shapes), sum(math.prod(shape) for shape in shapes)
    found = gone(level_of(layers, target / 1000, scope="erk"), layers)
    assert sum(found) == math.floor(round(target * whole / 1000, 6) + 0.5)
    for count, density, layer in zip(found, erdos_renyi_kernel(shapes, target / 1000), layers, strict=True):
        # The counts of all layers are rounded together, which moves each by its part of what the others are off.
        assert abs(layer.weights * (1 - density) - count) <= len(layers) / 2 + 1


def resnet_50() -> list[tuple[Shape, int]]:
    """The shapes of the weights, and the side of what comes out of each layer, for images of 224 pixels."""
    found: list[tuple[Shape, int]] = [((64, 3, 7, 7), 112)]
    inputs = 64
    for stage, (blocks, width, side) in enumerate([(3, 64, 56), (4, 128, 28), (6, 256, 14), (3, 512, 7)]):
        for block in range(blocks):
            before = side * 2 if block == 0 and stage > 0 else side
            found += [((width, inputs, 1, 1), before), ((width, width, 3, 3), side), ((4 * width, width, 1, 1), side)]
            if block == 0:
                found.append(((4 * width, inputs, 1, 1), side))
            inputs = 4 * width
    return [*found, ((1000, 2048), 1)]


@pytest.mark.parametrize(("sparsity", "published"), [(0.8, 0.42), (0.9, 0.24)])
def test_erk_leaves_the_published_share_of_the_work_of_resnet_50(sparsity: float, published: float) -> None:
    """Evci et al., table of ImageNet results: the FLOPs of networks with ERK, as a share of the dense one's."""
    made = resnet_50()
    layers = layers_of([shape for shape, _ in made])
    work = [layer.weights * side**2 for layer, (_, side) in zip(layers, made, strict=True)]
    shares = [share for _, share in level_of(layers, sparsity, scope="erk").layers]
    left = sum((1 - share) * cost for share, cost in zip(shares, work, strict=True)) / sum(work)
    assert left == pytest.approx(published, abs=0.01)


def test_er_does_not_look_at_kernels() -> None:
    layers = layers_of([(8, 4, 3, 3), (16, 8, 3, 3), (32, 16, 3, 3)])
    shares = [share for _, share in level_of(layers, 0.95, scope="er").layers]
    left = [(1 - share) * 8 * 4 * 2**place * 2**place for place, share in enumerate(shares)]
    assert left[1] / left[0] == pytest.approx(2, rel=0.1)  # kept in proportion to inputs and outputs together
    assert left[2] / left[1] == pytest.approx(2, rel=0.1)


@settings(max_examples=150, deadline=None)
@given(shapes=shapes, targets=targets, scope=allocations, floor=st.sampled_from([0, 1, 3, 0.005]))
def test_no_layer_gets_weights_back_and_the_total_is_exact(
    shapes: list[Shape], targets: tuple[float, ...], scope: str, floor: float
) -> None:
    layers = layers_of(shapes)
    whole = sum(layer.weights for layer in layers)
    least = [least_kept(floor, layer.weights) for layer in layers]
    spec = PruneSpec(scope=scope, floor=floor)  # type: ignore[arg-type]
    possible = tuple(one for one in targets if one * whole <= whole - sum(least))
    if len(possible) < len(targets):
        with pytest.raises(UserError, match="the floor keeps"):
            ladder(SparsitySpec(targets=targets), spec, layers, "a suite")
    if not possible:
        return
    levels = ladder(SparsitySpec(targets=possible), spec, layers, "a suite")
    for target, level in zip(possible, levels, strict=True):
        counts = gone(level, layers)
        assert sum(counts) == min(math.floor(round(target * whole, 6) + 0.5), whole - sum(least))
        assert all(layer.weights - count >= own for layer, count, own in zip(layers, counts, least, strict=True))
        # A level is what it is, whichever others stand beside it: a suite may grow.
        assert ladder(SparsitySpec(targets=(target,)), spec, layers, "a suite")[0].layers == level.layers
    for one, other in pairwise(levels):
        assert all(before <= after for before, after in zip(gone(one, layers), gone(other, layers), strict=True))


@settings(max_examples=60, deadline=None)
@given(shapes=shapes, target=st.integers(1, 999), scope=allocations, pieces=st.sampled_from(["input", "2x3", "4x4"]))
def test_whole_granules_come_as_near_as_they_can(shapes: list[Shape], target: int, scope: str, pieces: str) -> None:
    layers = layers_of(shapes)
    level = level_of(layers, target / 1000, scope=scope, granularity=pieces)
    sizes = [layer.weights / granularity(pieces).count(layer.shape) for layer in layers]
    total = sum(count * size for count, size in zip(gone(level, layers, pieces), sizes, strict=True))
    whole = sum(layer.weights for layer in layers)
    assert abs(total - target * whole / 1000) <= max(sizes) / 2 + 0.5 + 1e-6


def test_uniform_is_one_share_although_the_ladder_has_rates_of_layers() -> None:
    """The levels ask for as much in all as they ask within layers, and divide it evenly."""
    layers = prunable_layers(build("lenet-300-100", (1, 28, 28), 10))
    spec = SparsitySpec(rate=0.2, rounds=8, rates=(("output", 0.1),))
    within = ladder(spec, PruneSpec(), layers, "a suite")
    even = ladder(spec, PruneSpec(scope="uniform"), layers, "a suite")
    for one, other in zip(within, even, strict=True):
        assert sum(gone(other, layers)) == math.floor(overall(one, layers) * 266_200 + 0.5)
        shares = [share for _, share in other.layers]
        assert max(shares) - min(shares) < 1 / 1000  # a weight of the smallest layer
        assert one.layers[-1][1] < min(shares)


def test_uniform_with_a_layer_at_half_rate_reaches_the_target_all_the_same() -> None:
    layers = layers_of([(100, 20), (100, 100), (10, 100)])
    level = level_of(layers, 0.6, scope="uniform", rates=(("first", 0.5),))
    assert sum(gone(level, layers)) == 7800  # 60 % of 13,000
    shares = dict(level.layers)
    assert shares["layer0"] == pytest.approx(shares["layer1"] / 2, abs=1e-3)
    assert shares["layer1"] == pytest.approx(shares["layer2"], abs=1e-3)
    within = level_of(layers, 0.6, rates=(("first", 0.5),))
    assert dict(within.layers) == {"layer0": 0.3, "layer1": 0.6, "layer2": 0.6}  # of which the total follows


def test_excluded_layers_are_not_divided_among() -> None:
    layers = layers_of([(30, 20), (40, 30), (5, 40)])
    for scope in ("uniform", "erk"):
        level = level_of(layers, 0.5, scope=scope, exclude=("output",))
        assert [name for name, _ in level.layers] == ["layer0", "layer1"]
        assert sum(gone(level, layers[:2])) == 900


def test_what_the_levels_settle_is_no_business_of_the_masks() -> None:
    assert scope_and_floor(PruneSpec(scope="erk", floor=2)) == ("layer", 0)
    assert scope_and_floor(PruneSpec(scope="layer", floor=2)) == ("layer", 0)
    assert scope_and_floor(PruneSpec(scope="global", floor=2)) == ("global", 2)


def test_a_floor_within_layers_is_made_up_for_by_the_others() -> None:
    layers = layers_of([(20, 20), (10, 10)])
    assert gone(level_of(layers, 0.96), layers) == [384, 96]
    assert gone(level_of(layers, 0.96, floor=5), layers) == [385, 95]
    assert gone(level_of(layers, 0.9, floor=5), layers) == [360, 90]
    with pytest.raises(UserError, match=r"0.99 of all that is pruned is to go, and the floor keeps 0.05 of it"):
        level_of(layers, 0.99, floor=0.05)


@st.composite
def scored(draw: st.DrawFn) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], float, float]:
    """Layers whose scores have ties, of which some weights are gone; a share to go and a floor that it leaves room."""
    scores, masks = {}, {}
    for number in range(draw(st.integers(1, 3))):
        shape = (draw(st.integers(1, 5)), draw(st.integers(1, 6)))
        size = shape[0] * shape[1]
        values = draw(st.lists(st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0]), min_size=size, max_size=size))
        there = draw(st.lists(st.sampled_from([True, True, False]), min_size=size, max_size=size))
        scores[f"fc{number}"] = torch.tensor(values).view(shape)
        masks[f"fc{number}"] = torch.tensor(there).view(shape) | draw(st.booleans())
    return scores, masks, draw(st.integers(0, 100)) / 100, draw(st.sampled_from([0, 1, 2, 5, 0.01, 0.3]))


@settings(max_examples=300, deadline=None)
@given(case=scored())
def test_over_all_layers_the_next_worst_go_where_a_layer_is_at_its_floor(
    case: tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], float, float],
) -> None:
    scores, masks, share, floor = case
    level = Level(1, tuple((name, share) for name in scores))
    found = new_masks(scores, masks, level, "weight", "global", floor)

    left = {name: int(mask.sum()) for name, mask in masks.items()}
    least = {name: least_kept(floor, mask.numel()) for name, mask in masks.items()}
    whole = sum(mask.numel() for mask in masks.values())
    expected = {name: mask.clone() for name, mask in masks.items()}
    to_go = math.floor(round(share * whole, 9) + 0.5) - sum(int((~mask).sum()) for mask in masks.values())
    places = [(name, place) for name in scores for place in range(scores[name].numel())]
    for name, place in sorted(places, key=lambda one: float(scores[one[0]].flatten()[one[1]])):
        if to_go > 0 and masks[name].flatten()[place] and left[name] > least[name]:
            expected[name].view(-1)[place] = False
            left[name] -= 1
            to_go -= 1
    for name, mask in found.items():
        assert torch.equal(mask, expected[name]), name


def test_over_all_layers_a_floor_counts_granules() -> None:
    """Five of ten large units and of a hundred small ones: half of the weights, and few of the units."""
    layers = [
        LayerInfo(name, "linear", shape, False, False, False) for name, shape in (("a", (10, 1000)), ("b", (100, 1)))
    ]
    level = level_of(layers, 0.9, scope="global", granularity="unit", floor=5)
    scores = {layer.name: torch.rand(layer.shape, generator=torch.Generator().manual_seed(1)) for layer in layers}
    masks = {name: torch.ones_like(one, dtype=torch.bool) for name, one in scores.items()}
    found = new_masks(scores, masks, level, "unit", "global", 5)
    left = [int(mask.any(dim=1).sum()) for mask in found.values()]
    assert sum(left) == 11
    assert min(left) >= 5
    with pytest.raises(UserError, match="the floor keeps 0.4955 of it"):
        level_of(layers, 0.9, granularity="unit", floor=5)


def test_no_floor_is_as_it_always_was() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = {name: torch.rand(7, 9, generator=generator) * size for name, size in (("a", 1.0), ("b", 0.01))}
    masks = {name: torch.ones(7, 9, dtype=torch.bool) for name in scores}
    level = Level(1, (("a", 0.5), ("b", 0.5)))
    assert not new_masks(scores, masks, level, "weight", "global")["b"].any()  # a collapse is a result
    floored = new_masks(scores, masks, level, "weight", "global", 2)
    assert int(floored["b"].sum()) == 2
    assert int(floored["a"].sum()) == 61


@pytest.mark.parametrize(
    ("floor", "granules", "kept"), [(0, 9, 0), (1, 9, 1), (20, 9, 9), (0.3, 10, 3), (0.301, 10, 4)]
)
def test_what_a_floor_keeps(floor: float, granules: int, kept: int) -> None:
    assert least_kept(floor, granules) == kept
