"""SynFlow: what flows through a weight, without any data.

Tanaka, Kunin, Yamins and Ganguli, Pruning neural networks without any data by iteratively conserving synaptic flow,
NeurIPS 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.errors import UserError
from bench.measures.operations import Unknown
from bench.pruning.linearised import Linearised
from bench.pruning.view import NetView
from bench.registry import score
from bench.training.devices import sum_type

_INSTEAD = "choose another score, such as magnitude or snip"


@score(
    "synflow",
    reference="Tanaka et al., NeurIPS 2020",
    network=True,
    rounds=lambda rounds=100: rounds,
    sample={"rounds": 3},
    home_scope="global",
)
def synflow(net: NetView, rounds: int = 100) -> dict[str, Tensor]:
    """The share of a weight in what flows from a 1 at each input to the outputs, every weight taken as positive.

    The pruning is done in `rounds` rounds, each with new scores. Biases, and the means and shifts of batch norm, are
    no part of the flow. A share of it, rather than the flow, so that no depth makes the numbers too large.
    """
    network = net.network
    leaves = network.leaves({name: weight.abs().to(sum_type(network.device)) for name, weight in net.weights.items()})
    inputs = torch.ones(1, *network.shape, dtype=sum_type(network.device), device=network.device, requires_grad=True)
    with torch.enable_grad():
        try:
            with Linearised():
                flow = network.outputs(leaves, inputs).sum()
        except Unknown as unknown:
            raise UserError(f"score synflow: the network computes {unknown}, which has no flow; {_INSTEAD}") from None
        wanted = [inputs, *leaves.values()]
        into, *gradients = torch.autograd.grad(flow, wanted, allow_unused=True, materialize_grads=True)
    total = flow.item()
    # Of a flow, twice as much comes out where twice as much goes in. Products of signals, as in attention, are none.
    if not torch.isfinite(flow) or abs(into.sum().item() - total) > 1e-3 * total:
        raise UserError(f"score synflow: nothing flows through a network that multiplies signals; {_INSTEAD}")
    return {
        name: (leaf.detach() * gradient / (total or 1.0)).cpu()
        for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True)
    }
