"""Which channels can go: those that nobody hears, and those that are constant, once their constant is passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bench.channels.flow import Flow
from bench.channels.layers import foldable, folded, windows
from bench.channels.walk import Kept, Known, Layer

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Decision:
    """What stays, and the biases that constants were added to."""

    kept: Kept
    biases: Mapping[str, Tensor]


def decide(flow: Flow) -> Decision:
    """Take channels away as long as any can go. The weights of the module that was traced lose what goes.

    What has gone may leave others without anyone who hears them, or without anything to hear, so that it goes on.
    """
    weighted = [layer for layer in flow.layers if layer.kind != "each"]
    known = Known({}, {layer.name: _bias(layer) for layer in weighted})
    roots = flow.atoms.roots(range(flow.atoms.count))
    gone = np.zeros(len(roots), dtype=np.bool_)  # by root
    while True:
        flow.constants(known)
        going = _free(flow, known, roots) & ~gone
        if not going.any():
            _hold_back(flow, roots, gone)
            return Decision(Kept(~gone[roots]), known.biases)
        for layer in weighted:
            _take_out(layer, known, going[roots])
        gone |= going


def _bias(layer: Layer) -> Tensor:
    bias = layer.module.bias
    if isinstance(bias, Tensor):
        return bias.detach().cpu().double()
    return torch.zeros(len(layer.outputs), dtype=torch.float64)


def _free(flow: Flow, known: Known, roots: npt.NDArray[np.int64]) -> Marks:
    """The roots of atoms that every layer can do without."""
    free = np.zeros(len(roots), dtype=np.bool_)
    free[roots] = True
    free[list(flow.atoms.fixed())] = False
    for layer in flow.layers:
        if layer.kind == "dense" and layer.inputs is not None:
            unheard = ~windows(_weight(layer)).any(dim=0)
            needed = ~(unheard | foldable(layer.module, known.of(layer.source, layer.inputs)))
            free[roots[layer.inputs.atoms[needed.numpy()]]] = False
    return free


def _hold_back(flow: Flow, roots: npt.NDArray[np.int64], gone: Marks) -> None:
    """One channel at least stays of every tensor, though it gives nothing any more: no layer can do without."""
    for value in flow.values.values():
        if value.axis is not None:
            here = roots[value.axis.atoms]
            for start, stop in value.parts or ((0, len(here)),):
                part = here[start:stop]
                if len(part) and gone[part].all():
                    gone[part[0]] = False


def _take_out(layer: Layer, known: Known, going: Marks) -> None:
    """Without the channels that go; where they were constant, the bias takes over what they gave."""
    weight = _weight(layer)
    if layer.kind == "dense" and layer.inputs is not None:
        columns = torch.from_numpy(going[layer.inputs.atoms])
        given = torch.nan_to_num(known.of(layer.source, layer.inputs))
        known.biases[layer.name] = known.biases[layer.name] + folded(weight, given, columns)
        weight[:, columns.to(weight.device)] = 0
    weight[torch.from_numpy(going[layer.outputs.atoms]).to(weight.device)] = 0


def _weight(layer: Layer) -> Tensor:
    weight = layer.module.weight
    assert isinstance(weight, Tensor)
    return weight.detach()
