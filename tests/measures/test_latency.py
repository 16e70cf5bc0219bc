"""Measured times: with a clock of our own, where what comes out is known, and with a real one."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bench.measures import latency
from bench.measures.latency import CALLS, LEAST, MOST, WARM, Effort, Setting, measured, timings

CPU = torch.device("cpu")


class World:
    """A clock that only work moves, on a machine that is sometimes slower for whoever works then."""

    def __init__(self, slowness: Callable[[float], float] = lambda now: 1.0) -> None:
        self.now = 0.0
        self.order: list[str] = []
        self._slowness = slowness

    def clock(self) -> float:
        return self.now

    def call(self, name: str, seconds: float) -> Callable[[], None]:
        def work() -> None:
            self.order.append(name)
            self.now += seconds * self._slowness(self.now)

        return work


def test_quiet_times_are_what_they_are() -> None:
    world = World()
    calls = {"dense": world.call("dense", 4e-3), "shrunk": world.call("shrunk", 1e-3)}
    found = measured(calls, "dense", clock=world.clock)
    assert found["dense"].seconds == pytest.approx(4e-3)
    assert found["shrunk"].seconds == pytest.approx(1e-3)
    assert found["shrunk"].speedup == pytest.approx(4.0)
    assert found["dense"].speedup == 1.0
    assert {one.repetitions for one in found.values()} == {LEAST}  # nothing varies: more would tell no more


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 5.0))
def test_ratios_are_steady_where_times_are_not(seed: int, ratio: float) -> None:
    """The machine's speed wanders by a factor of several, slowly as against a round."""
    phase = np.random.default_rng(seed).uniform(0, 6)
    world = World(lambda now: 2.5 + 1.5 * np.sin(now / 0.7 + phase))
    calls = {"dense": world.call("dense", 2e-3), "other": world.call("other", 2e-3 / ratio)}
    found = measured(calls, "dense", Effort(budget=10.0), clock=world.clock)
    assert found["other"].speedup == pytest.approx(ratio, rel=0.02)
    assert found["dense"].low < found["dense"].high
    for one in found.values():
        assert one.low <= one.seconds <= one.high


@pytest.mark.parametrize("every", [3, 7, 11])
def test_interruptions_do_not_count(every: int) -> None:
    """A third of all calls takes fifty times as long, since another program has the processor meanwhile."""
    numbers = itertools.count()
    world = World(lambda now: 50.0 if next(numbers) % every == 0 else 1.0)
    calls = {"dense": world.call("dense", 3e-3), "masked": world.call("masked", 3e-3)}
    found = measured(calls, "dense", Effort(budget=5.0), clock=world.clock)
    for one in found.values():
        assert (one.low, one.seconds, one.high) == pytest.approx((3e-3, 3e-3, 3e-3))
    assert found["masked"].speedup == pytest.approx(1.0)


def test_forms_take_turns_and_each_begins_as_often() -> None:
    world = World()
    names = ("dense", "masked", "shrunk")
    measured({name: world.call(name, 5e-3) for name in names}, "dense", clock=world.clock)
    measuring = world.order[-3 * CALLS * LEAST :]
    rounds = [measuring[place : place + 3 * CALLS] for place in range(0, len(measuring), 3 * CALLS)]
    assert all(one.count(name) == CALLS for one in rounds for name in names)
    assert [one[0] for one in rounds] == [names[number % 3] for number in range(LEAST)]
    assert all(len(list(itertools.groupby(one))) == 3 for one in rounds)  # the calls of a form follow each other


def test_nothing_is_measured_before_it_is_warm() -> None:
    cold = World(lambda now: 20.0 if now < 0.04 else 1.0)
    found = measured({"dense": cold.call("dense", 1e-3)}, "dense", clock=cold.clock)
    assert found["dense"].high == pytest.approx(1e-3)
    assert cold.now >= WARM + LEAST * CALLS * 1e-3


def test_it_ends_with_its_time_or_when_it_is_precise() -> None:
    random = np.random.default_rng(1)
    noisy = World(lambda now: float(random.uniform(0.5, 1.5)))
    found = measured({"dense": noisy.call("dense", 2e-3)}, "dense", Effort(budget=0.5), clock=noisy.clock)
    assert LEAST < found["dense"].repetitions < MOST
    assert 0.5 <= noisy.now < 0.5 + 0.1  # what was spent warming, and the last round
    random = np.random.default_rng(1)
    wild = World(lambda now: float(random.uniform(0.5, 1.5)))
    found = measured({"dense": wild.call("dense", 2e-3)}, "dense", Effort(1e9, 1e-9), clock=wild.clock)
    assert found["dense"].repetitions == MOST
    random = np.random.default_rng(1)
    calm = World(lambda now: float(random.uniform(0.5, 1.5)))
    rough = measured({"dense": calm.call("dense", 2e-3)}, "dense", Effort(1e9, 0.05), clock=calm.clock)
    assert LEAST < rough["dense"].repetitions < MOST
    assert rough["dense"].seconds == pytest.approx(2e-3, rel=0.15)


def test_a_larger_network_takes_longer_on_a_real_clock() -> None:
    forms: dict[str, nn.Module] = {"dense": nn.Linear(600, 600).eval(), "shrunk": nn.Linear(600, 6).eval()}
    for setting in latency.settings(CPU, 1, (1, 64)):
        found = timings(forms, "dense", (600,), CPU, setting, Effort(0.05, 0.1))
        assert found["shrunk"].speedup > 1.5
        assert 0 < found["shrunk"].seconds < found["dense"].seconds < 1


def test_threads_are_set_for_the_measurement_alone() -> None:
    before = torch.get_num_threads()
    seen: set[int] = set()

    class Asking(nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            seen.add(torch.get_num_threads())
            return inputs

    timings({"dense": Asking()}, "dense", (2,), CPU, Setting(2, 1), Effort(0.01, 1.0))
    assert seen == {2}
    assert torch.get_num_threads() == before


def test_settings_are_one_thread_and_all() -> None:
    assert latency.settings(CPU, 8) == (Setting(1, 1), Setting(1, 256), Setting(8, 1), Setting(8, 256))
    assert latency.settings(CPU, 1) == (Setting(1, 1), Setting(1, 256))
    assert latency.settings(torch.device("cuda"), 8, (1,)) == (Setting(0, 1),)
