"""Scores from first and second derivatives, against backpropagation written out in NumPy, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.pruning.nets import BATCH, Case, case, mlp, scores, small_conv

Floats = NDArray[np.float64]
LAYERS = ("fc1", "fc2", "output")


def three_layers() -> Case:
    """With tanh between, which has all derivatives."""
    return case(mlp(12, 6, 5, 3), (3, 2, 2), 3).masked(0.2)


def by_hand(made: Case, sample: tuple[Tensor, Tensor], temperature: float = 1.0) -> Callable[..., list[Floats]]:
    """The gradient of the mean loss of three layers with tanh by their weights, as a function of these."""
    biases = [made.layout.views(made.state.weights)[f"{name}.bias"].double().numpy() for name in LAYERS]
    inputs = sample[0].double().flatten(1).numpy()
    target = np.eye(made.classes)[sample[1].numpy()]

    def gradient(weights: list[Floats]) -> list[Floats]:
        first = np.tanh(inputs @ weights[0].T + biases[0])
        second = np.tanh(first @ weights[1].T + biases[1])
        logits = (second @ weights[2].T + biases[2]) / temperature
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        at_output = (shares - target) / len(inputs) / temperature
        at_second = at_output @ weights[2] * (1 - second**2)
        at_first = at_second @ weights[1] * (1 - first**2)
        return [at_first.T @ inputs, at_second.T @ first, at_output.T @ second]

    return gradient


def values(tensors: dict[str, Tensor]) -> list[Floats]:
    return [tensors[name].double().numpy() for name in LAYERS]


def weights_of(made: Case) -> list[Floats]:
    return values(dict(made.view().weights))


def together(batches: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    return torch.cat([inputs for inputs, _ in batches]), torch.cat([labels for _, labels in batches])


def close(found: list[Floats], expected: list[Floats], tolerance: float = 1e-10) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * np.abs(other).max())


@pytest.mark.parametrize("batches", [1, 3])
def test_weight_times_gradient(batches: int) -> None:
    made = three_layers()
    sample = together(made.computing().batches(batches))
    assert len(sample[1]) == batches * BATCH
    weights = weights_of(made)
    products = [w * g for w, g in zip(weights, by_hand(made, sample)(weights), strict=True)]
    given: dict[str, Any] = {"batches": batches}
    close(values(scores("taylor", made.view(), **given)), [np.abs(product) for product in products])
    close(values(scores("taylor-squared", made.view(), **given)), [product**2 for product in products])
    total = sum(np.abs(product).sum() for product in products)
    found = values(scores("snip", made.view(), **given))
    close(found, [np.abs(product) / total for product in products])
    assert sum(one.sum() for one in found) == pytest.approx(1)


def test_snip_is_the_derivative_by_a_mask() -> None:
    """As the paper has it: how the loss changes with a factor of 1 before each weight."""
    made = three_layers()
    (sample,) = made.computing().batches(1)
    plain = made.plain
    masks = {name: torch.ones_like(weight, requires_grad=True) for name, weight in made.view().weights.items()}
    masked = {f"{name}.weight": mask * made.view().weights[name] for name, mask in masks.items()}
    outputs = torch.func.functional_call(plain, masked, (sample[0].double(),))
    by_mask = torch.autograd.grad(nn.functional.cross_entropy(outputs, sample[1]), list(masks.values()))
    total = sum(float(one.abs().sum()) for one in by_mask)
    close(values(scores("snip", made.view())), [one.abs().numpy() / total for one in by_mask])


def test_fisher_is_half_the_squared_weight_times_the_mean_squared_gradient() -> None:
    made = three_layers()
    batches = made.computing().batches(2)
    weights = weights_of(made)
    squares = [np.zeros_like(weight) for weight in weights]
    inputs, labels = together(batches)
    for place in range(len(labels)):
        one = inputs[place : place + 1], labels[place : place + 1]
        for square, gradient in zip(squares, by_hand(made, one)(weights), strict=True):
            square += gradient**2
    expected = [w**2 * square / (2 * len(labels)) for w, square in zip(weights, squares, strict=True)]
    close(values(scores("fisher", made.view(), batches=2)), expected)


class Looking(nn.Module):
    """Looks at values, as no network can that is computed for many samples at once."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.inner(inputs)
        return outputs if outputs.sum().item() > -1e9 else -outputs


def test_fisher_of_a_network_that_takes_only_one_sample_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = case(small_conv(), (2, 6, 6), 3)
    outer = Case(Looking(inner.module), inner.state, inner.shape, inner.classes)
    found = scores("fisher", outer.view(), batches=2)
    expected = scores("fisher", inner.view(), batches=2)
    monkeypatch.setattr("bench.pruning.scores.fisher._NUMBERS", 700)  # a few samples at once
    parts = scores("fisher", inner.view(), batches=2)
    for name, one in expected.items():
        torch.testing.assert_close(found[f"inner.{name}"], one, rtol=1e-10, atol=1e-18)
        torch.testing.assert_close(parts[name], one, rtol=1e-10, atol=1e-18)


