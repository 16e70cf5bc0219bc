"""What every component of a kind promises, as tests: `bench check` holds a user's file to it, pytest our own.

A promise gives a counter-example, or None where it holds.
"""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from bench.errors import UserError
from bench.registry import Component

SECONDS = 20.0  # that a check may take

_ROOMS = {
    "score": "bench.contract.scores",
    "method": "bench.contract.methods",
    "network": "bench.contract.networks",
    "dataset": "bench.contract.datasets",
    "initialisation": "bench.contract.initialisations",
}


@dataclass(frozen=True)
class Promise:
    """What holds of every component of a kind."""

    text: str
    counter_example: Callable[[Component], str | None]


@dataclass(frozen=True)
class Verdict:
    """What came out for one promise."""

    promise: str
    outcome: Literal["holds", "broken", "not reached"]
    counter_example: str | None = None


def promises(kind: str) -> tuple[Promise, ...]:
    """The promises of a kind of component, the basic ones first."""
    found: tuple[Promise, ...] = importlib.import_module(_ROOMS[kind]).PROMISES
    return found


def examine(component: Component, seconds: float = SECONDS) -> Iterator[Verdict]:
    """Try a component's promises one after the other; the first that is broken ends it, since others rest on it."""
    began = time.monotonic()
    broken = False
    for promise in promises(component.kind):
        if broken:
            yield Verdict(promise.text, "not reached")
        elif time.monotonic() - began > seconds:
            yield Verdict(promise.text, "not reached", f"the promises before took longer than {seconds:g} s")
        else:
            found = _try(promise, component)
            broken = found is not None
            yield Verdict(promise.text, "broken" if broken else "holds", found)


def _try(promise: Promise, component: Component) -> str | None:
    try:
        return promise.counter_example(component)
    except UserError as error:
        return "; ".join(error.lines)
    except Exception as error:  # a component may fail in any way
        told = " ".join(str(error).split())
        return f"{_place(component, error)}{type(error).__name__}: {told}"


def _place(component: Component, error: Exception) -> str:
    """The last line of the component's own file that the error came through."""
    file = component.make.__code__.co_filename
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{file}:{lines[-1]}: " if lines else ""
