"""What is left of a network, against slow and obvious counts."""

from __future__ import annotations

import itertools
from collections import OrderedDict

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from bench.measures.size import live_weights, size_of
from bench.models.base import multiply_adds
from bench.models.layout import parameter_layout


def chain(*sizes: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for place, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=1):
        layers[f"fc{place}"] = nn.Linear(inputs, outputs)
        layers[f"relu{place}"] = nn.ReLU()
    return nn.Sequential(layers)


def on_a_path(matrices: list[Tensor]) -> list[Tensor]:
    """Walk every path from an input to an output and mark the weights that it passes."""
    marked = [torch.zeros_like(matrix, dtype=torch.bool) for matrix in matrices]
    widths = [matrices[0].shape[1], *(matrix.shape[0] for matrix in matrices)]
    for path in itertools.product(*(range(width) for width in widths)):
        steps = list(enumerate(itertools.pairwise(path)))
        if all(matrices[layer][after, before] != 0 for layer, (before, after) in steps):
            for layer, (before, after) in steps:
                marked[layer][after, before] = True
    return marked


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    density=st.floats(0, 1),
    seed=st.integers(0, 2**31),
)
def test_live_weights_lie_on_a_path(sizes: list[int], density: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    module = chain(*sizes)
    weights = {}
    for place, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=1):
        kept = torch.rand(outputs, inputs, generator=generator) < density
        weights[f"fc{place}"] = torch.ones(outputs, inputs) * kept
    live = live_weights(module, weights)
    for found, expected in zip(live.values(), on_a_path(list(weights.values())), strict=True):
        assert torch.equal(found, expected)


def test_a_flattened_channel_has_several_inputs() -> None:
    module = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 3), flatten=nn.Flatten(), fc=nn.Linear(2 * 4, 3)))
    conv = torch.ones(2, 1, 3, 3)
    conv[1] = 0
    live = live_weights(module, {"conv": conv, "fc": torch.ones(3, 8)})
    assert live["fc"][:, :4].all()
    assert not live["fc"][:, 4:].any()


def test_where_paths_branch_all_that_is_kept_counts() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Linear(3, 3), nn.Linear(3, 3)

    kept = {"one": torch.zeros(3, 3), "other": torch.ones(3, 3)}
    assert live_weights(Branching(), kept)["other"].all()


def test_counts_of_a_small_network() -> None:
    module = chain(3, 2, 2)
    layout = parameter_layout(module)
    tensors = {
        "fc1.weight": torch.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]),
        "fc1.bias": torch.tensor([0.5, 0.0]),  # the second unit is gone with its bias
        "fc2.weight": torch.tensor([[3.0, 4.0], [0.0, 5.0]]),
        "fc2.bias": torch.tensor([0.0, 0.0]),  # biases that happen to be zero are there all the same
    }
    size = size_of(module, layout, layout.flatten(tensors), multiply_adds(module, (3,)))
    assert [(layer.weights, layer.kept, layer.effective) for layer in size.layers] == [(6, 2, 2), (4, 3, 1)]
    assert (size.weights, size.kept) == (10, 5)
    assert size.sparsity == 0.5
    assert size.effective_sparsity == 0.7
    assert (size.parameters, size.parameters_kept) == (14, 8)
    assert (size.multiply_adds, size.multiply_adds_kept) == (10, 5)
