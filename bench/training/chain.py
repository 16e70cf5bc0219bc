"""A stack of fully connected networks: batched matrix products, with the gradient written out.

Writing the gradient out saves most of the passes over the weights that automatic differentiation spends on collecting
it. A test holds it to automatic differentiation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from bench.models.layout import Layout
from bench.training.losses import Batch, Taught, loss_and_delta
from bench.training.stacks import Stack

Activation = Literal["none", "relu", "tanh", "softmax"]
_ACTIVATIONS: dict[type[nn.Module], Activation] = {nn.ReLU: "relu", nn.Tanh: "tanh", nn.Identity: "none"}


@dataclass(frozen=True)
class Link:
    """A linear layer and what follows it."""

    name: str
    bias: bool
    activation: Activation


def links_of(module: nn.Module) -> tuple[Link, ...] | None:
    """The network as a chain of linear layers, or None when it is not one."""
    if not isinstance(module, nn.Sequential) or any(_hooked(layer) for layer in module.modules()):
        return None
    links: list[Link] = []
    for name, child in module.named_children():
        if isinstance(child, nn.Flatten) and not links:
            continue
        if type(child) is nn.Linear:
            links.append(Link(name, child.bias is not None, "none"))
        elif links and links[-1].activation == "none" and (activation := _activation_of(child)) is not None:
            links[-1] = Link(links[-1].name, links[-1].bias, activation)
        else:
            return None
    return tuple(links) or None


def _hooked(module: nn.Module) -> bool:
    """Whether something of its own is done before or after a layer computes."""
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _activation_of(module: nn.Module) -> Activation | None:
    if isinstance(module, nn.Softmax):
        return "softmax" if module.dim in (-1, 1) else None
    return _ACTIVATIONS.get(type(module))


class Chain:
    """Replicas of a fully connected network."""

    widest = 0
    noisy = False

    def __init__(self, links: tuple[Link, ...], parameters: Layout, buffers: Layout) -> None:
        self._links = links
        self._thin = any(1 in place.shape for place in parameters.places)
        self.parameters = parameters
        self.buffers = buffers

    def gradient(self, stack: Stack, batch: Batch) -> Tensor:
        with _as_in_a_stack(stack.weights):
            if not self._needs_company(stack.weights, batch.inputs):
                return self._gradient(stack, batch)
            both = Stack(
                weights=_twice(stack.weights),
                buffers=stack.buffers,
                masks=None if stack.masks is None else _twice(stack.masks),
                moments={},
                gradient=stack.gradient.repeat(2, 1),
            )
            taught = batch.taught.each(_twice) if batch.taught else None
            losses = self._gradient(both, Batch(_twice(batch.inputs), _twice(batch.labels), taught=taught))
            stack.gradient.copy_(both.gradient[:1])
            return losses[:1]

    def outputs(self, weights: Tensor, buffers: Tensor, inputs: Tensor) -> Tensor:
        with _as_in_a_stack(weights):
            if not self._needs_company(weights, inputs):
                return self._forward(self.parameters.views(weights), inputs)[-1]
            return self._forward(self.parameters.views(_twice(weights)), _twice(inputs))[-1][:1]

    def _needs_company(self, weights: Tensor, inputs: Tensor) -> bool:
        """A product with a single row or column is done in another way when it stands alone than in a stack."""
        return len(weights) == 1 and (self._thin or inputs.shape[1] == 1)

    def _gradient(self, stack: Stack, batch: Batch) -> Tensor:
        views = self.parameters.views(stack.weights)
        activations = self._forward(views, batch.inputs)
        losses, delta = loss_and_delta_through(self._links[-1].activation, activations[-1], batch.labels, batch.taught)
        gradients = self.parameters.views(stack.gradient)
        kept = None if stack.masks is None else self.parameters.views(stack.masks)
        ones = delta.new_ones(1, 1, delta.shape[1]).expand(len(delta), -1, -1)
        for place in range(len(self._links) - 1, -1, -1):
            link, below = self._links[place], activations[place]
            # The quick product writes to memory without gaps only, so masking does the copying into the buffer.
            _put(torch.bmm(delta.transpose(1, 2), below), f"{link.name}.weight", kept, gradients)
            if link.bias:
                # A product with ones sums in the same order for any number of replicas; a plain sum need not.
                _put(torch.bmm(ones, delta).squeeze(1), f"{link.name}.bias", kept, gradients)
            if place > 0:
                delta = torch.bmm(delta, views[f"{link.name}.weight"])
                _through(self._links[place - 1].activation, below, delta)
        return losses

    def _forward(self, views: dict[str, Tensor], inputs: Tensor) -> list[Tensor]:
        """The inputs and, after each link, its outputs."""
        activations = [inputs.flatten(2)]
        for link in self._links:
            weight = views[f"{link.name}.weight"].transpose(1, 2)
            if link.bias:
                outputs = torch.baddbmm(views[f"{link.name}.bias"].unsqueeze(1), activations[-1], weight)
            else:
                outputs = torch.bmm(activations[-1], weight)
            if link.activation == "relu":
                outputs.relu_()
            elif link.activation == "tanh":
                outputs.tanh_()
            elif link.activation == "softmax":
                outputs = torch.softmax(outputs, dim=-1)
            activations.append(outputs)
        return activations


@contextmanager
def _as_in_a_stack(weights: Tensor) -> Iterator[None]:
    """With more threads than replicas, a product itself is divided between threads, and its last bits with it."""
    threads = torch.get_num_threads()
    if threads <= len(weights):
        yield
        return
    torch.set_num_threads(len(weights))
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _twice(tensor: Tensor) -> Tensor:
    return tensor.expand(2, *tensor.shape[1:]).contiguous()


def loss_and_delta_through(
    activation: Activation, outputs: Tensor, labels: Tensor, taught: Taught | None = None
) -> tuple[Tensor, Tensor]:
    """The loss, and its derivative by what went into the last activation."""
    losses, delta = loss_and_delta(outputs, labels, taught)
    _through(activation, outputs, delta)
    return losses, delta


def _put(gradient: Tensor, name: str, kept: dict[str, Tensor] | None, into: dict[str, Tensor]) -> None:
    if kept is None:
        into[name].copy_(gradient)
    else:
        torch.mul(gradient, kept[name], out=into[name])


def _through(activation: Activation, outputs: Tensor, delta: Tensor) -> None:
    """Turn the derivative by an activation's outputs into that by its inputs, in place."""
    if activation == "relu":
        delta.mul_(outputs > 0)
    elif activation == "tanh":
        delta.mul_(1 - outputs * outputs)
    elif activation == "softmax":
        delta.sub_((delta * outputs).sum(dim=-1, keepdim=True)).mul_(outputs)
