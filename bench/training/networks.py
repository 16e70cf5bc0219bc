"""How a stack of replicas of one network computes: all at once for a chain of linear layers, else one after the other.

Both give, for each replica, the loss and its gradient on a batch, and the outputs for an evaluation.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call

from bench.models.layout import Layout, buffer_layout, parameter_layout
from bench.training.chain import Chain, links_of
from bench.training.losses import loss_and_delta


class StackedNetwork(Protocol):
    """A network with a leading replica axis."""

    parameters: Layout
    buffers: Layout
    widest: int  # how many replicas gain from being stacked; 0: no bound

    def gradient(
        self, weights: Tensor, buffers: Tensor, inputs: Tensor, labels: Tensor, masks: Tensor | None, into: Tensor
    ) -> Tensor:
        """Write the gradient of each replica's mean loss, zero where pruned, into a buffer; return the losses."""
        ...

    def outputs(self, weights: Tensor, buffers: Tensor, inputs: Tensor) -> Tensor:
        """The outputs (replicas, samples, classes) of the networks in evaluation."""
        ...


class OneByOne:
    """Any module. Each replica takes its turn with its own weights and buffers."""

    widest = 1

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self.parameters = parameter_layout(module)
        self.buffers = buffer_layout(module)

    def gradient(
        self, weights: Tensor, buffers: Tensor, inputs: Tensor, labels: Tensor, masks: Tensor | None, into: Tensor
    ) -> Tensor:
        self._module.train()
        losses = []
        for place in range(len(weights)):
            with torch.enable_grad():
                own = weights[place].detach().requires_grad_()
                outputs = functional_call(self._module, self._tensors(own, buffers[place]), (inputs[place],))
                value, delta = loss_and_delta(outputs.detach()[None], labels[place][None])
                (gradient,) = torch.autograd.grad(outputs, own, delta[0])
            into[place].copy_(gradient if masks is None else gradient * masks[place])
            losses.append(value)
        return torch.cat(losses)

    def outputs(self, weights: Tensor, buffers: Tensor, inputs: Tensor) -> Tensor:
        self._module.eval()
        with torch.no_grad():
            return torch.stack(
                [
                    functional_call(self._module, self._tensors(weights[place], buffers[place]), (inputs[place],))
                    for place in range(len(weights))
                ]
            )

    def _tensors(self, weights: Tensor, buffers: Tensor) -> dict[str, Tensor]:
        return {**self.parameters.views(weights), **self.buffers.views(buffers)}


def stacked(module: nn.Module) -> StackedNetwork:
    """The quickest way to compute a stack of this network."""
    links = links_of(module)
    return OneByOne(module) if links is None else Chain(links, parameter_layout(module), buffer_layout(module))
