"""Learning from a teacher: the loss and its gradient, and that a pack changes nothing of it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from bench.models.layout import buffer_layout, parameter_layout
from bench.recipe import Optimiser, Teacher, Training
from bench.training.chain import Chain, links_of
from bench.training.content import Batches, Content
from bench.training.loop import Member, train
from bench.training.losses import Batch, Taught, loss_and_delta
from bench.training.networks import OneByOne, StackedNetwork
from bench.training.stacks import Stack
from bench.training.teaching import Lesson
from tests.training.build import CPU, LENGTH, alone, cut, data, images, net, same, stacked, state, training
from tests.training.test_any_network import conv_net, start

ADAM = Optimiser("adam", 3e-3)


def distillation(student: Tensor, teacher: Tensor, labels: Tensor, alpha: float, temperature: float) -> Tensor:
    """The formula of Hinton et al., for one replica, in the words of torch."""
    softened = functional.kl_div(
        functional.log_softmax(student / temperature, dim=-1),
        functional.softmax(teacher / temperature, dim=-1),
        reduction="batchmean",
    )
    return (1 - alpha) * functional.cross_entropy(student, labels) + alpha * temperature**2 * softened


def column(numbers: list[float]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)[:, None, None]


@settings(max_examples=60, deadline=None)
@given(
    how=st.lists(st.tuples(st.floats(0, 1), st.floats(0.3, 20)), min_size=1, max_size=4),
    samples=st.integers(1, 9),
    classes=st.integers(1, 12),
    seed=st.integers(0, 10_000),
)
def test_loss_and_derivative_are_those_of_the_formula(
    how: list[tuple[float, float]], samples: int, classes: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    student, teacher = (
        3 * torch.randn(len(how), samples, classes, generator=generator, dtype=torch.float64) for _ in range(2)
    )
    labels = torch.randint(classes, (len(how), samples), generator=generator)
    taught = Taught(teacher, column([alpha for alpha, _ in how]), column([heat for _, heat in how]))
    losses, delta = loss_and_delta(student, labels, taught)
    for row, (alpha, temperature) in enumerate(how):
        leaf = student[row].clone().requires_grad_()
        expected = distillation(leaf, teacher[row], labels[row], alpha, temperature)
        torch.testing.assert_close(losses[row], expected.detach(), rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(delta[row], torch.autograd.grad(expected, leaf)[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("head", ["logits", "tanh", "softmax"])
@pytest.mark.parametrize("replicas", [1, 3])
def test_through_the_layers_of_a_chain_in_double_precision(head: str, replicas: int) -> None:
    generator = torch.Generator().manual_seed(4)
    module = net(5, 1, 7, 3, head=head).double()  # with a layer of one unit, which is computed in company
    layout = parameter_layout(module)
    links = links_of(module)
    assert links is not None
    chain = Chain(links, layout, buffer_layout(module))
    weights = torch.randn(replicas, layout.width, generator=generator, dtype=torch.float64)
    inputs = torch.randn(replicas, 6, 5, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (replicas, 6), generator=generator)
    how = [(0.3, 2.0), (0.9, 4.0), (1.0, 1.0)][:replicas]
    teacher = torch.randn(replicas, 6, 3, generator=generator, dtype=torch.float64)
    taught = Taught(teacher, column([alpha for alpha, _ in how]), column([heat for _, heat in how]))
    gradient = torch.zeros_like(weights)
    with torch.no_grad():
        losses = chain.gradient(
            Stack(weights, torch.empty(replicas, 0), None, {}, gradient), Batch(inputs, labels, taught=taught)
        )
    for row in range(replicas):
        own = {name: weight.clone().requires_grad_() for name, weight in layout.views(weights[row]).items()}
        outputs = torch.func.functional_call(module, own, (inputs[row],))
        expected = distillation(outputs, teacher[row], labels[row], *how[row])
        torch.testing.assert_close(losses[row], expected.detach())
        for name, wanted in zip(own, torch.autograd.grad(expected, list(own.values())), strict=True):
            torch.testing.assert_close(layout.views(gradient[row])[name], wanted, rtol=1e-9, atol=1e-12)


def test_a_student_that_says_the_same_learns_nothing_from_it() -> None:
    outputs = torch.randn(2, 4, 5)
    taught = Taught(outputs, torch.ones(2, 1, 1), torch.full((2, 1, 1), 3.0))
    losses, delta = loss_and_delta(outputs, torch.zeros(2, 4, dtype=torch.int64), taught)
    assert not losses.any()
    assert not delta.any()


# Packs


def settings_of(alpha: float = 0.7, temperature: float = 3.0, optimiser: Optimiser = ADAM) -> Training:
    return replace(training(optimiser), teacher=Teacher(("a network",), (), alpha, temperature))


def pack(network: StackedNetwork, teacher: StackedNetwork, count: int, length: int = LENGTH) -> list[Member]:
    """Students of other seeds, masks, settings and lengths, some of whom share a teacher."""
    lessons = [Lesson(teacher, state(teacher, 100 + number)) for number in range(3)]
    return [
        Member(
            number % 4,
            state(network, number, 1.0 if number % 2 else 0.4),
            settings_of(0.5 + 0.04 * (number % 9), 1.0 + number % 5),
            0,
            length - number % 3,
            lessons[number % 3],
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def content() -> Content:
    return Content(data(), CPU)


@pytest.mark.parametrize("sizes", [(6, 9, 3), (6, 1, 3)], ids=str)
def test_at_any_width_and_place(sizes: tuple[int, ...], content: Content) -> None:
    network, teacher = stacked(net(*sizes)), stacked(net(6, 14, 5, 3))
    everyone = pack(network, teacher, 24)
    single = {place: alone(network, content, everyone[place]) for place in (0, 1, 13, 23)}
    for width in (2, 3, 5, 8, 17, 24):
        for first in single:
            places = [(first + step) % 24 for step in range(width)]
            random.Random(width).shuffle(places)
            for place, trained in zip(
                places, train(network, content, [everyone[place] for place in places]), strict=True
            ):
                if place in single:
                    assert same(trained.state, single[place].state), f"student {place} differs at width {width}"
                    assert trained.train_loss == single[place].train_loss
                    assert trained.curve == single[place].curve


def test_a_pack_that_shrinks_keeps_everyones_results(content: Content) -> None:
    network, teacher = stacked(net(6, 9, 3)), stacked(net(6, 20, 3))
    members = [
        replace(member, stop=stop)
        for member, stop in zip(pack(network, teacher, 6), (1, 3, 8, 21, 34, 38), strict=True)
    ]
    for member, trained in zip(members, train(network, content, members), strict=True):
        assert same(trained.state, alone(network, content, member).state)


@settings(max_examples=15, deadline=None)
@given(stops=st.lists(st.integers(1, LENGTH - 1), max_size=5))
def test_in_one_go_or_cut_anywhere(stops: list[int]) -> None:
    content = Content(data(), CPU)
    network, teacher = stacked(net(6, 9, 3)), stacked(net(6, 20, 3))
    (member,) = pack(network, teacher, 1)
    assert same(cut(network, content, member, stops), alone(network, content, member).state)


def test_a_teacher_that_does_not_count_changes_nothing(content: Content) -> None:
    network, teacher = stacked(net(6, 9, 3)), stacked(net(6, 20, 3))
    member = replace(pack(network, teacher, 1)[0], training=settings_of(alpha=0.0))
    plain = replace(member, training=replace(member.training, teacher=None), lesson=None)
    assert torch.equal(alone(network, content, member).state.weights, alone(network, content, plain).state.weights)
    taught = alone(network, content, replace(member, training=settings_of(alpha=0.5)))
    assert not torch.equal(taught.state.weights, alone(network, content, plain).state.weights)


def test_validation_is_by_the_labels_alone(content: Content) -> None:
    network, teacher = stacked(net(6, 9, 3)), stacked(net(6, 20, 3))
    member = replace(pack(network, teacher, 1)[0], training=settings_of(alpha=1.0))
    trained = alone(network, content, member)
    split = content.split(member.seed)
    inputs, labels = content.samples(split.validation)
    outputs = network.outputs(trained.state.weights[None], trained.state.buffers[None], inputs[None])[0]
    loss = functional.cross_entropy(outputs, labels)
    assert trained.curve[-1].validation_loss == pytest.approx(float(loss), rel=1e-5)


def by_hand(module: nn.Module, teacher: nn.Module, first: Member, network: StackedNetwork, content: Content) -> Tensor:
    """Plain gradient descent with torch's own modules, the batches of the stream, and the formula."""
    assert first.lesson is not None
    assert first.training.teacher is not None
    module.load_state_dict(network.parameters.views(first.state.weights.clone()) | dict(module.named_buffers()))
    lesson = first.lesson
    teacher.load_state_dict(
        lesson.network.parameters.views(lesson.state.weights) | lesson.network.buffers.views(lesson.state.buffers)
    )
    teacher.eval()
    batches = Batches(content, [first.seed], [0], first.training.batch)
    for step in range(first.stop):
        inputs, labels = (one[0] for one in batches.at(step))
        with torch.no_grad():
            said = teacher(inputs)
        how = first.training.teacher
        loss = distillation(module(inputs), said, labels, how.alpha, how.temperature)
        for weight, slope in zip(
            module.parameters(), torch.autograd.grad(loss, list(module.parameters())), strict=True
        ):
            weight.data.sub_(first.training.optimiser.lr * slope)
    return network.parameters.flatten({name: one.data for name, one in module.named_parameters()})


