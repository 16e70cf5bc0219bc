"""A score of my own.

    bench check FILE                      # does it keep what every score promises?
    bench run my-suite.yaml --plugin FILE

In the suite:  methods: [none, one-shot, {one-shot: {score: my-score}}]
"""

from torch import Tensor

from bench import score
from bench.pruning.view import NetView


# Whatever stands in this file is part of what identifies its runs: after an edit they are made anew, the old ones stay.
@score("my-score")
def my_score(net: NetView, chance: float = 0.1) -> dict[str, Tensor]:
    """The magnitude of a weight, shaken a little: how much does the exact order matter?"""
    # One number for each weight, in the shape of its layer; the weights with the lowest numbers go. How many go is not
    # the score's business. Every argument after `net` is an option: {score: {my-score: {chance: 0.5}}}.
    #
    # net.weights[name]     the weights of a layer just before it is pruned; those that are gone are zero
    # net.masks[name]       True where a weight is still there
    # net.uniform(name)     numbers between 0 and 1, the same for the same seed; take all chance from here
    # net.weights_at(0)     the weights at an earlier moment of the dense training, for which the decorator asks:
    #                       @score("my-score", moments=lambda: (Duration(0, "steps"),))
    return {name: weight.abs() * (1 - chance * net.uniform(name)) for name, weight in net.weights.items()}
