"""Which weights lie on a path from the inputs to the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call

from bench.measures.operations import Operations, Unknown

# What may stand between the layers of a line: each of these hands every channel on by itself.
_BETWEEN = (
    nn.Identity,
    nn.ReLU,
    nn.Tanh,
    nn.Dropout,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
)


def live_weights(module: nn.Module, shape: tuple[int, ...], weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights on a path of non-zero weights from an input to an output; all that is kept where none can be told.

    A unit that has lost all its incoming weights sends a constant, one without outgoing weights sends to nobody:
    what hangs on them does nothing that a bias could not.
    """
    kept = {name: weight != 0 for name, weight in weights.items()}
    if is_line(module, list(kept)):
        return _on_a_line(kept)
    try:
        return on_paths(module, shape, kept)
    except Exception:  # a network may do anything, and a count is no reason to lose its result
        return kept


def is_line(module: nn.Module, names: list[str]) -> bool:
    """Whether the layers follow each other, so that each one's outputs are the next one's inputs."""
    if not isinstance(module, nn.Sequential) or any("." in name for name in names):
        return False
    layers = list(module.children())
    if len(layers) < len(module):  # a layer that stands there twice is listed once
        return False
    flat = True
    for layer in layers:
        if type(layer) is nn.Conv2d and layer.groups == 1:
            flat = False
        elif type(layer) is nn.Flatten:
            flat = True
        elif not (type(layer) in _BETWEEN or (type(layer) is nn.Linear and flat)):
            return False
    return True


def on_paths(module: nn.Module, shape: tuple[int, ...], kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same for any network: its outputs are run once with a 1 for each weight that is kept and derived by each."""
    tensors = {name: _value(tensor) for name, tensor in (*module.named_parameters(), *module.named_buffers())}
    links = {}
    training = module.training
    with torch.enable_grad():
        for name, here in kept.items():
            # Two channels are linked by any weight of a window.
            window = tuple(range(2, here.dim()))
            links[name] = (here.any(window, keepdim=True) if window else here).float().requires_grad_()
            tensors[f"{name}.weight"] = links[name].expand(here.shape)
        try:
            module.eval()
            inputs = torch.ones(1, *shape, requires_grad=True).clone()
            with Operations():
                outputs = functional_call(module, tensors, (inputs,))
        finally:
            module.train(training)
        if not isinstance(outputs, Tensor):
            raise Unknown("outputs that are no tensor")
        gradients = torch.autograd.grad(outputs.sum(), list(links.values()), materialize_grads=True)
    return {name: here & (gradient > 0) for (name, here), gradient in zip(kept.items(), gradients, strict=True)}


def _value(tensor: Tensor) -> Tensor:
    """What a parameter that cannot be pruned, or a buffer, holds; the plan of a network holds nothing."""
    plain = tensor.detach()
    return torch.ones(plain.shape, dtype=plain.dtype) if plain.is_meta else plain.cpu()


def _on_a_line(kept: dict[str, Tensor]) -> dict[str, Tensor]:
    for below, name in pairwise(kept):
        sending = kept[below].flatten(1).any(dim=1)
        kept[name] = _columns(kept[name], sending)
    for name, above in reversed(list(pairwise(kept))):
        heard = _columns_used(kept[above], kept[name].shape[0])
        kept[name] = kept[name] & heard.reshape(-1, *[1] * (kept[name].dim() - 1))
    return kept


def _columns(kept: Tensor, sending: Tensor) -> Tensor:
    """The weights whose input still sends; a flattened image has several inputs for each of its channels."""
    inputs = sending.repeat_interleave(kept.shape[1] // len(sending))
    return kept & inputs.reshape(1, -1, *[1] * (kept.dim() - 2))


def _columns_used(kept: Tensor, senders: int) -> Tensor:
    used = kept.transpose(0, 1).flatten(1).any(dim=1)
    return used.reshape(senders, -1).any(dim=1)
