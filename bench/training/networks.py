"""How a stack of replicas of one network computes: by written-out products for a chain of linear layers, else by
automatic differentiation, one replica after the other or all at once.

All give, for each replica, the loss and its gradient on a batch, and the outputs for an evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from bench.models.layout import Layout, buffer_layout, parameter_layout
from bench.training.chain import Chain, links_of
from bench.training.dropout import dropout_masks, dropout_shapes, seed_of, with_handed_in_dropout
from bench.training.losses import Batch, loss_and_delta
from bench.training.stacks import Stack


class StackedNetwork(Protocol):
    """A network with a leading replica axis."""

    parameters: Layout
    buffers: Layout
    widest: int  # how many replicas can be stacked; 0: no bound
    noisy: bool  # whether training draws random numbers: then a step is told the places of its replicas

    def gradient(self, stack: Stack, batch: Batch) -> Tensor:
        """Write the gradient of each replica's mean loss, zero where pruned, into the stack; return the losses."""
        ...

    def outputs(self, weights: Tensor, buffers: Tensor, inputs: Tensor) -> Tensor:
        """The outputs (replicas, samples, classes) of the networks in evaluation."""
        ...


class OneByOne:
    """Any module. Each replica takes its turn with its own weights, buffers and dropout."""

    widest = 1

    def __init__(self, module: nn.Module) -> None:
        self.parameters = parameter_layout(module)
        self.buffers = buffer_layout(module)
        self.noisy = any(_draws(layer) for layer in module.modules())
        self._module = with_handed_in_dropout(module)
        self._shapes: dict[str, tuple[int, ...]] | None = None

    def gradient(self, stack: Stack, batch: Batch) -> Tensor:
        kept = self._dropout(stack, batch)
        self._module.train()
        losses = []
        for row in range(len(stack.weights)):
            statistics = self._taken_out(stack.buffers[row])
            own = {name: mask[row] for name, mask in kept.items()} | statistics
            if batch.places:  # for whatever else than dropout the module draws
                torch.manual_seed(seed_of(*batch.places[row]))
            with torch.enable_grad():
                leaves = _leaves(self.parameters.views(stack.weights[row]))
                outputs = functional_call(self._module, {**leaves, **own}, (_quick_form(batch.inputs[row]),))
                value, delta = loss_and_delta(outputs.detach()[None], batch.labels[row][None], batch.taught_alone(row))
                gradients = torch.autograd.grad(outputs, list(leaves.values()), delta[0], allow_unused=True)
            kept_weights = None if stack.masks is None else self.parameters.views(stack.masks[row])
            _put(dict(zip(leaves, gradients, strict=True)), kept_weights, self.parameters.views(stack.gradient[row]))
            self._put_back(statistics, stack.buffers[row])
            losses.append(value)
        return torch.cat(losses)

    def outputs(self, weights: Tensor, buffers: Tensor, inputs: Tensor) -> Tensor:
        self._module.eval()
        with torch.no_grad():
            return torch.stack(
                [
                    functional_call(
                        self._module, self._tensors(weights[row], buffers[row]), (_quick_form(inputs[row]),)
                    )
                    for row in range(len(weights))
                ]
            )

    def _tensors(self, weights: Tensor, buffers: Tensor) -> dict[str, Tensor]:
        return {**self.parameters.views(weights), **self.buffers.views(buffers)}

    def _taken_out(self, buffers: Tensor) -> dict[str, Tensor]:
        """The buffers in memory of their own, since batch norm writes into it: as parts of one buffer they would all
        count as changed when one of them is, and under vmap what is written would get lost."""
        return {name: view.clone() for name, view in self.buffers.views(buffers).items()}

    def _put_back(self, statistics: Mapping[str, Tensor], buffers: Tensor) -> None:
        for name, view in self.buffers.views(buffers).items():
            view.copy_(statistics[name])

    def _dropout(self, stack: Stack, batch: Batch) -> dict[str, Tensor]:
        """The masks of the dropout layers for one step, stacked."""
        if not batch.places:
            return {}
        inputs = batch.inputs
        if self._shapes is None:
            tensors = self._tensors(stack.weights[0], stack.buffers[0])
            with torch.no_grad():
                self._shapes = dropout_shapes(self._module, tensors, inputs[0, :1])
        return dropout_masks(self._module, self._shapes, inputs.shape[1], batch.places, inputs.device)


