"""What batch norm goes by while a score computes: its running statistics, or those of the batch."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from bench.data.policy import DataPolicy
from bench.grid import expand
from bench.recipe import Prune, Score
from bench.suite import read_suite
from tests.pruning.nets import Case, case, scores, small_conv

WITH_THE_OPTION = ("taylor", "taylor-squared", "snip", "grasp", "activation")


def made() -> Case:
    return case(small_conv(), (2, 6, 6), 3)


def by_hand(name: str, net: Case) -> dict[str, Tensor]:
    """With PyTorch in training mode, apart from the suite."""
    plain = net.plain.train()
    wanted = {layer: plain.get_parameter(f"{layer}.weight") for layer in net.layout.weights(net.state.weights)}
    (inputs, labels), temperature = net.computing().batches(1)[0], 1.0
    if name == "grasp":
        (inputs, labels), temperature = net.computing().balanced(10), 200.0
    loss = nn.functional.cross_entropy(plain(inputs.double()) / temperature, labels)
    gradients = torch.autograd.grad(loss, list(wanted.values()), create_graph=True)
    if name == "grasp":
        along = torch.stack([(one * one.detach()).sum() for one in gradients]).sum()
        gradients = torch.autograd.grad(along, list(wanted.values()))
    changes = {layer: (wanted[layer] * one).detach() for layer, one in zip(wanted, gradients, strict=True)}
    if name == "grasp":
        return changes
    if name == "taylor-squared":
        return {layer: one.square() for layer, one in changes.items()}
    total = sum(float(one.abs().sum()) for one in changes.values()) if name == "snip" else 1.0
    return {layer: one.abs() / total for layer, one in changes.items()}


def same(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> bool:
    return all(torch.allclose(found[layer].double(), expected[layer].double(), rtol=1e-8, atol=0) for layer in found)


@pytest.mark.parametrize("name", ["taylor", "taylor-squared", "snip", "grasp"])
def test_by_the_batch_it_is_as_in_training(name: str) -> None:
    expected = by_hand(name, made())
    assert same(scores(name, made().view(), statistics="batch"), expected)
    assert not same(scores(name, made().view(), statistics="running"), expected)


def test_activations_by_the_batch() -> None:
    """What comes out of the second convolution hangs on what the batch norm behind the first went by."""
    net = made()
    plain = net.plain.train()
    inputs, _ = net.computing().batches(1)[0]
    seen = plain[:5](inputs.double()).detach()  # type: ignore[index]  # a sequence of layers
    found = scores("activation", net.view(), statistics="batch")["conv2"].flatten(1).norm(dim=1)
    torch.testing.assert_close(found.double(), seen.abs().mean(dim=(0, 2, 3)), rtol=1e-6, atol=0)
    assert not same(scores("activation", net.view()), scores("activation", net.view(), statistics="batch"))


@pytest.mark.parametrize("name", WITH_THE_OPTION)
def test_the_default_is_that_of_the_authors(name: str) -> None:
    usual = "batch" if name == "grasp" else "running"
    assert same(scores(name, made().view()), scores(name, made().view(), statistics=usual))


@pytest.mark.parametrize("name", WITH_THE_OPTION)
def test_the_network_is_left_as_it_was(name: str) -> None:
    net = made()
    before = net.state.buffers.clone()
    own = {buffer: tensor.clone() for buffer, tensor in net.module.named_buffers()}
    first = scores(name, net.view(), statistics="batch")
    assert torch.equal(net.state.buffers, before)
    assert all(torch.equal(tensor, own[buffer]) for buffer, tensor in net.module.named_buffers())
    norms = [part for part in net.module.modules() if isinstance(part, nn.BatchNorm2d)]
    assert all(norm.track_running_stats and not norm.training for norm in norms)
    second = scores(name, net.view(), statistics="batch")
    assert all(torch.equal(first[layer], second[layer]) for layer in first)


def test_grasp_takes_parts_with_samples_of_all_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The samples come by class: every second one is in the second of two parts, with statistics of its own."""
    net = made()
    inputs, labels = net.computing().balanced(10)
    plain = net.plain.train()
    weights = [plain.get_parameter(f"{layer}.weight") for layer in net.layout.weights(net.state.weights)]

    def gradient(part: slice) -> tuple[Tensor, ...]:
        loss = nn.functional.cross_entropy(plain(inputs[part].double()) / 200, labels[part]) * len(labels[part])
        return torch.autograd.grad(loss / len(labels), weights, create_graph=True)

    halves = [gradient(slice(place, None, 2)) for place in range(2)]
    whole = [(one + other).detach() for one, other in zip(*halves, strict=True)]
    products = [
        torch.autograd.grad(torch.stack([(a * b).sum() for a, b in zip(half, whole, strict=True)]).sum(), weights)
        for half in halves
    ]
    monkeypatch.setattr("bench.pruning.scores.grasp._SAMPLES", len(labels) // 2 + 1)
    found = scores("grasp", made().view())
    expected = [(w * (one + other)).detach() for w, one, other in zip(weights, *products, strict=True)]
    assert same(found, dict(zip(found, expected, strict=True)))


NET = """
from torch import nn

def net(shape, classes):
    norm = {norm}
    return nn.Sequential(nn.Linear(shape[0], 5), norm, nn.ReLU(), nn.Linear(5, classes))
"""
SUITE = """
title: A suite
data: penguins
model: {file: net.py, name: net}
training: {optimiser: sgd, lr: 0.1, batch: 8, steps: 4}
seeds: 1
sparsities: [0.5]
prune: {scope: global}
methods: [{at-init: {score: SCORE}}]
"""


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bool], Score]:
    """A score as the plan of a suite has it, on a network with batch norm or without."""
    monkeypatch.chdir(tmp_path)

    def plan(written: str, batch_norm: bool) -> Score:
        Path("net.py").write_text(NET.replace("{norm}", "nn.BatchNorm1d(5)" if batch_norm else "nn.Identity()"))
        Path("suite.yaml").write_text(SUITE.replace("SCORE", written))
        (cell,) = expand(read_suite("suite.yaml"), DataPolicy()).cells
        return next(step for step in cell.steps if isinstance(step, Prune)).score

    return plan


