"""Networks with a forward of their own: what is written into it, what cannot be followed, and what must not go."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from bench import shrink
from bench.errors import UserError
from tests.shrinking.making import apart, drawn, parameters, some_units, some_weights, with_zeros

SHAPE = (1, 12, 12)


class Convs(nn.Module):
    """Layers for all the ways to go on from images to features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 6, 3)
        self.hidden = nn.Linear(6 * 4 * 4, 20)
        self.output = nn.Linear(20, 3)

    def images(self, inputs: Tensor) -> Tensor:
        hidden = functional.relu(self.norm(self.conv1(inputs)), inplace=True)
        return functional.max_pool2d(functional.relu(self.conv2(hidden)), 2)

    def flat(self, images: Tensor) -> Tensor:
        return images.flatten(1)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(torch.tanh(self.hidden(self.flat(self.images(inputs)))))
        return functional.log_softmax(outputs, dim=1)


class WrittenOut(Convs):
    def flat(self, images: Tensor) -> Tensor:
        return images.view(-1, 6 * 4 * 4)


class Counted(Convs):
    def flat(self, images: Tensor) -> Tensor:
        samples, channels, height, width = images.shape
        return images.reshape(samples, channels * height * width)


class ByTheLayer(Convs):
    def flat(self, images: Tensor) -> Tensor:
        return functional.dropout(images.view(images.size(0), self.hidden.in_features), 0.5, self.training)


class Asking(Convs):
    """It goes by shapes, which are known, and warns of those that it does not like."""

    def images(self, inputs: Tensor) -> Tensor:
        assert inputs.dim() == 4
        if inputs.shape[1] != 1:
            raise ValueError("gray images only")
        images = functional.relu(self.conv2(functional.relu(self.norm(self.conv1(inputs)))))
        while images.shape[-1] > 4:
            images = functional.max_pool2d(images, 2)
        return images


