"""What every network promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from bench.contract import Promise, samples
from bench.data.base import Split
from bench.errors import UserError
from bench.models.base import build, multiply_adds, prunable_layers
from bench.models.initialisations import initial_state
from bench.models.narrowing import narrowed
from bench.pruning.shrinking.shrink import masked, shrink
from bench.recipe import Optimiser
from bench.registry import Choice, Component
from bench.training.chain import Chain
from bench.training.content import Content
from bench.training.evaluation import evaluate
from bench.training.loop import Member, train
from bench.training.networks import StackedNetwork
from bench.training.stacks import Stack, lay
from bench.training.state import State, from_bytes, to_bytes

# Samples to try a network on, by the small data set that has them; and noise, for networks that need larger images.
SMALL = {"penguins": ((12,), 3), "digits": ((1, 8, 8), 10)}
LARGER = {f"noise of 3x{side}x{side}": ((3, side, side), 4) for side in (16, 32, 64, 128)}
SHAPES = SMALL | LARGER
STEPS, FEW_STEPS = 12, 2  # of a chain of linear layers, and of anything else
# A chain of linear layers is the same in any pack, anything else up to rounding. What rounding does to ReLUs and batch
# norm grows from step to step, so that the gap is held against the way: replicas that get mixed up go another way.
SHARE_OF_THE_WAY = 0.2  # on some processors 0.07 after these steps, of a VGG-16 with batch norm
GAP, TINY = 1e-4, 1e-6  # what rounding may do to outputs, as a share of the largest; below this they are nothing


def _choice(component: Component) -> Choice:
    return Choice(component.name, samples.options(component))


def _fitting(component: Component) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """The small data sets whose samples the network takes, else the smallest images; it refuses with a UserError."""
    refusals = []
    found = False
    for data, (shape, classes) in SHAPES.items():
        if found and data in LARGER:
            break
        try:
            build(_choice(component), shape, classes)
        except UserError as error:
            refusals.append(str(error))
            continue
        found = True
        yield data, shape, classes
    if not found:
        raise UserError(f"it takes neither penguins (12 features), nor digits (1x8x8), nor images: {refusals[-1]}")


def right_outputs(component: Component) -> str | None:
    for data, shape, classes in _fitting(component):
        module: Any = build(_choice(component), shape, classes)
        if not isinstance(module, nn.Module):
            return f"{data}: gives {type(module).__name__}, not an nn.Module"
        outputs = module.eval()(torch.zeros(5, *shape))
        if tuple(outputs.shape) != (5, classes):
            return (
                f"{data}: 5 samples of shape {shape} give outputs of shape {tuple(outputs.shape)}, not (5, {classes})"
            )
        if not bool(torch.isfinite(outputs).all()):
            return f"{data}: an image without light gives an output that is not a number"
    return None


def prunable(component: Component) -> str | None:
    for data, shape, classes in _fitting(component):
        module = build(_choice(component), shape, classes)
        layers = prunable_layers(module)
        if not layers:
            return f"{data}: it has no linear or convolutional layer, so there is nothing to prune"
        if layers[-1].shape[0] != classes:
            return (
                f"{data}: its last layer is {layers[-1].name!r} with {layers[-1].shape[0]} outputs, not the output "
                f"layer with {classes}; define the output layer last"
            )
        unused = [layer.name for layer in layers if layer.name not in multiply_adds(module, shape)]
        if unused:
            return f"{data}: the layer {unused[0]!r} is never used"
        names = [name for name, _ in module.named_parameters(remove_duplicate=False)]
        if len(names) != len(dict(module.named_parameters())):
            return f"{data}: two layers share a weight, which cannot be pruned for one of them alone"
    return None


def deterministic(component: Component) -> str | None:
    for data, shape, classes in _fitting(component):
        modules = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            modules.append(build(_choice(component), shape, classes))
        shapes = [{name: tuple(one.shape) for name, one in module.state_dict().items()} for module in modules]
        if shapes[0] != shapes[1]:
            return f"{data}: built twice, its layers differ"
        states = [initial_state(module, "torch", 5) for module in modules]
        for name in states[0]:
            if not torch.equal(states[0][name], states[1][name]):
                return (
                    f"{data}: {name} starts from other values at each build; only the weights of linear and "
                    "convolutional layers are drawn by seed, give others a constant start"
                )
        other = initial_state(modules[0], "torch", 6)
        if all(torch.equal(states[0][name], other[name]) for name in other):
            return f"{data}: the seeds 5 and 6 start from the same weights"
    return None


def narrows(component: Component) -> str | None:
    """Where it can be narrowed at all: what is compared at equal size has to be the same network but for its sizes."""
    for data, shape, classes in _fitting(component):
        choice = _choice(component)
        try:
            half = build(narrowed(choice, 0.5), shape, classes)
        except UserError:
            return None
        before, after = prunable_layers(build(choice, shape, classes)), prunable_layers(half)
        if [layer.name for layer in before] != [layer.name for layer in after]:
            return f"{data}: at half its width it has other layers"
        if sum(layer.weights for layer in after) >= sum(layer.weights for layer in before):
            return f"{data}: at half its width it has no fewer weights"
    return None


def _setting(component: Component, data: str) -> tuple[StackedNetwork, list[Member]]:
    shape, classes = SHAPES[data]
    module, network = samples.network(_choice(component), shape, classes)
    half = torch.ones(network.parameters.width, dtype=torch.bool)
    for weight in network.parameters.weights(half).values():
        weight.view(-1)[::2] = False
    states = [samples.drawn(module, network, 0), samples.drawn(module, network, 3), samples.drawn(module, network, 0)]
    states[2] = states[2].masked(half)
    steps = STEPS if isinstance(network, Chain) else FEW_STEPS
    training = samples.training(steps, 0.1 if isinstance(network, Chain) else 0.01)
    return network, [Member(seed, state, training, 0, steps) for seed, state in zip((0, 3, 0), states, strict=True)]


def _content(data: str) -> Content:
    return samples.content(data) if data in SMALL else samples.noise(*SHAPES[data])


def packs(component: Component) -> str | None:
    for data, _, _ in _fitting(component):
        network, members = _setting(component, data)
        content = _content(data)
        together = train(network, content, members)
        for place, member in enumerate(members):
            alone = train(network, content, [member])[0]
            gap = float((alone.state.weights - together[place].state.weights).norm())
            way = float((alone.state.weights - member.state.weights).norm())
            if not gap <= (0 if isinstance(network, Chain) else SHARE_OF_THE_WAY * way):
                return (
                    f"{data}, seed {member.seed}: alone and in a pack of 3 the weights after {member.stop} steps lie "
                    f"{gap / way:.2g} of their way apart"
                )
    return None


def keeps_zeros(component: Component) -> str | None:
    for data, _, _ in _fitting(component):
        network, members = _setting(component, data)
        state = train(network, _content(data), members[2:])[0].state
        if bool((state.weights[~members[2].state.mask] != 0).any()):
            return f"{data}: a pruned weight is not zero after {members[0].stop} steps"
        if torch.equal(state.weights, members[2].state.weights):
            return f"{data}: nothing has changed after {members[0].stop} steps of training"
    return None


def saves(component: Component) -> str | None:
    for data, _, _ in _fitting(component):
        network, members = _setting(component, data)
        content = _content(data)
        state = train(network, content, members[2:])[0].state
        loaded = from_bytes(to_bytes(state))
        for name in ("weights", "mask", "buffers"):
            if not torch.equal(getattr(state, name), getattr(loaded, name)):
                return f"{data}: {name} differ after saving and loading"
        split: Split = content.split(0)
        results = [evaluate(network, _stack(one), content, [split.validation])[0] for one in (state, loaded)]
        if results[0] != results[1]:
            return f"{data}: evaluated twice it gives a loss of {results[0].loss:.6g} and of {results[1].loss:.6g}"
    return None


def shrinks(component: Component) -> str | None:
    """Units of every layer but the output go, and with them their biases; what they leave behind is taken out."""
    for data, shape, classes in _fitting(component):
        module = build(_choice(component), shape, classes)
        module.load_state_dict(module.state_dict() | initial_state(module, "torch", 3))
        masks: dict[str, torch.Tensor] = {}
        for layer in prunable_layers(module)[:-1]:
            kept = torch.arange(layer.shape[0]) % 2 == 0
            masks[layer.name] = kept.reshape(-1, *[1] * (len(layer.shape) - 1)).expand(layer.shape)
            if layer.bias:
                masks[f"{layer.name}.bias"] = kept
        whole, smaller = masked(module, masks).eval(), shrink(module.eval(), masks, shape)
        inputs = torch.randn(3, *shape, generator=torch.Generator().manual_seed(5))
        with torch.no_grad():
            outputs, others = whole(inputs), smaller(inputs)
        gap = float((outputs - others).abs().max() / outputs.abs().max().clamp_min(TINY))
        if not gap <= GAP:
            return f"{data}: without every other unit its outputs and those of a shrunk copy lie {gap:.2g} apart"
    return None


def _stack(state: State) -> Stack:
    return lay([state.fresh()], [Optimiser("sgd", 0.0)], torch.device("cpu"))


PROMISES = (
    Promise("gives one output for each class", right_outputs),
    Promise("has layers that can be pruned, the output last", prunable),
    Promise("is built alike each time, and starts by the seed", deterministic),
    Promise("has the same layers with fewer weights where it is narrowed", narrows),
    Promise("trains with pruned weights that stay zero", keeps_zeros),
    Promise("trains in a pack as it does alone", packs),
    Promise("survives saving and loading", saves),
    Promise("gives the same outputs from a shrunk copy", shrinks),
)
