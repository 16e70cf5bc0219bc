"""SynFlow: by hand, against the authors' way of computing it, what it conserves, and the layers it never empties."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from bench.errors import UserError
from bench.executors.changes import prune
from bench.models.base import build, prunable_layers
from bench.models.initialisations import initial_state
from bench.recipe import Level, Prune, Score
from tests.pruning.nets import Case, case, fresh, mlp, scores, small_conv


def drawn(name: str, shape: tuple[int, ...] = (3, 32, 32), initialisation: str = "torch", zero: bool = False) -> Case:
    """A registered network at its start; without its biases, if asked."""
    module = build(name, shape, 10)
    tensors = initial_state(module, initialisation, 0)
    norms = {prefix for prefix, layer in module.named_modules() if isinstance(layer, nn.BatchNorm2d)}
    if zero:
        for key in tensors:
            if key.endswith("bias") and key.rpartition(".")[0] not in norms:
                tensors[key] = torch.zeros_like(tensors[key])
    return Case(module, fresh(module, tensors), shape, 10)


def pruned(made: Case, score: str, share: float, **options: int) -> dict[str, int]:
    """What is left of each layer when so much of all layers together is gone."""
    level = Level(1, tuple((layer.name, share) for layer in prunable_layers(made.module)))
    step = Prune(level, Score(score, tuple(options.items())), scope="global")
    after = prune(made.state, step, made.layout, (), 0, "here", made.computing)
    return {name: int(mask.sum()) for name, mask in made.layout.weights(after.mask).items()}


def test_three_layers_by_hand() -> None:
    """|w| times what arrives before it times what goes on after it, in its share of the whole; biases do nothing."""
    made = case(mlp(4, 3, 5, 2, activation=nn.Sigmoid), (4,), 2).masked(0.3)
    first, second, third = (weight.abs().numpy() for weight in made.view().weights.values())
    at_first = first @ np.ones(4)
    at_second = second @ at_first
    from_second = np.ones(2) @ third
    from_first = from_second @ second
    whole = float(np.ones(2) @ third @ at_second)
    expected = {
        "fc1": first * np.outer(from_first, np.ones(4)) / whole,
        "fc2": second * np.outer(from_second, at_first) / whole,
        "output": third * np.outer(np.ones(2), at_second) / whole,
    }
    for name, one in scores("synflow", made.view()).items():
        np.testing.assert_allclose(one.numpy(), expected[name], rtol=1e-12)


def authors_way(made: Case) -> dict[str, Tensor]:
    """As their published code does it: everything that is stored by its absolute value, and the network as it is."""
    plain = made.plain
    plain.load_state_dict({name: tensor.abs() for name, tensor in plain.state_dict().items()})
    weights = {layer.name: plain.get_parameter(f"{layer.name}.weight") for layer in prunable_layers(plain)}
    flow = plain(torch.ones(1, *made.shape, dtype=torch.float64)).sum()
    gradients = torch.autograd.grad(flow, list(weights.values()))
    return {name: (w.detach() * g).abs() for (name, w), g in zip(weights.items(), gradients, strict=True)}


@pytest.mark.parametrize(
    ("name", "shape"),
    [("resnet-20", (3, 16, 16)), ("vgg-11-bn", (3, 16, 16)), ("lenet-5", (1, 28, 28)), ("lightcnn-9", (1, 16, 16))],
)
def test_without_biases_as_the_authors_compute_it(name: str, shape: tuple[int, ...]) -> None:
    made = drawn(name, shape, zero=True).masked(0.5)
    found, expected = scores("synflow", made.view()), authors_way(made)
    scale = max(float(one.sum()) for one in expected.values())
    for layer, one in expected.items():
        torch.testing.assert_close(found[layer], one / scale, rtol=1e-9, atol=1e-18)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=6),
    share=st.sampled_from([0.0, 0.3, 0.6]),
    seed=st.integers(0, 1000),
    activation=st.sampled_from([nn.ReLU, nn.Tanh, nn.GELU, nn.Sigmoid]),
)
def test_every_layer_of_a_line_has_the_same_flow(
    sizes: list[int], share: float, seed: int, activation: type[nn.Module]
) -> None:
    """The conservation law of the paper; so does what a unit receives and sends."""
    made = case(mlp(*sizes, activation=activation, bias=False), (sizes[0],), sizes[-1], seed).masked(share, seed)
    found = list(scores("synflow", made.view()).values())
    sums = torch.stack([one.sum() for one in found])
    assert bool((sums == 0).all()) or torch.allclose(sums, torch.ones_like(sums), rtol=1e-12)
    for below, above in pairwise(found):
        torch.testing.assert_close(below.sum(1), above.sum(0), rtol=1e-10, atol=1e-15)


def test_so_it_is_with_convolutions_pooling_and_batch_norm() -> None:
    sums = [float(one.sum()) for one in scores("synflow", case(small_conv(), (2, 6, 6), 3).view()).values()]
    assert sums == pytest.approx([1, 1, 1], rel=1e-12)


@pytest.mark.parametrize("initialisation", ["kaiming-normal", "torch"])
def test_depth_does_not_make_it_overflow(initialisation: str) -> None:
    """Single precision ends at 10^38; what flows through this network is more than 10^40."""
    found = scores("synflow", drawn("resnet-56", (3, 8, 8), initialisation).view())
    assert all(bool(torch.isfinite(one).all()) and bool((one >= 0).all()) for one in found.values())
    for name in ("conv1", "output"):
        assert float(found[name].sum()) == pytest.approx(1, rel=1e-9)
    # Beside each block lies a shortcut, so that only a part flows through its layers.
    assert all(0 < float(one.sum()) < 1 + 1e-9 for one in found.values())


def test_a_network_that_has_fallen_apart_has_no_flow() -> None:
    made = case(mlp(4, 3, 2), (4,), 2)
    weights = {name: weight * (name != "fc1") for name, weight in made.view().weights.items()}
    view = made.view()
    view = type(view)(weights, view.masks, (), 0, "here", made.computing())
    assert not any(bool(one.any()) for one in scores("synflow", view).values())


def test_networks_that_multiply_signals_are_refused() -> None:
    with pytest.raises(UserError) as caught:
        scores("synflow", drawn("vit-tiny", (3, 8, 8)).view())
    (line,) = caught.value.lines
    assert "multiplies signals" in line
    assert "snip" in line


def test_wide_layers_do_not_lose_all_weights_where_magnitude_takes_them() -> None:
    """A line whose widest layer has, as networks are drawn, by far the smallest weights."""
    made = case(mlp(16, 256, 256, 4, activation=nn.ReLU), (16,), 4)
    for compression in (10, 100, 1000):
        assert min(pruned(made, "synflow", 1 - 1 / compression, rounds=30).values()) > 0
    assert pruned(made, "magnitude", 1 - 1 / 1000)["fc2"] == 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_layer_of_vgg_16_is_emptied_down_to_a_thousandth() -> None:
    """What is gone stays gone, so that none was empty at a milder level on the way either."""
    made = drawn("vgg-16-bn")
    left = pruned(made, "synflow", 1 - 1e-3)
    assert sum(left.values()) == pytest.approx(14_715_584 / 1000, abs=1)
    assert min(left.values()) > 0
    assert min(pruned(made, "magnitude", 1 - 1e-3).values()) == 0
