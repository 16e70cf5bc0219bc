"""The optimisers and schedules, held to those of PyTorch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim import lr_scheduler

from bench.recipe import Optimiser, Schedule, Training
from bench.training.batches import Stream
from bench.training.content import Content
from bench.training.loop import Member
from bench.training.schedules import factor
from tests.training.build import CPU, OPTIMISERS, alone, data, net, stacked, state

STEPS = 20


def of_torch(optimiser: Optimiser, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    if optimiser.kind == "sgd":
        return torch.optim.SGD(
            parameters,
            optimiser.lr,
            momentum=optimiser.momentum,
            nesterov=optimiser.nesterov,
            weight_decay=optimiser.weight_decay,
        )
    more: dict[str, Any] = {} if optimiser.eps is None else {"eps": optimiser.eps}
    if optimiser.kind == "adadelta":
        return torch.optim.Adadelta(
            parameters, optimiser.lr, rho=optimiser.rho, weight_decay=optimiser.weight_decay, **more
        )
    kind = torch.optim.Adam if optimiser.kind == "adam" else torch.optim.AdamW
    betas = (optimiser.beta1, optimiser.beta2)
    return kind(parameters, optimiser.lr, betas=betas, weight_decay=optimiser.weight_decay, **more)


@pytest.mark.parametrize("pruned", [False, True], ids=["whole", "pruned"])
@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_as_torch_optim(name: str, pruned: bool) -> None:
    """A plain loop in PyTorch over the same batches; pruned weights are multiplied away before and after a step."""
    dataset, module = data(), net(6, 9, 3)
    content, network = Content(dataset, CPU), stacked(module)
    start = state(network, 5, 0.5 if pruned else 1.0)
    batch = 7
    spec = Training(OPTIMISERS[name], Schedule("constant", STEPS), batch)
    found = network.parameters.views(alone(network, content, Member(5, start, spec, 0, STEPS)).state.weights)

    parameters = dict(module.named_parameters())
    kept = network.parameters.views(start.mask)
    for parameter_name, value in network.parameters.views(start.weights).items():
        parameters[parameter_name].data.copy_(value)
    optimiser = of_torch(OPTIMISERS[name], list(parameters.values()))
    stream = Stream(5, dataset.split(5).train.numpy())
    tensors = dataset.tensors()
    for step in range(STEPS):
        rows = torch.from_numpy(stream.take(step * batch, batch))
        optimiser.zero_grad()
        functional.cross_entropy(module(tensors.inputs[rows]), tensors.labels[rows]).backward()
        for parameter_name, parameter in parameters.items():
            assert parameter.grad is not None
            parameter.grad.mul_(kept[parameter_name])
        optimiser.step()
    for parameter_name, parameter in parameters.items():
        torch.testing.assert_close(found[parameter_name], parameter.data, rtol=3e-5, atol=1e-6)


def rates(scheduler_of: Any, steps: int) -> list[float]:
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = scheduler_of(optimiser)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


@pytest.mark.parametrize(
    ("schedule", "scheduler_of"),
    [
        (Schedule("constant", 30), lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
        (
            Schedule("step", 30, milestones=(5, 11, 11, 29), gamma=0.3),
            lambda o: lr_scheduler.MultiStepLR(o, milestones=[5, 11, 11, 29], gamma=0.3),
        ),
        (Schedule("cosine", 30), lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=30)),
        (Schedule("cosine", 30, final=0.2), lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=30, eta_min=0.2)),
        (Schedule("linear", 30), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, total_iters=30)),
        (Schedule("linear", 30, final=0.4), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.4, total_iters=30)),
    ],
    ids=lambda value: f"{value.kind} to {value.final}" if isinstance(value, Schedule) else "",
)
def test_schedules_as_those_of_torch(schedule: Schedule, scheduler_of: Any) -> None:
    found = [factor(schedule, step) for step in range(30)]
    assert found == pytest.approx(rates(scheduler_of, 30), abs=1e-7)


def test_warmup_rises_to_the_whole_rate_and_the_schedule_follows() -> None:
    schedule = Schedule("linear", 14, warmup=4)
    found = [factor(schedule, step) for step in range(14)]
    assert found[:5] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert found[4:] == pytest.approx([1 - step / 10 for step in range(10)])


def test_a_clock_that_goes_on_sees_the_same_rates() -> None:
    """A Train that begins at step k uses the schedule from k on."""
    content, network = Content(data(), CPU), stacked(net(6, 9, 3))
    start = state(network, 0)
    one = Training(Optimiser("sgd", 0.1), Schedule("step", 10, milestones=(5,), gamma=0.5), 7)
    other = Training(Optimiser("sgd", 0.05), Schedule("constant", 10), 7)
    late = alone(network, content, Member(0, start, one, 5, 10)).state
    halved = alone(network, content, Member(0, start, other, 0, 5)).state
    assert torch.equal(late.weights, halved.weights)
