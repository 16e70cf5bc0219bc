"""The smaller network: layers with fewer channels, in the module as it was or in one that is written anew."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph, GraphModule, Node

from bench.channels.flow import Flow
from bench.channels.tracing import graph_of
from bench.channels.walk import Layer
from bench.pruning.shrinking.deciding import Decision


def rebuild(flow: Flow, decision: Decision) -> nn.Module:
    """The traced module with smaller layers. Where its own code does not fit them, its operations are written out."""
    module, graph = flow.traced.module, flow.traced.graph
    for layer in flow.layers:
        _cut(layer, decision)
    rewrites = [
        (node, value.rewrite(decision.kept)) for node, value in flow.values.items() if value.rewrite is not None
    ]
    for node, written in rewrites:
        node.target, node.args, node.kwargs = written.target, written.args, written.kwargs
    again = graph_of(module, flow.traced.sample)
    if again is not None and _text(again) == _text(graph):
        return module
    own = Graph()  # one that knows nothing of how it was traced, and is loaded without us
    own.output(own.graph_copy(graph, {}))
    return GraphModule(module, own, type(module).__name__)


def _text(graph: Graph) -> list[tuple[Any, ...]]:
    """What a graph does, comparable with another."""
    places = {node: place for place, node in enumerate(graph.nodes)}

    def plain(value: Any) -> Any:
        if isinstance(value, Node):
            return ("node", places[value])
        if isinstance(value, tuple | list):
            return [plain(one) for one in value]
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items()}
        return value

    return [(node.op, node.target, plain(node.args), plain(node.kwargs)) for node in graph.nodes if node.op != "output"]


def _cut(layer: Layer, decision: Decision) -> None:
    """Only the channels that stay, in place."""
    module: Any = layer.module
    rows = torch.from_numpy(decision.kept.places(layer.outputs))
    if layer.kind == "each":
        _cut_each(module, rows)
        return
    bias = decision.biases[layer.name]
    if module.bias is not None or bool((bias[rows] != 0).any()):
        _put(module, "bias", bias[rows].to(module.weight))
    weight = module.weight.detach()[rows.to(module.weight.device)]
    if layer.kind == "dense" and layer.inputs is not None:
        columns = torch.from_numpy(decision.kept.places(layer.inputs))
        weight = weight[:, columns.to(weight.device)]
    _put(module, "weight", weight)
    outputs, inputs = weight.shape[:2]
    if isinstance(module, nn.Linear):
        module.out_features, module.in_features = outputs, inputs
    elif layer.kind == "dense":
        module.out_channels, module.in_channels = outputs, inputs
    else:
        assert layer.inputs is not None
        module.out_channels, module.in_channels = outputs, decision.kept.count(layer.inputs)
        module.groups = module.in_channels


def _cut_each(module: Any, kept: Tensor) -> None:
    for name in ("weight", "bias", "running_mean", "running_var"):
        tensor = getattr(module, name, None)
        if tensor is not None:
            _put(module, name, tensor.detach()[kept.to(tensor.device)])
    for name in ("num_features", "num_parameters"):
        if hasattr(module, name):
            setattr(module, name, int(kept.sum()))


def _put(module: nn.Module, name: str, values: Tensor) -> None:
    """A tensor of its own in place of another; a new one is trained as the weights are."""
    before = getattr(module, name)
    if name in module._buffers:
        setattr(module, name, values.clone())
        return
    asked = before.requires_grad if before is not None else module.get_parameter("weight").requires_grad
    setattr(module, name, nn.Parameter(values.clone(), requires_grad=asked))
