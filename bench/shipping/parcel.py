"""What is written of a run: its files as bytes, checked against the run before anything is on the disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from bench.data.preprocessing import Preprocessing, preprocessing_of
from bench.models.base import multiply_adds
from bench.opening import OpenedRun
from bench.pruning.shrinking.shrink import shrink
from bench.recipe import canonical
from bench.registry import Choice
from bench.shipping.checking import COMPARED, Agreement, Judged, compared, inputs_at, judged, test_rows
from bench.shipping.portable import (
    exported,
    missing_for_onnx,
    onnx_bytes,
    onnx_outputs,
    pt2_bytes,
    pt2_network,
    torch_outputs,
)

FORMAT = 1  # raised when the files of an export change their form
WEIGHTS, PT2, ONNX, FACTS, CARD = "model.safetensors", "model.pt2", "model.onnx", "run.json", "README.md"
SOURCE = "network.py"  # of a network that a file of the user's own defines
OWN = "file"  # what such a network is registered as
MASK = "_mask"  # behind the name of a weight, as in torch.nn.utils.prune


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Parcel:
    """A run that is ready to be written."""

    opened: OpenedRun
    preprocessing: Preprocessing
    files: Mapping[str, bytes]  # of the networks
    judged: Judged
    agreements: tuple[Agreement, ...]
    whole: Size
    shrunk: Size
    not_written: tuple[str, ...]  # why a file is missing, a line each


def packed(opened: OpenedRun) -> Parcel:
    """The files of a run whose state is at hand."""
    network = opened.network()
    smaller = shrink(network, None, opened.shape).eval()
    program = exported(smaller, opened.shape)
    found = judged(opened, network)
    preprocessing = preprocessing_of(opened.dataset, opened.ground.problem.data)
    inputs = inputs_at(opened, test_rows(opened)[:COMPARED])
    expected = torch_outputs(network, inputs)
    files = {WEIGHTS: _weights(opened, network, preprocessing), PT2: pt2_bytes(program), **_source(opened)}
    agreements = [compared(PT2, expected, lambda: torch_outputs(pt2_network(files[PT2]), inputs))]
    absent = missing_for_onnx()
    left_out = [] if absent is None else [_without(absent)]
    if absent is None:
        files[ONNX] = onnx_bytes(program)
        agreements.append(compared(ONNX, expected, lambda: onnx_outputs(files[ONNX], inputs.numpy())))
    return Parcel(
        opened=opened,
        preprocessing=preprocessing,
        files=files,
        judged=found,
        agreements=tuple(agreements),
        whole=_size(network, opened.shape),
        shrunk=_size(smaller, opened.shape),
        not_written=tuple(left_out),
    )


def _without(package: str) -> str:
    return f"{ONNX} is not written: the package {package} is not installed; `pip install onnx onnxscript` adds it"


def described(parcel: Parcel) -> dict[str, Any]:
    """All that a program needs to know of the files."""
    opened = parcel.opened
    facts = {name: value for name, value in opened.facts.items() if name not in ("command", "note")}
    return {
        "format": FORMAT,
        "run": opened.key,
        "name": opened.name,
        "labels": list(opened.labels),
        "preprocessing": parcel.preprocessing.to_json(),
        "network": _network(opened),
        "shape": list(opened.shape),
        "classes": opened.ground.data.classes,
        "facts": facts,
        "recipe": canonical(opened.recipe),
        "files": sorted(parcel.files),
        "parameters": {"network": parcel.whole.parameters, "shrunk": parcel.shrunk.parameters},
        "checks": {
            one.file: {"samples": one.samples, "largest": one.largest, "same_predictions": one.same_predictions}
            for one in parcel.agreements
        },
    }


def _network(opened: OpenedRun) -> dict[str, Any]:
    choice = portable_choice(opened)
    return {"name": choice.name, "options": dict(choice.options)}


def portable_choice(opened: OpenedRun) -> Choice:
    """The network by name and options; a file of the user's own by its copy, without the weights that it began with."""
    choice = opened.ground.problem.model
    if choice.name != OWN:
        return choice
    options = {name: value for name, value in choice.options if name != "weights"}
    return Choice(choice.name, tuple(sorted((options | {"path": SOURCE}).items())))


def _source(opened: OpenedRun) -> dict[str, bytes]:
    choice = opened.ground.problem.model
    return {SOURCE: Path(str(dict(choice.options)["path"])).expanduser().read_bytes()} if choice.name == OWN else {}


def _weights(opened: OpenedRun, network: nn.Module, preprocessing: Preprocessing) -> bytes:
    """The state of the whole network, with its masks, and what there is to know of it as text."""
    tensors: dict[str, Tensor] = {name: tensor.contiguous().clone() for name, tensor in network.state_dict().items()}
    for name, mask in opened.masks().items():
        tensors[f"{name}.weight{MASK}"] = mask.to(torch.uint8)
    told = {
        "format": "pt",
        "run": opened.key,
        "network": json.dumps(_network(opened)),
        "shape": json.dumps(list(opened.shape)),
        "labels": json.dumps(list(opened.labels)),
        "preprocessing": json.dumps(preprocessing.to_json()),
    }
    return save(tensors, metadata=told)


def _size(network: nn.Module, shape: tuple[int, ...]) -> Size:
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Size(parameters, sum(multiply_adds(network, shape).values()))
