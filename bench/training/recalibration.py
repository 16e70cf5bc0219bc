"""Statistics of batch norm taken anew, for weights that they were not gathered with.

A pruned network computes with the means and variances of the network that it was. Taken anew from training samples they
show how much of what pruning cost is lost in these numbers alone. Nothing of it goes into a state.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from bench.models.layout import buffer_layout, parameter_layout
from bench.training.batches import Stream
from bench.training.content import Content

BATCHES = 20
BATCH = 100  # fewer where samples are so large that fewer are evaluated at once


class Recalibration:
    """A network whose batch norms gather while all other layers compute as in an evaluation."""

    def __init__(self, module: nn.Module, content: Content) -> None:
        self._module = copy.deepcopy(module).eval()
        self._content = content
        self._parameters, self._buffers = parameter_layout(module), buffer_layout(module)
        self._reset: dict[str, float] = {}
        for name, layer in self._module.named_modules():
            if isinstance(layer, _BatchNorm) and layer.running_mean is not None:
                layer.train()
                layer.momentum = None  # for PyTorch: the mean over all batches, each counting alike
                lead = f"{name}." if name else ""
                self._reset |= {f"{lead}running_mean": 0, f"{lead}running_var": 1, f"{lead}num_batches_tracked": 0}

    @property
    def applies(self) -> bool:
        """Whether the network keeps such statistics at all."""
        return bool(self._reset)

    def buffers(self, weights: Tensor, buffers: Tensor, seed: int) -> Tensor:
        """The buffers of one replica with the statistics of these weights on the first batches of the seed's stream."""
        own = {name: view.clone() for name, view in self._buffers.views(buffers).items()}
        for name, value in self._reset.items():
            own[name].fill_(value)
        tensors = {**self._parameters.views(weights), **own}
        with torch.no_grad():
            for rows in self._rows(seed):
                inputs, _ = self._content.samples(rows)
                functional_call(self._module, tensors, (inputs,))
        anew = buffers.clone()
        views = self._buffers.views(anew)
        for name in self._reset:
            views[name].copy_(own[name])
        return anew

    def _rows(self, seed: int) -> tuple[Tensor, ...]:
        batch = max(2, min(BATCH, self._content.chunk))
        stream = Stream(seed, self._content.split(seed).train.numpy())
        drawn = torch.from_numpy(stream.take(0, BATCHES * batch)).to(self._content.device)
        return torch.split(drawn, batch)
