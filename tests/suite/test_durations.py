"""Lengths of time as a suite writes them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.durations import Duration


@pytest.mark.parametrize(
    ("written", "value", "unit"),
    [
        (500, 500, "steps"),
        (5e4, 50_000, "steps"),
        ("500", 500, "steps"),
        ("1 step", 1, "steps"),
        ("50,000 iterations", 50_000, "steps"),
        ("2 epochs", 2, "epochs"),
        ("1.5  Epochs ", 1.5, "epochs"),
        ("1/2 epoch", 0.5, "epochs"),
        ("10 %", 0.1, "share"),
        ("10%", 0.1, "share"),
        ("62.5 % of training", 0.625, "share"),
        ("1/3", 1 / 3, "share"),
        ("2/3 of training", 2 / 3, "share"),
        ("0 epochs", 0, "steps"),
    ],
)
def test_ways_to_write(written: int | float | str, value: float, unit: str) -> None:
    assert Duration.parse(written) == Duration(value, unit)  # type: ignore[arg-type]  # a unit


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (-1, "negative"),
        (1.5, "no whole number of steps"),
        (float("nan"), "no length of time"),
        (float("inf"), "inf is longer than any training"),
        (-(10**400), "negative"),
        (10**400, "longer than any training"),
        ("1e99 epochs", "longer than any training"),
        ("1e999999999", "no length of time"),
        (True, "no length of time"),
        ("", "no length of time"),
        ("soon", "no length of time"),
        ("-2 epochs", "no length of time"),
        ("3 weeks", "'weeks' is no unit of time"),
        ("120 %", "more than the whole training"),
        ("4/3", "more than the whole training"),
        ("1/0", "divides by zero"),
    ],
)
def test_what_is_refused(written: int | float | str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Duration.parse(written)


def test_steps_of_each_unit() -> None:
    assert Duration(7, "steps").steps(100, 1000) == 7
    assert Duration(1.5, "epochs").steps(917, 4585) == 1376  # 1375.5, half a step counts as one
    assert Duration(1 / 3, "share").steps(917, 4585) == 1528
    assert Duration(1, "share").steps(4, 16_000) == 16_000


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 10**6))
def test_a_share_is_rounded_to_the_nearest_step(part: int, whole: int, total: int) -> None:
    share = Fraction(part, whole)
    if share <= 1:
        steps = Duration.parse(f"{part}/{whole}").steps(1, total)
        assert abs(steps - share * total) <= Fraction(1, 2) + Fraction(1, 10**6)


@given(
    st.one_of(
        st.integers(0, 10**9).map(lambda steps: Duration(steps, "steps")),
        st.integers(1, 10**6).map(lambda tenths: Duration(tenths / 10, "epochs")),
        st.integers(1, 1000).map(lambda tenths: Duration(tenths / 1000, "share")),
        st.sampled_from(["1/3", "2/3", "1/6", "5/12"]).map(Duration.parse),
    )
)
def test_what_is_shown_can_be_written(duration: Duration) -> None:
    again = Duration.parse(str(duration))
    assert (again.unit, again.value) == (duration.unit if duration.value else "steps", pytest.approx(duration.value))
