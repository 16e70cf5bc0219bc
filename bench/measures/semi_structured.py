"""Networks on the kernels that some graphics cards have for two weights in four.

They multiply 16-bit numbers, so that such a network is compared with the dense one in 16 bits too.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

ROWS, COLUMNS = 32, 64  # a weight's sides have to be multiples of these for 16-bit numbers
CAPABILITY = (8, 0)  # of the first cards with such kernels


def obstacle(device: torch.device) -> str | None:
    """Why a device has no such kernels; None where it has them."""
    if device.type != "cuda":
        return "only graphics cards with CUDA have kernels for 2:4"
    if torch.cuda.get_device_capability(device) < CAPABILITY:
        return f"{torch.cuda.get_device_name(device)} has no kernels for 2:4"
    return None


def layers_that_fit(module: nn.Module) -> tuple[str, ...]:
    """The linear layers that such kernels can compute: half of the weights gone in the pattern, sides that fit."""
    return tuple(
        name for name, layer in module.named_modules() if type(layer) is nn.Linear and _fits(layer.weight.detach())
    )


def _fits(weight: Tensor) -> bool:
    rows, columns = weight.shape
    if rows % ROWS or columns % COLUMNS:
        return False
    return bool((torch.count_nonzero(weight.view(rows, -1, 4), dim=2) <= 2).all())


def on_kernels(module: nn.Module, names: tuple[str, ...]) -> nn.Module:
    """A copy in 16 bits whose named layers are compressed. The module lies on a device that has the kernels."""
    from torch.sparse import to_sparse_semi_structured

    result = copy.deepcopy(module).half()
    for name in names:
        layer = result.get_submodule(name)
        compressed = to_sparse_semi_structured(result.get_parameter(f"{name}.weight").detach())
        layer.weight = nn.Parameter(compressed, requires_grad=False)
    return result