@pytest.mark.parametrize("written", ["snip", "taylor", "grasp", "fisher", "{inverted: grasp}", "magnitude"])
def test_without_batch_norm_keys_are_what_they_were(scored: Callable[[str, bool], Score], written: str) -> None:
    found = scored(written, False)
    if "inverted" in written:
        assert found == Score("inverted", (("of", "grasp"),), ("grasp",), batch=8)
    else:
        assert found == Score(written, batch=0 if written == "magnitude" else 8)
    if written in WITH_THE_OPTION:
        for statistics in ("batch", "running"):
            assert scored(f"{{{written}: {{statistics: {statistics}}}}}", False) == found


def test_with_batch_norm_they_say_what_it_goes_by(scored: Callable[[str, bool], Score]) -> None:
    batch, running = (("statistics", "batch"),), (("statistics", "running"),)
    assert scored("snip", True) == Score("snip", batch=8), "as it was"
    assert scored("{snip: {statistics: running}}", True) == Score("snip", batch=8)
    assert scored("{snip: {statistics: batch}}", True) == Score("snip", batch, batch=8)
    assert scored("grasp", True) == Score("grasp", batch, batch=8)
    assert scored("{grasp: {statistics: running}}", True) == Score("grasp", running, batch=8)
    assert scored("{inverted: grasp}", True) == Score(
        "inverted", (("of", "grasp"),), ("grasp", "statistics batch"), batch=8
    )
    assert scored("{inverted: snip}", True) == Score("inverted", (("of", "snip"),), ("snip",), batch=8)


def test_only_scores_that_take_batches_have_their_size_in_the_key(scored: Callable[[str, bool], Score]) -> None:
    assert scored("synflow", True) == Score("synflow")
    assert scored("{snip: {batches: 2}}", False) == Score("snip", (("batches", 2),), batch=8)
    without = made().computing()
    without._batch = 0
    with pytest.raises(ValueError, match="registered with data=True"):
        without.batches(1)


def test_the_suite_decides_what_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the suite to the masks: other statistics, another network."""
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET.replace("{norm}", "nn.BatchNorm1d(5)"))
    methods = [
        f"{{at-init: {{label: {name}, score: {{snip: {{statistics: {name}}}}}}}}}" for name in ("batch", "running")
    ]
    text = SUITE.replace("[{at-init: {score: SCORE}}]", f"[{', '.join(methods)}]").replace("batch: 8", "batch: 100")
    Path("suite.yaml").write_text(text)
    found = bench.run("suite.yaml", database=tmp_path / "results.db", threads=1)
    assert len(set(found["test_loss"])) == 2
