"""Which weights lie on a path: against paths walked one by one and against the derivatives of real networks."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from bench.measures.operations import Unknown
from bench.measures.paths import is_line, live_weights, on_paths
from bench.models.base import build, prunable_layers
from bench.models.lightcnn import MaxFeatureMap
from bench.models.vit import Attention
from bench.registry import registry
from tests.measures.walking import Ways, marked
from tests.models.choosing import chosen

Kept = dict[str, Tensor]
SEEDS = st.integers(0, 2**31)
SHARES = st.floats(0, 1)


def some(module: nn.Module, share: float, seed: int) -> Kept:
    """Some of its weights."""
    generator = torch.Generator().manual_seed(seed)
    return {layer.name: torch.rand(layer.shape, generator=generator) < share for layer in prunable_layers(module)}


def same(found: Kept, expected: Kept) -> bool:
    return list(found) == list(expected) and all(torch.equal(found[name], expected[name]) for name in expected)


def chain(*sizes: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for place, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=1):
        layers[f"fc{place}"] = nn.Linear(inputs, outputs)
        layers[f"relu{place}"] = nn.ReLU()
    return nn.Sequential(layers)


def walk_line(module: nn.Sequential, kept: Kept, pixels: int) -> Kept:
    """The layers follow each other; after the first flattening each channel stands for so many units."""
    ways = Ways()
    places = ["inputs", *(f"after {name}" for name in list(kept)[:-1]), "outputs"]
    for (name, here), (before, after) in zip(kept.items(), itertools.pairwise(places), strict=True):
        first_linear = here.dim() == 2 and isinstance(module[0], nn.Conv2d) and name == "fc1"
        if first_linear:
            channels = here.shape[1] // pixels
            for channel in range(channels):
                for pixel in range(pixels):
                    ways.passing(before, f"{before} {pixel}", {channel: channel * pixels + pixel})
            for pixel in range(pixels):
                ways.layer(name, here, f"{before} {pixel}", after)
        else:
            ways.layer(name, here, before, after)
    return marked(ways.walked(), kept)


@settings(deadline=None, max_examples=60)
@given(sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5), share=SHARES, seed=SEEDS)
def test_a_chain_of_linear_layers(sizes: list[int], share: float, seed: int) -> None:
    module = chain(*sizes)
    kept = some(module, share, seed)
    expected = walk_line(module, kept, 1)
    assert is_line(module, list(kept))
    assert same(live_weights(module, (sizes[0],), {name: here.float() for name, here in kept.items()}), expected)
    assert same(on_paths(module, (sizes[0],), kept), expected)


@settings(deadline=None, max_examples=40)
@given(share=SHARES, seed=SEEDS, channels=st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_a_line_of_convolutions(share: float, seed: int, channels: list[int]) -> None:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, outputs) in enumerate(itertools.pairwise([2, *channels]), start=1):
        layers[f"conv{number}"] = nn.Conv2d(inputs, outputs, 3, padding=1)
        layers[f"norm{number}"] = nn.BatchNorm2d(outputs)
        layers[f"relu{number}"] = nn.ReLU()
    layers |= {"pool": nn.MaxPool2d(2), "flatten": nn.Flatten(), "fc1": nn.Linear(channels[-1] * 4, 2)}
    layers |= {"tanh": nn.Tanh(), "fc2": nn.Linear(2, 2)}
    module = nn.Sequential(layers)
    kept = some(module, share, seed)
    expected = walk_line(module, kept, 4)
    assert is_line(module, list(kept))
    assert same(live_weights(module, (2, 4, 4), {name: here.float() for name, here in kept.items()}), expected)
    assert same(on_paths(module, (2, 4, 4), kept), expected)


class Residual(nn.Module):
    """Two blocks with shortcuts, of which the second widens: it has zeros behind, or a layer of its own."""

    def __init__(self, own_layer: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 2, 1)
        self.inner = nn.Conv2d(2, 2, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(2)
        self.wide = nn.Conv2d(2, 3, 3, padding=1)
        self.shortcut = nn.Conv2d(2, 3, 1) if own_layer else None
        self.output = nn.Linear(3, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        passed = self.first(inputs)
        passed = (self.norm(self.inner(passed)) + passed).relu()
        beside = functional.pad(passed, (0, 0, 0, 0, 0, 1)) if self.shortcut is None else self.shortcut(passed)
        wide = self.wide(passed)
        wide += beside
        outputs: Tensor = self.output(wide.mean((2, 3)))
        return outputs


@settings(deadline=None, max_examples=40)
@given(own_layer=st.booleans(), share=SHARES, seed=SEEDS)
def test_a_residual_network(own_layer: bool, share: float, seed: int) -> None:
    module = Residual(own_layer)
    kept = some(module, share, seed)
    ways = Ways()
    ways.layer("first", kept["first"], "inputs", "a")
    ways.layer("inner", kept["inner"], "a", "b")
    ways.passing("a", "b", {0: 0, 1: 1})
    ways.layer("wide", kept["wide"], "b", "c")
    if own_layer:
        ways.layer("shortcut", kept["shortcut"], "b", "c")
    else:
        ways.passing("b", "c", {0: 0, 1: 1})
    ways.layer("output", kept["output"], "c", "outputs")
    assert same(on_paths(module, (2, 3, 3), kept), marked(ways.walked(), kept))


@settings(deadline=None, max_examples=40)
@given(share=SHARES, seed=SEEDS)
def test_a_network_with_max_feature_maps(share: float, seed: int) -> None:
    layers = OrderedDict(
        conv1=nn.Conv2d(1, 4, 3, padding=1), max1=MaxFeatureMap(), conv2=nn.Conv2d(2, 6, 1), max2=MaxFeatureMap()
    )
    module = nn.Sequential(layers | {"pool": nn.MaxPool2d(4), "flatten": nn.Flatten(), "output": nn.Linear(3, 2)})
    kept = some(module, share, seed)
    assert not is_line(module, list(kept))
    ways = Ways()
    ways.layer("conv1", kept["conv1"], "inputs", "a")
    ways.passing("a", "b", {0: 0, 1: 1, 2: 0, 3: 1})
    ways.layer("conv2", kept["conv2"], "b", "c")
    ways.passing("c", "d", {channel: channel % 3 for channel in range(6)})
    ways.layer("output", kept["output"], "d", "outputs")
    assert same(on_paths(module, (1, 4, 4), kept), marked(ways.walked(), kept))


def test_groups_and_concatenation() -> None:
    class Joined(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.grouped = nn.Conv2d(4, 4, 3, groups=2)
            self.other = nn.Conv2d(4, 1, 3)
            self.output = nn.Linear(5, 2)

        def forward(self, inputs: Tensor) -> Tensor:
            both = torch.cat([self.grouped(inputs), self.other(inputs)], dim=1)
            outputs: Tensor = self.output(functional.adaptive_max_pool2d(both, 1).flatten(1))
            return outputs

    module = Joined()
    kept = {name: torch.ones_like(here) for name, here in some(module, 1, 0).items()}
    kept["grouped"][3, 1] = False
    kept["output"][:, 0] = False  # nobody hears the first channel of the first group
    live = on_paths(module, (4, 5, 5), kept)
    expected = kept | {"grouped": kept["grouped"].clone()}
    expected["grouped"][0] = False
    assert same(live, expected)
    kept["other"][:] = False
    assert not on_paths(module, (4, 5, 5), kept)["output"][:, 4].any()


def derived(module: nn.Module, shape: tuple[int, ...], kept: Kept) -> Kept:
    """Windows where the network's own derivative is not zero, at positive weights and inputs and without biases."""
    generator = torch.Generator().manual_seed(5)
    module = module.double().eval()
    for name, parameter in module.named_parameters():
        with torch.no_grad():
            layer = name.rpartition(".")[0]
            if layer in kept and name.endswith("weight"):
                values = 0.5 + torch.rand(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.copy_(values * kept[layer] / max(1, parameter[0].numel()))
            elif name.endswith("bias"):
                parameter.zero_()
    samples = 0.5 + torch.rand(1, *shape, generator=generator, dtype=torch.float64)
    outputs = module(samples)
    outputs = (outputs * torch.rand(outputs.shape, generator=generator, dtype=torch.float64)).sum()
    weights = [module.get_parameter(f"{name}.weight") for name in kept]
    gradients = torch.autograd.grad(outputs, weights, materialize_grads=True)
    felt = [(gradient != 0).reshape(*gradient.shape[:2], -1).any(2) for gradient in gradients]
    return {
        name: here & any_of_window.reshape(*here.shape[:2], *[1] * (here.dim() - 2))
        for (name, here), any_of_window in zip(kept.items(), felt, strict=True)
    }


def whole_windows(kept: Kept, share: float, seed: int) -> Kept:
    """So that the edge of an image makes no difference."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: (torch.rand(here.shape[:2], generator=generator) < share)
        .reshape(*here.shape[:2], *[1] * (here.dim() - 2))
        .expand(here.shape)
        for name, here in kept.items()
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [("resnet-20", {"shortcut": "pad"}), ("resnet-20", {}), ("wrn-22-2", {}), ("vgg-11-bn", {})],
)
@pytest.mark.parametrize("share", [0.005, 0.02, 0.1])
def test_networks_for_images_by_their_derivatives(name: str, options: dict[str, object], share: float) -> None:
    module = build(chosen(name, **options), (3, 16, 16), 4)
    kept = whole_windows(some(module, 1, 0), share, 8)
    assert same(on_paths(module, (3, 16, 16), kept), derived(module, (3, 16, 16), kept))


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_a_transformer_by_its_derivatives(share: float) -> None:
    """Normalisation is left out, as it makes of each number a function of all."""
    module = build(chosen("vit-tiny", width=12, depth=2, heads=3, patch=4), (2, 8, 8), 3)
    for block in (module.get_submodule("block1"), module.get_submodule("block2"), module):
        for norm in [one for one, child in block.named_children() if isinstance(child, nn.LayerNorm)]:
            setattr(block, norm, nn.Identity())
    nn.init.zeros_(module.get_parameter("patches.position"))
    kept = whole_windows(some(module, 1, 0), share, 3)
    assert same(on_paths(module, (2, 8, 8), kept), derived(module, (2, 8, 8), kept))


class Gated(nn.Module):
    """A gate, made in one of many ways, that is open unless its layer says otherwise."""

    def __init__(self, gate: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.value = nn.Linear(2, 2)
        self.gate = nn.Linear(2, 2)
        self.output = nn.Linear(2, 1)
        self._by = gate

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(self._by(self.value(inputs), self.gate(inputs)))
        return outputs


@pytest.mark.parametrize(
    "gate",
    [
        lambda value, gate: value * gate.sigmoid(),
        lambda value, gate: value * torch.sigmoid(gate).view(1, 2).clone(),
        lambda value, gate: functional.glu(torch.cat([value, gate], -1)),
        lambda value, gate: value * (1 + gate),
        lambda value, gate: value / (1 - gate),
        lambda value, gate: value * (gate.softmax(-1) / 2),
        lambda value, gate: value.mul_(gate.exp()),
        lambda value, gate: torch.einsum("nc,nc->nc", value, functional.softplus(gate)),
    ],
)
def test_a_gate_lets_through_what_comes_unless_it_has_a_signal(gate: Callable[[Tensor, Tensor], Tensor]) -> None:
    module = Gated(gate)
    kept = some(module, 1, 0)
    assert same(on_paths(module, (2,), kept), kept)
    kept["gate"][0] = False  # this gate is a constant
    assert same(on_paths(module, (2,), kept), kept)
    kept["value"][1] = False  # and this one has nothing to let through
    expected = {name: here.clone() for name, here in kept.items()}
    expected["gate"][1] = False
    expected["output"][:, 1] = False
    assert same(on_paths(module, (2,), kept), expected)


def test_a_product_needs_both_its_signals_and_a_sum_either() -> None:
    for combine, alive in ((torch.mul, False), (torch.sub, True), (torch.minimum, True)):
        module = Gated(combine)
        kept = some(module, 1, 0)
        kept["gate"][:] = False
        live = on_paths(module, (2,), kept)
        assert bool(live["value"].any()) is alive
        assert not live["gate"].any()


def test_queries_and_keys_need_each_other_and_values_nobody() -> None:
    module = Attention(4, 2)
    kept = some(module, 1, 0)
    shape = (3, 4)
    assert same(on_paths(module, shape, kept), kept)
    kept["query"][1] = False  # the second number of the first head
    expected = {name: here.clone() for name, here in kept.items()}
    expected["key"][1] = False
    assert same(on_paths(module, shape, kept), expected)
    kept["value"][:2] = False  # the whole first head
    for name in ("query", "key"):
        expected[name][:2] = False
    expected["value"][:2] = False
    expected["mix"][:, :2] = False
    assert same(on_paths(module, shape, kept), expected)


def test_the_attention_of_torch_is_understood_as_ours() -> None:
    class Fused(Attention):
        def forward(self, tokens: Tensor) -> Tensor:
            query, key, value = (self._split(layer(tokens)) for layer in (self.query, self.key, self.value))
            mixed = functional.scaled_dot_product_attention(query, key, value)
            outputs: Tensor = self.mix(mixed.transpose(1, 2).flatten(2))
            return outputs

    for seed in range(20):
        kept = some(Attention(4, 2), 0.3, seed)
        assert same(on_paths(Fused(4, 2), (3, 4), kept), on_paths(Attention(4, 2), (3, 4), kept))


def homes() -> list[str]:
    return [name for name in registry("network").names() if registry("network").get(name).extra.get("home")]


@pytest.mark.parametrize("name", homes())
def test_every_network_is_understood_and_lives_whole_or_not_at_all(name: str) -> None:
    shape = registry("network").get(name).extra["home"]
    with torch.device("meta"):
        module = build(name, shape, 10)
    kept = some(module, 1, 0)
    assert same(on_paths(module, shape, kept), kept)
    kept[list(kept)[-1]][:] = False
    assert not any(here.any() for here in on_paths(module, shape, kept).values())


def test_no_depth_is_too_deep() -> None:
    """One thin path through 2000 wide layers, where numbers in proportion to the paths would vanish."""
    module = chain(*[30] * 2001)
    kept = {name: torch.zeros_like(here) for name, here in some(module, 1, 0).items()}
    for here in kept.values():
        here[0] = True
    live = on_paths(module, (30,), kept)
    assert live["fc1"][0].all()
    assert all(int(here.sum()) == 1 for name, here in live.items() if name != "fc1")


def test_what_is_not_understood_counts_as_alive() -> None:
    class Sorting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.output = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            outputs: Tensor = self.output(self.one(inputs).sort(-1).values)
            return outputs

    module = Sorting()
    weights = {"one": torch.zeros(3, 3), "output": torch.ones(3, 3)}
    with pytest.raises(Unknown, match="sort"):
        on_paths(module, (3,), {name: weight != 0 for name, weight in weights.items()})
    assert live_weights(module, (3,), weights)["output"].all()
    assert not live_weights(module, (3,), weights)["one"].any()


@pytest.mark.parametrize("hide", [lambda x: x.data, lambda x: torch.tensor(x.tolist()), lambda x: x.detach().numpy()])
def test_a_signal_is_not_lost_unseen(hide: Callable[[Tensor], Tensor]) -> None:
    module = Gated(lambda value, gate: torch.as_tensor(hide(value)) + gate)
    with pytest.raises((Unknown, RuntimeError)):
        on_paths(module, (2,), some(module, 1, 0))


def test_the_network_is_left_as_it_was() -> None:
    module = build("resnet-20", (3, 8, 8), 4)
    module.train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with torch.no_grad():
        live_weights(module, (3, 8, 8), {layer.name: torch.ones(layer.shape) for layer in prunable_layers(module)})
        assert not torch.is_grad_enabled()
    assert module.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in module.parameters())


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(OrderedDict(fc1=nn.Linear(4, 4), max=MaxFeatureMap(), output=nn.Linear(2, 2))),
        nn.Sequential(OrderedDict(conv=nn.Conv2d(4, 4, 3, groups=2), flatten=nn.Flatten(), output=nn.Linear(4, 2))),
        nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 3, 3), output=nn.Linear(4, 2), flatten=nn.Flatten())),
        nn.Sequential(OrderedDict(fc1=nn.Linear(4, 4), softmax=nn.Softmax(-1), output=nn.Linear(4, 2))),
        nn.ModuleDict({"fc1": nn.Linear(4, 4), "output": nn.Linear(4, 4)}),
    ],
)
def test_what_is_no_line_is_not_taken_for_one(module: nn.Module) -> None:
    assert not is_line(module, [layer.name for layer in prunable_layers(module)])
