"""A network as a graph of operations, each with the shape of what it gives."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph, GraphModule, Interpreter, Node, Proxy, Tracer

Shape = tuple[int, ...]
SAMPLES = (2, 3)  # how many samples are sent through; what is the same for both is the same for any number
_QUESTIONS = ("size", "dim", "shape", "ndim", "dtype", "device", "is_floating_point")


@dataclass(frozen=True)
class Traced:
    """The operations of a network in evaluation, for samples of a shape."""

    module: nn.Module
    graph: Graph
    sample: Shape
    shapes: Mapping[Node, Shape]  # of the operations that give a tensor


def traced(module: nn.Module, shape: Shape) -> Traced | None:
    """The operations of a network, which is put into evaluation; None where they cannot be told."""
    graph = graph_of(module.eval(), shape)
    if graph is None:
        return None
    try:
        shapes = _run(module, graph, shape, SAMPLES[0]).shapes
    except Exception:  # it runs in another way than its operations do
        return None
    return Traced(module, graph, shape, shapes)


def graph_of(module: nn.Module, shape: Shape) -> Graph | None:
    """The operations of a network, or None where what it does depends on more than the shape of its samples."""
    answers: list[bool] = []
    while True:
        tracer = _Tracer(answers)
        try:
            return tracer.trace(module)
        except _Asked as question:
            found = _answers(module, tracer.graph, question.node, shape)
            if len(found) != 1:
                return None
            answers.append(found.pop())
        except Exception:  # a network may do anything in Python; that it cannot be traced is an answer
            return None


def faithful(found: Traced) -> bool:
    """Whether the operations give what the network itself gives, which may look at more than it lets see."""
    first = next((one for one in found.module.parameters() if one.is_floating_point()), torch.zeros(()))
    drawn = torch.randn(SAMPLES[0], *found.sample, generator=torch.Generator().manual_seed(0))
    inputs = drawn.to(device=first.device, dtype=first.dtype)
    with torch.no_grad():
        outputs, others = found.module(inputs), GraphModule(found.module, found.graph)(inputs)
    same = isinstance(outputs, Tensor) and isinstance(others, Tensor) and outputs.shape == others.shape
    return same and torch.allclose(outputs, others, rtol=1e-3, atol=1e-5, equal_nan=True)


class _Asked(Exception):
    """The network goes one way or another, by something that it computes."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node


class _Tracer(Tracer):
    """Goes the ways that are known, and asks at the next fork."""

    def __init__(self, answers: Iterable[bool]) -> None:
        super().__init__()
        self._answers = iter(tuple(answers))

    def to_bool(self, obj: Proxy) -> bool:
        for answer in self._answers:
            return answer
        raise _Asked(obj.node)


def _answers(module: nn.Module, traced_so_far: Graph, asked: Node, shape: Shape) -> set[bool]:
    """What the network may find out, whatever the samples are; nothing where their numbers decide."""
    if not _by_shapes_alone(asked):
        return set()
    graph = Graph()
    places: dict[Node, Node] = {}
    graph.graph_copy(traced_so_far, places)
    graph.output(places[asked])
    try:
        return {bool(_run(module, graph, shape, samples).result) for samples in SAMPLES}
    except Exception:  # it runs in another way than its operations do
        return set()


def _by_shapes_alone(asked: Node) -> bool:
    """Whether an answer follows from shapes, whatever the numbers are."""
    waiting = [asked]
    while waiting:
        node = waiting.pop()
        word = node.args[1] if node.target is getattr else node.target
        if word in _QUESTIONS and node.op in ("call_method", "call_function"):
            continue
        if node.op not in ("call_method", "call_function"):
            return False
        waiting.extend(node.all_input_nodes)
    return True


class _Run(Interpreter):
    """Runs a graph and notes the shape of everything in it."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.shapes: dict[Node, Shape] = {}
        self.result: Any = None

    def run_node(self, n: Node) -> Any:
        self.result = super().run_node(n)
        if isinstance(self.result, Tensor):
            self.shapes[n] = tuple(self.result.shape)
        return self.result


def _run(module: nn.Module, graph: Graph, shape: Shape, samples: int) -> _Run:
    """Shapes cost nothing on the meta device; a network that makes tensors of its own elsewhere is really run."""
    first = next((one for one in module.parameters() if one.is_floating_point()), torch.zeros(()))
    inputs = torch.zeros(samples, *shape, device="meta", dtype=first.dtype)
    try:
        return _run_on(copy.deepcopy(module).to("meta"), graph, inputs)
    except Exception:
        return _run_on(module, graph, torch.zeros_like(inputs, device=first.device))


def _run_on(module: nn.Module, graph: Graph, inputs: Tensor) -> _Run:
    run = _Run(GraphModule(module, graph))
    with torch.no_grad():
        run.run(inputs)
    return run
