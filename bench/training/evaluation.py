"""Loss and accuracy of a stack of replicas over a whole part of the data, last partial batch included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.training.content import Content
from bench.training.devices import sum_type
from bench.training.losses import sample_losses
from bench.training.networks import StackedNetwork
from bench.training.stacks import Stack

COPIED_AT_ONCE = 16 * 10**6  # bytes: about what a processor's cache holds


@dataclass(frozen=True)
class Quality:
    """What one replica does on one part of the data."""

    loss: float
    correct: int
    count: int

    @property
    def accuracy(self) -> float:
        return self.correct / self.count if self.count else float("nan")


class Answers:
    """The class that each sample is taken for, of those replicas whose answers are wanted one by one."""

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self._chunks: dict[int, list[Tensor]] = {row: [] for row in rows}

    def hear(self, rows: Sequence[int], answers: Tensor) -> None:
        """The answers (replicas, samples) of these rows to the next samples of their parts."""
        for place, row in enumerate(rows):
            if row in self._chunks:
                self._chunks[row].append(answers[place].to(torch.int32))

    def of(self, row: int) -> Tensor | None:
        """In the order of the part, on the CPU; None where they were not wanted."""
        if row not in self._chunks:
            return None
        chunks = self._chunks[row] or [torch.empty(0)]  # of a part without samples there are none
        return torch.cat(chunks).to("cpu", torch.int64)


def evaluate(
    network: StackedNetwork, stack: Stack, content: Content, parts: Sequence[Tensor], answers: Answers | None = None
) -> list[Quality]:
    """Each replica on its own part; the parts are of equal size."""
    losses, correct = totals(network, stack, content, parts, answers)
    count = len(parts[0])
    return [
        Quality(loss / count if count else float("nan"), int(right), count)
        for loss, right in zip(losses.tolist(), correct.tolist(), strict=True)
    ]


def totals(
    network: StackedNetwork, stack: Stack, content: Content, parts: Sequence[Tensor], answers: Answers | None = None
) -> tuple[Tensor, Tensor]:
    """The sum of the losses and the number of right answers of each replica, still on the device."""
    losses = torch.zeros(len(parts), dtype=sum_type(content.device), device=content.device)
    correct = torch.zeros(len(parts), dtype=torch.int64, device=content.device)
    for rows in _together(parts, content):
        whole = len(rows) == len(parts)
        picked = torch.tensor(rows, device=content.device)
        own = stack if whole else stack.keep(picked)
        for inputs, labels in content.sweep([parts[row] for row in rows]):
            outputs = network.outputs(own.weights, own.buffers, inputs)
            losses[picked] += sample_losses(outputs, labels).to(losses.dtype).sum(dim=1)
            answered = outputs.argmax(dim=-1)
            correct[picked] += (answered == labels).sum(dim=1)
            if answers is not None:
                answers.hear(rows, answered)
    return losses, correct


def _together(parts: Sequence[Tensor], content: Content) -> list[list[int]]:
    """The rows that are evaluated at once: all of them, unless each chunk would have to be copied out for many."""
    if len(parts) * content.chunk * content.sample_bytes <= COPIED_AT_ONCE:
        return [list(range(len(parts)))]
    alike: dict[int, list[int]] = {}
    for row, part in enumerate(parts):
        alike.setdefault(id(part), []).append(row)
    return list(alike.values())
