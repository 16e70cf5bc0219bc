"""How long networks take to answer, measured in turn, so that whatever else the machine does hits all of them alike.

In a round every form is called a few times, each round beginning with another form. Every call is timed by itself and
the median of the few counts: what is taken off the processor for a moment loses one call, where an average over many
would carry the gap along. Forms are compared within a round: ratios are steady where the times themselves are not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

CALLS = 5  # of a form in a round, in a row: the first finds the caches full of another form's weights
WARM = 0.05  # seconds of calls before the first round: memory is taken, processors speed up, kernels are chosen
LEAST, MOST = 15, 5000  # rounds
PRECISION = 0.005  # of a median, as the half width of its interval; then the measurement ends before its time
CHECKED = 15  # rounds between two looks at the precision
BUDGET = 1.0  # seconds for all rounds

Call = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Setting:
    """How the networks are asked."""

    threads: int  # on a CPU; 0 on any other device
    batch: int


@dataclass(frozen=True)
class Timing:
    """What was measured of one form."""

    seconds: float  # median of a call
    low: float  # first quartile
    high: float  # third quartile
    speedup: float  # median over the rounds: the reference's time over this one's
    repetitions: int


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    budget: float = BUDGET
    precision: float = PRECISION


def measured(
    calls: Mapping[str, Call],
    reference: str,
    effort: Effort | None = None,
    clock: Clock = time.perf_counter,
) -> dict[str, Timing]:
    """The times of all calls, in rounds, with the ratio to the reference."""
    effort = effort or Effort()
    for call in calls.values():
        _warm(call, clock)
    names = list(calls)
    times: dict[str, list[float]] = {name: [] for name in names}
    began = clock()
    for number in range(MOST):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(_timed(calls[name], clock))
        done = number + 1
        if done >= LEAST and clock() - began >= effort.budget:
            break
        if done >= LEAST and done % CHECKED == 0 and _precise(times, effort.precision):
            break
    found = {name: np.asarray(values) for name, values in times.items()}
    return {name: _summed_up(values, found[reference]) for name, values in found.items()}


def _warm(call: Call, clock: Clock) -> None:
    began = clock()
    call()
    while clock() - began < WARM:
        call()


def _timed(call: Call, clock: Clock) -> float:
    """The median of a few calls."""
    marks = [clock()]
    for _ in range(CALLS):
        call()
        marks.append(clock())
    return sorted(after - before for before, after in pairwise(marks))[CALLS // 2]


def _precise(times: Mapping[str, list[float]], precision: float) -> bool:
    """Whether every median is known well enough: the half width of its interval, by the distance of the quartiles."""
    for values in times.values():
        low, middle, high = np.percentile(values, (25, 50, 75))
        if 1.57 * (high - low) / len(values) ** 0.5 > precision * middle:
            return False
    return True


def _summed_up(values: NDArray[np.float64], reference: NDArray[np.float64]) -> Timing:
    low, middle, high = (float(value) for value in np.percentile(values, (25, 50, 75)))
    return Timing(middle, low, high, float(np.median(reference / values)), len(values))


def settings(device: torch.device, threads: int, batches: tuple[int, ...] = (1, 256)) -> tuple[Setting, ...]:
    """Every batch size with one thread and with all of them; on another device than a CPU there are no threads."""
    counts = sorted({1, threads}) if device.type == "cpu" else [0]
    return tuple(Setting(count, batch) for count in counts for batch in batches)


def timings(
    forms: Mapping[str, nn.Module],
    reference: str,
    shape: tuple[int, ...],
    device: torch.device,
    setting: Setting,
    effort: Effort | None = None,
) -> dict[str, Timing]:
    """The times of networks in evaluation on the device, on one batch of noise of each one's own number format."""
    with torch.inference_mode(), _threads(setting.threads):
        calls = {name: _call(module, _inputs(module, shape, device, setting.batch)) for name, module in forms.items()}
        return measured(calls, reference, effort)


def _inputs(module: nn.Module, shape: tuple[int, ...], device: torch.device, batch: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    kind = next((parameter.dtype for parameter in module.parameters()), torch.float32)
    return torch.randn((batch, *shape), generator=generator).to(device, kind)


def _call(module: nn.Module, inputs: Tensor) -> Call:
    """One answer, waited for: other devices than a CPU go on computing when the call has come back."""
    if inputs.device.type == "cuda":

        def waiting() -> None:
            module(inputs)
            torch.cuda.synchronize(inputs.device)

        return waiting
    if inputs.device.type == "mps":

        def waiting_too() -> None:
            module(inputs)
            torch.mps.synchronize()

        return waiting_too
    return lambda: module(inputs)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
