"""Options against the signature of any component, such as one of a user's plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from bench.durations import Duration
from bench.registry import Choice, Component, NetworkChoice
from bench.suite.choices import Registered
from bench.suite.marks import Report, parse
from bench.suite.naming import Named, read_named
from bench.suite.options import Options, read_options

if TYPE_CHECKING:
    from bench.nowhere import Unknown  # type: ignore[import-not-found]  # as in a file that imports for checkers only


def _component(
    first: Unknown,
    *rest: Any,
    time: Duration = Duration(0, "steps"),
    times: tuple[Duration, ...] = (),
    whole: int = 1,
    number: float = 1.0,
    truth: bool = False,
    text: str = "a",
    word: Literal["a", "b", 3] = "a",
    sizes: tuple[int, ...] = (),
    shares: tuple[float, ...] = (),
    pair: tuple[int, str] = (1, "a"),
    perhaps: int | None = None,
    either: Literal["all"] | int = "all",
    unknown: Unknown = None,
    network: NetworkChoice = Choice("mlp"),
    bare=None,  # type: ignore[no-untyped-def]  # as a user may write it
    **more: Any,
) -> None:
    """Takes every kind of option."""


def _read(written: str) -> tuple[list[Options], tuple[str, ...]]:
    report = Report()
    node = parse("it: {" + written + "}", "mine.yaml", report)
    assert node is not None
    named = read_named(node, "method", report)
    assert isinstance(named, Named)
    component = Component("method", "it", _component)
    return read_options(component, named.options, named.node, report, Registered().single), report.lines()


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("time: 2 epochs", [Duration(2, "epochs")]),
        ("network: lenet", [Choice("lenet-300-100")]),
        ("network: {mlp: {sizes: [8]}}", [Choice("mlp", (("sizes", (8,)),))]),
        ("network: [conv-2, {mlp: {sizes: [8]}}]", [Choice("conv-2"), Choice("mlp", (("sizes", (8,)),))]),
        ("time: [10, 20 %]", [Duration(10, "steps"), Duration(0.2, "share")]),
        ("times: [10, 20 %]", [(Duration(10, "steps"), Duration(0.2, "share"))]),
        ("times: [[10], [20 %]]", [(Duration(10, "steps"),), (Duration(0.2, "share"),)]),
        ("whole: 3", [3]),
        ("whole: 1e3", [1000]),
        ("whole: [2, 3]", [2, 3]),
        ("number: 2", [2.0]),
        ("number: 5 %", [0.05]),
        ("truth: true", [True]),
        ("text: some words", ["some words"]),
        ("word: b", ["b"]),
        ("word: 3", [3]),
        ("sizes: [64, 32]", [(64, 32)]),
        ("sizes: [[64], [32]]", [(64,), (32,)]),
        ("shares: [0.5, 10 %]", [(0.5, 0.1)]),
        ("pair: [2, b]", [(2, "b")]),
        ("perhaps: 3", [3]),
        ("either: 5", [5]),
        ("unknown: anything", ["anything"]),
        ("bare: [1, 2]", [1, 2]),
    ],
)
def test_values(written: str, values: list[Any]) -> None:
    points, lines = _read(written)
    assert lines == ()
    name = written.split(":")[0]
    assert points == [((name, value),) for value in values]


@pytest.mark.parametrize(
    "written", ["time: 0", "truth: false", "perhaps: ~", "either: all", "pair: [1, a]", "number: 1"]
)
def test_defaults_are_left_out(written: str) -> None:
    assert _read(written) == ([()], ())


@pytest.mark.parametrize(
    ("written", "place", "what"),
    [
        ("times: 10", 13, "10 stands here; give a list"),
        ("whole: 1.5", 13, "1.5 is no whole number"),
        ("whole: [1, x]", 17, "'x' is no whole number"),
        ("whole: true", 13, "true is no whole number"),
        ("number: many", 14, "'many' is no number"),
        ("truth: 1", 13, "1 is neither true nor false"),
        ("text: 5", 12, "put text that looks like something else into quotes"),
        ("word: c", 12, "'c' is not known; known are: 3, a, b"),
        ("pair: [1]", 12, "1 values where a list of 2 belongs"),
        ("perhaps: soon", 15, "'soon' is no whole number"),
        ("either: soon", 14, "'soon' is not known"),
        ("bare: {a: 1}", 12, "a mapping (key: value) stands here"),
        ("rest: 1", 6, "unknown option 'rest'"),
        ("more: 1", 6, "unknown option 'more'"),
        ("first: 1", 6, "unknown option 'first'"),
    ],
)
def test_mistakes(written: str, place: int, what: str) -> None:
    points, (line,) = _read(written)
    assert points == []
    assert line.startswith(f"mine.yaml:1:{place}: ")
    assert what in line


def test_the_order_of_keys_does_not_order_the_grid() -> None:
    assert _read("whole: [2, 3], number: [4, 5]") == _read("number: [4, 5], whole: [2, 3]")
