"""The network that is about to be pruned as a function of its weights, and training data to put into it.

For scores that look at gradients, activations or curvature. It computes where the training does; what scores get and
give lies on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from bench import random
from bench.models.base import BATCH_NORMS
from bench.models.layout import Layout
from bench.training.content import Content
from bench.training.state import State

Sample = tuple[Tensor, Tensor]  # inputs and labels
Statistics = Literal["batch", "running"]  # what batch norm goes by


class Computing:
    """One state of one network, on the training data of its seed, without dropout.

    Batch norm goes by its running statistics, or by those of each batch: see `by`.
    """

    def __init__(
        self,
        module: nn.Module,
        layouts: tuple[Layout, Layout],
        state: State,
        content: Content,
        batch: int,
        place: tuple[int, str],
    ) -> None:
        self._module, self._content, self._batch, self._place = module, content, batch, place
        self._statistics: Statistics = "running"
        parameters, buffers = layouts
        device = content.device
        self._others = {
            **{name: view.to(device) for name, view in parameters.views(state.weights).items()},
            **{name: view.to(device) for name, view in buffers.views(state.buffers).items()},
        }
        self._names = {layer.name: f"{layer.name}.weight" for layer in parameters.layers}

    def by(self, statistics: Statistics) -> Computing:
        """The same, with batch norm going by its running statistics or by those of each batch that is put in.

        In a network just drawn the running ones are no statistics of anything: mean 0 and variance 1. Neither way
        changes them.
        """
        other = copy(self)
        other._statistics = statistics
        return other

    @property
    def device(self) -> torch.device:
        return self._content.device

    @property
    def module(self) -> nn.Module:
        """The network itself, for its structure; its own parameters mean nothing."""
        return self._module

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""
        return self._content.shape

    def other(self, name: str) -> Tensor:
        """A parameter or buffer by its full name, as it is in this state."""
        return self._others[name]

    def outputs(self, weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """The outputs with these weights of the prunable layers, in their precision; the rest is as it is."""
        precision = next(iter(weights.values())).dtype
        tensors = {
            name: tensor.to(precision) if tensor.is_floating_point() else tensor
            for name, tensor in self._others.items()
        }
        tensors.update({self._names[name]: weight for name, weight in weights.items()})
        self._module.eval()
        with _by_batch(self._module) if self._statistics == "batch" else nullcontext():
            outputs: Tensor = functional_call(self._module, tensors, (inputs.to(precision),))
        return outputs

    def loss(self, weights: Mapping[str, Tensor], sample: Sample) -> Tensor:
        """The mean loss on a sample."""
        inputs, labels = sample
        return functional.cross_entropy(self.outputs(weights, inputs), labels)

    def leaves(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights where the network computes, ready to be differentiated by."""
        return {name: weight.detach().to(self.device).requires_grad_() for name, weight in weights.items()}

    def gradient(self, weights: Mapping[str, Tensor], samples: Sequence[Sample]) -> dict[str, Tensor]:
        """The gradient of the mean loss over all samples of all batches."""
        leaves = self.leaves(weights)
        count = sum(len(labels) for _, labels in samples)
        total = {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
        for sample in samples:
            with torch.enable_grad():
                loss = self.loss(leaves, sample) * (len(sample[1]) / count)
                gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
            for name, gradient in zip(leaves, gradients, strict=True):
                if gradient is not None:
                    total[name] += gradient
        return {name: gradient.cpu() for name, gradient in total.items()}

    def batches(self, count: int) -> list[Sample]:
        """So many batches of training samples, of the size that training has, none twice as far as there are enough."""
        if not self._batch:
            raise ValueError("a score that takes batches is registered with data=True")
        rows = self._content.split(self._place[0]).train.numpy()
        order = rows[random.permutation(*self._seeded("batches"), n=len(rows))]
        wanted = np.resize(order, count * self._batch)
        return [self._sample(part) for part in wanted.reshape(count, self._batch)]

    def balanced(self, each: int) -> Sample:
        """So many training samples of each class, as far as there are, in one batch."""
        rows = self._content.split(self._place[0]).train
        labels = self._content.labels_of(rows).numpy()
        order = random.permutation(*self._seeded("balanced"), n=len(rows))
        chosen = [order[labels[order] == label][:each] for label in np.unique(labels)]
        return self._sample(rows.numpy()[np.concatenate(chosen)])

    def _seeded(self, what: str) -> tuple[Any, ...]:
        seed, place = self._place
        return seed, "score", place, what

    def _sample(self, rows: Any) -> Sample:
        return self._content.samples(torch.from_numpy(np.ascontiguousarray(rows)).to(self.device))


@contextmanager
def _by_batch(module: nn.Module) -> Iterator[None]:
    """Within it, batch norm goes by the batch and keeps no account of it."""
    norms = [part for part in module.modules() if isinstance(part, BATCH_NORMS)]
    tracking = [norm.track_running_stats for norm in norms]
    try:
        for norm in norms:
            norm.training, norm.track_running_stats = True, False
        yield
    finally:
        for norm, tracked in zip(norms, tracking, strict=True):
            norm.training, norm.track_running_stats = False, tracked


def per_sample(samples: Sequence[Sample]) -> Iterator[Sample]:
    """The samples one at a time, each a batch of its own."""
    for inputs, labels in samples:
        for place in range(len(labels)):
            yield inputs[place : place + 1], labels[place : place + 1]