class Together(OneByOne):
    """A module whose replicas can be computed all at once, by vmap: what many small ones gain from on a GPU.

    On a CPU convolutions lose by it, a fifth to a half, so that the calibration leaves them one by one there.
    """

    widest = 0

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self._stackable: bool | None = None  # None: not tried yet

    def gradient(self, stack: Stack, batch: Batch) -> Tensor:
        if len(stack.weights) > 1 and self._stackable is not False:
            before = None if self._stackable else stack.buffers.clone()
            try:
                losses = self._gradient(stack, batch)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError:
                if before is None:
                    raise
                self._stackable = False  # something in the module can not be stacked
                stack.buffers.copy_(before)
            else:
                self._stackable = True
                return losses
        return super().gradient(stack, batch)

    def _gradient(self, stack: Stack, batch: Batch) -> Tensor:
        statistics = self._taken_out(stack.buffers)
        own = {**self._dropout(stack, batch), **statistics}
        self._module.train()
        with torch.enable_grad():
            leaves = _leaves(self.parameters.views(stack.weights))
            outputs = vmap(self._call)({**leaves, **own}, batch.inputs)
            losses, delta = loss_and_delta(outputs.detach(), batch.labels, batch.taught)
            gradients = torch.autograd.grad(outputs, list(leaves.values()), delta, allow_unused=True)
        kept_weights = None if stack.masks is None else self.parameters.views(stack.masks)
        _put(dict(zip(leaves, gradients, strict=True)), kept_weights, self.parameters.views(stack.gradient))
        self._put_back(statistics, stack.buffers)
        return losses

    def outputs(self, weights: Tensor, buffers: Tensor, inputs: Tensor) -> Tensor:
        if len(weights) == 1 or not self._stackable or weights.device.type == "cpu":
            return super().outputs(weights, buffers, inputs)
        self._module.eval()
        with torch.no_grad():
            return vmap(self._call)(self._tensors(weights, buffers), inputs)

    def _call(self, tensors: dict[str, Tensor], inputs: Tensor) -> Tensor:
        outputs: Tensor = functional_call(self._module, tensors, (inputs,))
        return outputs


def stacked(module: nn.Module) -> StackedNetwork:
    """The quickest way to compute a stack of this network."""
    links = links_of(module)
    if links is not None:
        return Chain(links, parameter_layout(module), buffer_layout(module))
    only_dropout = all(type(layer) is nn.Dropout or not _draws(layer) for layer in module.modules())
    return Together(module) if only_dropout else OneByOne(module)


# Modules of PyTorch that compute by rule; of anything else it is not known whether it draws random numbers.
_RULED = ("torch.nn.modules", "bench.models")
_DRAWING = ("dropout", "rrelu", "attention", "transformer", "rnn", "fractional")


def _draws(layer: nn.Module) -> bool:
    """Whether a layer may draw random numbers while it is trained."""
    place = type(layer).__module__
    return not place.startswith(_RULED) or any(word in f"{place}.{type(layer).__name__}".lower() for word in _DRAWING)


def _leaves(views: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: view.detach().requires_grad_() for name, view in views.items()}


def _put(gradients: Mapping[str, Tensor | None], kept: Mapping[str, Tensor] | None, into: Mapping[str, Tensor]) -> None:
    for name, gradient in gradients.items():
        if gradient is None:  # a parameter that the outputs do not depend on
            into[name].zero_()
        elif kept is None:
            into[name].copy_(gradient)
        else:
            torch.mul(gradient, kept[name], out=into[name])


def _quick_form(inputs: Tensor) -> Tensor:
    """Images with the channels of a pixel side by side, which convolutions on a CPU are quicker with."""
    images = inputs.dim() == 4 and inputs.device.type == "cpu"
    return inputs.contiguous(memory_format=torch.channels_last) if images else inputs
