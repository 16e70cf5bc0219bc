"""Units and channels that go before a training are truly gone after it."""

from __future__ import annotations

import pytest
import torch

from bench import shrink
from bench.channels.structure import Structure
from bench.contract import samples
from bench.executors.changes import prune
from bench.models.base import prunable_layers
from bench.models.layout import buffer_layout
from bench.recipe import Level, Prune, Score
from bench.training.loop import Member, train
from tests.models.choosing import chosen
from tests.shrinking.making import apart

SHAPE = (3, 16, 16)


@pytest.mark.parametrize(
    ("name", "granularity"), [("mlgroup-flowers-cnn", "unit"), ("resnet-20", "channel"), ("wrn-22-2", "channel")]
)
def test_a_trained_network_goes_down_to_what_was_kept(name: str, granularity: str) -> None:
    """Factors and shifts of batch norm stay zero in training, and so the statistics behind them do not matter."""
    module, network = samples.network(chosen(name), SHAPE, 4)
    layout = network.parameters
    level = Level(1, tuple((layer.name, 0.5) for layer in layout.layers[:-1]))
    step = Prune(level, Score("magnitude"), granularity, norms=granularity == "unit")
    state = prune(samples.drawn(module, network, 3), step, layout, (), 0, "here", structure=Structure(module, SHAPE))
    trained = train(network, samples.noise(SHAPE, 4), [Member(3, state, samples.training(3, 0.01), 0, 3)])[0].state
    assert torch.equal(trained.mask, state.mask)
    assert not torch.equal(trained.weights, state.weights)
    module.load_state_dict({**layout.views(trained.weights), **buffer_layout(module).views(trained.buffers)})
    smaller = shrink(module.eval(), None, SHAPE)
    assert apart(module, smaller, SHAPE) < 1e-4
    kept = layout.weights(trained.mask)
    for layer in prunable_layers(smaller):
        assert layer.shape[0] == int(kept[layer.name].flatten(1).any(dim=1).sum())
