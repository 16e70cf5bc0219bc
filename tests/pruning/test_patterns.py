"""Blocks of a matrix, and N of M neighbours, against the same done one granule at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.levels import ladder
from bench.models.base import LayerInfo
from bench.patterns import block_of, n_of_m
from bench.pruning.masks import exact_count, new_masks
from bench.recipe import Level
from bench.suite.values import PruneSpec, SparsitySpec

SHAPES = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 11)),
    st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3)),
)


def pruned(scores: torch.Tensor, mask: torch.Tensor, share: float, name: str) -> torch.Tensor:
    return new_masks({"fc": scores}, {"fc": mask}, Level(1, (("fc", share),)), name, "layer")["fc"]


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.integers(1, 4), st.integers(1, 4), st.floats(0, 1), st.integers(0, 9))
def test_blocks_go_whole_the_worst_first(
    shape: tuple[int, ...], rows: int, columns: int, share: float, seed: int
) -> None:
    scores = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    kept = pruned(scores, torch.ones(shape, dtype=torch.bool), share, f"{rows}x{columns}")
    matrix, mask = scores.flatten(1).double().numpy(), kept.flatten(1).numpy()
    worth = []
    for top, left in itertools.product(range(0, matrix.shape[0], rows), range(0, matrix.shape[1], columns)):
        block = np.s_[top : top + rows, left : left + columns]
        assert mask[block].all() or not mask[block].any()
        worth.append((np.sqrt((matrix[block] ** 2).sum()), bool(mask[block].any())))
    gone = sorted(value for value, there in worth if not there)
    assert len(gone) == exact_count(share, len(worth))
    assert not gone or gone[-1] <= min((value for value, there in worth if there), default=np.inf) + 1e-12


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.sampled_from([(2, 4), (1, 4), (1, 2), (4, 8)]), st.integers(0, 9))
def test_of_each_group_of_neighbours_the_best_stay(shape: tuple[int, ...], pattern: tuple[int, int], seed: int) -> None:
    kept, group = pattern
    scores = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    mask = pruned(scores, torch.ones(shape, dtype=torch.bool), 1 - kept / group, f"{kept}:{group}")
    inputs = np.moveaxis(scores.numpy(), 1, -1).reshape(-1, shape[1])
    there = np.moveaxis(mask.numpy(), 1, -1).reshape(-1, shape[1])
    for row, start in itertools.product(range(len(inputs)), range(0, shape[1], group)):
        values, stays = inputs[row, start : start + group], there[row, start : start + group]
        count = len(values) - exact_count(1 - kept / group, len(values))
        assert set(np.flatnonzero(stays)) == set(np.argsort(-values, kind="stable")[:count])


def test_a_mask_only_loses_on_the_way_to_n_of_m() -> None:
    scores = torch.rand(6, 16, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(6, 16, dtype=torch.bool)
    for share in (0.25, 0.5, 0.75):
        after = pruned(torch.rand(6, 16), mask, share, "1:4")
        assert not (after & ~mask).any()
        assert int(after.sum()) == round(96 * (1 - share))
        mask = after
    assert scores.shape == mask.shape


def test_torch_finds_the_same_2_to_4_weights() -> None:
    """Against the sparsifier that PyTorch has for its 2:4 kernels."""
    from torch.ao.pruning import WeightNormSparsifier

    layer = torch.nn.Linear(32, 16)
    sparsifier = WeightNormSparsifier(sparsity_level=1.0, sparse_block_shape=(1, 4), zeros_per_block=2)
    sparsifier.prepare(torch.nn.Sequential(layer), [{"tensor_fqn": "0.weight"}])
    sparsifier.step()
    expected = layer.parametrizations.weight[0].mask.bool()  # type: ignore[union-attr, index]
    weight = layer.parametrizations.weight.original.detach()  # type: ignore[union-attr]
    assert torch.equal(pruned(weight.abs(), torch.ones_like(expected), 0.5, "2:4"), expected)


def layer(name: str, shape: tuple[int, ...], output: bool = False) -> LayerInfo:
    return LayerInfo(name, "linear", shape, True, first=not output, output=output)


LAYERS = (layer("fc", (8, 16)), layer("output", (4, 8), output=True))


def test_what_n_of_m_cannot_reach_is_refused_with_what_it_can() -> None:
    def levels(prune: PruneSpec, *targets: float) -> tuple[Level, ...]:
        return ladder(SparsitySpec(targets=targets), prune, LAYERS, "method x")

    assert [dict(level.layers)["fc"] for level in levels(PruneSpec(granularity="2:4"), 0.25, 0.5)] == [0.25, 0.5]
    with pytest.raises(
        UserError, match=r"0.6 of layer 'fc' cannot go at granularity 2:4; give sparsities: \[0.25, 0.5\]"
    ):
        levels(PruneSpec(granularity="2:4"), 0.6)


@pytest.mark.parametrize("name", ["weight", "4x", "x4", "0x4", "2:", "4:0", "a:b", "2.5x1"])
def test_only_numbers_make_a_pattern(name: str) -> None:
    assert block_of(name) is None
    assert n_of_m(name) is None


def test_a_pattern_that_prunes_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="4 of 4 prunes nothing"):
        n_of_m("4:4")
