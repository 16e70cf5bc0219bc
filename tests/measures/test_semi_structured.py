"""Which networks the kernels for 2:4 can compute."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from bench.measures.semi_structured import layers_that_fit, obstacle, on_kernels


def network() -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            fits=nn.Linear(128, 64),
            whole=nn.Linear(64, 64),
            odd=nn.Linear(64, 10),
            conv=nn.Conv2d(64, 64, 1),
        )
    )


def halved(weight: torch.Tensor) -> None:
    """The two smallest of each four neighbouring inputs are taken away."""
    fours = weight.view(len(weight), -1, 4)
    fours.scatter_(2, fours.abs().topk(2, dim=2, largest=False).indices, 0.0)


def test_linear_layers_of_the_pattern_and_of_sides_that_fit() -> None:
    module = network()
    assert layers_that_fit(module) == ()
    with torch.no_grad():
        halved(module.get_parameter("fits.weight"))
        halved(module.get_parameter("odd.weight"))
    assert layers_that_fit(module) == ("fits",)  # ten outputs are no multiple of 32
    with torch.no_grad():
        module.get_parameter("fits.weight")[0, :3] = 1.0
    assert layers_that_fit(module) == ()  # three of four are left in one place


def test_a_processor_has_no_such_kernels() -> None:
    assert obstacle(torch.device("cpu")) == "only graphics cards with CUDA have kernels for 2:4"


@pytest.mark.skipif(
    obstacle(torch.device("cuda" if torch.cuda.is_available() else "cpu")) is not None, reason="no card"
)
def test_the_kernels_compute_what_the_zeros_do() -> None:
    module = nn.Sequential(OrderedDict(fits=nn.Linear(128, 64))).cuda().eval()
    with torch.no_grad():
        halved(module.get_parameter("fits.weight"))
        inputs = torch.randn(64, 128, device="cuda").half()
        found = on_kernels(module, ("fits",))(inputs)
        assert torch.allclose(found, module.half()(inputs), atol=1e-2)