@pytest.mark.parametrize(("per_class", "temperature"), [(4, 1.0), (3, 200.0)])
def test_grasp_is_the_weight_times_hessian_times_gradient(per_class: int, temperature: float) -> None:
    """The Hessian in the direction of the gradient, by central differences of the gradient."""
    made = three_layers()
    sample = made.computing().balanced(per_class)
    assert torch.bincount(sample[1]).tolist() == [per_class] * 3
    gradient = by_hand(made, sample, temperature)
    weights = weights_of(made)
    along = gradient(weights)
    step = 1e-4 / max(np.abs(one).max() for one in along)
    above, below = (gradient([w + sign * step * g for w, g in zip(weights, along, strict=True)]) for sign in (1, -1))
    expected = [w * (a - b) / (2 * step) for w, a, b in zip(weights, above, below, strict=True)]
    found = values(scores("grasp", made.view(), per_class=per_class, temperature=temperature))
    close(found, expected, 1e-5)


def test_grasp_in_parts_is_grasp_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = case(small_conv(), (2, 6, 6), 3)
    whole = scores("grasp", made.view(), per_class=5, statistics="running")
    monkeypatch.setattr("bench.pruning.scores.grasp._SAMPLES", 4)
    for name, one in scores("grasp", made.view(), per_class=5, statistics="running").items():
        torch.testing.assert_close(one, whole[name], rtol=1e-9, atol=1e-20)


def test_what_grasp_keeps_last_is_what_the_gradient_flows_through() -> None:
    """Its sign: without the weights that it ranks lowest more gradient flows than without those it ranks highest."""
    made = three_layers()
    gradient = by_hand(made, made.computing().balanced(10), 200.0)
    weights = weights_of(made)

    def flow(changed: list[Floats]) -> float:
        return float(sum((one**2).sum() for one in gradient(changed)))

    found = values(scores("grasp", made.view()))
    for layer, one in enumerate(found):
        for place in list(np.ndindex(one.shape))[::5]:
            # How the flow grows while one weight shrinks is twice the score, with the other sign.
            near = []
            for factor in (1 - 1e-4, 1 + 1e-4):
                near.append([weight.copy() for weight in weights])
                near[-1][layer][place] *= factor
            slope = (flow(near[0]) - flow(near[1])) / 2e-4
            assert slope == pytest.approx(-2 * one[place], rel=1e-4, abs=1e-6 * float(np.abs(one).max()))
    everything = np.concatenate([one.ravel() for one in found])
    low, high = np.quantile(everything, [0.1, 0.9])
    without_lowest = flow([w * (one > low) for w, one in zip(weights, found, strict=True)])
    without_highest = flow([w * (one < high) for w, one in zip(weights, found, strict=True)])
    assert without_highest < flow(weights) < without_lowest


@pytest.mark.parametrize("name", ["taylor", "taylor-squared", "snip", "fisher", "grasp"])
def test_convolutions_as_pytorch_derives_them(name: str) -> None:
    """The network apart from the suite, one sample after the other."""
    made = case(small_conv(), (2, 6, 6), 3).masked(0.3)
    given: dict[str, Any] = {} if name == "fisher" else {"statistics": "running"}
    found = scores(name, made.view(), **given)
    plain = made.plain
    wanted = {layer: plain.get_parameter(f"{layer}.weight") for layer in found}

    def derived(value: Tensor, further: bool = False) -> list[Tensor]:
        return list(torch.autograd.grad(value, list(wanted.values()), create_graph=further))

    (inputs, labels), temperature = made.computing().batches(1)[0], 1.0
    if name == "grasp":
        (inputs, labels), temperature = made.computing().balanced(10), 200.0
    losses = nn.functional.cross_entropy(plain(inputs.double()) / temperature, labels, reduction="none")
    weights = [weight.detach() for weight in wanted.values()]
    if name == "fisher":
        single = [derived(loss.clone(), further=True) for loss in losses]
        expected = [w**2 / 2 * torch.stack(g).detach().square().mean(0) for w, *g in zip(weights, *single, strict=True)]
    else:
        gradients = derived(losses.mean(), further=True)
        if name == "grasp":
            gradients = derived(torch.stack([(g * g.detach()).sum() for g in gradients]).sum())
        expected = [w * g.detach() for w, g in zip(weights, gradients, strict=True)]
        if name == "taylor-squared":
            expected = [one.square() for one in expected]
        elif name != "grasp":
            total = sum(float(one.abs().sum()) for one in expected) if name == "snip" else 1.0
            expected = [one.abs() / total for one in expected]
    for one, other in zip(found.values(), expected, strict=True):
        assert one.dtype == torch.float64
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-18)