def test_it_goes_the_way_of_a_plain_loop_with_a_teacher_that_has_batch_norm() -> None:
    content = Content(images(), CPU)
    student, teacher = nn.Sequential(nn.Flatten(), nn.Linear(72, 5), nn.ReLU(), nn.Linear(5, 3)), conv_net()
    network, teaching = stacked(student), stacked(teacher)
    spec = replace(training(Optimiser("sgd", 0.05), kind="constant"), teacher=Teacher(("conv",), (), 0.8, 2.0))
    member = Member(0, state(network, 0), spec, 0, 25, Lesson(teaching, start(teaching, 3)))
    found = alone(network, content, member).state.weights
    expected = by_hand(student, teacher, member, network, content)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("alike", [True, False], ids=["of the same network", "of another"])
def test_convolutions_learn_from_a_teacher_in_a_stack_as_alone(alike: bool) -> None:
    content = Content(images(), CPU)
    network = stacked(conv_net())
    teacher = network if alike else stacked(nn.Sequential(nn.Flatten(), nn.Linear(72, 3)))
    members = [
        Member(
            seed,
            start(network, seed),
            settings_of(0.6, 2.0, Optimiser("sgd", 0.05)),
            0,
            20,
            Lesson(teacher, start(teacher, 50 + seed)),
        )
        for seed in (0, 3, 4)
    ]
    for member, together in zip(members, train(network, content, members), strict=True):
        expected = alone(network, content, member).state
        assert float((together.state.weights - expected.weights).abs().max()) < 1e-5
        one_by_one = train(OneByOne(conv_net()), content, [member])[0].state
        assert float((one_by_one.weights - expected.weights).abs().max()) < 1e-5


def test_a_pack_of_which_only_some_are_taught_is_refused(content: Content) -> None:
    network, teacher = stacked(net(6, 9, 3)), stacked(net(6, 20, 3))
    one, other = pack(network, teacher, 2)
    for broken in (replace(other, lesson=None), replace(other, training=training(ADAM), lesson=None)):
        with pytest.raises(ValueError, match="the replicas of a pack have teachers of one network, or none has"):
            train(network, content, [one, broken])
