"""The gradient that is written out, held to automatic differentiation."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from bench.models.layout import buffer_layout, parameter_layout
from bench.training.chain import Chain, links_of
from bench.training.losses import Batch
from bench.training.networks import OneByOne
from bench.training.stacks import Stack
from tests.training.build import net, stacked


def by_autograd(
    module: nn.Module, weights: dict[str, torch.Tensor], inputs: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    own = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
    loss = functional.cross_entropy(torch.func.functional_call(module, own, (inputs,)), labels)
    return loss.detach(), dict(zip(own, torch.autograd.grad(loss, list(own.values())), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=2, max_size=5),
    replicas=st.integers(1, 4),
    batch=st.integers(1, 9),
    activation=st.sampled_from(["relu", "tanh"]),
    head=st.sampled_from(["logits", "tanh", "softmax"]),
    bias=st.booleans(),
    masked=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_in_double_precision(
    sizes: list[int], replicas: int, batch: int, activation: str, head: str, bias: bool, masked: bool, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    module = net(*sizes, activation=activation, head=head, bias=bias).double()
    layout = parameter_layout(module)
    links = links_of(module)
    assert links is not None
    chain = Chain(links, layout, buffer_layout(module))
    weights = torch.randn(replicas, layout.width, generator=generator, dtype=torch.float64)
    masks = (torch.rand(weights.shape, generator=generator) < 0.5).double() if masked else None
    if masks is not None:
        weights *= masks
    inputs = torch.randn(replicas, batch, sizes[0], generator=generator, dtype=torch.float64)
    labels = torch.randint(sizes[-1], (replicas, batch), generator=generator)
    gradient = torch.zeros_like(weights)
    stack = Stack(weights, torch.empty(replicas, 0), masks, {}, gradient)
    with torch.no_grad():
        losses = chain.gradient(stack, Batch(inputs, labels))
    for replica in range(replicas):
        loss, expected = by_autograd(module, layout.views(weights[replica]), inputs[replica], labels[replica])
        assert torch.allclose(losses[replica], loss, rtol=1e-12)
        kept = layout.views(masks[replica]) if masks is not None else None
        for name, found in layout.views(gradient[replica]).items():
            wanted = expected[name] if kept is None else expected[name] * kept[name]
            assert torch.allclose(found, wanted, rtol=1e-9, atol=1e-13), name


@pytest.mark.parametrize("bias", [True, False])
def test_both_ways_give_the_same_outputs_and_gradients(bias: bool) -> None:
    module = net(6, 8, 5, 3, bias=bias)
    quick, slow = stacked(module), OneByOne(module)
    assert isinstance(quick, Chain)
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(4, quick.parameters.width, generator=generator)
    inputs = torch.randn(4, 10, 6, generator=generator)
    labels = torch.randint(3, (4, 10), generator=generator)
    found, expected = torch.zeros_like(weights), torch.zeros_like(weights)
    nothing = torch.empty(4, 0)
    with torch.no_grad():
        torch.testing.assert_close(
            quick.gradient(Stack(weights, nothing, None, {}, found), Batch(inputs, labels)),
            slow.gradient(Stack(weights, nothing, None, {}, expected), Batch(inputs, labels)),
        )
        torch.testing.assert_close(quick.outputs(weights, nothing, inputs), slow.outputs(weights, nothing, inputs))
    for name, view in quick.parameters.views(found).items():
        torch.testing.assert_close(view, quick.parameters.views(expected)[name])


def test_images_are_flattened_alike() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 3))
    quick, slow = stacked(module), OneByOne(module)
    weights = torch.randn(2, quick.parameters.width, generator=torch.Generator().manual_seed(2))
    images = torch.rand(2, 5, 3, 2, 2)
    with torch.no_grad():
        torch.testing.assert_close(
            quick.outputs(weights, torch.empty(2, 0), images), slow.outputs(weights, torch.empty(2, 0), images)
        )


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Sigmoid()),
        nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5), nn.Linear(3, 2)),
        nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Tanh(), nn.Linear(3, 2)),
        nn.Sequential(nn.ReLU(), nn.Linear(4, 2)),
        nn.Linear(4, 2),
    ],
    ids=["sigmoid", "dropout", "two activations", "activation first", "no sequence"],
)
def test_what_is_no_chain_goes_one_by_one(module: nn.Module) -> None:
    assert isinstance(stacked(module), OneByOne)
