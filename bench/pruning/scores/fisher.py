"""What the loss would change by without a weight, to second order, by the diagonal of the Fisher information.

LeCun, Denker and Solla, Optimal Brain Damage, NIPS 1989, have the diagonal of the Hessian in its place; Theis et al.,
Faster gaze prediction with dense networks and Fisher pruning, 2018.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.func import grad, vmap

from bench.pruning.computing import Computing, Sample, per_sample
from bench.pruning.view import NetView
from bench.registry import score
from bench.training.devices import sum_type

_NUMBERS = 2**25  # of gradients that are held at once


@score("fisher", reference="LeCun et al., NIPS 1989", aliases=("obd", "optimal-brain-damage"), data=True)
def fisher(net: NetView, batches: int = 1) -> dict[str, Tensor]:
    """Half of the squared weight times the mean of its squared gradient over the samples of some batches."""
    samples = net.network.batches(batches)
    count = sum(len(labels) for _, labels in samples)
    total: dict[str, Tensor] = {}
    for squares in _squares(net.network, net.network.leaves(net.weights), samples):
        total = {name: total[name] + square if total else square for name, square in squares.items()}
    return {name: weight.double().square() * total[name].cpu() / (2 * count) for name, weight in net.weights.items()}


def _squares(network: Computing, leaves: dict[str, Tensor], samples: list[Sample]) -> Iterator[dict[str, Tensor]]:
    """The squared gradients of single samples, summed over some samples at a time."""
    weights = {name: leaf.detach() for name, leaf in leaves.items()}
    at_once = max(1, _NUMBERS // sum(weight.numel() for weight in weights.values()))

    def loss(weights: dict[str, Tensor], inputs: Tensor, label: Tensor) -> Tensor:
        return network.loss(weights, (inputs[None], label[None]))

    gradients = vmap(grad(loss), in_dims=(None, 0, 0))
    for inputs, labels in samples:
        for part in zip(torch.split(inputs, at_once), torch.split(labels, at_once), strict=True):
            try:
                found = gradients(weights, *part)
            except RuntimeError:  # a network may look at values, which many samples at once have not
                yield from (
                    {name: _summed(g[None]) for name, g in one.items()} for one in _singly(network, leaves, part)
                )
            else:
                yield {name: _summed(gradient) for name, gradient in found.items()}


def _singly(network: Computing, leaves: dict[str, Tensor], sample: Sample) -> Iterator[dict[str, Tensor]]:
    for one in per_sample([sample]):
        with torch.enable_grad():
            gradients = torch.autograd.grad(
                network.loss(leaves, one), list(leaves.values()), allow_unused=True, materialize_grads=True
            )
        yield dict(zip(leaves, gradients, strict=True))


def _summed(gradients: Tensor) -> Tensor:
    return gradients.to(sum_type(gradients.device)).square().sum(dim=0)
