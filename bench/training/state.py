"""The state of one replica between two steps of a recipe, and its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from bench.recipe import Optimiser, digest


@dataclass(frozen=True)
class State:
    """Weights, mask, buffers, optimiser state, and the place in the data stream. Never changed in place."""

    weights: Tensor  # flat float32, zero where pruned
    mask: Tensor  # flat bool, False where pruned
    buffers: Tensor  # flat float32
    moments: Mapping[str, Tensor] = field(default_factory=dict)  # flat float32, one a buffer of the optimiser
    updates: int = 0  # how many updates the optimiser has made since it was fresh
    optimiser: str = ""  # the digest of the optimiser's settings; empty when fresh
    order: int = 0  # batches taken from the data stream

    def fresh(self) -> State:
        """The same without what the optimiser remembers."""
        return replace(self, moments={}, updates=0, optimiser="")

    def masked(self, mask: Tensor) -> State:
        """The same with more weights gone: zero, without moments."""
        kept = mask & self.mask
        return replace(
            self,
            weights=self.weights * kept,
            mask=kept,
            moments={name: moment * kept for name, moment in self.moments.items()},
        )

    def continues(self, optimiser: Optimiser) -> bool:
        """Whether a training with this optimiser takes over what the state's optimiser remembers."""
        return self.optimiser == digest(optimiser)


def to_bytes(state: State) -> bytes:
    """The state as a safetensors file, its mask packed to bits."""
    tensors = {
        "weights": state.weights,
        "mask": torch.from_numpy(np.packbits(state.mask.numpy())),
        "buffers": state.buffers,
        **{f"moment.{name}": moment for name, moment in state.moments.items()},
    }
    numbers = {"updates": str(state.updates), "optimiser": state.optimiser, "order": str(state.order)}
    return save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata=numbers)


def from_bytes(content: bytes) -> State:
    """The state that a file holds."""
    tensors = load(content)
    numbers = _metadata(content)
    weights = tensors["weights"]
    mask = np.unpackbits(tensors["mask"].numpy(), count=weights.numel()).astype(bool)
    return State(
        weights=weights,
        mask=torch.from_numpy(mask),
        buffers=tensors["buffers"],
        moments={name.removeprefix("moment."): t for name, t in tensors.items() if name.startswith("moment.")},
        updates=int(numbers["updates"]),
        optimiser=numbers["optimiser"],
        order=int(numbers["order"]),
    )


def _metadata(content: bytes) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    header: dict[str, dict[str, str]] = json.loads(content[8 : 8 + length])
    return header["__metadata__"]