class Gated(nn.Module):
    """Channels that weigh themselves, and both kinds side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.down = nn.Linear(8, 4)
        self.up = nn.Linear(4, 8)
        self.conv2 = nn.Conv2d(16, 6, 3)
        self.output = nn.Linear(6, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        images = self.conv1(inputs).relu()
        gates = torch.sigmoid(self.up(functional.relu(self.down(images.mean((2, 3))))))
        both = torch.cat([images, images * gates[:, :, None, None]], dim=1)
        pooled = functional.adaptive_avg_pool2d(functional.relu(self.conv2(both)), 1)
        outputs: Tensor = self.output(pooled.squeeze(-1).squeeze(-1))
        return outputs


class Sliced(Convs):
    """Half of the channels go another way, and come back padded."""

    def flat(self, images: Tensor) -> Tensor:
        left, right = images[:, :2], images[:, 2:]
        first, second = torch.split(right, [1, 3], dim=1)
        padded = functional.pad(left, (0, 0, 0, 0, 1, 3)).clamp(min=0.1)
        return (torch.cat([left, second, first], 1) + padded).flatten(1)


@pytest.mark.parametrize("kind", [Convs, WrittenOut, Counted, ByTheLayer, Asking, Gated, Sliced])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_what_is_written_into_the_forward_follows(kind: type[nn.Module], share: float) -> None:
    module = drawn(kind())
    for masks in (some_units(module, share), some_weights(module, share)):
        smaller = shrink(module, masks, SHAPE)
        assert apart(with_zeros(module, masks), smaller, SHAPE) < 1e-5
    assert parameters(shrink(module, some_units(module, share), SHAPE)) < (1 - share / 2) * parameters(module)


@pytest.mark.parametrize("kind", [Convs, WrittenOut, Sliced])
def test_it_is_an_ordinary_module(kind: type[nn.Module]) -> None:
    """It is trained, saved, loaded, exported and shrunk again."""
    module = drawn(kind())
    smaller = shrink(module, some_units(module, 0.5), SHAPE)
    file = io.BytesIO()
    torch.save(smaller, file)
    file.seek(0)
    assert apart(torch.load(file, weights_only=False), smaller, SHAPE) == 0
    exported = torch.export.export(smaller, (torch.zeros(2, *SHAPE),)).module()
    inputs = torch.randn(2, *SHAPE)
    assert torch.allclose(exported(inputs), smaller(inputs), atol=1e-6)
    again = shrink(smaller, None, SHAPE)
    assert apart(again, smaller, SHAPE) < 1e-6
    assert parameters(again) == parameters(smaller)
    before = copy.deepcopy(smaller)
    optimiser = torch.optim.SGD(smaller.train().parameters(), 0.1)
    smaller(inputs).square().sum().backward()
    optimiser.step()
    assert apart(before, smaller.eval(), SHAPE) > 0


def test_the_network_itself_is_left_alone() -> None:
    module = drawn(WrittenOut()).train()
    module.norm.eval()
    before = copy.deepcopy(module.state_dict())
    smaller = shrink(module, some_units(module, 0.5), SHAPE)
    assert smaller.training
    assert module.training
    assert not smaller.get_submodule("norm").training
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    module.requires_grad_(False)
    assert not any(parameter.requires_grad for parameter in shrink(module, None, SHAPE).parameters())


class Data(Convs):
    def flat(self, images: Tensor) -> Tensor:
        return images.flatten(1) if images.sum() > 0 else -images.flatten(1)


class Twice(Convs):
    """One layer in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.again = nn.Linear(20, 20)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.hidden(self.flat(self.images(inputs))).relu()
        outputs: Tensor = self.output(self.again(self.again(hidden).relu()).relu())
        return outputs


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.second.weight = self.first.weight
        self.output = nn.Linear(6, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(self.second(self.first(inputs).relu()).relu())
        return outputs


class Overwriting(nn.Module):
    """The first numbers are cut off in place, after a look at them and before another."""

    def __init__(self, view: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.output = nn.Linear(6, 2)
        self._view = view

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.first(inputs)
        seen = self.second(hidden)
        self._view(hidden).relu_()
        outputs: Tensor = self.output(seen + hidden)
        return outputs


class Grouped(nn.Module):
    """Channels in two groups, and a norm over groups of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 8, 3)
        self.grouped = nn.Conv2d(8, 8, 3, groups=2)
        self.norm = nn.GroupNorm(4, 8)
        self.output = nn.Linear(8, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(self.norm(self.grouped(self.first(inputs).relu())).relu().amax((2, 3)))
        return outputs


class Optional(nn.Module):
    """What it does without a second argument cannot be seen in its operations."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.output = nn.Linear(8, 2)

    def forward(self, inputs: Tensor, shift: float | None = None, factor: float = 0.5) -> Tensor:
        hidden = self.first(inputs) * factor
        outputs: Tensor = self.output(hidden.relu() if shift is not None else hidden.tanh() + 1)
        return outputs


class Scaled(nn.Module):
    """The number of channels counts in the result."""

    def __init__(self, by_shape: bool) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.output = nn.Linear(8, 2)
        self._by_shape = by_shape

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.first(inputs).relu()
        width = hidden.shape[1] if self._by_shape else self.first.out_features
        outputs: Tensor = self.output(hidden / width**0.5)
        return outputs


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Data(), SHAPE),
        (Twice(), SHAPE),
        (Tied(), (6,)),
        (Overwriting(lambda hidden: hidden), (6,)),
        (Overwriting(lambda hidden: hidden.view(-1, 6)), (6,)),
        (Grouped(), (2, 8, 8)),
        (Optional(), (6,)),
        (Scaled(by_shape=True), (6,)),
        (Scaled(by_shape=False), (6,)),
        (nn.Sequential(nn.Linear(6, 8), nn.Softmax(-1), nn.Linear(8, 2)), (6,)),
        (nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Linear(8, 2)), (6,)),
        (nn.Sequential(nn.Conv2d(1, 8, 3), nn.PixelShuffle(2), nn.Flatten(), nn.Linear(800, 2)), SHAPE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_followed_stays_right(module: nn.Module, shape: tuple[int, ...]) -> None:
    drawn(module)
    for seed in range(3):
        masks = some_units(module, 0.5, seed)
        if seed:  # the biases are left, and so a constant
            masks = {name: mask for name, mask in masks.items() if not name.endswith("bias")}
        if isinstance(module, Tied):
            masks.pop("second.weight")
        assert apart(with_zeros(module, masks), shrink(module, masks, shape), shape) < 1e-5


@pytest.mark.parametrize(
    ("padding", "mode", "left"), [(0, "zeros", 3), (1, "replicate", 3), (1, "circular", 3), (1, "zeros", 4)]
)
def test_a_constant_goes_into_biases_unless_zeros_stand_at_the_border(padding: int, mode: str, left: int) -> None:
    """A filter without weights whose bias goes on into a convolution."""
    second = nn.Conv2d(4, 3, 3, padding=padding, padding_mode=mode, bias=False)
    module = drawn(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh(), second, nn.Flatten()))
    masks = {"0": torch.ones(4, 1, 3, 3, dtype=torch.bool)}
    masks["0"][2] = False
    smaller = shrink(module, masks, SHAPE)
    assert apart(with_zeros(module, masks), smaller, SHAPE) < 1e-5
    assert smaller.get_parameter("0.weight").shape[0] == smaller.get_parameter("2.weight").shape[1] == left
    assert ("2.bias" in dict(smaller.named_parameters())) == (left == 3)


class Meeting(nn.Module):
    """Two layers whose outputs meet."""

    def __init__(self, meet: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.left = nn.Linear(5, 4)
        self.right = nn.Linear(5, 4)
        self.output = nn.Linear(4, 2)
        self._meet = meet

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(self._meet(self.left(inputs), self.right(inputs)))
        return outputs


@pytest.mark.parametrize(("meet", "left"), [(torch.add, 3), (torch.maximum, 3), (torch.sub, 3), (torch.mul, 2)])
def test_a_channel_of_a_sum_goes_when_all_of_it_is_constant(
    meet: Callable[[Tensor, Tensor], Tensor], left: int
) -> None:
    """The third channel is constant on both sides, the fourth on one; nothing times anything is nothing."""
    module = drawn(Meeting(meet))
    kept = torch.ones(4, 5, dtype=torch.bool)
    kept[2:] = False
    masks = {"left": kept, "right": kept.clone(), "right.bias": torch.tensor([True, True, True, True])}
    masks["right"][3] = True
    masks["left.bias"] = torch.tensor([True, True, True, False])
    smaller = shrink(module, masks, (5,))
    assert apart(with_zeros(module, masks), smaller, (5,)) < 1e-5
    layers = [smaller.get_submodule(name) for name in ("left", "right")]
    assert [layer.out_features for layer in layers if isinstance(layer, nn.Linear)] == [left, left]


def test_mistakes_in_masks_are_told() -> None:
    module = Convs()
    with pytest.raises(UserError, match="no layer or parameter 'conv3'"):
        shrink(module, {"conv3": torch.ones(1)}, SHAPE)
    with pytest.raises(UserError, match=r"'hidden' has the shape \(3,\); .* \(20, 96\)"):
        shrink(module, {"hidden": torch.ones(3)}, SHAPE)
