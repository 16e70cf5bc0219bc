"""Where channels end up, against tensors that hold the number of their channel and are really sent through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from bench.channels.atoms import Axis
from bench.channels.flow import flow_of
from bench.channels.structure import Structure
from bench.contract import samples
from tests.models.choosing import chosen

CHANNELS, HEIGHT, WIDTH = 6, 4, 3
Operation = Callable[[Tensor], Tensor]


class Through(nn.Module):
    """One operation on the channels of a convolution."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, CHANNELS, 1)
        self._operation = operation

    def forward(self, inputs: Tensor) -> Tensor:
        return self._operation(self.conv(inputs))


def axis_after(operation: Operation) -> Axis | None:
    flow = flow_of(Through(operation), (2, HEIGHT, WIDTH))
    assert flow is not None
    last = [node for node in flow.traced.graph.nodes if node.op != "output"][-1]
    return flow.values[last].axis


def really(operation: Operation) -> Tensor:
    """The number of its channel at each place; 0 where there is none."""
    numbers = torch.arange(1.0, CHANNELS + 1).reshape(1, CHANNELS, 1, 1)
    return operation(numbers.expand(2, CHANNELS, HEIGHT, WIDTH))


def holds(operation: Operation) -> bool:
    """Whether the atoms of the axis are the numbers that arrive, at all places and samples alike."""
    axis, arrived = axis_after(operation), really(operation)
    assert axis is not None
    numbers = torch.tensor([atom + 1.0 if atom < CHANNELS else 0.0 for atom in axis.atoms.tolist()])
    return torch.equal(arrived.movedim(axis.dim, -1), numbers.expand(arrived.movedim(axis.dim, -1).shape))


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: x.flatten(1),
        lambda x: x.flatten(2).transpose(1, 2),
        lambda x: x.permute(0, 2, 3, 1),
        lambda x: x.permute(0, 2, 3, 1).flatten(1),
        lambda x: x.permute(0, 2, 3, 1).reshape(-1, HEIGHT * WIDTH, CHANNELS),
        lambda x: x.view(2, CHANNELS, HEIGHT * WIDTH),
        lambda x: x.mean((2, 3)),
        lambda x: x.mean(-1, keepdim=True).squeeze(-1),
        lambda x: x.mean((2, 3))[:, :, None, None],
        lambda x: x.mean((2, 3))[:, None],
        lambda x: x.amax(3).unsqueeze(1),
        lambda x: x.chunk(2, dim=1)[1],
        lambda x: x.chunk(4, 1)[-1],
        lambda x: torch.split(x, [1, 3, 2], dim=1)[1],
        lambda x: x.split(4, dim=-3)[1],
        lambda x: x[:, 1:-2],
        lambda x: x[..., ::2, 1],
        lambda x: x[:, :, 0],
        lambda x: torch.cat([x[:, 3:], x, x[:, :1]], dim=1),
        lambda x: torch.cat([x, x], dim=2),
        lambda x: functional.pad(x, (0, 0, 0, 0, 1, 2)),
        lambda x: functional.pad(x.mean((2, 3)), (2, 1)),
        lambda x: functional.max_pool2d(x, 2),
        lambda x: functional.adaptive_avg_pool2d(x, 1).flatten(1),
        lambda x: x + x.mean((2, 3), keepdim=True) - x,
    ],
)
def test_operations(operation: Operation) -> None:
    assert holds(operation)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_shapes_drawn_at_random(data: st.DataObject) -> None:
    """Neighbouring dimensions are joined and ones are put in, in one reshape; what is followed is followed rightly."""
    lengths = [CHANNELS, HEIGHT, WIDTH]
    order = data.draw(st.permutations([1, 2, 3]))
    turned = [lengths[place - 1] for place in order]
    shape: list[int] = []
    for length in turned:
        if shape and data.draw(st.booleans()):
            shape[-1] *= length
        else:
            shape.extend([1] * data.draw(st.integers(0, 1)))
            shape.append(length)

    def operation(tensor: Tensor) -> Tensor:
        return tensor.permute(0, *order).reshape(-1, *shape)

    assert holds(operation)


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: x.reshape(2, 2, 3, HEIGHT, WIDTH),
        lambda x: x.flatten(0, 1),
        lambda x: x.softmax(1),
        lambda x: x.sum(1),
        lambda x: x.flip(1),
        lambda x: x[:, ::2],
        lambda x: x.cumsum(1),
        lambda x: functional.pixel_shuffle(x[:, :4], 2),
    ],
)
def test_what_is_mixed_or_cut_up_is_not_followed(operation: Operation) -> None:
    module = Through(operation)
    channels = Structure(module, (2, HEIGHT, WIDTH)).channels
    assert channels is not None
    assert axis_after(operation) is None
    assert set(channels.units["conv"].tolist()) & channels.open


def test_which_batch_norm_is_right_behind_a_layer() -> None:
    module, _ = samples.network(chosen("wrn-22-2"), (3, 8, 8), 4)
    norms = Structure(module, (3, 8, 8)).norms
    assert norms["stage1.block1.conv1"] == ("stage1.block1.norm2",)
    assert "stage1.block1.conv2" not in norms  # a sum stands between
    assert norms["conv1"] == ("stage1.block1.norm1",)
