"""A network of my own.

    bench check FILE                      # does it keep what every network promises?
    bench run my-suite.yaml --plugin FILE

In the suite:  model: my-network   or   model: {my-network: {width: 32}}
"""

from collections import OrderedDict
from math import prod

from torch import nn

from bench import network


# Whatever stands in this file is part of what identifies its runs: after an edit they are made anew, the old ones stay.
@network("my-network")
def my_network(shape: tuple[int, ...], classes: int, width: int = 16) -> nn.Module:
    """One narrow layer between two wide ones."""
    # `shape` is that of a sample, such as (1, 28, 28). Every argument after `classes` is an option in a suite.
    # Linear and convolutional layers are pruned, by the names they have here; the output layer comes last. A chain of
    # linear layers, as this one, trains many replicas at once; any other nn.Module works too, one replica at a time.
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            fc1=nn.Linear(prod(shape), 64),
            relu1=nn.ReLU(),
            fc2=nn.Linear(64, width),
            relu2=nn.ReLU(),
            fc3=nn.Linear(width, 64),
            relu3=nn.ReLU(),
            output=nn.Linear(64, classes),
        )
    )
