"""Networks as scores see them, without a network."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from bench.pruning.view import NetView
from bench.registry import registry


def scores_of(name: str, view: NetView, **options: Any) -> dict[str, Tensor]:
    return dict(registry("score").get(name).make(view, **options))


def view(
    weights: Mapping[str, Tensor], *earlier: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
) -> NetView:
    """A network whose weights have these values now, and had others at the moments that the score asks for."""
    there = masks or {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
    return NetView({name: weight * there[name] for name, weight in weights.items()}, there, earlier, 5, "place")


def drawn(shapes: Mapping[str, tuple[int, ...]], seed: int, *, ties: bool = False) -> dict[str, Tensor]:
    """Weights of these shapes; with ties, of few different values, nought among them."""
    generator = torch.Generator().manual_seed(seed)
    made = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    return {name: weight.round() / 2 if ties else weight for name, weight in made.items()}


def arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    return {name: tensor.double().numpy() for name, tensor in tensors.items()}


layer_shapes = st.one_of(
    st.tuples(st.integers(1, 6), st.integers(1, 7)),
    st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
)
shapes = st.lists(layer_shapes, min_size=1, max_size=3).map(
    lambda found: {f"layer{number}": shape for number, shape in enumerate(found)}
)
seeds = st.integers(0, 10_000)

__all__ = ["arrays", "bench", "drawn", "layer_shapes", "scores_of", "seeds", "shapes", "view"]
