"""What follows the output layer. Some published networks bound their outputs before the cross-entropy sees them."""

from __future__ import annotations

from typing import Literal

from torch import nn

from bench.errors import UserError

Head = Literal["logits", "softmax", "tanh"]


def head_layers(name: str, head: Head) -> dict[str, nn.Module]:
    """The layer that bounds the outputs, by its name in the network; none for logits."""
    if head == "logits":
        return {}
    if head == "softmax":
        return {"softmax": nn.Softmax(dim=-1)}
    if head == "tanh":
        return {"tanh": nn.Tanh()}
    raise UserError(f"{name}: head is {head!r}; give 'logits', 'softmax' or 'tanh'")
