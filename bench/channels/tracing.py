"""A network as a graph of operations, each with the shape of what it gives."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph, GraphModule, Interpreter, Node, Tracer

Shape = tuple[int, ...]
SAMPLES = 2  # how many samples are sent through; their number stands for any


@dataclass(frozen=True)
class Traced:
    """The operations of a network in evaluation."""

    module: nn.Module
    graph: Graph
    shapes: Mapping[Node, Shape]  # of the operations that give a tensor

    def shape(self, node: Node) -> Shape:
        return self.shapes[node]


class _Shapes(Interpreter):
    """Runs a graph and notes the shape of everything in it."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.shapes: dict[Node, Shape] = {}

    def run_node(self, n: Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, Tensor):
            self.shapes[n] = tuple(result.shape)
        return result


def graph_of(module: nn.Module) -> Graph | None:
    """The operations of a network, or None where what it does depends on more than its shape."""
    try:
        return Tracer().trace(module)
    except Exception:  # a network may do anything in Python; that it cannot be traced is an answer
        return None


def traced(module: nn.Module, shape: Shape) -> Traced | None:
    """The operations of a network, which is put into evaluation; None where they cannot be told."""
    graph = graph_of(module.eval())
    if graph is None:
        return None
    try:
        shapes = _shapes(module, graph, shape)
    except Exception:
        return None
    return Traced(module, graph, shapes)


def _shapes(module: nn.Module, graph: Graph, shape: Shape) -> dict[Node, Shape]:
    """Shapes cost nothing on the meta device; a network that makes tensors of its own elsewhere is really run."""
    try:
        return _run(copy.deepcopy(module).to("meta"), graph, shape, torch.device("meta"))
    except Exception:
        first = next(module.parameters(), torch.zeros(()))
        return _run(module, graph, shape, first.device)


def _run(module: nn.Module, graph: Graph, shape: Shape, device: torch.device) -> dict[Node, Shape]:
    first = next((one for one in module.parameters() if one.is_floating_point()), torch.zeros(()))
    made = GraphModule(module, graph)
    run = _Shapes(made)
    with torch.no_grad():
        run.run(torch.zeros(SAMPLES, *shape, device=device, dtype=first.dtype))
    places = made.graph.nodes  # a copy of the graph, in the same order
    return {node: run.shapes[other] for node, other in zip(graph.nodes, places, strict=True) if other in run.shapes}
