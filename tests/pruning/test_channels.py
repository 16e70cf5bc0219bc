"""Whole channels: which go, against a slow reference; what goes with them; and what is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from bench.channels.structure import Channels, Structure
from bench.errors import UserError
from bench.executors.changes import prune
from bench.levels import ladder
from bench.models.base import build, prunable_layers
from bench.models.layout import parameter_layout
from bench.pruning.channels import check_channels, groups_of, kept_channels, of_units
from bench.recipe import Level, Prune, Score
from bench.suite.values import PruneSpec, SparsitySpec
from bench.training.state import State
from tests.models.choosing import chosen

SHAPE = (3, 16, 16)


def structure_of(name: str, **options: object) -> tuple[nn.Module, Channels]:
    module = build(chosen(name, **options), SHAPE, 4)
    channels = Structure(module, SHAPE).channels
    assert channels is not None
    return module, channels


def state_of(module: nn.Module) -> State:
    layout = parameter_layout(module)
    weights = layout.flatten({name: parameter.detach() for name, parameter in module.named_parameters()})
    return State(weights, torch.ones(layout.width, dtype=torch.bool), torch.zeros(0))


@st.composite
def tied(draw: st.DrawFn) -> tuple[Channels, dict[str, tuple[int, ...]]]:
    """Groups of layers that share channels, some of them in pairs, and some layers with further ones of their own."""
    units: dict[str, list[int]] = {}
    begin = 0
    for group in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, 6))
        shared = list(range(begin, begin + size))
        begin += size
        for layer in range(draw(st.integers(1, 3))):
            more = draw(st.integers(0, 2))
            own = list(range(begin, begin + more))
            begin += more
            units[f"layer{group}{layer}"] = (shared + own) * draw(st.integers(1, 2))
    places = {name: np.array(numbers) for name, numbers in units.items()}
    shapes = {name: (len(numbers), draw(st.integers(1, 3))) for name, numbers in units.items()}
    return Channels(places, {}, frozenset()), shapes


def slowly(
    scores: Mapping[str, Tensor], masks: Mapping[str, Tensor], share: float, scope: str, channels: Channels
) -> set[int]:
    """The channels that go, one at a time."""
    members: dict[int, list[tuple[str, int]]] = {}
    for name, numbers in channels.units.items():
        for unit, number in enumerate(numbers):
            members.setdefault(int(number), []).append((name, unit))
    groups: dict[frozenset[str], list[int]] = {}
    for number, units in members.items():
        groups.setdefault(frozenset(name for name, _ in units) if scope == "layer" else frozenset(), []).append(number)
    going: set[int] = set()
    for numbers in groups.values():

        def rank(number: int) -> tuple[bool, float, int]:
            alive = any(bool(masks[name][unit].any()) for name, unit in members[number])
            values = [value for name, unit in members[number] for value in scores[name][unit].tolist()]
            return alive, math.hypot(*values), number

        count = math.floor(Fraction(str(share)) * len(numbers) + Fraction(1, 2))
        going.update(sorted(numbers, key=rank)[:count])
    return going


@settings(deadline=None, max_examples=80)
@given(made=tied(), share=st.integers(0, 20), scope=st.sampled_from(("layer", "global")), seed=st.integers(0, 2**31))
def test_the_lowest_channels_of_each_group_go(
    made: tuple[Channels, dict[str, tuple[int, ...]]], share: int, scope: str, seed: int
) -> None:
    channels, shapes = made
    generator = torch.Generator().manual_seed(seed)
    scores = {name: torch.rand(shape, generator=generator, dtype=torch.float64) for name, shape in shapes.items()}
    masks = {name: torch.rand(shape, generator=generator) < 0.6 for name, shape in shapes.items()}
    level = Level(1, tuple((name, share / 20) for name in shapes))
    kept = kept_channels(scores, masks, level, scope, channels)
    assert {number for number, stays in kept.items() if not stays} >= slowly(scores, masks, share / 20, scope, channels)
    gone_before = {
        number for number in kept if not any(bool(masks[name][channels.units[name] == number].any()) for name in shapes)
    }
    assert {number for number, stays in kept.items() if not stays} == (
        slowly(scores, masks, share / 20, scope, channels) | gone_before
    )


@pytest.mark.parametrize("name", ["mlp", "lenet-5", "vgg-11-bn"])
@pytest.mark.parametrize("scope", ["layer", "global"])
def test_where_nothing_is_tied_a_channel_is_a_unit(name: str, scope: str) -> None:
    module = build(chosen(name), SHAPE, 4)
    layout, structure = parameter_layout(module), Structure(module, SHAPE)
    state = state_of(module)
    level = Level(1, tuple((layer.name, 0.37) for layer in layout.layers[:-1]))
    steps = [Prune(level, Score("magnitude"), kind, scope, norms=True) for kind in ("unit", "channel")]
    masks = [prune(state, step, layout, (), 0, "here", structure=structure).mask for step in steps]
    assert torch.equal(*masks)


def test_what_shares_a_channel() -> None:
    """Of a residual network the sums of each stage; of a max-feature-map the two filters that are compared."""
    _, channels = structure_of("resnet-20")
    groups = {group.layers: len(group.channels) for group in groups_of(channels, list(channels.units)[:-1])}
    stage2 = ("stage2.block1.conv2", "stage2.block1.shortcut.conv", "stage2.block2.conv2", "stage2.block3.conv2")
    assert groups[stage2] == 32
    assert groups[("stage2.block1.conv1",)] == 32
    assert len(groups) == 9 + 3
    _, channels = structure_of("lightcnn-9")
    assert channels.units["conv1"].tolist() == channels.units["conv1"][:48].tolist() * 2
    assert len(set(channels.units["conv1"].tolist())) == 48


def test_a_shortcut_of_zeros_ties_the_first_channels_of_all_stages() -> None:
    _, channels = structure_of("resnet-20", shortcut="pad")
    outer = [group for group in groups_of(channels, list(channels.units)[:-1]) if len(group.layers) > 1]
    assert sorted(len(group.channels) for group in outer) == [16, 16, 32]
    first, second, third = sorted(outer, key=lambda group: -len(group.layers))
    assert set(third.layers) < set(second.layers) < set(first.layers)


@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("name", ["resnet-20", "wrn-22-2", "lightcnn-9"])
def test_all_of_a_channel_goes_and_nothing_comes_back(name: str, scope: str) -> None:
    """Weights, biases, and every batch norm on its way, also one behind a sum."""
    module, channels = structure_of(name)
    layout, structure = parameter_layout(module), Structure(module, SHAPE)
    state = state_of(module)
    for index, share in enumerate((0.25, 0.5, 0.9), start=1):
        before = state
        level = Level(index, tuple((layer.name, share) for layer in layout.layers[:-1]))
        step = Prune(level, Score("random"), "channel", scope)
        state = prune(state, step, layout, (), 3, f"place {index}", structure=structure)
        assert not (state.mask & ~before.mask).any()
        own = layout.views(state.mask)
        names = [name for name, _ in level.layers]
        total = {int(number) for name in names for number in channels.units[name]}
        gone = {
            int(number)
            for name in names
            for number in channels.units[name][~own[f"{name}.weight"].flatten(1).any(dim=1)]
        }
        for owner, numbers in {**channels.units, **channels.factors}.items():
            units = torch.tensor([int(number) not in gone for number in numbers])
            for part in (part for part in ("weight", "bias") if f"{owner}.{part}" in own):
                rows = own[f"{owner}.{part}"].reshape(len(units), -1)
                assert torch.equal(rows.all(dim=1), units)
                assert torch.equal(rows.any(dim=1), units)
        if scope == "global":
            assert len(gone) == math.floor(share * len(total) + 0.5)


def test_units_take_their_batch_norm_along_only_when_the_recipe_says_so() -> None:
    module, _ = structure_of("vgg-11-bn")
    layout, structure = parameter_layout(module), Structure(module, SHAPE)
    level = Level(1, (("conv2", 0.5),))
    for norms in (True, False):
        step = Prune(level, Score("magnitude"), "unit", norms=norms)
        own = layout.views(prune(state_of(module), step, layout, (), 0, "here", structure=structure).mask)
        units = own["conv2.weight"].flatten(1).any(dim=1)
        assert int(units.sum()) == 64
        for vector in ("norm2.weight", "norm2.bias"):
            assert torch.equal(own[vector], units if norms else torch.ones_like(units))
        assert own["norm1.weight"].all()


def refusal(name: str, exclude: tuple[str, ...], rates: tuple[tuple[str, float], ...] = (), **options: object) -> str:
    module, channels = structure_of(name, **options)
    layers = prunable_layers(module)
    spec = PruneSpec(granularity="channel", exclude=exclude, rates=rates)
    with pytest.raises(UserError) as caught:
        check_channels(channels, ladder(SparsitySpec(targets=(0.5,)), spec, layers, "method x"), "method x")
    return str(caught.value)


def test_refusals_say_what_and_how_to_mend_it() -> None:
    assert "would take away classes" in refusal("resnet-20", ())
    assert "exclude all of them, or none" in refusal("resnet-20", ("output", "stage1.block2.conv2"))
    assert "give both the same rate" in refusal("resnet-20", ("output",), (("stage1.block2.conv2", 0.5),))
    words = refusal("vit-tiny", ("output",))
    assert "'patches.conv'" in words
    assert "exclude: [patches.conv, block1.attention.query" in words
    assert "fc1" not in words
    with pytest.raises(UserError, match="cannot be told; give granularity: unit"):
        check_channels(None, (Level(1, (("fc1", 0.5),)),), "method x")


def test_only_channels_of_the_level_are_touched() -> None:
    assert of_units({3: False, 4: True}, np.array([1, 3, 4])).tolist() == [True, False, True]
