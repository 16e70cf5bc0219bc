"""How channels run through a network: along its operations, from those that make them to those that hear them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn
from torch.fx import Node

from bench.channels import cutting, layers, pointwise, pooling, shapes
from bench.channels.atoms import Atoms
from bench.channels.overwriting import overwritten
from bench.channels.tracing import Shape, Traced, traced
from bench.channels.walk import NOTHING, Known, Layer, Unknown, Value, Walk

_MODULES = layers.modules()
_FUNCTIONS = pointwise.functions() | pooling.functions() | shapes.functions() | cutting.functions()


@dataclass(frozen=True)
class Flow:
    """The channels of a network: what each operation gives, which layers there are, and what is tied."""

    traced: Traced
    values: Mapping[Node, Value]
    layers: tuple[Layer, ...]
    atoms: Atoms

    def constants(self, known: Known) -> None:
        """Follow what is constant from the inputs to the outputs."""
        for node, value in self.values.items():
            if value.axis is not None and value.constants is not None:
                known.constants[node] = value.constants(known)


def flow_of(module: nn.Module, shape: Shape) -> Flow | None:
    """The channels of a network for samples of a shape; None where its operations cannot be told."""
    found = traced(module, shape)
    return follow(found) if found is not None else None


def follow(found: Traced) -> Flow:
    modules = dict(found.module.named_modules())
    walk = Walk(found, modules, _alone(found, modules))
    spoiled = overwritten(found.graph, modules)
    for node in found.graph.nodes:
        value = _value(walk, node)
        if node in spoiled and value.axis is not None:
            walk.atoms.fix(value.axis.atoms)
            value = replace(value, constants=None)
        walk.values[node] = value
    return Flow(found, walk.values, tuple(walk.layers), walk.atoms)


def _value(walk: Walk, node: Node) -> Value:
    try:
        return _by_rule(walk, node)
    except Exception:  # no rule, or one that did not expect such a call: a network may do anything
        for source in node.all_input_nodes:
            walk.fix(source)
        return NOTHING


def _by_rule(walk: Walk, node: Node) -> Value:
    if node.op in ("placeholder", "get_attr"):
        return NOTHING
    if node.op == "call_module":
        module = walk.modules[str(node.target)]
        if type(module) not in _MODULES or str(node.target) not in walk.own:
            raise Unknown
        return _MODULES[type(module)](walk, node, module)
    if node.op in ("call_function", "call_method") and node.target in _FUNCTIONS:
        return _FUNCTIONS[node.target](walk, node)
    raise Unknown


def _alone(found: Traced, modules: Mapping[str, nn.Module]) -> frozenset[str]:
    """The modules that do one thing: called once, with parameters of their own and nothing hung onto them."""
    calls = Counter(str(node.target) for node in found.graph.nodes if node.op == "call_module")
    direct = {str(node.target) for node in found.graph.nodes if node.op == "get_attr"}
    owners = Counter(id(one) for module in modules.values() for one in _tensors(module))
    return frozenset(
        name
        for name, module in modules.items()
        if not _tensors(module)
        or (
            calls[name] == 1
            and all(owners[id(one)] == 1 for one in _tensors(module))
            and not any(target.rpartition(".")[0] == name for target in direct)
        )
        if not _hooked(module)
    )


def _tensors(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(recurse=False), *module.buffers(recurse=False)]


def _hooked(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)
