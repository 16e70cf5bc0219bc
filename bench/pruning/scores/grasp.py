"""GraSP: what keeps the gradient flowing.

Wang, Zhang and Grosse, Picking Winning Tickets Before Training by Preserving Gradient Flow, ICLR 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from bench.pruning.computing import Computing, Sample, Statistics
from bench.pruning.view import NetView
from bench.registry import score

_SAMPLES = 100  # that are computed at once


@score("grasp", reference="Wang et al., ICLR 2020", data=True, home_scope="global")
def grasp(
    net: NetView, per_class: int = 10, temperature: float = 200.0, statistics: Statistics = "batch"
) -> dict[str, Tensor]:
    """How much less gradient would flow without a weight: the weight times Hessian times gradient.

    The paper scores by the negative of this and removes the highest. As there, the loss is that of the outputs divided
    by a temperature, on some samples of each class, and batch norm goes by the statistics of the samples. Not as there,
    linear layers are not drawn anew for the scoring.
    """
    flow = _hessian_times_gradient(
        net.network.by(statistics), net.weights, net.network.balanced(per_class), temperature
    )
    return {name: weight.double() * flow[name].double() for name, weight in net.weights.items()}


def _hessian_times_gradient(
    network: Computing, weights: Mapping[str, Tensor], sample: Sample, temperature: float
) -> dict[str, Tensor]:
    leaves = network.leaves(weights)
    wanted = list(leaves.values())
    # Every part has samples of all classes, which come one after the other: its statistics are like those of the whole.
    count = math.ceil(len(sample[1]) / _SAMPLES)
    parts = [(sample[0][part::count], sample[1][part::count]) for part in range(count)]

    def loss(part: Sample) -> Tensor:
        inputs, labels = part
        mean = functional.cross_entropy(network.outputs(leaves, inputs) / temperature, labels)
        return mean * (len(labels) / len(sample[1]))

    def derived(value: Tensor, further: bool) -> tuple[Tensor, ...]:
        return torch.autograd.grad(value, wanted, create_graph=further, allow_unused=True, materialize_grads=True)

    gradient = [torch.zeros_like(leaf) for leaf in wanted]
    product = [torch.zeros_like(leaf) for leaf in wanted]
    # The fused kernels of attention have no second derivative.
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        for part in parts:
            for total, new in zip(gradient, derived(loss(part), further=False), strict=True):
                total += new
        for part in parts:
            own = derived(loss(part), further=True)
            along = torch.stack([(one * whole).sum() for one, whole in zip(own, gradient, strict=True)]).sum()
            for total, new in zip(product, derived(along, further=False), strict=True):
                total += new
    return {name: one.cpu() for name, one in zip(leaves, product, strict=True)}
