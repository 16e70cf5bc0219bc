"""From a sample as people have it to what a network gets: what travels with a network that leaves the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from bench.data.base import Dataset, Scale
from bench.data.columns import Column
from bench.registry import registry

if TYPE_CHECKING:
    import torch

    from bench.registry import Choice

Array = npt.NDArray[Any]
BYTE = 255.0


@dataclass(frozen=True)
class Preprocessing:
    """Samples are brought to the shape `kept`; of images the middle is taken; then (x - shift) * factor."""

    shape: tuple[int, ...]  # of a sample, as the network gets it
    kept: tuple[int, ...]  # the same before its middle is taken
    shift: Scale = 0.0
    factor: Scale = 1.0
    white: float | None = None  # the value of a pixel that is all white; None: an image file has no such scale
    columns: tuple[Column, ...] = field(default=())  # of a table whose rows are the samples

    @property
    def are_images(self) -> bool:
        return len(self.shape) == 3

    @property
    def mode(self) -> Literal["RGB", "L"] | None:
        """How an image file is read; None where samples have another number of channels than one or three."""
        modes: dict[int, Literal["RGB", "L"]] = {1: "L", 3: "RGB"}
        return modes.get(self.shape[0]) if self.are_images and self.white is not None else None

    def middle(self, samples: Array) -> Array:
        """The part of each sample that the network gets."""
        if samples.shape[1:] == self.shape:
            return samples
        (tall, wide), (height, width) = self.kept[-2:], self.shape[-2:]
        top, left = (tall - height) // 2, (wide - width) // 2
        return samples[..., top : top + height, left : left + width]

    def inputs(self, samples: Array) -> torch.Tensor:
        """Samples of the shape `kept`, or cut to `shape` already, as the network gets them."""
        import torch

        inputs = torch.from_numpy(np.array(self.middle(samples), order="C")).to(torch.float32)  # of memory of its own
        if self.shift == 0 and self.factor == 1:
            return inputs
        return inputs.sub_(_scale(self.shift)).mul_(_scale(self.factor))

    def to_json(self) -> dict[str, Any]:
        """Plain values under plain names."""
        return asdict(self) | {"mode": self.mode}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Preprocessing:
        columns = tuple(Column(one["name"], tuple(one["values"]), one["unit"]) for one in told["columns"])
        return cls(
            shape=tuple(told["shape"]),
            kept=tuple(told["kept"]),
            shift=_told(told["shift"]),
            factor=_told(told["factor"]),
            white=told["white"],
            columns=columns,
        )


def preprocessing_of(dataset: Dataset, choice: Choice) -> Preprocessing:
    """What a data set does to its own samples. Its content is read for it."""
    content = dataset.tensors()
    extra = registry("dataset").get(choice.name).extra
    bytes_ = str(content.inputs.dtype) == "torch.uint8"
    return Preprocessing(
        shape=tuple(dataset.info.shape),
        kept=tuple(content.inputs.shape[1:]),
        shift=content.shift,
        factor=content.factor,
        white=float(extra["white"]) if "white" in extra else BYTE if bytes_ else None,
        columns=tuple(extra.get("columns", ())),
    )


def _scale(scale: Scale) -> torch.Tensor | float:
    import torch

    return torch.tensor(scale)[:, None, None] if isinstance(scale, tuple) else scale


def _told(scale: Any) -> Scale:
    return tuple(scale) if isinstance(scale, list | tuple) else float(scale)
