"""Tensors that one operation overwrites in place while another still looks at them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping

from torch import nn
from torch.fx import Graph, Node

from bench.channels import pointwise, pooling
from bench.channels.layers import CONVS, NORMS
from bench.channels.pointwise import ACTIVATIONS
from bench.channels.pooling import POOLINGS

_ALIASES = frozenset({pointwise.as_it_is, pointwise.dropped})
_NEW_FUNCTIONS = frozenset(
    target
    for rules in (pointwise.functions(), pooling.functions())
    for target, rule in rules.items()
    if rule not in _ALIASES
)
_NEW_MODULES: tuple[type[nn.Module], ...] = (nn.Linear, nn.PReLU, *CONVS, *NORMS, *POOLINGS, *ACTIVATIONS)
_OWN_OPERATORS: frozenset[Callable[..., object]] = frozenset(
    getattr(operator, f"i{name}") for name in ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod", "matmul")
)


def overwritten(graph: Graph, modules: Mapping[str, nn.Module]) -> set[Node]:
    """All tensors whose numbers change after they were made, as far as anybody else sees it."""
    found: set[Node] = set()
    for node in graph.nodes:
        if _in_place(node, modules):
            found.update(one for one in _same_memory(node.all_input_nodes[:1], modules) if len(one.users) > 1)
    return found


def _in_place(node: Node, modules: Mapping[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return bool(getattr(modules[str(node.target)], "inplace", False))
    name = node.target if node.op == "call_method" else getattr(node.target, "__name__", "")
    written = isinstance(name, str) and name.endswith("_") and not name.endswith("__")
    asked = node.kwargs.get("inplace") or any(one is True for one in node.args[1:]) or "out" in node.kwargs
    return node.op.startswith("call_") and (written or bool(asked) or node.target in _OWN_OPERATORS)


def _same_memory(nodes: list[Node], modules: Mapping[str, nn.Module]) -> Iterator[Node]:
    """These and what they may be views of."""
    waiting, seen = list(nodes), set(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if _in_place(node, modules) or not _new(node, modules):
            waiting.extend(one for one in node.all_input_nodes if one not in seen)
            seen.update(node.all_input_nodes)


def _new(node: Node, modules: Mapping[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return type(modules[str(node.target)]) in _NEW_MODULES
    return node.op.startswith("call_") and node.target in _NEW_FUNCTIONS
