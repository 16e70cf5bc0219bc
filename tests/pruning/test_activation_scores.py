"""Scores of whole units: what comes out of them, and the factor of the batch norm behind them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.errors import UserError
from bench.executors.changes import prune
from bench.models.base import build
from bench.pruning.granularity import granularity
from bench.recipe import Level, Prune, Score
from tests.pruning.nets import case, mlp, scores, small_conv

UNIT = granularity("unit")


def test_the_mean_absolute_output_right_after_the_layer() -> None:
    made = case(small_conv(), (2, 6, 6), 3).masked(0.3)
    found = scores("activation", made.view(), batches=2)
    inputs = torch.cat([inputs for inputs, _ in made.computing().batches(2)]).double()
    plain = made.plain
    for name, layer in plain.named_children():
        outputs = layer(inputs)
        if name in found:
            places = (0, 2, 3) if outputs.dim() == 4 else (0,)
            torch.testing.assert_close(UNIT.fold(found[name]), outputs.abs().mean(places), rtol=1e-12, atol=0)
            each = found[name].flatten(1)
            assert torch.equal(each, each[:, :1].expand_as(each))
        inputs = outputs


def test_tokens_are_places() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 6)
            self.output = nn.Linear(6, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            outputs: Tensor = self.output(self.fc(inputs).relu()).mean(dim=1)
            return outputs

    made = case(Tokens(), (5, 4), 3)
    found = scores("activation", made.view())
    ((inputs, _),) = made.computing().batches(1)
    plain = made.plain
    outputs = functional.linear(
        inputs.double(), plain.get_parameter("fc.weight"), plain.get_parameter("fc.bias")
    ).detach()
    torch.testing.assert_close(UNIT.fold(found["fc"]), outputs.abs().mean((0, 1)), rtol=1e-12, atol=0)


def test_a_units_factor_is_that_of_the_batch_norm_behind_it() -> None:
    """Also where a shortcut has a convolution and a batch norm of its own."""
    made = case(build("resnet-20", (3, 8, 8), 3), (3, 8, 8), 3)
    view = made.view()
    found = scores("norm-scale", type(view)(view.weights, view.masks, (), 0, "here", made.computing()))
    assert set(found) == set(view.weights) - {"output"}
    parameters = made.layout.views(made.state.weights)
    for name, one in found.items():
        norm = name.replace("conv", "norm")
        torch.testing.assert_close(
            UNIT.fold(one.double()), parameters[f"{norm}.weight"].abs().double(), rtol=1e-6, atol=0
        )


def test_layers_without_a_batch_norm_have_to_be_excluded() -> None:
    made = case(small_conv(), (2, 6, 6), 3)
    with pytest.raises(UserError) as caught:
        scores("norm-scale", made.view())
    (line,) = caught.value.lines
    assert line.startswith("score norm-scale: no batch norm follows output; leave that out with exclude: [output]")
    step = Prune(Level(1, (("conv1", 0.5), ("conv2", 0.6))), Score("norm-scale"), "unit")
    after = prune(made.state, step, made.layout, (), 0, "here", made.computing)
    parameters = made.layout.views(made.state.weights)
    for name, norm, left in (("conv1", "norm1", 2), ("conv2", "norm2", 2)):
        kept = made.layout.weights(after.mask)[name].flatten(1).any(dim=1)
        best = parameters[f"{norm}.weight"].abs().topk(left).indices
        assert sorted(kept.nonzero().flatten().tolist()) == sorted(best.tolist())
    assert made.layout.weights(after.mask)["output"].all()


def test_a_network_without_any_names_all_its_layers() -> None:
    with pytest.raises(UserError, match="no batch norm follows fc1, output"):
        scores("norm-scale", case(mlp(4, 3, 2), (4,), 2).view())


@pytest.mark.parametrize("name", ["activation", "norm-scale"])
def test_nothing_is_left_hanging_on_the_network(name: str) -> None:
    made = case(small_conv(), (2, 6, 6), 3)
    view = made.view()
    scores(name, type(view)(view.weights, view.masks, (), 0, "here", made.computing()))
    assert not any(layer._forward_hooks for layer in made.module.modules())
