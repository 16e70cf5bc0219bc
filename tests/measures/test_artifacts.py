"""Masks, histograms and confusion matrices, against what they are made of."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix
from torch import Tensor

from bench.measures import artifacts
from bench.measures.artifacts import BINS, Artifact, artifacts_of, confusion
from bench.models.base import LayerInfo
from bench.models.layout import Layout, Place

Shapes = list[tuple[int, ...]]
shapes = st.lists(st.lists(st.integers(1, 7), min_size=2, max_size=4).map(tuple), min_size=1, max_size=4)
sparsities = st.sampled_from([0.0, 0.5, 0.99, 1.0])


def laid_out(sizes: Sequence[tuple[int, ...]]) -> Layout:
    """A layout of layers of these shapes, with something between them that is not prunable."""
    places, layers, offset = [], [], 0
    for number, shape in enumerate(sizes):
        for name, size in ((f"layer{number}.weight", shape), (f"layer{number}.bias", shape[:1])):
            places.append(Place(name, offset, size))
            offset += places[-1].size + 3
        ends = number == 0, number == len(sizes) - 1
        layers.append(LayerInfo(f"layer{number}", "linear" if len(shape) == 2 else "conv", shape, True, *ends))
    return Layout(tuple(places), offset, tuple(layers))


def state(layout: Layout, seed: int, sparsity: float) -> tuple[Tensor, Tensor]:
    """Weights and their mask, in flat buffers."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(layout.width, generator=generator) >= sparsity
    return torch.randn(layout.width, generator=generator) * mask, mask


def of_kind(kind: str, found: Sequence[Artifact]) -> list[Artifact]:
    return [one for one in found if one.kind == kind]


def numbers(artifact: Artifact) -> NDArray[np.int64]:
    assert artifact.content is not None
    return np.frombuffer(zlib.decompress(artifact.content), "<i8").reshape(artifact.shape)


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(0, 1000), sparsities)
def test_a_mask_has_a_bit_a_weight(sizes: Shapes, seed: int, sparsity: float) -> None:
    layout = laid_out(sizes)
    weights, mask = state(layout, seed, sparsity)
    found = of_kind("mask", artifacts_of(layout, weights, mask))
    assert [(one.name, one.position, one.shape) for one in found] == [
        (f"layer{number}", number, shape) for number, shape in enumerate(sizes)
    ]
    for one, expected in zip(found, layout.weights(mask).values(), strict=True):
        assert one.content is not None
        packed = zlib.decompress(one.content)
        assert len(packed) == -(-expected.numel() // 8)
        bits = "".join(f"{byte:08b}" for byte in packed)[: expected.numel()]
        assert bits == "".join(str(int(value)) for value in expected.reshape(-1))


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(0, 1000), sparsities)
def test_a_histogram_counts_every_kept_weight_once(sizes: Shapes, seed: int, sparsity: float) -> None:
    layout = laid_out(sizes)
    weights, mask = state(layout, seed, sparsity)
    found = of_kind("histogram", artifacts_of(layout, weights, mask))
    assert len(found) == len(sizes)
    for one, layer in zip(found, layout.weights(weights).values(), strict=True):
        counts, kept = numbers(one), layer[layer != 0].double().tolist()
        assert one.scale == max((abs(weight) for weight in kept), default=0.0)
        assert counts.shape == (BINS,)
        assert counts.sum() == len(kept)
        if kept:
            edges = np.linspace(-one.scale, one.scale, BINS + 1)
            slow = [sum(low <= weight < high for weight in kept) for low, high in pairwise(edges)]
            slow[-1] += sum(weight == one.scale for weight in kept)
            assert counts.tolist() == slow


def test_weights_without_end_have_no_histogram() -> None:
    layout = laid_out([(2, 2), (2, 2)])
    weights, mask = state(layout, 0, 0.0)
    layout.weights(weights)["layer0"][0, 0] = torch.inf
    assert [one.name for one in of_kind("histogram", artifacts_of(layout, weights, mask))] == ["layer1"]


@given(st.integers(2, 12), st.integers(0, 60), st.integers(0, 1000))
def test_a_confusion_matrix_has_the_true_classes_in_its_rows(classes: int, count: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    labels, answers = torch.randint(classes, (2, count), generator=generator)
    found = numbers(confusion(labels, answers, classes))
    assert found.trace() == int((labels == answers).sum())
    assert found.sum(axis=1).tolist() == torch.bincount(labels, minlength=classes).tolist()
    if count:
        assert np.array_equal(found, confusion_matrix(labels, answers, labels=range(classes)))


def test_masks_of_the_smallest_layers_have_room_first(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = laid_out([(20, 100), (3, 4), (50, 100), (10, 10)])
    weights, mask = state(layout, 0, 0.5)
    whole = of_kind("mask", artifacts_of(layout, weights, mask))
    sizes = {one.name: len(one.content or b"") for one in whole}
    assert sizes["layer2"] >= 50 * 100 // 8  # chance does not compress
    for room in (0, sizes["layer1"], sizes["layer1"] + sizes["layer3"] + sizes["layer0"], sum(sizes.values())):
        monkeypatch.setattr(artifacts, "MOST_MASK_BYTES", room)
        found = of_kind("mask", artifacts_of(layout, weights, mask))
        kept = {one.name for one in found if one.content is not None}
        fitting = {name for name in sizes if sum(size for size in sizes.values() if size <= sizes[name]) <= room}
        assert kept == fitting
        assert [(one.name, one.shape) for one in found] == [(one.name, one.shape) for one in whole]  # all are noted
