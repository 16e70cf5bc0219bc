"""Rule 6: the whole part is evaluated, its last partial batch included."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from bench.training import evaluation
from bench.training.batches import Stream
from bench.training.content import CHUNK, Batches, Content
from bench.training.evaluation import Answers, evaluate
from bench.training.networks import OneByOne
from bench.training.stacks import lay
from tests.training.build import CPU, OPTIMISERS, data, net, stacked, state


@pytest.mark.parametrize("count", [1, 7, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3])
@pytest.mark.parametrize("way", [stacked, OneByOne])
def test_every_sample_counts_once(count: int, way: type[OneByOne]) -> None:
    dataset = data(count + 40, counts=(30, 10, count))
    module = net(6, 9, 3)
    network, content = way(module), Content(dataset, CPU)
    states = [state(network, seed, 0.5) for seed in range(3)]
    splits = [content.split(seed) for seed in (0, 1, 1)]
    stack = lay(states, [OPTIMISERS["adam"]] * 3, CPU)
    found = evaluate(network, stack, content, [split.test for split in splits])
    tensors = dataset.tensors()
    for own, split, quality in zip(states, splits, found, strict=True):
        weights = network.parameters.views(own.weights)
        outputs = torch.func.functional_call(module, weights, (tensors.inputs[split.test],)).detach().double()
        labels = tensors.labels[split.test]
        assert quality.count == count
        assert quality.correct == int((outputs.argmax(1) == labels).sum())
        assert quality.accuracy == quality.correct / count
        assert quality.loss == pytest.approx(functional.cross_entropy(outputs, labels).item(), rel=1e-5)


@pytest.mark.parametrize("count", [0, 7, CHUNK + 1])
@pytest.mark.parametrize("at_once", [0, 10**9])
def test_answers_are_those_of_the_network_to_each_sample(
    count: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "COPIED_AT_ONCE", at_once)
    dataset = data(count + 40, counts=(30, 10, count))
    module = net(6, 9, 3)
    network, content = stacked(module), Content(dataset, CPU)
    states = [state(network, seed, 0.5) for seed in range(4)]
    parts = [content.split(seed).test for seed in (0, 1, 1, 0)]
    stack, answers = lay(states, [OPTIMISERS["adam"]] * 4, CPU), Answers((0, 2))
    found = evaluate(network, stack, content, parts, answers)
    assert str(found) == str(evaluate(network, stack, content, parts))
    assert answers.of(1) is answers.of(3) is None
    for row in (0, 2):
        weights = network.parameters.views(states[row].weights)
        outputs = torch.func.functional_call(module, weights, (dataset.tensors().inputs[parts[row]],))
        answered = answers.of(row)
        assert answered is not None
        assert torch.equal(answered, outputs.argmax(dim=1))
        assert found[row].correct == int((answered == content.labels_of(parts[row])).sum())


@pytest.mark.parametrize("width", [1, 2, 5, 16, 33])
def test_the_same_to_the_last_bit_in_any_company(width: int) -> None:
    content, network = Content(data(1300, counts=(100, 100, 1100)), CPU), stacked(net(6, 30, 3))
    first = state(network, 0)

    def quality(seeds: list[int]) -> object:
        states = [first, *(state(network, seed) for seed in range(1, width))]
        stack = lay(states, [OPTIMISERS["adam"]] * width, CPU)
        return evaluate(network, stack, content, [content.split(seed).test for seed in seeds])[0]

    alone = evaluate(network, lay([first], [OPTIMISERS["adam"]], CPU), content, [content.split(0).test])[0]
    assert quality([0] * width) == alone
    assert quality([0, *range(1, width)]) == alone


def test_methods_of_a_seed_see_the_same_batches() -> None:
    content = Content(data(), CPU)
    mixed = Batches(content, [4, 2, 4, 4], [0, 0, 0, 3], 7)
    alone = Batches(content, [4], [0], 7)
    for step in (0, 1, 2, 63, 64, 65, 200):
        inputs, labels = mixed.at(step)
        expected, wanted = alone.at(step)
        for row in (0, 2):
            assert torch.equal(inputs[row], expected[0])
            assert torch.equal(labels[row], wanted[0])
        assert torch.equal(inputs[3], alone.at(step + 3)[0][0])
    assert not torch.equal(mixed.at(0)[0][0], mixed.at(0)[0][1])


def test_the_order_goes_on_over_all_that_is_drawn_at_a_time() -> None:
    """Also where a stream is longer than what is drawn in one go, and wherever it is taken up."""
    samples = np.arange(100, 5100)
    stream = Stream(3, samples)
    epochs = [stream.take(epoch * 5000, 5000) for epoch in range(6)]
    for number, epoch in enumerate(epochs):
        assert sorted(epoch) == list(samples)
        assert not any(np.array_equal(epoch, other) for other in epochs[:number])
    whole = np.concatenate(epochs)
    for start, count in ((0, 30_000), (4_990, 20), (12_345, 9_999), (29_999, 1)):
        assert np.array_equal(Stream(3, samples).take(start, count), whole[start : start + count])


def test_each_sample_comes_once_an_epoch() -> None:
    dataset = data(100, counts=(55, 20, 25))
    content = Content(dataset, CPU)
    train = dataset.split(0).train
    batches = Batches(content, [0], [0], 5)
    for epoch in range(3):
        labels = torch.cat([batches.at(epoch * 11 + step)[0][0] for step in range(11)])
        expected = dataset.tensors().inputs[train]
        assert np.allclose(np.sort(labels.numpy(), axis=0), np.sort(expected.numpy(), axis=0))
