"""What the loss would change by without a weight, to first order.

Mozer and Smolensky, Skeletonization, NIPS 1988; Lee, Ajanthan and Torr, SNIP: Single-shot Network Pruning based on
Connection Sensitivity, ICLR 2019; Molchanov et al., Importance Estimation for Neural Network Pruning, CVPR 2019.
"""

from __future__ import annotations

from torch import Tensor

from bench.pruning.computing import Statistics
from bench.pruning.view import NetView
from bench.registry import score


@score("taylor", reference="Mozer and Smolensky, NIPS 1988", aliases=("gradient", "gradient-times-weight"), data=True)
def taylor(net: NetView, batches: int = 1, statistics: Statistics = "running") -> dict[str, Tensor]:
    """The absolute value of a weight times the gradient of the loss on some batches."""
    return {name: change.abs() for name, change in _changes(net, batches, statistics).items()}


@score("taylor-squared", reference="Molchanov et al., CVPR 2019", data=True)
def taylor_squared(net: NetView, batches: int = 1, statistics: Statistics = "running") -> dict[str, Tensor]:
    """The same, squared: a unit is then worth the norm of these squares."""
    return {name: change.square() for name, change in _changes(net, batches, statistics).items()}


@score("snip", reference="Lee et al., ICLR 2019", data=True, home_scope="global")
def snip(net: NetView, batches: int = 1, statistics: Statistics = "running") -> dict[str, Tensor]:
    """A weight's share in all that the gradient times the weights comes to: meant for the start of training.

    In the authors' code batch norm goes by its running statistics, which are 0 and 1 at the start.
    """
    scores = {name: change.abs() for name, change in _changes(net, batches, statistics).items()}
    total = sum(float(values.sum()) for values in scores.values())
    return {name: values / (total or 1.0) for name, values in scores.items()}


def _changes(net: NetView, batches: int, statistics: Statistics) -> dict[str, Tensor]:
    """Weight times gradient, in double precision: the product of two small numbers."""
    gradient = net.network.by(statistics).gradient(net.weights, net.network.batches(batches))
    return {name: weight.double() * gradient[name].double() for name, weight in net.weights.items()}
