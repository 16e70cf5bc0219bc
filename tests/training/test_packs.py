"""Rule 5: what becomes of a replica does not depend on who is trained with it, how wide, where, or in how many goes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.recipe import Optimiser, Select, Teacher
from bench.states import States
from bench.training.content import Content
from bench.training.loop import Member, Trained, train
from bench.training.networks import OneByOne, StackedNetwork
from bench.training.teaching import Lesson
from tests.training.build import CPU, LENGTH, OPTIMISERS, alone, cut, data, net, same, stacked, state, training

WIDTHS = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 31, 32, 33]  # all of them in the long test
KINDS = [Optimiser("adam", 3e-3), Optimiser("sgd", 0.05, momentum=0.9, nesterov=True), Optimiser("adadelta", 1.0)]


def companion(network: StackedNetwork, number: int, kind: str) -> Member:
    """A replica of its own kind: other seed, mask, rate, place in the schedule, length, and fine-tunings among them."""
    choice = random.Random(number)
    optimisers = [optimiser for optimiser in OPTIMISERS.values() if optimiser.kind == kind]
    optimiser = replace(choice.choice(optimisers), lr=choice.choice((1e-3, 1e-2, 0.05)))
    length = choice.choice((LENGTH, 10, 100))
    start = choice.randrange(length - 1)
    stop = choice.randint(start + 1, length)
    first = state(network, number, choice.choice((1.0, 0.7, 0.2)))
    order = choice.choice((0, start, 17))
    schedule = choice.choice(("constant", "linear", "cosine"))
    return Member(
        choice.randrange(6), replace(first, order=order), training(optimiser, length=length, kind=schedule), start, stop
    )


def equal(one: Trained, other: Trained) -> bool:
    return same(one.state, other.state) and (one.train_loss, one.curve) == (other.train_loss, other.curve)


@pytest.fixture(scope="module")
def content() -> Content:
    return Content(data(), CPU)


@pytest.mark.parametrize("optimiser", KINDS, ids=lambda optimiser: optimiser.kind)
@pytest.mark.parametrize("sizes", [(6, 9, 3), (6, 17, 11, 3)], ids=str)
def test_at_any_width_and_place(sizes: tuple[int, ...], optimiser: Optimiser, content: Content) -> None:
    network = stacked(net(*sizes))
    members = [
        Member(seed, state(network, seed, 1.0 if seed % 2 else 0.4), training(optimiser), 0, LENGTH)
        for seed in range(33)
    ]
    single = {seed: alone(network, content, members[seed]) for seed in (0, 1, 13, 32)}
    for width in WIDTHS:
        for first in (0, 1, 13, 32):
            pack = [members[(first + place) % 33] for place in range(width)]
            random.Random(width).shuffle(pack)
            for member, trained in zip(pack, train(network, content, pack), strict=True):
                if member.seed in single:
                    assert equal(trained, single[member.seed]), f"seed {member.seed} differs at width {width}"


def test_with_a_layer_of_one_unit() -> None:
    content, network = Content(data(120, 12, 3), CPU), stacked(net(12, 1, 3))
    pack = [Member(seed, state(network, seed), training(KINDS[0], batch=50), 0, LENGTH) for seed in range(5)]
    for member, trained in zip(pack, train(network, content, pack), strict=True):
        assert equal(trained, alone(network, content, member))


@settings(max_examples=25, deadline=None)
@given(
    numbers=st.lists(st.integers(0, 10_000), min_size=2, max_size=20, unique=True),
    kind=st.sampled_from(["sgd", "adam", "adadelta"]),
    hidden=st.integers(1, 40),
)
def test_with_any_companions(numbers: list[int], kind: str, hidden: int) -> None:
    content = Content(data(), CPU)
    network = stacked(net(6, hidden, 3))
    pack = [companion(network, number, kind) for number in numbers]
    for member, trained in zip(pack, train(network, content, pack), strict=True):
        assert equal(trained, alone(network, content, member))


@settings(max_examples=25, deadline=None)
@given(stops=st.lists(st.integers(1, LENGTH - 1), max_size=5), name=st.sampled_from(sorted(OPTIMISERS)))
def test_in_one_go_or_cut_anywhere(stops: list[int], name: str) -> None:
    content = Content(data(), CPU)
    network = stacked(net(6, 9, 3))
    member = Member(3, state(network, 3, 0.6), training(OPTIMISERS[name], kind="cosine", warmup=5), 0, LENGTH)
    assert same(cut(network, content, member, stops), alone(network, content, member).state)


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_resumed_from_files_in_packs_of_other_widths(name: str, content: Content, tmp_path: Path) -> None:
    network = stacked(net(6, 9, 3))
    member = Member(3, state(network, 3, 0.6), training(OPTIMISERS[name]), 0, LENGTH)
    whole = alone(network, content, member)
    reached, step = member.state, 0
    for number, stop in enumerate((1, 13, 14, 33, LENGTH)):
        part = replace(member, state=reached, start=step, stop=stop)
        others = [companion(network, 100 * number + place, part.training.optimiser.kind) for place in range(number * 4)]
        pack = [*others[: number * 2], part, *others[number * 2 :]]
        States(tmp_path).put("a" * 40, train(network, content, pack)[number * 2].state)
        reached, step = States(tmp_path).get("a" * 40), stop  # another process has nothing in memory
    assert same(reached, whole.state)


def test_a_pack_that_shrinks_keeps_everyones_results(content: Content) -> None:
    network = stacked(net(6, 9, 3))
    lengths = [1, 2, 3, 5, 8, 13, 21, 34, LENGTH]
    pack = [
        Member(seed, state(network, seed, 0.5), training(KINDS[0]), 0, length) for seed, length in enumerate(lengths)
    ]
    told = 0

    def advanced(steps: int) -> None:
        nonlocal told
        told += steps

    for member, trained in zip(pack, train(network, content, pack, advanced), strict=True):
        assert equal(trained, alone(network, content, member))
        assert trained.state.order == member.length
        assert trained.state.updates == member.length
    assert told >= sum(lengths)


def test_selection_is_the_same_in_a_pack(content: Content) -> None:
    network = stacked(net(6, 9, 3))
    spec = training(Optimiser("adam", 0.05), kind="constant", select=Select("stop", 2, 3))
    pack = [Member(seed, state(network, seed), spec, 0, LENGTH) for seed in range(10)]
    for member, trained in zip(pack, train(network, content, pack), strict=True):
        assert equal(trained, alone(network, content, member))


def test_the_generic_path_agrees_over_100_steps(content: Content) -> None:
    for name, optimiser in OPTIMISERS.items():
        module = net(6, 17, 9, 3)
        network, generic = stacked(module), OneByOne(module)
        pack = [
            Member(seed, state(network, seed, kept), training(optimiser, length=100), 0, 100)
            for seed, kept in enumerate((1.0, 0.5, 0.1))
        ]
        quick, slow = train(network, content, pack), train(generic, content, pack)
        for one, other in zip(quick, slow, strict=True):
            assert torch.allclose(one.state.weights, other.state.weights, rtol=1e-4, atol=1e-5), name
            assert one.train_loss == pytest.approx(other.train_loss, abs=1e-5), name


def fingerprints() -> dict[str, str]:
    """Hashes of the results of some packs, with as many threads as torch was given."""
    found = {}
    content = Content(data(300, 20, 4), CPU)
    for width in (1, 2, 7, 33):
        numbers = hashlib.sha256()
        for sizes in ((20, 50, 30, 4), (20, 12, 4)):
            network = stacked(net(*sizes))
            for optimiser in KINDS:
                members = [
                    Member(seed, state(network, seed, 0.5), training(optimiser, batch=50), 0, 3)
                    for seed in range(width)
                ]
                teacher = stacked(net(20, 70, 4))
                lessons = [Lesson(teacher, state(teacher, 50 + seed // 2)) for seed in range(width)]
                taught = replace(training(optimiser, batch=50), teacher=Teacher(("net",), (), 0.7, 3.0))
                students = [
                    replace(member, training=taught, lesson=lesson)
                    for member, lesson in zip(members, lessons, strict=True)
                ]
                for trained in (*train(network, content, members), *train(network, content, students)):
                    numbers.update(trained.state.weights.numpy().tobytes())
                    numbers.update(repr((trained.train_loss, trained.curve)).encode())
        found[str(width)] = numbers.hexdigest()
    return found


@pytest.fixture(scope="module")
def at_threads() -> dict[int, dict[str, str]]:
    """The hashes at some numbers of threads, each from a process of its own."""
    program = (
        "import bench, json, sys, torch; from tests.training.test_packs import fingerprints; "
        "torch.set_num_threads(int(sys.argv[1])); print(json.dumps(fingerprints()))"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("MKL_CBWR", "OMP_NUM_THREADS")}
    answers = {}
    for threads in (1, 2):
        answer = subprocess.run(
            [sys.executable, "-c", program, str(threads)],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )
        answers[threads] = json.loads(answer.stdout)
    return answers


@pytest.mark.parametrize("width", ["1", "2", "7", "33"])
def test_at_one_and_two_threads(width: str, at_threads: dict[int, dict[str, str]]) -> None:
    assert at_threads[2][width] == at_threads[1][width]


@pytest.mark.long
@pytest.mark.parametrize("optimiser", KINDS, ids=lambda optimiser: optimiser.kind)
@pytest.mark.parametrize("sizes", [(12, 12, 3), (784, 300, 100, 10)], ids=str)
@pytest.mark.parametrize("threads", [1, 2])
def test_networks_of_the_suites_at_every_width(threads: int, sizes: tuple[int, ...], optimiser: Optimiser) -> None:
    torch.set_num_threads(threads)
    content = Content(data(600, sizes[0], sizes[-1]), CPU)
    network = stacked(net(*sizes))
    steps = 12
    members = [
        Member(seed, state(network, seed, 1.0 if seed % 2 else 0.4), training(optimiser, batch=60), 0, steps)
        for seed in range(33)
    ]
    single = [alone(network, content, member) for member in members]
    for width in range(1, 34):
        pack = random.Random(width).sample(members, width)
        for member, trained in zip(pack, train(network, content, pack), strict=True):
            assert equal(trained, single[member.seed])
