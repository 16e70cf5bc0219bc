"""Rule 3: which state of a training counts, by validation data alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bench.data.base import Dataset, Split, Tensors
from bench.recipe import Optimiser, Schedule, Select, Training
from bench.training.content import Content
from bench.training.evaluation import totals
from bench.training.loop import CurvePoint, Member, train
from bench.training.selection import Selection
from bench.training.stacks import lay
from bench.training.state import State
from tests.training.build import CPU, OPTIMISERS, alone, data, net, stacked, state, training

LOSSES = [  # of two replicas at six looks
    [5.0, 3.0],
    [4.0, 4.0],
    [4.5, 3.5],
    [4.2, 2.0],
    [3.0, 2.5],
    [1.0, 2.1],
]


def chosen(rule: Select, losses: list[list[float]]) -> list[float]:
    """The number of the look, from 1, whose weights each replica ends with."""
    states = [State(torch.zeros(16), torch.ones(16, dtype=torch.bool), torch.zeros(0)) for _ in losses[0]]
    stack = lay(states, [Optimiser("sgd", 0.1)] * len(states), CPU)
    selection = Selection(stack, [rule] * len(states))
    for number, look in enumerate(losses, start=1):
        stack.weights.fill_(number)
        selection.look(stack, torch.tensor(look, dtype=torch.float64))
    stack.weights.fill_(99)
    selection.restore(stack)
    return stack.weights[:, 0].tolist()


def test_by_hand() -> None:
    assert chosen(Select("best", 1), LOSSES) == [6, 4]
    assert chosen(Select("stop", 1, 1), LOSSES) == [2, 1]  # ends at the first look that is no better
    assert chosen(Select("stop", 1, 2), LOSSES) == [2, 1]
    assert chosen(Select("stop", 1, 3), LOSSES) == [6, 4]  # replica 0 improves at its third look after the second


def test_an_equal_loss_is_no_improvement() -> None:
    assert chosen(Select("best", 1), [[2.0], [2.0], [3.0]]) == [1]
    assert chosen(Select("stop", 1, 2), [[2.0], [2.0], [2.0], [1.0]]) == [1]


def test_what_is_not_a_number_is_never_the_best() -> None:
    assert chosen(Select("best", 1), [[float("nan")], [3.0], [float("nan")]]) == [2]
    assert chosen(Select("stop", 1, 1), [[float("inf")], [3.0], [4.0]]) == [2]
    assert chosen(Select("best", 1), [[float("nan")], [float("nan")]]) == [99]  # nothing was seen: the last


@pytest.mark.parametrize(
    ("rule", "count"),
    [(Select("best", 3), 7), (Select("best", 1), 20), (Select("best", 50), 1), (Select("stop", 3, 2), 7)],
)
def test_against_looking_by_hand(rule: Select, count: int) -> None:
    """Train in small pieces, evaluate after each, and take the best: the trainer must come to the same weights."""
    content, network = Content(data(), CPU), stacked(net(6, 30, 3))
    plain = training(Optimiser("adam", 0.1), kind="constant", length=20)
    start, seed = state(network, 4), 4
    looks = [*range(rule.every, 20, rule.every), 20]
    assert len(looks) == count
    reached, step, best, waited = start, 0, (float("inf"), start), 0
    losses = []
    for look in looks:
        reached, step = alone(network, content, Member(seed, reached, plain, step, look)).state, look
        stack = lay([reached], [plain.optimiser], CPU)
        loss = totals(network, stack, content, [content.split(seed).validation])[0].item()
        losses.append(loss)
        if loss < best[0]:
            best, waited = (loss, reached), 0
        else:
            waited += 1
        if rule.kind == "stop" and waited == rule.patience:
            break
    found = alone(network, content, Member(seed, start, replace(plain, select=rule), 0, 20)).state
    assert torch.equal(found.weights, best[1].weights)
    assert not found.moments  # what the optimiser remembers belongs to other weights
    if rule.every <= 3:
        assert losses.index(min(losses)) < len(losses) - 1  # else this shows nothing


def test_last_is_the_default_and_looks_at_nothing() -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    seen = []

    class Watched(type(network)):  # type: ignore[misc]  # the class is known at run time only
        def outputs(self, *given: torch.Tensor) -> torch.Tensor:
            seen.append(1)
            return super().outputs(*given)

    network.__class__ = Watched
    train(network, content, [Member(0, state(network, 0), training(OPTIMISERS["adam"]), 0, 20)], curve_at=lambda *_: [])
    assert Select().kind == "last"
    assert not seen


def poisoned(dataset: Dataset, seed: int) -> Dataset:
    """The same data with nonsense in its test part."""
    tensors = dataset.tensors()
    inputs, labels = tensors.inputs.clone(), tensors.labels.clone()
    test = dataset.split(seed).test
    inputs[test] = float("nan")
    labels[test] = 0
    splits: dict[int, Split] = {}

    class Poisoned(Dataset):
        def split(self, seed: int) -> Split:
            return splits.setdefault(seed, dataset.split(seed))

    return Poisoned(dataset.info, lambda: Tensors(inputs, labels), lambda seed: {})


@pytest.mark.parametrize("select", [Select(), Select("best", 2), Select("stop", 2, 2)], ids=lambda rule: rule.kind)
def test_training_and_selection_do_not_read_test_data(select: Select) -> None:
    network = stacked(net(6, 9, 3))
    spec = training(OPTIMISERS["adam"], select=select)
    members = [Member(7, state(network, place), spec, 0, 30) for place in range(3)]
    clean = train(network, Content(data(), CPU), members)
    dirty = train(network, Content(poisoned(data(), 7), CPU), members)
    for one, other in zip(clean, dirty, strict=True):
        assert torch.equal(one.state.weights, other.state.weights)
        assert one.curve == other.curve
        assert one.train_loss == other.train_loss


def test_training_and_selection_read_their_own_parts_only() -> None:
    read: set[int] = set()

    class Watched(Content):
        def samples(self, rows: torch.Tensor, *rest: Any) -> tuple[torch.Tensor, torch.Tensor]:
            read.update(rows.flatten().tolist())
            return super().samples(rows, *rest)

    dataset = data()
    content, network = Watched(dataset, CPU), stacked(net(6, 9, 3))
    split = dataset.split(0)
    spec = Training(OPTIMISERS["adam"], Schedule("constant", 40), 7, select=Select("best", 5))
    train(network, content, [Member(0, state(network, 0), spec, 0, 40)])
    assert read == set(split.train.tolist()) | set(split.validation.tolist())


def test_a_point_of_the_curve_is_the_mean_since_the_one_before() -> None:
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    spec = training(OPTIMISERS["adam"])
    every = train(network, content, [Member(0, state(network, 0), spec, 0, 12)], curve_at=lambda *_: list(range(1, 13)))
    some = train(network, content, [Member(0, state(network, 0), spec, 0, 12)], curve_at=lambda *_: [4, 12])
    single = [point.train_loss for point in every[0].curve]
    assert [point.train_loss for point in some[0].curve] == pytest.approx([np.mean(single[:4]), np.mean(single[4:])])
    assert [point.step for point in some[0].curve] == [4, 12]
    assert every[0].curve[3].validation_loss == some[0].curve[0].validation_loss
    epoch = round(54 / 7)
    assert every[0].train_loss == pytest.approx(np.mean(single[-epoch:]))
    assert isinstance(some[0].curve[0], CurvePoint)
