"""Networks drawn at random, shrunk after pruning at random: the same outputs, in double precision."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from bench import shrink
from tests.shrinking.making import Masks, apart, drawn, parameters, some_units, some_weights, with_zeros

ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.Hardswish, nn.Identity, nn.PReLU)
SIDE = 15


@dataclass(frozen=True)
class Stage:
    channels: int
    window: int
    stride: int
    padding: int
    mode: str
    norm: bool
    activation: int
    pooling: int
    bias: bool
    residual: bool
    depthwise: bool


STAGES = st.builds(
    Stage,
    channels=st.integers(1, 4),
    window=st.sampled_from((1, 3)),
    stride=st.integers(1, 2),
    padding=st.integers(0, 2),
    mode=st.sampled_from(("zeros", "replicate", "circular")),
    norm=st.booleans(),
    activation=st.integers(0, len(ACTIVATIONS) - 1),
    pooling=st.integers(0, 3),
    bias=st.booleans(),
    residual=st.booleans(),
    depthwise=st.booleans(),
)


class Part(nn.Module):
    """A convolution and what may stand around it."""

    def __init__(self, inputs: int, stage: Stage) -> None:
        super().__init__()
        padding = min(stage.padding, stage.window) if stage.mode == "zeros" else stage.window // 2
        self.conv = nn.Conv2d(
            inputs, stage.channels, stage.window, stage.stride, padding, bias=stage.bias, padding_mode=stage.mode
        )
        self.norm = nn.BatchNorm2d(stage.channels) if stage.norm else nn.Identity()
        self.activation = ACTIVATIONS[stage.activation]()
        self.pool = (
            nn.Identity(),
            nn.MaxPool2d(3, 1, padding=1),
            nn.AvgPool2d(2, 1, padding=1),
            nn.AdaptiveAvgPool2d(7),
        )[stage.pooling]
        size = stage.channels
        self.depthwise = nn.Conv2d(size, size, 3, padding=1, groups=size) if stage.depthwise else None
        self.beside = nn.Conv2d(size, size, 3, padding=1) if stage.residual else None

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.pool(self.activation(self.norm(self.conv(inputs))))
        if self.depthwise is not None:
            outputs = self.depthwise(outputs)
        if self.beside is not None:
            outputs = outputs + self.beside(outputs).relu()
        return outputs


class Net(nn.Module):
    def __init__(self, stages: list[Stage], hidden: int) -> None:
        super().__init__()
        sizes = [2, *(stage.channels for stage in stages)]
        self.parts = nn.Sequential(*(Part(inputs, stage) for inputs, stage in zip(sizes, stages, strict=False)))
        inputs = self.parts.eval()(torch.zeros(1, 2, SIDE, SIDE)).flatten(1).shape[1]
        self.hidden = nn.Linear(inputs, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.output = nn.Linear(hidden, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(self.norm(self.hidden(self.parts(inputs).flatten(1)).tanh()))
        return outputs


def thin(module: nn.Module, share: float, seed: int) -> Masks:
    """Weights and biases, and factors and shifts of batch norm, each with this chance."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(parameter.shape, generator=generator) >= share
        for name, parameter in module.named_parameters()
        if name.endswith(("weight", "bias")) and "output" not in name
    }


@settings(deadline=None, max_examples=60)
@given(
    stages=st.lists(STAGES, min_size=1, max_size=3),
    hidden=st.integers(1, 4),
    share=st.floats(0, 1),
    kind=st.sampled_from((thin, some_weights, some_units)),
    seed=st.integers(0, 2**31),
)
def test_the_same_outputs(stages: list[Stage], hidden: int, share: float, kind: object, seed: int) -> None:
    module = drawn(Net(stages, hidden), seed).double()
    assert callable(kind)
    masks = kind(module, share, seed)
    smaller = shrink(module, masks, (2, SIDE, SIDE))
    assert apart(with_zeros(module, masks), smaller, (2, SIDE, SIDE)) < 1e-9
    gained = sum(stage.channels for stage in stages if not stage.bias)  # biases, where there was none
    assert parameters(smaller) <= parameters(module) + gained


@settings(deadline=None, max_examples=60)
@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5), share=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_a_chain_goes_down_to_what_lies_on_paths(sizes: list[int], share: float, seed: int) -> None:
    """Of a chain of linear layers those units stay that lie on a path, or one of a layer in which none does."""
    module = drawn(
        nn.Sequential(*(part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.Tanh()))), seed
    ).double()
    masks = some_weights(module, share, seed)
    smaller = shrink(module, masks, (sizes[0],))
    assert apart(with_zeros(module, masks), smaller, (sizes[0],)) < 1e-9
    layers = list(masks.values())
    heard = [torch.ones(sizes[-1], dtype=torch.bool)]
    for mask in reversed(layers[1:]):  # by a unit that is heard
        heard.insert(0, mask[heard[0]].any(dim=0))
    sending = torch.ones(sizes[0], dtype=torch.bool)
    for place, (mask, ears) in enumerate(zip(layers[:-1], heard[:-1], strict=True)):
        sending = mask[:, sending].any(dim=1)
        layer = smaller.get_submodule(str(2 * place))
        assert layer.out_features == max(1, int((sending & ears).sum()))
