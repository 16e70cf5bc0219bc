"""Initial weights: the same for ever, of the distribution that torch.nn.init draws, and of numbers of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from bench.errors import UserError
from bench.models.base import build
from bench.models.initialisations import Blank, initial_state
from bench.registry import Component, initialisation, registry

NAMES = registry("initialisation").names()


def plan(name: str = "lenet-300-100") -> nn.Module:
    with torch.device("meta"):
        return build(name, (1, 28, 28), 10)


@pytest.mark.parametrize("name", NAMES)
def test_the_state_fits_the_network_and_is_single_precision(name: str) -> None:
    state = initial_state(plan(), name, 0)
    network = build("lenet-300-100", (1, 28, 28), 10)
    network.load_state_dict(state, strict=True)
    assert list(state) == list(network.state_dict())
    assert {tensor.dtype for tensor in state.values()} == {torch.float32}
    assert {tensor.device.type for tensor in state.values()} == {"cpu"}


@pytest.mark.parametrize(
    ("name", "reference", "bias"),
    [
        ("torch", lambda weight: nn.init.kaiming_uniform_(weight, a=sqrt(5)), True),
        ("glorot-uniform", nn.init.xavier_uniform_, False),
        ("glorot-normal", nn.init.xavier_normal_, False),
        ("kaiming-normal", lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"), False),
    ],
)
@pytest.mark.parametrize("convolution", [False, True])
def test_the_distribution_is_that_of_torch(
    name: str, reference: Callable[[torch.Tensor], torch.Tensor], bias: bool, convolution: bool
) -> None:
    layer: nn.Linear | nn.Conv2d = nn.Conv2d(40, 50, 5) if convolution else nn.Linear(300, 160)
    state = initial_state(nn.Sequential(layer), name, 3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = reference(torch.empty_like(layer.weight)).detach().numpy().ravel()
    drawn = state["0.weight"].numpy().ravel()
    assert stats.ks_2samp(drawn, expected).pvalue > 0.001
    assert drawn.std() == pytest.approx(expected.std(), rel=0.02)
    if "normal" not in name:
        assert np.abs(drawn).max() == pytest.approx(np.abs(expected).max(), rel=1e-3)
    biases = state["0.bias"].numpy()
    bound = 1 / sqrt(layer.weight[0].numel())
    if bias:
        assert 0.9 * bound < np.abs(biases).max() <= bound
        assert stats.kstest(biases, "uniform", (-bound, 2 * bound)).pvalue > 0.001
    else:
        assert not biases.any()


def test_glorot_uniform_starts_biases_where_asked_and_draws_the_same_weights() -> None:
    """PruNet: Xavier-uniform weights, biases of 0.01."""
    from tests.models.choosing import chosen

    plain, raised = (initial_state(plan(), one, 7) for one in ("glorot-uniform", chosen("glorot-uniform", bias=0.01)))
    for name, tensor in raised.items():
        if name.endswith("bias"):
            assert not plain[name].any()
            assert torch.equal(tensor, torch.full_like(tensor, 0.01))
        else:
            assert torch.equal(tensor, plain[name])
    again = initial_state(plan(), chosen("xavier-uniform", bias=0.0), 7)
    assert all(torch.equal(again[name], tensor) for name, tensor in plain.items())


def test_every_seed_tensor_and_draw_has_numbers_of_its_own() -> None:
    network = nn.Sequential(nn.Linear(20, 20), nn.Linear(20, 20))
    states = [initial_state(network, "torch", seed, draw) for seed in (0, 1) for draw in (0, 1)]
    values = [tuple(state[name].ravel()[:4].tolist()) for state in states for name in ("0.weight", "1.weight")]
    assert len(set(values)) == len(values)
    again = initial_state(network, "torch", 1, 1)
    assert all((again[name] == states[-1][name]).all() for name in again)


def test_the_network_and_the_global_generator_are_left_as_they_are() -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    generator = torch.get_rng_state()
    state = initial_state(network, "glorot-normal", 0)
    assert all((tensor == before[name]).all() for name, tensor in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generator)
    state["0.weight"].fill_(7)
    assert not (network.state_dict()["0.weight"] == 7).any()


def test_normalisation_starts_neutral_and_other_parameters_as_the_network_has_them() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)
            self.norm = nn.BatchNorm2d(4)
            self.scale = nn.Parameter(torch.full((4,), 0.5))

    network = Scaled()
    state = initial_state(network, "torch", 0)
    fresh = nn.BatchNorm2d(4).state_dict()
    for name, tensor in fresh.items():
        assert torch.equal(state[f"norm.{name}"], tensor)
        assert state[f"norm.{name}"].dtype == tensor.dtype
    assert state["scale"].tolist() == [0.5] * 4
    state["scale"].fill_(1)
    assert network.scale.tolist() == [0.5] * 4
    with torch.device("meta"), pytest.raises(UserError, match="scale has no initial value that is known of a Scaled"):
        initial_state(Scaled(), "torch", 0)


def test_initial_weights_are_pinned() -> None:
    """They are part of every stored result."""
    hashes = {}
    for name in PINNED:
        whole = hashlib.sha256()
        for tensor in initial_state(plan(), name, 7).values():
            whole.update(tensor.numpy().tobytes())
        hashes[name] = whole.hexdigest()[:16]
    assert hashes == PINNED


PINNED = {
    "glorot-normal": "d02bbb5ff96e2ff2",
    "glorot-uniform": "b5c47c5ecd0df621",
    "kaiming-normal": "bfd4a5da48bc1cf8",
    "torch": "e49da34e0523b72b",
}


@pytest.fixture
def own() -> Iterator[None]:
    known = registry("initialisation")._components
    before: dict[str, Component] = dict(known)
    yield
    known.clear()
    known.update(before)


@pytest.mark.usefixtures("own")
def test_an_initialisation_of_ones_own_has_options_and_is_checked() -> None:
    from tests.models.choosing import chosen

    @initialisation("sparse-start")
    def sparse_start(blank: Blank, share: float = 0.5) -> np.ndarray:
        return np.where(np.abs(blank.uniform(1.0)) < share, 0.0, 1.0)

    @initialisation("wrong-shape")
    def wrong_shape(blank: Blank) -> np.ndarray:
        return np.zeros(3)

    state = initial_state(plan(), chosen("sparse-start", share=0.25), 0)
    assert state["fc1.weight"].mean().item() == pytest.approx(0.75, abs=0.01)
    with pytest.raises(UserError, match=r"wrong-shape: gives an array of shape \(3,\) for fc1.weight"):
        initial_state(plan(), "wrong-shape", 0)
    with pytest.raises(UserError, match="unknown option 'part'"):
        initial_state(plan(), chosen("sparse-start", part=1), 0)
